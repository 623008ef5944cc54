/* Exports and imports of instances. */
#include "config.h"

#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "base/tls.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "jobs/lu/remote.h"
#include "jobs/lu/tests/lu-harness.h"

#define N1 "00000001-0000-4000-8000-000000000000"
#define N2 "00000002-0000-4000-8000-000000000000"
#define N3 "00000003-0000-4000-8000-000000000000"

#define LISTENING "[{\"listen_port\": 4321, \"connected\": false}]"
#define DONE      "[{\"connected\": true, \"exit_status\": 0}]"
#define BROKEN    "[{\"connected\": true, \"exit_status\": 1, \"error_message\": \"no space\"}]"

#define SECRET "0123456789abcdef"

static struct lu_harness *h;

static void set_up(void)
{
    static const char *const fine[] = {
        "blockdev_create",     "blockdev_remove", "blockdev_shutdown",
        "instance_shutdown",   "instance_start",  "impexp_cleanup",
        "impexp_abort",        "finalize_export", "export_remove",
        "x509_cert_remove",    "os_validate",     "hypervisor_validate_params",
        "instance_run_rename", "bridges_exist",
    };
    g_autofree char *root = g_build_filename(g_getenv("TEST_TMPDIR"), "n1.example", NULL);
    g_setenv("GANETI_ROOTDIR", root, TRUE);
    g_setenv("GANETI_HOSTNAME", "n1.example", TRUE);
    h = lu_harness_new("cluster-drbd.json");
    for (size_t i = 0; i < G_N_ELEMENTS(fine); i++) {
        lu_harness_answer(h, fine[i], NULL, "null");
    }
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    lu_harness_answer(h, "instance_info", NULL, "{}");
    lu_harness_answer(h, "blockdev_assemble", NULL, "[\"/dev/x\", \"/link\", null]");
    lu_harness_answer(h, "blockdev_snapshot", NULL, "[\"xenvg\", \"snap-1\"]");
    lu_harness_answer(h, "export_list", NULL, "[]");
    lu_harness_answer(h, "import_start", NULL, "\"import-1\"");
    lu_harness_answer(h, "export_start", NULL, "\"export-1\"");
    lu_harness_answer(h, "impexp_status", "n1.example", LISTENING "\n" DONE);
    lu_harness_answer(h, "impexp_status", "n3.example", DONE);
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

/* "CALL NODE ", hooks left out. */
static char *calls(void)
{
    return lu_harness_call_names(h, 2, ' ', NULL);
}

static const struct instance *instance(const char *name)
{
    return cfg_instance_named(lu_harness_cfg(h), name);
}

/* --- Between clusters --------------------------------------------------------------------------
 */
START_TEST(handshake)
{
    CLEANUP(json_unrefp) struct json *shake = remote_handshake(SECRET);
    ck_assert(remote_check_handshake(SECRET, shake, NULL));
    ck_assert(!remote_check_handshake("other", shake, NULL));
    CLEANUP(json_unrefp) struct json *name = remote_key_name(SECRET, "ab", "key-1");
    ck_assert_str_eq(remote_check_key_name(SECRET, name, NULL), "key-1");
    ck_assert_ptr_null(remote_check_key_name("other", name, NULL));
    ck_assert_ptr_null(remote_check_key_name(SECRET, shake, NULL));
}
END_TEST

/* What the reference made with the same secret: masterd.instance.ComputeRemoteImportDiskInfo(
 * "0123456789abcdef", "aabb", 1, "192.0.2.1", 4321, "magic"). */
START_TEST(disk_info)
{
    CLEANUP(json_unrefp)
    struct json *info = remote_disk_info(SECRET, "aabb", 1, "192.0.2.1", 4321, "magic");
    struct remote_target target = {0};
    ck_assert_str_eq(json_string(json_at(info, 3)), "03b32c125e87185c48e3a273c7a8c41aef2e07a3");
    ck_assert(remote_check_disk_info(SECRET, 1, info, &target, NULL));
    ck_assert_str_eq(target.host, "192.0.2.1");
    ck_assert_int_eq(target.port, 4321);
    ck_assert_str_eq(target.magic, "magic");
    remote_target_clear(&target);
    ck_assert(!remote_check_disk_info(SECRET, 0, info, &target, NULL));
    ck_assert(!remote_check_disk_info("other", 1, info, &target, NULL));
    remote_target_clear(&target);
}
END_TEST

static char *make_pem(void)
{
    const struct tls_spec spec = {.validity = 3600, .serial = 1, .key_bits = 2048};
    g_autofree char *key = NULL;
    char *pem = NULL;
    ck_assert(tls_make_self_signed(&spec, &key, &pem, NULL));
    return pem;
}

START_TEST(certificate)
{
    g_autofree char *pem = make_pem();
    g_autofree char *text = remote_sign_cert(SECRET, "aabb", pem, NULL);
    g_autofree char *back = remote_load_cert(SECRET, text, "source", NULL);
    ck_assert_str_eq(back, pem);
    g_autofree char *none = remote_load_cert("other", text, "source", NULL);
    ck_assert_ptr_null(none);
}
END_TEST

/* --- OP_BACKUP_PREPARE -------------------------------------------------------------------------
 */
static void write_secret(void)
{
    g_autofree char *dir = g_path_get_dirname(path_get(PATH_CLUSTER_DOMAIN_SECRET_FILE));
    ck_assert_int_eq(g_mkdir_with_parents(dir, 0755), 0);
    ck_assert(
        g_file_set_contents(path_get(PATH_CLUSTER_DOMAIN_SECRET_FILE), SECRET "\n", -1, NULL));
}

START_TEST(prepare)
{
    static const char op[] =
        "{\"OP_ID\": \"OP_BACKUP_PREPARE\", \"instance_name\": \"web.b\", \"mode\": \"%s\"}";
    g_autofree char *local = g_strdup_printf(op, "local");
    g_autofree char *remote = g_strdup_printf(op, "remote");
    lu_harness_ok(h, local);
    ck_assert_str_eq(lu_harness_result(h), "null");
    write_secret();
    g_autofree char *pem = make_pem();
    g_auto(GStrv) lines = g_strsplit(pem, "\n", -1);
    g_autofree char *escaped = g_strjoinv("\\n", lines);
    g_autofree char *answer = g_strdup_printf("[\"key-1\", \"%s\"]", escaped);
    lu_harness_answer(h, "x509_cert_create", NULL, answer);
    lu_harness_ok(h, remote);
    ck_assert_ptr_nonnull(strstr(lu_harness_result(h), "\"x509_key_name\": [\"key-1\", "));
    ck_assert_ptr_nonnull(strstr(lu_harness_result(h), "X-Ganeti-Signature: "));
}
END_TEST

/* --- OP_BACKUP_EXPORT --------------------------------------------------------------------------
 */
#define EXPORT                                                                                     \
    "{\"OP_ID\": \"OP_BACKUP_EXPORT\", \"instance_name\": \"web.b\", \"target_node\": \"n1\""

START_TEST(export_up)
{
    lu_harness_answer(h, "export_list", "n2.example", "[\"web.b.example\"]");
    lu_harness_ok(h, EXPORT "}");
    ck_assert_str_eq(lu_harness_result(h), "[true, [true]]");
    g_autofree char *made = calls();
    /* It runs again while its snapshot is sent; an older export elsewhere goes. */
    ck_assert_str_eq(made, "instance_shutdown n3 blockdev_snapshot n3 instance_start n3 "
                           "import_start n1 impexp_status n1 export_start n3 impexp_status n1 "
                           "impexp_cleanup n1 impexp_status n3 blockdev_remove n3 "
                           "impexp_cleanup n3 finalize_export n1 "
                           "export_list n2 export_list n3 export_remove n2 ");
    ck_assert_ptr_nonnull(strstr(lu_harness_locks(h), "node/[lockset] exclusive"));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "web.b.example.new/"));
}
END_TEST

