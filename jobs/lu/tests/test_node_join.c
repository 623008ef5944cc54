/* Nodes that come and go, and the cluster itself. */
#include "config.h"

#include <string.h>

#include "base/fs.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/objects.h"
#include "jobs/lu/tests/lu-harness.h"

/* A name that every resolver knows without asking, where nothing or something listens: both count
 * as an answer. */
#define NEW "127.0.0.5"

static struct lu_harness *h;

static void set_up(void)
{
    g_autofree char *root = g_build_filename(g_getenv("TEST_TMPDIR"), "node1.lab.example", NULL);
    g_autofree char *data = g_strconcat(root, "/var/lib/ganeti", NULL);
    ck_assert_int_eq(g_mkdir_with_parents(data, 0755), 0);
    g_setenv("GANETI_ROOTDIR", root, TRUE);
    g_setenv("GANETI_HOSTNAME", "node1.lab.example", TRUE);
    h = lu_harness_new("cluster-3.0.json");
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    lu_harness_answer(h, "version", NULL, "3000000");
    lu_harness_answer(h, "etc_hosts_modify", NULL, "null");
    lu_harness_answer(h, "node_verify", NULL, "{\"nodelist\": {}}");
    lu_harness_answer(h, "node_verify_light", NULL, "{\"pvlist\": []}");
    lu_harness_answer(h, "upload_file", NULL, "null");
    lu_harness_answer(h, "node_crypto_tokens", NULL, "[[\"ssl\", \"AA:BB\"]]");
    lu_harness_answer(h, "node_ensure_daemon", NULL, "null");
    lu_harness_answer(h, "node_ssh_key_add", NULL, "[]");
    lu_harness_answer(h, "node_ssh_key_remove", NULL, "[]");
    lu_harness_answer(h, "node_demote_from_mc", NULL, "null");
    lu_harness_answer(h, "node_leave_cluster", NULL, "null");
    lu_harness_answer(h, "node_activate_master_ip", NULL, "null");
    lu_harness_answer(h, "node_deactivate_master_ip", NULL, "null");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

#define ADD(name, rest)                                                                            \
    "{\"OP_ID\": \"OP_NODE_ADD\", \"node_name\": \"" name "\", \"readd\": false" rest "}"
#define READD(name, rest)                                                                          \
    "{\"OP_ID\": \"OP_NODE_ADD\", \"node_name\": \"" name "\", \"readd\": true" rest "}"
#define RENAME(name) "{\"OP_ID\": \"OP_CLUSTER_RENAME\", \"name\": \"" name "\"}"
#define REMOVE(name) "{\"OP_ID\": \"OP_NODE_REMOVE\", \"node_name\": \"" name "\"}"

static bool called(const char *text)
{
    return strstr(lu_harness_calls(h), text) != NULL;
}

/* Names of the calls that are no hooks, in their order, each once in a row. */
static char *calls(void)
{
    g_auto(GStrv) lines = g_strsplit(lu_harness_calls(h), "\n", -1);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *last = g_strdup("");
    for (size_t i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 2);
        if (strcmp(words[0], "hooks_runner") != 0 && strcmp(words[0], last) != 0) {
            g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", words[0]);
        }
        g_free(last);
        last = g_strdup(words[0]);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static const struct node *node(const char *name)
{
    return cfg_node_named(lu_harness_cfg(h), name);
}

static const char *cert_of(const char *uuid)
{
    char **slot =
        fact_dict_get(&type_str_map, &cfg_cluster(lu_harness_cfg(h))->candidate_certs, uuid);
    return slot != NULL ? *slot : NULL;
}

/* --- OP_NODE_ADD --------------------------------------------------------------------------------
 */
START_TEST(a_node_is_added)
{
    lu_harness_ok(h, ADD(NEW, ", \"node_setup\": true, \"group\": \"default\""));
    g_autofree char *order = calls();
    const struct node *added = node(NEW);
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL exclusive\n");
    ck_assert_ptr_nonnull(added);
    ck_assert_str_eq(added->primary_ip, NEW);
    ck_assert_str_eq(added->secondary_ip, NEW);
    /* There are more candidates than wanted already. */
    ck_assert(!added->master_candidate && added->master_capable && added->vm_capable);
    ck_assert(added->powered && !added->offline && !added->drained);
    ck_assert_int_eq(added->serial_no, 1);
    ck_assert_str_eq(cfg_node_group(lu_harness_cfg(h), added)->name, "default");
    ck_assert_ptr_null(cert_of(added->uuid));
    ck_assert_msg(g_str_has_prefix(order, "version "), "%s", order);
    ck_assert_msg(g_str_has_suffix(order, "node_crypto_tokens node_ensure_daemon node_ssh_key_add"),
                  "%s", order);
    ck_assert(called("node_verify node1.lab.example [{\"nodelist\": [[\"" NEW "\"], {}, []]}"));
    ck_assert(called("hooks_runner " NEW));
}
END_TEST

START_TEST(one_more_candidate_is_wanted)
{
    lu_harness_ok(h, "{\"OP_ID\": \"OP_NODE_SET_PARAMS\", \"node_name\": \"node2\","
                     " \"drained\": true}");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_NODE_SET_PARAMS\", \"node_name\": \"node3\","
                     " \"drained\": true, \"auto_promote\": true}");
    lu_harness_ok(h, ADD(NEW, ", \"group\": \"default\""));
    ck_assert(node(NEW)->master_candidate);
    ck_assert_str_eq(cert_of(node(NEW)->uuid), "AA:BB");
}
END_TEST

START_TEST(nothing_is_added_when_ssh_fails)
{
    lu_harness_answer(h, "node_verify", NULL, "{\"nodelist\": {\"" NEW "\": \"no way\"}}");
    lu_harness_fails(h, ADD(NEW, ", \"group\": \"default\""), ERR_OP_EXEC, ECODE_NONE);
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "no way"));
    ck_assert_ptr_null(node(NEW));
}
END_TEST

