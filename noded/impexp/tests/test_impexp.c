/* The parts of import-export that are pure, and whole transfers over loopback. */
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/tests/golden.h"
#include "base/tests/unit.h"
#include "base/text.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/impexp/build.h"
#include "noded/impexp/output.h"
#include "noded/impexp/progress.h"
#include "noded/impexp/pump.h"
#include "noded/impexp/status.h"

/* --- Options ------------------------------------------------------------------------------------
 */

/* *ret_error is NULL if the words are good. */
static void parse(const char *words, struct impexp_options *options, GError **ret_error)
{
    g_auto(GStrv) split = g_strsplit(words, " ", -1);
    GStrvBuilder *builder = g_strv_builder_new();
    g_auto(GStrv) argv = NULL;

    g_strv_builder_add(builder, "import-export");
    g_strv_builder_addv(builder, (const char **)split);
    argv = g_strv_builder_end(builder);
    g_strv_builder_unref(builder);
    impexp_options_init(options);
    (void)impexp_options_parse(options, (int)g_strv_length(argv), argv, ret_error);
}

START_TEST(wrong_options_are_refused)
{
    static const char *const wrong[] = {
        "",
        "s",
        "s move",
        "s import x",
        "s import",
        "s export --key=k --cert=c --ca=a --port=1",
        "s export --key=k --cert=c --ca=a --host=h",
        "s import --key=k --cert=c --ca=a --host=",
        "s import --key=k --cert=c --ca=a --host=a..b",
        "s import --key=k --cert=c --ca=a --host=x,y",
        "s import --key=k --cert=c --ca=a --port=",
        "s import --key=k --cert=c --ca=a --port=-1",
        "s import --key=k --cert=c --ca=a --port=65536",
        "s import --key=k --cert=c --ca=a --magic=abcd",
        "s import --key=k --cert=c --ca=a --magic=ab!cdef",
        "s import --key=k --cert=c --ca=a --expected-size=x",
        "s import --key=k --cert=c --ca=a --ipv4 --ipv6",
        "s import --key=k --cert=c --ca=a --compression=rot13",
        "s import --key",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        struct impexp_options options;
        g_autoptr(GError) error = NULL;

        parse(wrong[i], &options, &error);
        ck_assert_msg(error != NULL, "%s", wrong[i]);
        impexp_options_clear(&options);
    }
}
END_TEST

START_TEST(what_is_given_is_taken)
{
    struct impexp_options options, again;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) argv = NULL;

    parse("status export --host 192.0.2.1 --port=ssh --key=k --cert=c --ca=a --comp=none "
          "--magic=value.1 --expected-size=fd --connect-retries=3 --ipv4 -d",
          &options, &error);
    ck_assert_msg(error == NULL, "%s", error->message);
    ck_assert_int_eq(options.port, 22);
    ck_assert(options.debug && options.ipv4 && !options.import);
    ck_assert_int_eq(options.exp_mib, IMPEXP_SIZE_FROM_COMMAND);
    ck_assert_int_eq(options.connect_timeout, 60);
    argv = impexp_options_argv(&options, "import-export");
    impexp_options_init(&again);
    ck_assert(impexp_options_parse(&again, (int)argv->len - 1, (char **)argv->pdata, &error));
    ck_assert_str_eq(again.magic, "value.1");
    ck_assert_str_eq(again.compress, "none");
    ck_assert_int_eq(again.connect_retries, 3);
    impexp_options_clear(&again);
    impexp_options_clear(&options);
}
END_TEST

/* --- Commands: golden file made by from-reference
 * -------------------------------------------------
 */

static void dump_argv(GString *out, const GPtrArray *argv)
{
    if (argv == NULL) {
        g_string_append(out, "-\n");
        return;
    }
    for (guint i = 0; i + 1 < argv->len; i++) {
        g_string_append_printf(out, "%s%s", i == 0 ? "" : " ",
                               (const char *)g_ptr_array_index(argv, i));
    }
    g_string_append_c(out, '\n');
}

static void dump_commands(GString *out, const char *line)
{
    g_auto(GStrv) around = g_strsplit(line, "@", -1);
    g_autofree char *words = g_strjoinv(path_get(PATH_NODED_CERT_FILE), around);
    struct impexp_options options;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) socat = NULL, compression = NULL;

    parse(words, &options, &error);
    ck_assert_msg(error == NULL, "%s: %s", line, error->message);
    socat = build_socat(&options, C_X509_CERT_CN, &error);
    ck_assert_msg(socat != NULL, "%s", error != NULL ? error->message : "");
    compression = build_compression(&options);
    g_string_append_printf(out, "# %s\n", line);
    dump_argv(out, socat);
    dump_argv(out, compression);
    impexp_options_clear(&options);
}