START_TEST(export_down)
{
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_SHUTDOWN\", \"instance_name\": \"web.b\"}");
    lu_harness_ok(h, EXPORT ", \"remove_instance\": true}");
    g_autofree char *made = calls();
    ck_assert_ptr_null(strstr(made, "blockdev_snapshot"));
    ck_assert_ptr_nonnull(strstr(made, "blockdev_assemble n3 blockdev_assemble n3 import_start"));
    ck_assert_ptr_null(instance("web.b.example"));
}
END_TEST

START_TEST(export_fails)
{
    lu_harness_answer(h, "impexp_status", "n1.example", LISTENING "\n" BROKEN);
    lu_harness_answer(h, "impexp_status", "n3.example", BROKEN);
    lu_harness_fails(h, EXPORT "}", ERR_OP_EXEC, ECODE_NONE);
    g_autofree char *made = calls();
    ck_assert_ptr_null(strstr(made, "finalize_export"));
    ck_assert_ptr_null(strstr(made, "export_remove"));
    ck_assert_ptr_nonnull(strstr(made, "blockdev_remove n3"));
    /* Without snapshots the guest would have to sleep long. */
    lu_harness_failure(h, "blockdev_snapshot", NULL, "no space");
    lu_harness_fails(h, EXPORT "}", ERR_OP_EXEC, ECODE_NONE);
    lu_harness_fails(h, EXPORT ", \"shutdown\": false}", ERR_OP_EXEC, ECODE_NONE);
    lu_harness_answer(h, "impexp_status", "n1.example", LISTENING "\n" DONE);
    lu_harness_answer(h, "impexp_status", "n3.example", DONE);
    lu_harness_ok(h, EXPORT ", \"long_sleep\": true}");
}
END_TEST

