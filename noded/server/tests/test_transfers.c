/* Exports and transfers on a node that is a folder: a virtual cluster. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/cmd-testing.h"
#include "base/cmd.h"
#include "base/fault.h"
#include "base/fs-tree.h"
#include "base/fs.h"
#include "base/tests/golden.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "noded/proto/ini.h"
#include "noded/server/tests/virtual-node.h"

static void setup(void)
{
    static const enum path_id folders[] = {PATH_EXPORT_DIR, PATH_IMPORT_EXPORT_DIR, PATH_LOG_OS_DIR,
                                           PATH_COUNT};

    node_make(folders);
    node_write(path_get(PATH_NODED_CERT_FILE), "key and certificate\n");
}

static char *call(enum rpc_id id, const char *format, ...) G_GNUC_PRINTF(2, 3);
static char *call(enum rpc_id id, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    return node_call(id, text);
}

/* Fails and says this; answer is freed. */
static void refused(char *answer, const char *part)
{
    ck_assert_msg(g_str_has_prefix(answer, "[false, ") && strstr(answer, part) != NULL, "%s: %s",
                  part, answer);
    g_free(answer);
}

static void equals(char *answer, const char *expected)
{
    ck_assert_str_eq(answer, expected);
    g_free(answer);
}

static char *sample_instance(void)
{
    g_autofree char *path = golden_path("os-interface/tests/data/instance.json");

    return fs_read_file(path, 1024 * 1024, NULL, NULL);
}

static const char disks[] =
    "[{\"dev_type\": \"file\", \"logical_id\": [\"loop\", \"/srv/disk0\"], \"iv_name\": "
    "\"disk/0\", "
    "\"size\": 1024, \"name\": \"root\", \"uuid\": \"disk-uuid-0\", \"serial_no\": 1}, "
    "{\"dev_type\": \"rbd\", \"logical_id\": [\"rbd\", \"x\"], \"iv_name\": \"disk/1\", "
    "\"size\": 2048, \"uuid\": \"disk-uuid-1\", \"serial_no\": 1}]";

