/* Calls about SSH keys, as far as they change nothing of root's own: what other nodes are told. */
#include "config.h"

#include <string.h>

#include "base/cmd-testing.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "base/tls.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "noded/server/tests/virtual-node.h"

#define KEY_1 "ssh-rsa AAAA root@node1"
#define KEY_2 "ssh-rsa BBBB root@node2"
#define KEY_3 "ssh-rsa CCCC root@node3"
#define NODES "node1.lab.example\nnode2.lab.example\nnode3.lab.example\n"

static void write_ssconf(const char *name, const char *text)
{
    g_autofree char *path = path_format(PATH_SSCONF_FILE, name);

    node_write(path, text);
}

static void setup(void)
{
    static const enum path_id folders[] = {PATH_DATA_DIR, PATH_COUNT};
    const struct tls_spec spec = {
        .common_name = "lab", .validity = 3600, .serial = 1, .key_bits = 2048};
    g_autofree char *key = NULL, *pem = NULL;

    node_make(folders);
    ck_assert(tls_make_self_signed(&spec, &key, &pem, NULL));
    node_write(path_get(PATH_NODED_CERT_FILE), pem);
    write_ssconf("cluster_name", "cluster.lab.example\n");
    write_ssconf("master_node", "node1.lab.example\n");
    write_ssconf("node_list", NODES);
    write_ssconf("online_nodes", NODES);
    write_ssconf("ssh_ports", "");
    write_ssconf("primary_ip_family", "2\n");
    node_write(path_get(PATH_SSH_PUB_KEYS),
               "uuid-1 " KEY_1 "\nuuid-2 " KEY_2 "\nnode3.lab.example " KEY_3 "\n");
}

#define NODE_OF(name) "GANETI_HOSTNAME=" name

/* The requests that nodes got, in the order of commands: each must be one that ssh-update reads. In
 * a virtual cluster the node is named in the environment instead of to ssh. */
static GPtrArray *requests(const struct cmd_recorder *recorder)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(cmd_recorder_text(recorder), "\n", -1);

    for (char **line = lines; *line != NULL && **line != '\0'; line++) {
        const char *sign = strstr(*line, "<<< ");
        g_autofree char *text = sign == NULL ? NULL : g_shell_unquote(sign + 4, NULL);
        CLEANUP(json_unrefp) struct json *json = NULL;
        g_autoptr(GError) error = NULL;
        void *update;

        ck_assert_msg(text != NULL && json_parse(text, -1, &json, NULL), "%s", *line);
        update = fact_object_decode(&fact_object_ssh_update, json, NULL, &error);
        ck_assert_msg(update != NULL, "%s: %s", text, error != NULL ? error->message : "");
        fact_object_free(&fact_object_ssh_update, update);
        g_ptr_array_add(list, g_strdup_printf("%.*s\n%s", (int)(sign - *line), *line, text));
    }
    return list;
}

static void expect_request(const GPtrArray *list, guint index, const char *node, const char *part)
{
    const char *text = g_ptr_array_index(list, index);

    ck_assert_msg(strstr(text, node) != NULL && strstr(text, part) != NULL, "%s %s: %s", node, part,
                  text);
}

START_TEST(a_new_node_gets_the_list_and_the_others_its_key)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = cmd_recorder_new();
    g_autoptr(GPtrArray) told = NULL;
    g_autofree char *list = NULL;

    node_expect(RPC_node_ssh_key_add,
                "[\"uuid-3\", \"node3.lab.example\", [\"node1.lab.example\", "
                "\"node2.lab.example\", \"node3.lab.example\"], false, true, true]",
                "[true, []]");
    told = requests(recorder);
    ck_assert_uint_eq(told->len, 3);
    expect_request(told, 0, NODE_OF("node3.lab.example"),
                   "\"public_keys\": [\"override\", {\"uuid-1\": [\"" KEY_1
                   "\"], \"uuid-2\": [\"" KEY_2 "\"], \"uuid-3\": [\"" KEY_3 "\"]}]");
    expect_request(told, 1, NODE_OF("node2.lab.example"),
                   "\"public_keys\": [\"replace_or_add\", {\"uuid-3\": [\"" KEY_3 "\"]}]");
    list = node_read(path_get(PATH_SSH_PUB_KEYS));
    ck_assert_ptr_nonnull(strstr(list, "uuid-3 " KEY_3 "\n"));
    ck_assert_ptr_null(strstr(list, "node3.lab.example"));
}
END_TEST

START_TEST(a_node_that_goes_loses_its_list)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = cmd_recorder_new();
    g_autoptr(GPtrArray) told = NULL;

    node_expect(RPC_node_ssh_key_remove,
                "[\"uuid-2\", \"node2.lab.example\", [\"uuid-1\"], [\"node1.lab.example\"], false, "
                "true, false, true, false]",
                "[true, []]");
    told = requests(recorder);
    ck_assert_uint_eq(told->len, 1);
    expect_request(told, 0, NODE_OF("node2.lab.example"), "\"public_keys\": [\"clear\", {}]");
}
END_TEST

START_TEST(a_node_that_cannot_be_told_is_named)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = cmd_recorder_new();

    cmd_recorder_answer(recorder, "*" NODE_OF("node2") "*", 0, 255, NULL, "No route to host");
    cmd_recorder_answer(recorder, "*" NODE_OF("node3") "*", 0, 0, NULL, NULL);
    node_refuse(RPC_node_ssh_key_add,
                "[\"uuid-2\", \"node2.lab.example\", [\"node2.lab.example\"], false, false, true]",
                "No route to host");
}
END_TEST

UNIT_MAIN_FIXTURE("ssh_calls", setup, node_remove, a_new_node_gets_the_list_and_the_others_its_key,
                  a_node_that_goes_loses_its_list, a_node_that_cannot_be_told_is_named)