START_TEST(export_refused)
{
    lu_harness_fails(h, EXPORT ", \"shutdown\": false, \"remove_instance\": true}", ERR_OP_PREREQ,
                     ECODE_STATE);
    lu_harness_fails(h, EXPORT ", \"compress\": \"rar\"}", ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, EXPORT ", \"long_sleep\": true, \"shutdown\": false}", ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_fails(h, EXPORT ", \"zeroing_timeout_fixed\": 3}", ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_BACKUP_EXPORT\", \"instance_name\": \"web.b\","
                     " \"target_node\": \"n9\"}",
                     ERR_OP_PREREQ, ECODE_NOENT);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_BACKUP_EXPORT\", \"instance_name\": \"web.b\","
                     " \"target_node\": [], \"mode\": \"remote\"}",
                     ERR_OP_PREREQ, ECODE_INVAL);
}
END_TEST

/* --- OP_BACKUP_REMOVE --------------------------------------------------------------------------
 */
START_TEST(remove_export)
{
    lu_harness_answer(h, "export_list", "n2.example", "[\"web.b.example\", \"gone.example\"]");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_BACKUP_REMOVE\", \"instance_name\": \"web.b\"}");
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "export_remove n2.example "
                                                      "[\"web.b.example\"]"));
    lu_harness_ok(h, "{\"OP_ID\": \"OP_BACKUP_REMOVE\", \"instance_name\": \"gone.example\"}");
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "export_remove n2.example"));
    lu_harness_ok(h, "{\"OP_ID\": \"OP_BACKUP_REMOVE\", \"instance_name\": \"gone\"}");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "whole name"));
}
END_TEST

/* --- Import ------------------------------------------------------------------------------------
 */
#define INFO                                                                                       \
    "\"[export]\\nversion = 0\\nos = noop\\nsource = x\\n\\n[instance]\\nname = old.example\\n"    \
    "disk0_size = 128\\ndisk0_dump = d0.dump\\ndisk0_name = None\\nhypervisor = fake\\n"           \
    "nic0_mac = aa:00:00:12:34:56\\nnic0_ip = None\\nnic0_mode = bridged\\nnic0_link = br7\\n"     \
    "nic0_vlan = None\\nnic0_network = None\\ntags = one two\\n\\n[backend]\\nmaxmem = 256\\n"     \
    "minmem = 128\\nmemory = 256\\nvcpus = 2\\n\\n[os]\\ncolour = 100%%\\n\""

#define IMPORT                                                                                     \
    "{\"OP_ID\": \"OP_INSTANCE_CREATE\", \"instance_name\": \"new.example\", \"mode\": "           \
    "\"import\","                                                                                  \
    " \"disk_template\": \"file\", \"pnode\": \"node3\", \"start\": false, \"name_check\": false," \
    " \"ip_check\": false, \"ignore_ipolicy\": true"

