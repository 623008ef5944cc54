/* Calls on a node that is a folder: a virtual cluster. */
#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

#include "base/fs-tree.h"
#include "base/fs.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "noded/backend/common.h"
#include "noded/backend/etc-hosts.h"
#include "noded/server/dispatch.h"
#include "noded/server/peer.h"
#include "noded/server/tests/virtual-node.h"

/* How a path of the node travels. */
#define WIRE "/###-VIRTUAL-PATH-###,"

static void setup(void)
{
    static const enum path_id folders[] = {PATH_JOB_QUEUE_ARCHIVE_DIR, PATH_LOCK_DIR,
                                           PATH_HOOKS_BASE_DIR, PATH_COUNT};

    node_make(folders);
}

static void write_script(const char *dir, const char *name, const char *text, mode_t mode)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    node_write(path, text);
    ck_assert_int_eq(chmod(path, mode), 0);
}

START_TEST(only_listed_files_are_replaced)
{
    node_refuse(RPC_upload_file_single,
                "[\"" WIRE "/etc/passwd\", [0, \"x\"], 420, \"root\", \"root\", null, null]",
                "/etc/passwd");
    node_refuse(RPC_upload_file_single,
                "[\"" WIRE
                "/var/lib/ganeti/../../../etc/passwd\", [0, \"x\"], 420, \"root\", \"root\", null, "
                "null]",
                "passwd");
    node_refuse(
        RPC_upload_file_single,
        "[\"" WIRE
        "/var/lib/ganeti/known_hosts\", [0, \"x\"], 420, \"nobody-at-all\", \"root\", null, "
        "null]",
        "nobody-at-all");
    ck_assert(!g_file_test(path_get(PATH_SSH_KNOWN_HOSTS_FILE), G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(the_simple_store_is_written)
{
    g_autofree char *path = path_format(PATH_SSCONF_FILE, "node_list");
    g_autofree char *text = NULL;

    node_expect(RPC_write_ssconf_files,
                "[{\"node_list\": [\"a\", \"b\"], \"cluster_name\": \"c\", \"offline_nodes\": []}]",
                "[true, null]");
    text = node_read(path);
    ck_assert_str_eq(text, "a\nb\n");
    node_refuse(RPC_write_ssconf_files, "[{\"nonsense\": \"x\"}]", "nonsense");
    node_refuse(RPC_write_ssconf_files, "[{\"node_list\": [1]}]", "node_list");
    node_expect(RPC_write_ssconf_files, "[{\"master_node\": \"m.lab.example\"}]", "[true, null]");
    node_expect(RPC_master_node_name, "[]", "[true, \"m.lab.example\"]");
}
END_TEST

static void expect_content(enum path_id id, const char *expected)
{
    g_autofree char *text = node_read(path_get(id));

    ck_assert_str_eq(text, expected);
}

START_TEST(a_fresh_queue_is_made)
{
    const struct fs_write_opts opts = {.mode = 0640};
    g_autoptr(GError) error = NULL;

    ck_assert(backend_prepare_queue(NULL));
    expect_content(PATH_JOB_QUEUE_VERSION_FILE, "1\n");
    expect_content(PATH_JOB_QUEUE_SERIAL_FILE, "0\n");
    ck_assert(fs_write_atomic(path_get(PATH_JOB_QUEUE_SERIAL_FILE), "17\n", 3, &opts, NULL));
    ck_assert(backend_prepare_queue(NULL));
    expect_content(PATH_JOB_QUEUE_SERIAL_FILE, "17\n");
    ck_assert(fs_write_atomic(path_get(PATH_JOB_QUEUE_VERSION_FILE), "2\n", 2, &opts, NULL));
    ck_assert(!backend_prepare_queue(&error));
    ck_assert_msg(strstr(error->message, "version 2") != NULL, "%s", error->message);
    g_clear_error(&error);
    ck_assert(fs_write_atomic(path_get(PATH_JOB_QUEUE_VERSION_FILE), "x", 1, &opts, NULL));
    ck_assert(!backend_prepare_queue(&error));
    ck_assert_msg(strstr(error->message, "/queue/version") != NULL, "%s", error->message);
}
END_TEST

START_TEST(job_files_stay_in_the_queue)
{
    node_refuse(RPC_jobqueue_update, "[\"" WIRE "/var/lib/ganeti/config.data\", [0, \"x\"]]",
                "config.data");
    node_refuse(RPC_jobqueue_update,
                "[\"" WIRE "/var/lib/ganeti/queue/../config.data\", [0, \"x\"]]", "config.data");
    node_refuse(RPC_jobqueue_update, "[\"" WIRE "/var/lib/ganeti/queue\", [0, \"x\"]]", "queue");
    node_refuse(RPC_jobqueue_rename, "[[[\"" WIRE "/var/lib/ganeti/queue/job-1\"]]]", "pair");
    node_refuse(RPC_jobqueue_rename,
                "[[[\"" WIRE "/var/lib/ganeti/queue/job-1\", \"" WIRE
                "/var/lib/ganeti/archive/job-1\"]]]",
                "archive");
}
END_TEST

START_TEST(purging_the_queue_spares_its_lock)
{
    write_script(path_get(PATH_QUEUE_DIR), "job-7", "{}", 0644);
    write_script(path_get(PATH_JOB_QUEUE_ARCHIVE_DIR), "job-3", "{}", 0644);
    node_expect(RPC_jobqueue_purge, "[]", "[true, null]");
    ck_assert(g_file_test(path_get(PATH_JOB_QUEUE_LOCK_FILE), G_FILE_TEST_EXISTS));
    ck_assert_int_eq(g_rmdir(path_get(PATH_JOB_QUEUE_ARCHIVE_DIR)), 0);
}
END_TEST

START_TEST(the_pause_of_the_watcher)
{
    node_expect(RPC_get_watcher_pause, "[]", "[true, null]");
    node_expect(RPC_set_watcher_pause, "[4102444800.9]", "[true, null]");
    node_expect(RPC_get_watcher_pause, "[]", "[true, 4102444800]");
    node_expect(RPC_set_watcher_pause, "[null]", "[true, null]");
    node_expect(RPC_get_watcher_pause, "[]", "[true, null]");
    node_refuse(RPC_set_watcher_pause, "[\"soon\"]", "number");
    /* Long over: the file goes. */
    node_expect(RPC_set_watcher_pause, "[1000]", "[true, null]");
    node_expect(RPC_get_watcher_pause, "[]", "[true, null]");
    ck_assert(!g_file_test(path_get(PATH_WATCHER_PAUSEFILE), G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(hooks_see_only_what_they_are_given)
{
    g_autofree char *dir = g_build_filename(path_get(PATH_HOOKS_BASE_DIR), "node-add-pre.d", NULL);

    node_expect(RPC_hooks_runner, "[\"node-add\", \"pre\", {}]", "[true, []]");
    write_script(dir, "10-good", "#!/bin/sh\n/usr/bin/env -u PWD -u SHLVL -u _ | /usr/bin/sort\n",
                 0755);
    write_script(dir, "20-bad", "#!/bin/sh\necho no >&2\nexit 1\n", 0755);
    write_script(dir, "30.skipped", "#!/bin/sh\n", 0755);
    write_script(dir, "40-not-executable", "#!/bin/sh\n", 0644);
    node_expect(RPC_hooks_runner, "[\"node-add\", \"pre\", {\"GANETI_X\": \"y z\"}]",
                "[true, [[\"node-add-pre.d/10-good\", 2, \"GANETI_X=y z\"], "
                "[\"node-add-pre.d/20-bad\", 1, \"no\"], [\"node-add-pre.d/30.skipped\", 0, \"\"], "
                "[\"node-add-pre.d/40-not-executable\", 0, \"\"]]]");
    node_refuse(RPC_hooks_runner, "[\"../etc\", \"pre\", {}]", "../etc");
    node_refuse(RPC_hooks_runner, "[\"node-add\", \"during\", {}]", "during");
    node_refuse(RPC_hooks_runner, "[\"node-add\", \"pre\", {\"X\": 1}]", "X");
}
END_TEST

START_TEST(hosts_file_is_changed_line_by_line)
{
    static const char *const names[] = {"node4.example.com", "node4", NULL};
    static const char before[] = "127.0.0.1 localhost\n# 192.0.2.4 old\n192.0.2.4 node4\n"
                                 "192.0.2.9 x node4 y\n\n192.0.2.4 again";
    g_autofree char *set = etc_hosts_set(before, "192.0.2.4", names);
    g_autofree char *added = etc_hosts_set("", "192.0.2.4", names);
    g_autofree char *removed = etc_hosts_remove(before, names);

    ck_assert_str_eq(set, "127.0.0.1 localhost\n# 192.0.2.4 old\n192.0.2.4\tnode4.example.com "
                          "node4\n192.0.2.9 x node4 y\n\n");
    ck_assert_str_eq(added, "192.0.2.4\tnode4.example.com node4\n");
    ck_assert_str_eq(removed, "127.0.0.1 localhost\n# 192.0.2.4 old\n192.0.2.9 x y\n\n"
                              "192.0.2.4 again\n");
    node_refuse(RPC_etc_hosts_modify, "[\"add\", \"node4\", null]", "address");
    node_refuse(RPC_etc_hosts_modify, "[\"remove\", \"node4\", \"192.0.2.4\"]", "without");
    node_refuse(RPC_etc_hosts_modify, "[\"add\", \"a b\", \"192.0.2.4\"]", "a b");
    node_refuse(RPC_etc_hosts_modify, "[\"add\", \"node4\", \"192.0.2\"]", "192.0.2");
    node_refuse(RPC_etc_hosts_modify, "[\"keep\", \"node4\", null]", "keep");
}
END_TEST

START_TEST(master_address_is_set_by_the_script)
{
    static const char args[] = "[{\"uuid\": null, \"ip\": \"192.0.2.1\", \"netmask\": 32, "
                               "\"netdev\": \"lo\", \"ip_family\": 2}, true]";
    static const char print[] = "#!/bin/sh\n(echo \"$@\"; /usr/bin/env | /bin/grep -E "
                                "'MASTER|CLUSTER|PHASE' | /usr/bin/sort) >>%s\n%s\n";
    g_autofree char *seen = g_build_filename(g_getenv("TEST_TMPDIR"), "seen", NULL);
    g_autofree char *good = g_strdup_printf(print, seen, "exit 0");
    g_autofree char *bad = g_strdup_printf(print, seen, "echo no >&2; exit 3");
    g_autofree char *dir = g_path_get_dirname(path_get(PATH_EXTERNAL_MASTER_SETUP_SCRIPT));
    g_autofree char *name = g_path_get_basename(path_get(PATH_EXTERNAL_MASTER_SETUP_SCRIPT));
    g_autofree char *hooks =
        g_build_filename(path_get(PATH_HOOKS_BASE_DIR), "master-ip-turndown-post.d", NULL);
    g_autofree char *text = NULL;

    node_expect(RPC_write_ssconf_files,
                "[{\"cluster_name\": \"cluster.example.com\", \"master_node\": "
                "\"node1.example.com\"}]",
                "[true, null]");
    write_script(dir, name, good, 0755);
    node_expect(RPC_node_activate_master_ip, args, "[true, null]");
    ck_assert(g_file_get_contents(seen, &text, NULL, NULL));
    ck_assert_str_eq(text, "start\nCLUSTER_IP_VERSION=4\nMASTER_IP=192.0.2.1\n"
                           "MASTER_NETDEV=lo\nMASTER_NETMASK=32\n");

    /* What fails afterwards is only told. */
    write_script(hooks, "10-bad", bad, 0755);
    node_expect(RPC_node_deactivate_master_ip, args, "[true, null]");
    g_clear_pointer(&text, g_free);
    ck_assert(g_file_get_contents(seen, &text, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(text, "GANETI_HOOKS_PHASE=post\nGANETI_MASTER=node1.example.com\n"
                                       "GANETI_MASTER_IP=192.0.2.1\n"));
    ck_assert_ptr_nonnull(strstr(text, "GANETI_POST_MASTER_IP=192.0.2.1\n"));

    write_script(dir, name, bad, 0755);
    node_refuse(RPC_node_activate_master_ip, args, "no");
}
END_TEST

START_TEST(exports_are_listed_and_read)
{
    g_autofree char *dir = g_build_filename(path_get(PATH_EXPORT_DIR), "web1", NULL);
    g_autofree char *info = g_strdup_printf("[\"%s\"]", dir);

    node_refuse(RPC_export_list, "[]", "folder of exports");
    write_script(dir, "config.ini", "[export]\nVersion = 0\nos: noop\n[instance]\nname = web1\n",
                 0644);
    node_expect(RPC_export_list, "[]", "[true, [\"web1\"]]");
    node_expect(
        RPC_export_info, info,
        "[true, \"[export]\\nversion = 0\\nos = noop\\n\\n[instance]\\nname = web1\\n\\n\"]");
    node_refuse(RPC_export_remove, "[\"../export\"]", "../export");
    node_refuse(RPC_export_remove, "[\"web2\"]", "web2");
    node_expect(RPC_export_remove, "[\"web1\"]", "[true, null]");
    node_expect(RPC_export_list, "[]", "[true, []]");
}
END_TEST

START_TEST(answers_of_the_checks)
{
    g_autofree char *answer =
        node_call(RPC_node_verify,
                  "[{\"filelist\": [\"" WIRE "/nowhere\"], \"user-scripts\": [\"/nowhere\"], "
                  "\"oob-paths\": [\"/bin/sh\"], \"node-net-test\": [[], []], "
                  "\"master-ip\": [\"m\", \"127.0.0.1\", []], \"unknown\": 1, "
                  "\"nodelist\": [[\"a\"], {}, []]}, \"cluster\", {}]");

    ck_assert_str_eq(answer, "[true, {\"filelist\": {}, \"nodelist\": {}, \"node-net-test\": {}, "
                             "\"master-ip\": null, \"user-scripts\": [\"/nowhere\"], "
                             "\"oob-paths\": [null]}]");
}
END_TEST

START_TEST(a_node_that_runs_no_guests_is_not_asked_for_them)
{
    node_expect(RPC_node_verify,
                "[{\"nonvmnodes\": [\"node1.lab.example\"], \"hypervisor\": [\"fake\"], "
                "\"instancelist\": [\"fake\"]}, \"cluster\", {}]",
                "[true, {}]");
    node_expect(RPC_node_verify,
                "[{\"nonvmnodes\": [\"other\"], \"instancelist\": [\"nonsense\"]}, \"c\", {}]",
                "[true, {\"instancelist\": \"node1.lab.example has no driver for the hypervisor "
                "'nonsense'\"}]");
}
END_TEST

START_TEST(an_absent_metadata_daemon_is_not_missed)
{
    g_autofree char *program = path_of_daemon(DAEMON_metad);

    /* Programs are the machine's own, in virtual clusters too. */
    if (g_file_test(program, G_FILE_TEST_IS_EXECUTABLE)) {
        return;
    }
    node_expect(RPC_instance_metadata_modify, "[{\"name\": \"web1.lab.example\"}]", "[true, null]");
}
END_TEST

START_TEST(who_may_call)
{
    const char *dir = path_get(PATH_DATA_DIR);

    /* Nobody, while there is neither a list nor a certificate of the cluster. */
    ck_assert(!noded_peer_is_known("AA:BB", dir, "/nowhere"));
    write_script(dir, "ssconf_master_candidates_certs", "uuid1=AA:BB\nuuid2=CC:DD\n", 0644);
    ck_assert(noded_peer_is_known("AA:BB", dir, "/nowhere"));
    ck_assert(noded_peer_is_known("CC:DD", dir, "/nowhere"));
    ck_assert(!noded_peer_is_known("uuid1", dir, "/nowhere"));
    ck_assert(!noded_peer_is_known("AA:B", dir, "/nowhere"));
    ck_assert(!noded_peer_is_known("", dir, "/nowhere"));
}
END_TEST

START_TEST(bad_arguments_do_no_harm)
{
    static const char *const bodies[] = {
        "[]",
        "{}",
        "null",
        "[null, null, null, null]",
        "[[], [], []]",
        "[{}, {}, {}]",
        "[\"\", \"\", {}]",
        "[-1]",
        "[1e300]",
        "[[[]]]",
        "[\"\", [0, \"\"]]",
    };

    for (size_t i = 0; i < RPC_COUNT; i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(bodies); k++) {
            g_autofree char *answer = NULL;

            /* These change the machine whatever they are told. */
            if (i == RPC_node_stop_master || i == RPC_node_start_master_daemons ||
                i == RPC_node_ensure_daemon || i == RPC_x509_cert_create) {
                continue;
            }
            answer = node_call((enum rpc_id)i, bodies[k]);
            ck_assert_msg(g_str_has_prefix(answer, "[true, ") ||
                              g_str_has_prefix(answer, "[false, "),
                          "%s %s: %s", rpc_rows[i].name, bodies[k], answer);
        }
    }
}
END_TEST

UNIT_MAIN_FIXTURE("calls", setup, node_remove, only_listed_files_are_replaced,
                  the_simple_store_is_written, a_fresh_queue_is_made, job_files_stay_in_the_queue,
                  purging_the_queue_spares_its_lock, the_pause_of_the_watcher,
                  hooks_see_only_what_they_are_given, hosts_file_is_changed_line_by_line,
                  master_address_is_set_by_the_script, exports_are_listed_and_read,
                  answers_of_the_checks, a_node_that_runs_no_guests_is_not_asked_for_them,
                  an_absent_metadata_daemon_is_not_missed, who_may_call, bad_arguments_do_no_harm)