START_TEST(who_cannot_be_added)
{
    lu_harness_fails(h, ADD("host.invalid", ""), ERR_OP_PREREQ, ECODE_RESOLVER);
    lu_harness_fails(h, READD(NEW, ""), ERR_OP_PREREQ, ECODE_NOENT);
    lu_harness_fails(h, READD(NEW, ", \"group\": \"default\""), ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, ADD(NEW, ", \"group\": \"no-such\""), ERR_OP_PREREQ, ECODE_NOENT);
    lu_harness_fails(h, ADD(NEW, ", \"secondary_ip\": \"192.0.2.2\""), ERR_OP_PREREQ,
                     ECODE_NOTUNIQUE);
    lu_harness_fails(h, ADD(NEW, ", \"group\": \"default\", \"secondary_ip\": \"127.0.0.6\""),
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_answer(h, "version", NULL, "1");
    lu_harness_fails(h, ADD(NEW, ", \"group\": \"default\""), ERR_OP_PREREQ, ECODE_ENVIRON);
    ck_assert_ptr_null(node(NEW));
}
END_TEST

START_TEST(a_node_comes_back)
{
    lu_harness_ok(h, ADD(NEW, ", \"group\": \"default\""));
    ck_assert(!called("node_ssh_key_add"));
    g_autofree char *uuid = g_strdup(node(NEW)->uuid);
    lu_harness_ok(h, "{\"OP_ID\": \"OP_NODE_SET_PARAMS\", \"node_name\": \"" NEW
                     "\", \"offline\": true}");
    lu_harness_fails(h, ADD(NEW, ""), ERR_OP_PREREQ, ECODE_EXISTS);
    lu_harness_ok(h, READD(NEW, ", \"node_setup\": true, \"master_capable\": false"));
    g_autofree char *order = calls();
    ck_assert_str_eq(node(NEW)->uuid, uuid);
    ck_assert(!node(NEW)->offline && !node(NEW)->master_candidate && !node(NEW)->master_capable);
    ck_assert_ptr_null(cert_of(uuid));
    ck_assert_msg(g_str_has_suffix(order,
                                   "node_demote_from_mc node_crypto_tokens "
                                   "node_ensure_daemon node_ssh_key_remove node_ssh_key_add"),
                  "%s", order);
}
END_TEST

/* --- OP_NODE_REMOVE -----------------------------------------------------------------------------
 */
START_TEST(a_node_is_removed)
{
    lu_harness_ok(h, ADD(NEW, ", \"group\": \"default\""));
    g_autofree char *uuid = g_strdup(node(NEW)->uuid);
    lu_harness_ok(h, REMOVE(NEW));
    ck_assert_ptr_null(node(NEW));
    ck_assert_ptr_null(cert_of(uuid));
    ck_assert(called("node_leave_cluster " NEW));
    /* Once more on the node itself, before it leaves. */
    ck_assert_ptr_nonnull(strstr(strstr(lu_harness_calls(h), "hooks_runner " NEW), "node_leave"));
}
END_TEST

START_TEST(who_cannot_be_removed)
{
    lu_harness_fails(h, REMOVE("node1"), ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, REMOVE("node2"), ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, REMOVE("node9"), ERR_OP_PREREQ, ECODE_NOENT);
}
END_TEST

START_TEST(a_node_that_does_not_answer_is_removed_all_the_same)
{
    lu_harness_ok(h, ADD(NEW, ", \"group\": \"default\""));
    lu_harness_failure(h, "node_leave_cluster", NULL, "no route");
    lu_harness_ok(h, REMOVE(NEW));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "no route"));
    ck_assert_ptr_null(node(NEW));
}
END_TEST

