#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/fs.h"
#include "base/tests/unit.h"

static char *dir, *path;

static void setup(void)
{
    g_setenv("TZ", "UTC", TRUE);
    dir = g_dir_make_tmp("gantry-log-XXXXXX", NULL);
    path = g_build_filename(dir, "log", NULL);
}

static void teardown(void)
{
    log_shutdown();
    g_remove(path);
    g_rmdir(dir);
    g_free(path);
    g_free(dir);
}

static void start(const struct log_opts *opts)
{
    g_autoptr(GError) error = NULL;

    ck_assert_msg(log_setup(opts, &error), "%s", error == NULL ? "" : error->message);
}

static void assert_log(const char *pattern)
{
    g_autofree char *text = fs_read_file(path, 10000, NULL, NULL);

    ck_assert_msg(g_regex_match_simple(pattern, text, 0, 0), "%s", text);
}

START_TEST(python_lines)
{
    start(&(struct log_opts){.program = "ganeti-noded",
                             .file = path,
                             .level = LOG_LEVEL_INFO,
                             .stderr_level = LOG_LEVEL_NONE});
    log_debug("unseen");
    log_notice("text %d", 5);
    assert_log(
        "^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d,\\d{3}: ganeti-noded pid=\\d+ INFO text 5\n$");
}
END_TEST

START_TEST(python_debug_lines_name_their_origin)
{
    start(&(struct log_opts){
        .program = "job", .thread = "MainThread", .file = path, .stderr_level = LOG_LEVEL_NONE});
    log_debug("text");
    assert_log(",\\d{3}: job pid=\\d+/MainThread test_log:\\d+ DEBUG text\n$");
}
END_TEST

START_TEST(haskell_lines)
{
    g_autofree char *pattern = g_strdup_printf(
        "^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d,\\d{9}000 UTC: ganeti-confd pid=%d/ThreadId 1 "
        "NOTICE text\n$",
        (int)getpid());

    start(&(struct log_opts){.program = "ganeti-confd",
                             .format = LOG_FORMAT_HASKELL,
                             .file = path,
                             .level = LOG_LEVEL_INFO,
                             .stderr_level = LOG_LEVEL_NONE});
    log_notice("text");
    assert_log(pattern);
}
END_TEST

START_TEST(reopening_follows_the_name)
{
    g_autofree char *moved = g_build_filename(dir, "log.1", NULL);
    struct stat st;

    start(&(struct log_opts){.program = "p", .file = path, .stderr_level = LOG_LEVEL_NONE});
    log_info("first");
    ck_assert_int_eq(g_rename(path, moved), 0);
    log_info("second");
    ck_assert(log_reopen(NULL));
    log_info("third");
    assert_log("^[^\n]*third\n$");
    ck_assert(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    g_remove(path);
    ck_assert_int_eq(g_mkdir(path, 0700), 0);
    ck_assert(!log_reopen(NULL));
    log_info("fourth");
    g_remove(moved);
}
END_TEST

START_TEST(glib_messages_arrive)
{
    start(&(struct log_opts){.program = "p", .file = path, .stderr_level = LOG_LEVEL_NONE});
    g_log("lib", G_LOG_LEVEL_WARNING, "hot");
    assert_log(" WARNING lib: hot\n$");
}
END_TEST

START_TEST(an_unwritable_file_is_an_error_unless_another_way_is_open)
{
    g_autoptr(GError) error = NULL;
    struct log_opts opts = {
        .program = "p", .file = "/nonexistent/log", .stderr_level = LOG_LEVEL_NONE};

    ck_assert(!log_setup(&opts, &error));
    ck_assert_ptr_nonnull(strstr(error->message, opts.file));
    opts.stderr_level = LOG_LEVEL_CRITICAL;
    start(&opts);
    opts.stderr_level = LOG_LEVEL_NONE;
    opts.syslog = LOG_SYSLOG_ONLY;
    start(&opts);
    ck_assert(log_enabled(LOG_LEVEL_INFO));
}
END_TEST

static int evaluated(void)
{
    ck_abort_msg("argument of a disabled level evaluated");
    return 0;
}

START_TEST(disabled_levels_cost_nothing)
{
    start(&(struct log_opts){
        .program = "p", .file = path, .level = LOG_LEVEL_ERROR, .stderr_level = LOG_LEVEL_NONE});
    log_warning("%d", evaluated());
    log_shutdown();
    log_info("%d", evaluated());
}
END_TEST

UNIT_MAIN_FIXTURE("log", setup, teardown, python_lines, python_debug_lines_name_their_origin,
                  haskell_lines, reopening_follows_the_name, glib_messages_arrive,
                  an_unwritable_file_is_an_error_unless_another_way_is_open,
                  disabled_levels_cost_nothing)