/* The disks and interfaces of the export. */
#define AS_EXPORTED ", \"disks\": [], \"nics\": []}"

static void answer_import(void)
{
    static const char *const answers[][2] = {
        {"hooks_runner", "[]"},
        {"bridges_exist", "null"},
        {"hypervisor_validate_params", "null"},
        {"os_validate", "true"},
        {"os_diagnose", "[[\"noop\", \"/x\", true, \"\", [], [], [20], true]]"},
        {"file_storage_dir_create", "null"},
        {"blockdev_create", "\"\""},
        {"blockdev_getmirrorstatus", "[]"},
        {"export_list", "[]"},
        {"export_info", INFO},
        {"import_start", "\"import-1\""},
        {"export_start", "\"export-1\""},
        {"impexp_cleanup", "null"},
        {"instance_run_rename", "null"},
    };
    g_clear_pointer(&h, lu_harness_free);
    h = lu_harness_new("cluster-3.0.json");
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        lu_harness_answer(h, answers[i][0], NULL, answers[i][1]);
    }
    lu_harness_answer(h, "export_list", "node1.lab.example", "[\"new.example\"]");
    lu_harness_answer(h, "impexp_status", "node3.lab.example", LISTENING "\n" DONE);
    lu_harness_answer(h, "impexp_status", "node1.lab.example", DONE);
}

START_TEST(import_found)
{
    answer_import();
    lu_harness_ok(h, IMPORT AS_EXPORTED);
    const struct instance *made = instance("new.example");
    ck_assert_ptr_nonnull(made);
    ck_assert_str_eq(made->os, "noop");
    ck_assert_int_eq(made->beparams.maxmem, 256);
    ck_assert_int_eq(made->beparams.minmem, 128);
    ck_assert_str_eq(made->nics.v[0].nicparams.link, "br7");
    ck_assert_str_eq(made->osparams.v[0].value.text, "100%");
    ck_assert_uint_eq(made->tags.n, 2);
    ck_assert_int_eq(cfg_instance_disks(lu_harness_cfg(h), made).v[0]->size, 128);
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "new.example/d0.dump"));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "instance_run_rename node3.lab.example"));
    ck_assert_ptr_nonnull(strstr(lu_harness_opcode(h), "\"src_node\": \"node1.lab.example\""));
}
END_TEST

START_TEST(import_overridden)
{
    answer_import();
    lu_harness_ok(h, IMPORT ", \"src_node\": \"node1\", \"src_path\": \"/exports/x\","
                            " \"disks\": [{\"size\": 512}], \"beparams\": {\"maxmem\": 300},"
                            " \"nics\": [], \"identify_defaults\": true}");
    const struct instance *made = instance("new.example");
    ck_assert_int_eq(made->beparams.maxmem, 300);
    ck_assert_int_eq(cfg_instance_disks(lu_harness_cfg(h), made).v[0]->size, 512);
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "\"/exports/x/d0.dump\""));
}
END_TEST

START_TEST(import_refused)
{
    answer_import();
    lu_harness_fails(h, IMPORT ", \"src_path\": \"/exports/x\"" AS_EXPORTED, ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_fails(h, IMPORT ", \"src_path\": \"none\"" AS_EXPORTED, ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_answer(h, "export_info", NULL, "\"[export]\\nversion = 7\\n\"");
    lu_harness_fails(h, IMPORT AS_EXPORTED, ERR_OP_PREREQ, ECODE_ENVIRON);
    lu_harness_answer(h, "export_info", NULL, "\"what is this\"");
    lu_harness_fails(h, IMPORT AS_EXPORTED, ERR_OP_PREREQ, ECODE_ENVIRON);
    lu_harness_failure(h, "export_info", NULL, "no such folder");
    lu_harness_fails(h, IMPORT AS_EXPORTED, ERR_OP_EXEC, ECODE_NONE);
}
END_TEST

UNIT_MAIN_FIXTURE("backup", set_up, tear_down, handshake, disk_info, certificate, prepare,
                  export_up, export_down, export_fails, export_refused, remove_export, import_found,
                  import_overridden, import_refused)