/* --- OP_CLUSTER_DESTROY, OP_CLUSTER_RENAME ------------------------------------------------------
 */
START_TEST(a_cluster_in_use_is_not_destroyed)
{
    lu_harness_fails(h, "{\"OP_ID\": \"OP_CLUSTER_DESTROY\"}", ERR_OP_PREREQ, ECODE_INVAL);
    ck_assert(!called("node_deactivate_master_ip"));
}
END_TEST

START_TEST(the_cluster_gets_another_name)
{
    lu_harness_fails(h, RENAME("127.0.0.1"), ERR_OP_PREREQ, ECODE_NOTUNIQUE);
    lu_harness_fails(h, RENAME("host.invalid"), ERR_OP_PREREQ, ECODE_RESOLVER);
    /* The address it has, so nobody is asked whether it is in use. */
    lu_harness_ok(h, RENAME("192.0.2.100"));
    g_autofree char *order = calls(), *known = NULL;
    ck_assert_str_eq(lu_harness_result(h), "\"192.0.2.100\"");
    ck_assert_str_eq(cfg_cluster(lu_harness_cfg(h))->cluster_name, "192.0.2.100");
    ck_assert_str_eq(order, "node_deactivate_master_ip upload_file node_activate_master_ip");
    known = fs_read_file(path_get(PATH_SSH_KNOWN_HOSTS_FILE), 1 << 20, NULL, NULL);
    ck_assert(g_str_has_prefix(known, "192.0.2.100 ssh-rsa "));
    lu_harness_fails(h, RENAME("192.0.2.100"), ERR_OP_PREREQ, ECODE_INVAL);
}
END_TEST

START_TEST(the_address_must_go_first)
{
    lu_harness_failure(h, "node_deactivate_master_ip", NULL, "busy");
    lu_harness_fails(h, RENAME("192.0.2.100"), ERR_OP_EXEC, ECODE_NONE);
    ck_assert_str_eq(cfg_cluster(lu_harness_cfg(h))->cluster_name, "cluster.lab.example");
}
END_TEST

UNIT_MAIN_FIXTURE("node-join", set_up, tear_down, a_node_is_added, one_more_candidate_is_wanted,
                  nothing_is_added_when_ssh_fails, who_cannot_be_added, a_node_comes_back,
                  a_node_is_removed, who_cannot_be_removed,
                  a_node_that_does_not_answer_is_removed_all_the_same,
                  a_cluster_in_use_is_not_destroyed, the_cluster_gets_another_name,
                  the_address_must_go_first)