START_TEST(commands_equal_the_reference)
{
    g_autofree char *path = golden_path("noded/impexp/tests/commands.txt");
    g_autofree char *text = fs_read_file(path, 1024 * 1024, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    g_autoptr(GString) out = g_string_new(NULL);

    for (char **line = lines; *line != NULL; line++) {
        dump_commands(out, *line);
    }
    golden_check("noded/impexp/tests/golden/commands.txt", out->str);
}
END_TEST

START_TEST(socat_gets_no_foreign_options)
{
    struct impexp_options options;
    g_autoptr(GError) error = NULL;

    parse("s import --key=/k,verify=0 --cert=c --ca=a", &options, &error);
    ck_assert(error == NULL);
    ck_assert_ptr_null(build_socat(&options, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "verify=0"));
    impexp_options_clear(&options);
}
END_TEST

START_TEST(command_is_shell_text_around_cat)
{
    struct impexp_options options;
    g_autoptr(GPtrArray) plain = NULL, shell = NULL;

    impexp_options_init(&options);
    plain = build_command(&options);
    ck_assert_uint_eq(plain->len, 2);
    options.cmd_prefix = g_strdup("( cd /os && ./export; ) |");
    shell = build_command(&options);
    ck_assert_str_eq(g_ptr_array_index(shell, shell->len - 2), "( cd /os && ./export; ) | cat ");
    impexp_options_clear(&options);
}
END_TEST

/* --- Output -------------------------------------------------------------------------------------
 */

START_TEST(socat_lines)
{
    static const struct {
        const char *line;
        enum socat_event event;
        int port;
        const char *shown;
    } rows[] = {
        {"2026/01/31 08:05:10 socat[12] N listening on AF=2 0.0.0.0:40123", SOCAT_LISTENS, 40123,
         NULL},
        {"2026/01/31 08:05:10 socat[12] N Listening on AF=10 "
         "[0000:0000:0000:0000:0000:0000:0000:0001]:7",
         SOCAT_LISTENS, 7, NULL},
        {"2026/01/31 08:05:10 socat[12] N listening on AF=1 /tmp/socket:7", SOCAT_NOTHING, 0, NULL},
        {"2026/01/31 08:05:10 socat[12] N listening on AF=2 0.0.0.0:70000", SOCAT_NOTHING, 0, NULL},
        {"2026/01/31 08:05:10 socat[12] E listening on AF=2 0.0.0.0:40123", SOCAT_NOTHING, 0,
         "socat: E listening on AF=2 0.0.0.0:40123"},
        {"2026/01/31 08:05:10 socat[12] N starting data transfer loop with FDs [0,0] and [6,6]",
         SOCAT_TRANSFERS, 0, NULL},
        {"2026/01/31 08:05:10 socat[12] I anything", SOCAT_NOTHING, 0, NULL},
        {"2026/01/31 08:05:10 socat[12] W  certificate  is bad", SOCAT_NOTHING, 0,
         "socat: W certificate  is bad"},
        {"2026/01/31 08:05:10 socat[12] E", SOCAT_NOTHING, 0,
         "socat: 2026/01/31 08:05:10 socat[12] E"},
        {"what", SOCAT_NOTHING, 0, "socat: what"},
        {"", SOCAT_NOTHING, 0, "socat: "},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct socat_line line;

        socat_line_parse(rows[i].line, false, &line);
        ck_assert_msg(line.event == rows[i].event, "%s", rows[i].line);
        ck_assert_int_eq(line.event == SOCAT_LISTENS ? line.port : 0, rows[i].port);
        ck_assert_msg(g_strcmp0(line.shown, rows[i].shown) == 0, "%s: %s", rows[i].line,
                      line.shown);
        g_free(line.shown);
    }
}
END_TEST

START_TEST(predicted_sizes)
{
    int64_t mib;

    ck_assert(output_parse_size(" 1048576 ", &mib));
    ck_assert_int_eq(mib, 1);
    ck_assert(output_parse_size("1572864", &mib));
    ck_assert_int_eq(mib, 2);
    ck_assert(!output_parse_size("", &mib));
    ck_assert(!output_parse_size("-1", &mib));
    ck_assert(!output_parse_size("12 MiB", &mib));
    ck_assert(!output_parse_size("99999999999999999999", &mib));
}
END_TEST

START_TEST(progress_is_that_of_the_last_minute)
{
    const int64_t mib = 1024 * 1024;
    struct import_export_status status = {.extra = NULL};
    struct progress progress = {.n = 0};

    progress_add(&progress, 0, 0, 1000, &status);
    ck_assert(!status.has.progress_throughput && !status.has.progress_eta);
    ck_assert_int_eq(status.progress_mbytes, 0);
    progress_add(&progress, 5, 50 * mib, 1000, &status);
    ck_assert(fabs(status.progress_throughput - 10) < 1e-9);
    ck_assert(fabs(status.progress_percent - 5) < 1e-9);
    ck_assert(fabs(status.progress_eta - 95) < 1e-9);
    for (int i = 2; i < 40; i++) {
        progress_add(&progress, 5.0 * i, 50 * mib + (i - 1) * mib, 1000, &status);
    }
    ck_assert(fabs(status.progress_throughput - 0.2) < 1e-9);
    progress_add(&progress, 200, 2000 * mib, 1000, &status);
    ck_assert(fabs(status.progress_percent - 100) < 1e-9);
    ck_assert(status.progress_eta <= 0);
    progress_add(&progress, 205, 2000 * mib, -1, &status);
    ck_assert(!status.has.progress_percent && !status.has.progress_eta);
}
END_TEST

START_TEST(status_file_is_json)
{
    g_autofree char *path = g_build_filename(g_getenv("TEST_TMPDIR"), "status", NULL);
    CLEANUP(status_freep) struct status *status = status_new(path);
    CLEANUP(json_unrefp) struct json *json = NULL;
    g_autofree char *text = NULL;

    for (int i = 0; i < 30; i++) {
        g_autofree char *line = g_strdup_printf("line %d \xff", i);

        status_add_output(status, line);
    }
    status_set_exit(status, -15, "stopped");
    status_write(status, true);
    text = fs_read_file(path, 1024 * 1024, NULL, NULL);
    ck_assert(json_parse(text, -1, &json, NULL));
    ck_assert_uint_eq(json_len(json_get(json, "recent_output")), 20);
    ck_assert(
        g_str_has_prefix(json_string(json_at(json_get(json, "recent_output"), 0)), "line 10 "));
    ck_assert_int_eq(json_int(json_get(json, "exit_status")), -15);
    ck_assert(!json_has(json, "connected"));
    status_set_exit(status, 0, NULL);
    /* Within seconds only what is important is written. */
    status_write(status, false);
    g_clear_pointer(&text, g_free);
    text = fs_read_file(path, 1024 * 1024, NULL, NULL);
    ck_assert_ptr_nonnull(strstr(text, "stopped"));
}
END_TEST

/* --- Pump ---------------------------------------------------------------------------------------
 */

struct pumped {
    bool over;
    enum pump_end end;
    char *text;
};

static void on_end(enum pump_end end, const char *text, void *user)
{
    struct pumped *pumped = user;

    pumped->over = true;
    pumped->end = end;
    pumped->text = g_strdup(text);
}

/* Pumps the data; what came out is allocated. */
static char *pump_all(const char *data, const char *send, const char *expect, struct pumped *pumped)
{
    int in[2], out[2];
    struct pump *pump;
    char *text;

    *pumped = (struct pumped){.over = false};
    ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    ck_assert(fs_write_fd(in[1], "pipe", data, strlen(data), NULL));
    (void)close(in[1]);
    pump = pump_new(in[0], out[1], send, expect, on_end, pumped);
    while (!pumped->over) {
        g_main_context_iteration(NULL, TRUE);
    }
    pump_free(pump);
    text = fs_read_fd(out[0], "pipe", 1024 * 1024, NULL, NULL);
    (void)close(out[0]);
    return text;
}

START_TEST(pump_moves_and_checks)
{
    struct pumped pumped;
    g_autofree char *plain = pump_all("data", NULL, NULL, &pumped);
    g_autofree char *sent = NULL, *stripped = NULL, *wrong = NULL, *part = NULL;

    ck_assert_int_eq(pumped.end, PUMP_DONE);
    ck_assert_str_eq(plain, "data");
    sent = pump_all("data", "M=magic", NULL, &pumped);
    ck_assert_str_eq(sent, "M=magicdata");
    stripped = pump_all("M=magicdata", NULL, "M=magic", &pumped);
    ck_assert_int_eq(pumped.end, PUMP_DONE);
    ck_assert_str_eq(stripped, "data");
    wrong = pump_all("M=tragicdata", NULL, "M=magic", &pumped);
    ck_assert_int_eq(pumped.end, PUMP_FAILED);
    ck_assert_ptr_nonnull(strstr(pumped.text, "mismatch"));
    ck_assert_str_eq(wrong, "");
    g_free(pumped.text);
    part = pump_all("M=mag", NULL, "M=magic", &pumped);
    ck_assert_int_eq(pumped.end, PUMP_FAILED);
    g_free(pumped.text);
}
END_TEST

START_TEST(pump_notices_that_nobody_reads)
{
    struct pumped pumped = {.over = false};
    int in[2], out[2];
    struct pump *pump;

    (void)sigaction(SIGPIPE, &(const struct sigaction){.sa_handler = SIG_IGN}, NULL);
    ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    ck_assert(fs_write_fd(in[1], "pipe", "x", 1, NULL));
    (void)close(out[0]);
    pump = pump_new(in[0], out[1], NULL, NULL, on_end, &pumped);
    while (!pumped.over) {
        g_main_context_iteration(NULL, TRUE);
    }
    ck_assert_int_eq(pumped.end, PUMP_BROKEN);
    g_free(pumped.text);
    pump_free(pump);
    (void)close(in[1]);
}
END_TEST

UNIT_MAIN("impexp", wrong_options_are_refused, what_is_given_is_taken, commands_equal_the_reference,
          socat_gets_no_foreign_options, command_is_shell_text_around_cat, socat_lines,
          predicted_sizes, progress_is_that_of_the_last_minute, status_file_is_json,
          pump_moves_and_checks, pump_notices_that_nobody_reads)