/* --- Exports ------------------------------------------------------------------------------------
 */

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines sorted within their section, without the time. */
static char *sorted(const char *text)
{
    g_autofree char *copy = g_strchomp(g_strdup(text));
    g_auto(GStrv) sections = g_strsplit(copy, "\n\n", -1);
    GString *out = g_string_new(NULL);

    for (char **section = sections; *section != NULL; section++) {
        g_auto(GStrv) lines = g_strsplit(*section, "\n", -1);

        qsort(lines + 1, g_strv_length(lines) - 1, sizeof(*lines), compare_lines);
        for (char **line = lines; *line != NULL; line++) {
            if (!g_str_has_prefix(*line, "timestamp = ")) {
                g_string_append_printf(out, "%s\n", *line);
            }
        }
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

static char *in_exports(const char *name)
{
    return g_build_filename(path_get(PATH_EXPORT_DIR), name, NULL);
}

START_TEST(export_is_described_as_the_reference_does)
{
    g_autofree char *instance = sample_instance();
    g_autofree char *fresh = in_exports("inst1.example.com.new/disk-uuid-0");
    g_autofree char *config = in_exports("inst1.example.com/config.ini");
    g_autofree char *text = NULL, *found = NULL,
                    *dump = in_exports("inst1.example.com/disk-uuid-0");

    node_write(fresh, "data");
    equals(call(RPC_finalize_export, "[%s, %s]", instance, disks), "[true, null]");
    text = fs_read_file(config, 1024 * 1024, NULL, NULL);
    ck_assert_ptr_nonnull(text);
    found = sorted(text);
    golden_check("noded/server/tests/golden/config.ini", found);
    ck_assert(g_file_test(dump, G_FILE_TEST_IS_REGULAR));
}
END_TEST

START_TEST(export_replaces_the_one_before)
{
    g_autofree char *instance = sample_instance();
    g_autofree char *fresh = in_exports("inst1.example.com.new");
    g_autofree char *file = in_exports("inst1.example.com.new/new-dump");
    g_autofree char *old = in_exports("inst1.example.com/old-dump");
    g_autofree char *now = in_exports("inst1.example.com/new-dump");

    node_write(old, "old");
    node_write(file, "new");
    /* The second disk could not be exported. */
    equals(call(RPC_finalize_export, "[%s, [false, false]]", instance), "[true, null]");
    ck_assert(g_file_test(now, G_FILE_TEST_IS_REGULAR));
    ck_assert(!g_file_test(old, G_FILE_TEST_EXISTS));
    ck_assert(!g_file_test(fresh, G_FILE_TEST_EXISTS));
    refused(call(RPC_finalize_export, "[%s, []]", instance), "inst1.example.com.new");
}
END_TEST

START_TEST(export_that_breaks_off_keeps_the_one_before)
{
    g_autofree char *instance = sample_instance();
    g_autofree char *file = in_exports("inst1.example.com.new/new-dump");
    g_autofree char *old = in_exports("inst1.example.com/old-dump");
    g_autofree char *now = in_exports("inst1.example.com/new-dump");

    node_write(old, "old");
    node_write(file, "new");
    fault_set("export-before-move=EIO");
    refused(call(RPC_finalize_export, "[%s, []]", instance), "inst1.example.com.new");
    ck_assert(g_file_test(old, G_FILE_TEST_IS_REGULAR));
    fault_set("fs-write-before-rename=ENOSPC");
    refused(call(RPC_finalize_export, "[%s, []]", instance), "config.ini");
    ck_assert(g_file_test(old, G_FILE_TEST_IS_REGULAR));
    fault_set(NULL);
    equals(call(RPC_finalize_export, "[%s, []]", instance), "[true, null]");
    ck_assert(g_file_test(now, G_FILE_TEST_IS_REGULAR));
}
END_TEST

static char *dump_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(ini_freep) struct ini *ini = ini_parse(text, &error);

    return ini == NULL ? g_strdup(error->message) : ini_dump(ini);
}

START_TEST(descriptions_are_read_as_python_does)
{
    static const struct {
        const char *text, *dump;
    } rows[] = {
        {"", ""},
        {"[a]\nB : c=d\n# x\n;y\ne=\n", "[a]\nb = c=d\ne = \n\n"},
        {"[a]\nx = 1\n  2\n\n\t3\n[b]\n", "[a]\nx = 1\n\t2\n\t\n\t3\n\n[b]\n\n"},
        {"[a]\nx = 50%%\n", "[a]\nx = 50%%\n\n"},
        {"x = 1\n", "line 1: nothing can stand in front of the first section"},
        {"[a]\n\nx\n", "line 3: expected NAME = VALUE"},
        {"[a]\n= x\n", "line 2: expected NAME = VALUE"},
        {"[a\n", "line 1: the name of a section does not end"},
        {"[a]\n[a]\n", "line 2: a section stands there twice"},
        {"[a]\nx = \xff\n", "the text is not UTF-8"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *dump = dump_of(rows[i].text);

        ck_assert_str_eq(dump, rows[i].dump);
    }
}
END_TEST

START_TEST(values_survive_writing_and_reading)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *dump = NULL;

    ini_put_section(out, "os");
    ini_put(out, "Key", "100% of\ntwo lines");
    g_string_append_c(out, '\n');
    dump = dump_of(out->str);
    ck_assert_str_eq(dump, "[os]\nkey = 100%% of\n\ttwo lines\n\n");
    ck_assert_str_eq(dump, out->str);
}
END_TEST

/* --- Transfers ----------------------------------------------------------------------------------
 */

START_TEST(files_are_those_of_exports)
{
    g_autofree char *instance = sample_instance();
    g_autofree char *link = in_exports("link");
    const char *dir = path_get(PATH_EXPORT_DIR);
    static const char opts[] = "{\"compress\": \"none\"}";

    ck_assert_int_eq(symlink("/etc", link), 0);
    refused(call(RPC_import_start, "[%s, %s, \"disk0\", [\"file\", [\"/etc/passwd\"]]]", opts,
                 instance),
            "not below the folder of exports");
    refused(call(RPC_import_start, "[%s, %s, \"disk0\", [\"file\", [\"%s/../../etc/x\"]]]", opts,
                 instance, dir),
            "not a full path");
    refused(call(RPC_import_start, "[%s, %s, \"disk0\", [\"file\", [\"%s/link/x\"]]]", opts,
                 instance, dir),
            "leads out of");
    refused(call(RPC_import_start, "[%s, %s, \"disk0\", [\"tape\", []]]", opts, instance),
            "'tape'");
    refused(call(RPC_import_start, "[%s, %s, \"disk0\", [\"file\"]]", opts, instance),
            "kind and the arguments");
    refused(
        call(RPC_import_start, "[%s, %s, \"a/b\", [\"file\", [\"%s/x/y\"]]]", opts, instance, dir),
        "a/b");
    refused(call(RPC_import_start,
                 "[{\"key_name\": \"x509-1\"}, %s, \"disk0\", [\"file\", [\"%s/x/y\"]]]", instance,
                 dir),
            "both sides");
    refused(call(RPC_import_start,
                 "[{\"key_name\": \"../x\", \"ca_pem\": \"y\"}, %s, \"disk0\", [\"file\", "
                 "[\"%s/x/y\"]]]",
                 instance, dir),
            "'../x'");
    refused(call(RPC_export_start,
                 "[%s, \"192.0.2.1\", null, %s, \"disk0\", [\"file\", [\"%s/x/y\"]]]", opts,
                 instance, dir),
            "port");
}
END_TEST

/* What is below the folder of transfers; nothing of a failed start may be. */
static guint transfers(void)
{
    g_autoptr(GPtrArray) names = fs_list_dir(path_get(PATH_IMPORT_EXPORT_DIR), 100, NULL);

    ck_assert_ptr_nonnull(names);
    return names->len;
}

START_TEST(carrier_is_started_with_its_options)
{
    g_autofree char *instance = sample_instance();
    g_autofree char *file = in_exports("inst1/disk 0");
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = cmd_recorder_new();
    g_autofree char *answer = NULL;
    const char *text;

    node_write(file, "data");
    answer = call(RPC_export_start,
                  "[{\"compress\": \"gzip-fast\", \"magic\": \"magic1\", \"ipv6\": false}, "
                  "\"192.0.2.1\", 4711, %s, \"disk0\", [\"file\", [\"%s\"]]]",
                  instance, file);
    ck_assert_msg(g_str_has_prefix(answer, "[true, \"export-disk0-20"), "%s", answer);
    ck_assert_uint_eq(transfers(), 1);
    text = cmd_recorder_text(recorder);
    ck_assert_msg(strstr(text, "/status export --key=") != NULL &&
                      strstr(text, " --ipv4 --host=192.0.2.1 --port=4711 --connect-retries=10 "
                                   "--connect-timeout=20 --compress=gzip-fast --expected-size=0 "
                                   "--magic=magic1 '--cmd-suffix=< '\\''") != NULL &&
                      strstr(text, "inst1/disk 0") != NULL,
                  "%s", text);
}
END_TEST

START_TEST(failed_start_leaves_nothing)
{
    g_autofree char *instance = sample_instance();

    ck_assert(fs_remove_tree(path_get(PATH_LOG_OS_DIR), NULL));
    refused(call(RPC_import_start, "[{}, %s, \"disk0\", [\"file\", [\"%s/x/y\"]]]", instance,
                 path_get(PATH_EXPORT_DIR)),
            path_get(PATH_LOG_OS_DIR));
    ck_assert_uint_eq(transfers(), 0);
}
END_TEST

START_TEST(status_is_read)
{
    g_autofree char *file = g_build_filename(path_get(PATH_IMPORT_EXPORT_DIR), "a/status", NULL);

    equals(call(RPC_impexp_status, "[[\"a\"]]"), "[true, [null]]");
    node_write(file, "{\"connected\": true, \"recent_output\": []}\n");
    equals(call(RPC_impexp_status, "[[\"b\", \"a\"]]"),
           "[true, [null, {\"connected\": true, \"recent_output\": []}]]");
    node_write(file, "{");
    refused(call(RPC_impexp_status, "[[\"a\"]]"), "a/status");
    refused(call(RPC_impexp_status, "[[\"../a\"]]"), "'../a'");
    refused(call(RPC_impexp_status, "[[1]]"), "text");
    refused(call(RPC_impexp_abort, "[\"..\"]"), "'..'");
    refused(call(RPC_impexp_cleanup, "[\"\"]"), "''");
    equals(call(RPC_impexp_abort, "[\"a\"]"), "[true, null]");
    equals(call(RPC_impexp_cleanup, "[\"a\"]"), "[true, null]");
    equals(call(RPC_impexp_cleanup, "[\"a\"]"), "[true, null]");
    ck_assert_uint_eq(transfers(), 0);
}
END_TEST

/* A program in place of the carrier, which holds the lock of its pid file. */
static GPid start_stand_in(const char *script)
{
    g_autofree char *path = g_build_filename(path_get(PATH_IMPORT_EXPORT_DIR), "a/pid", NULL);
    g_autofree char *dir = g_path_get_dirname(path);
    CLEANUP(fs_closep) int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("/bin/sh", "-c", script, NULL);
    CLEANUP(fs_lock_freep) struct fs_lock *lock = NULL;
    g_autofree char *text = NULL;
    GPid pid;

    ck_assert_int_eq(g_mkdir_with_parents(dir, 0755), 0);
    lock = fs_lock_take(path, FS_LOCK_FLOCK, NULL);
    ck_assert_ptr_nonnull(lock);
    cmd_set_output_fds(cmd, null, null);
    (void)cmd_keep_fd(cmd, fs_lock_fd(lock));
    ck_assert(cmd_start_detached(cmd, &pid, NULL));
    text = g_strdup_printf("%d\n", (int)pid);
    ck_assert(fs_lock_write(lock, text, NULL));
    return pid;
}

START_TEST(running_transfer_is_stopped)
{
    GPid pid = start_stand_in("exec sleep 1000");
    int status = 0;

    equals(call(RPC_impexp_abort, "[\"a\"]"), "[true, null]");
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    pid = start_stand_in("exec sleep 1000");
    equals(call(RPC_impexp_cleanup, "[\"a\"]"), "[true, null]");
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_uint_eq(transfers(), 0);
}
END_TEST

START_TEST(number_of_another_program_is_left_alone)
{
    g_autofree char *file = g_build_filename(path_get(PATH_IMPORT_EXPORT_DIR), "a/pid", NULL);
    g_autofree char *text = g_strdup_printf("%d\n", (int)getpid());

    /* Nobody holds the lock, so the number is not the carrier's any more. */
    node_write(file, text);
    equals(call(RPC_impexp_abort, "[\"a\"]"), "[true, null]");
    equals(call(RPC_impexp_cleanup, "[\"a\"]"), "[true, null]");
}
END_TEST

UNIT_MAIN_FIXTURE("transfers", setup, node_remove, export_is_described_as_the_reference_does,
                  export_replaces_the_one_before, export_that_breaks_off_keeps_the_one_before,
                  descriptions_are_read_as_python_does, values_survive_writing_and_reading,
                  files_are_those_of_exports, carrier_is_started_with_its_options,
                  failed_start_leaves_nothing, status_is_read, running_transfer_is_stopped,
                  number_of_another_program_is_left_alone)
