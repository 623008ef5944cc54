#include "base/cmd.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cmd-testing.h"
#include "base/tests/unit.h"

/* Far more than a step may take on a loaded machine, far less than the test's own limit. */
enum { LONG_MS = 30 * 1000 };

static struct cmd *shell(const char *script)
{
    return cmd_new("sh", "-c", script, "script", NULL);
}

static struct cmd_result *run(struct cmd *cmd)
{
    g_autoptr(GError) error = NULL;
    struct cmd_result *result = cmd_run(cmd, &error);

    ck_assert_msg(result != NULL, "%s", error == NULL ? "" : error->message);
    return result;
}

static char *output_of(struct cmd *cmd)
{
    g_autoptr(GError) error = NULL;
    char *out = NULL;

    ck_assert_msg(cmd_check(cmd, &out, &error), "%s", error == NULL ? "" : error->message);
    return out;
}

START_TEST(output_and_exit_code_are_kept)
{
    CLEANUP(cmd_freep) struct cmd *cmd = shell("printf 'a\\0b'; echo oops >&2; exit 3");
    CLEANUP(cmd_result_freep) struct cmd_result *result = run(cmd);
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(result->exit_code, 3);
    ck_assert_uint_eq(result->out_len, 3);
    ck_assert(memcmp(result->out, "a\0b", 4) == 0);
    ck_assert_str_eq(result->err, "oops\n");
    ck_assert(!cmd_result_ok(result));
    ck_assert(!cmd_check(cmd, NULL, &error));
    ck_assert(g_error_matches(error, CMD_ERROR, CMD_ERROR_EXIT));
    ck_assert_str_eq(error->message,
                     "command \"sh -c 'printf '\\''a\\0b'\\''; echo oops >&2; exit 3' script\" "
                     "failed with exit code 3; output: oops");
}
END_TEST

START_TEST(environment_is_clean)
{
    CLEANUP(cmd_freep) struct cmd *clean = cmd_new("env", NULL);
    CLEANUP(cmd_freep) struct cmd *full = cmd_new("env", NULL);
    g_autofree char *out = NULL, *all = NULL;

    g_setenv("GANTRY_TEST_PASSED", "p", TRUE);
    g_setenv("GANTRY_TEST_OTHER", "o", TRUE);
    cmd_pass_variable("GANTRY_TEST_PASSED");
    cmd_pass_variable("GANTRY_TEST_ABSENT");
    cmd_set_env(clean, "A", "1 2");
    cmd_set_env(clean, "B", "gone");
    cmd_set_env(clean, "B", NULL);
    out = output_of(clean);
    ck_assert_str_eq(out, "A=1 2\nGANTRY_TEST_PASSED=p\nLC_ALL=C\nPATH="
                          "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
    cmd_inherit_env(full);
    all = output_of(full);
    ck_assert_ptr_nonnull(strstr(all, "GANTRY_TEST_OTHER=o\n"));
    ck_assert_ptr_nonnull(strstr(all, "LC_ALL=C\n"));
}
END_TEST

START_TEST(descriptors_are_closed)
{
    CLEANUP(cmd_freep) struct cmd *cmd = shell("cd /proc/self/fd && echo *; readlink 4; pwd -P");
    g_autofree char *out = NULL;
    int plain = open("/dev/zero", O_RDONLY);
    int kept = open("/dev/full", O_RDONLY | O_CLOEXEC);

    ck_assert_int_eq(cmd_keep_fd(cmd, plain), 3);
    ck_assert_int_eq(cmd_keep_fd(cmd, kept), 4);
    ck_assert_int_ge(fcntl(plain, F_DUPFD, 20), 20);
    /* 5 is the shell's own, for the listing. */
    out = output_of(cmd);
    ck_assert_msg(g_str_has_prefix(out, "0 1 2 3 4 5\n/dev/full\n"), "%s", out);
    close(plain);
    close(kept);
}
END_TEST

START_TEST(input_and_directory)
{
    CLEANUP(cmd_freep) struct cmd *cmd = shell("pwd; wc -c; cat /dev/stdin");
    CLEANUP(cmd_freep) struct cmd *none = cmd_new("cat", NULL);
    g_autofree char *big = g_strnfill(1 << 20, 'x');
    g_autofree char *out = NULL, *nothing = NULL;

    cmd_set_input(cmd, big, 1 << 20);
    cmd_set_cwd(cmd, "/usr");
    out = output_of(cmd);
    ck_assert_msg(g_str_has_prefix(out, "/usr\n1048576\n"), "%.40s", out);
    nothing = output_of(none);
    ck_assert_str_eq(nothing, "");
}
END_TEST

START_TEST(output_is_bounded)
{
    CLEANUP(cmd_freep) struct cmd *cmd = shell("head -c 1000000 /dev/zero; echo done >&2");
    CLEANUP(cmd_result_freep) struct cmd_result *result = NULL;
    g_autoptr(GError) error = NULL;

    cmd_set_max_output(cmd, 1000);
    result = run(cmd);
    ck_assert_uint_eq(result->out_len, 1000);
    ck_assert(result->truncated && cmd_result_ok(result));
    ck_assert_str_eq(result->err, "done\n");
    ck_assert(!cmd_check(cmd, NULL, &error));
    ck_assert(g_error_matches(error, CMD_ERROR, CMD_ERROR_TOO_LONG));
}
END_TEST

START_TEST(redirected_output_is_not_captured)
{
    CLEANUP(cmd_freep) struct cmd *cmd = shell("echo out; echo err >&2");
    CLEANUP(cmd_result_freep) struct cmd_result *result = NULL;
    char text[64] = "";
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    cmd_set_output_fds(cmd, fds[1], -1);
    result = run(cmd);
    ck_assert_str_eq(result->out, "");
    ck_assert_str_eq(result->err, "err\n");
    ck_assert_int_eq(read(fds[0], text, sizeof(text) - 1), 4);
    ck_assert_str_eq(text, "out\n");
    close(fds[0]);
    close(fds[1]);
}
END_TEST

START_TEST(a_program_that_is_not_there)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("gantry-no-such-program", "x y", NULL);
    CLEANUP(cmd_freep) struct cmd *text = cmd_new("/etc/passwd", NULL);
    CLEANUP(cmd_freep) struct cmd *nowhere = cmd_new("true", NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(cmd_run(cmd, &error));
    ck_assert(g_error_matches(error, CMD_ERROR, CMD_ERROR_START));
    ck_assert_str_eq(error->message,
                     "cannot start command \"gantry-no-such-program 'x y'\": program not found");
    g_clear_error(&error);
    ck_assert_ptr_null(cmd_run(text, &error));
    ck_assert_str_eq(error->message, "cannot start command \"/etc/passwd\": Permission denied");
    g_clear_error(&error);
    cmd_set_cwd(nowhere, "/nonexistent");
    ck_assert_ptr_null(cmd_run(nowhere, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "/nonexistent is not a directory"));
}
END_TEST

START_TEST(signals_are_reported)
{
    CLEANUP(cmd_freep) struct cmd *cmd = shell("kill -9 $$");
    CLEANUP(cmd_result_freep) struct cmd_result *result = run(cmd);
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(result->exit_code, -1);
    ck_assert_int_eq(result->term_signal, SIGKILL);
    ck_assert(!cmd_result_fail(result, &error));
    ck_assert(g_error_matches(error, CMD_ERROR, CMD_ERROR_SIGNAL));
}
END_TEST

START_TEST(a_deadline_ends_the_whole_group)
{
    /* The grandchild ignores TERM; the pipe ends when nobody holds it any more. */
    CLEANUP(cmd_freep)
    struct cmd *cmd = shell("(trap '' TERM; sleep 1000) & echo started; sleep 1000");
    CLEANUP(cmd_result_freep) struct cmd_result *result = NULL;
    g_autoptr(GError) error = NULL;
    int fds[2];
    char byte;

    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    cmd_keep_fd(cmd, fds[1]);
    cmd_set_timeout(cmd, 500);
    result = run(cmd);
    close(fds[1]);
    ck_assert_int_eq(read(fds[0], &byte, 1), 0);
    close(fds[0]);
    ck_assert(result->timed_out);
    ck_assert_int_eq(result->term_signal, SIGTERM);
    ck_assert_str_eq(result->out, "started\n");
    ck_assert(!cmd_result_fail(result, &error));
    ck_assert(g_error_matches(error, CMD_ERROR, CMD_ERROR_TIMEOUT));
    ck_assert_ptr_nonnull(strstr(error->message, "timeout of 0.50 seconds"));
}
END_TEST

START_TEST(term_then_kill)
{
    CLEANUP(cmd_freep)
    struct cmd *cmd = shell("trap 'echo term' TERM; while :; do sleep 0.05; done");
    CLEANUP(cmd_result_freep) struct cmd_result *result = NULL;

    cmd_set_timeout(cmd, 300);
    result = run(cmd);
    ck_assert(result->timed_out);
    ck_assert_int_eq(result->term_signal, SIGKILL);
    ck_assert_str_eq(result->out, "term\n");
}
END_TEST

START_TEST(a_daemon_that_keeps_the_pipe_does_not_block)
{
    CLEANUP(cmd_freep) struct cmd *cmd = shell("sleep 1000 & echo $!");
    CLEANUP(cmd_result_freep) struct cmd_result *result = run(cmd);

    ck_assert(cmd_result_ok(result));
    /* It is left alone: starting daemons is what many tools do. */
    ck_assert_int_eq(kill((pid_t)g_ascii_strtoll(result->out, NULL, 10), SIGKILL), 0);
}
END_TEST

static void count_ok(struct cmd_result *result, void *user)
{
    ck_assert(cmd_result_ok(result));
    ++*(int *)user;
    cmd_result_free(result);
}

START_TEST(a_session_of_its_own)
{
    CLEANUP(cmd_freep) struct cmd *cmd = shell("cut -d' ' -f1,5,6 /proc/$$/stat");
    g_autofree char *out = NULL;
    g_auto(GStrv) ids = NULL;

    cmd_set_session(cmd);
    out = output_of(cmd);
    ids = g_strsplit(g_strchomp(out), " ", -1);
    ck_assert_uint_eq(g_strv_length(ids), 3);
    ck_assert_str_eq(ids[0], ids[1]);
    ck_assert_str_eq(ids[0], ids[2]);
}
END_TEST

START_TEST(many_at_once)
{
    enum { N = 20 };
    int done = 0;

    for (int i = 0; i < N; i++) {
        CLEANUP(cmd_freep) struct cmd *cmd = shell("echo x; exec true");

        ck_assert_ptr_nonnull(cmd_start(cmd, NULL, count_ok, &done, NULL));
    }
    ck_assert_int_eq(done, 0);
    while (done < N) {
        g_main_context_iteration(NULL, TRUE);
    }
}
END_TEST

static void keep_result(struct cmd_result *result, void *user)
{
    *(struct cmd_result **)user = result;
}

START_TEST(cancelling)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("sleep", "1000", NULL);
    CLEANUP(cmd_result_freep) struct cmd_result *result = NULL;
    struct cmd_job *job;

    cmd_set_timeout(cmd, LONG_MS);
    job = cmd_start(cmd, NULL, keep_result, &result, NULL);
    ck_assert_int_gt(cmd_job_pid(job), 0);
    cmd_job_cancel(job);
    while (result == NULL) {
        g_main_context_iteration(NULL, TRUE);
    }
    ck_assert(result->cancelled && !result->timed_out && !cmd_result_ok(result));
}
END_TEST

START_TEST(recorder_starts_nothing)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = cmd_recorder_new();
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("drbdsetup", "show", NULL);
    CLEANUP(cmd_freep) struct cmd *other = cmd_new("gantry-no-such-program", NULL);
    CLEANUP(cmd_result_freep) struct cmd_result *second = NULL;
    g_autofree char *out = output_of(other);
    g_autofree char *first = NULL;
    int done = 0;

    ck_assert_str_eq(out, "");
    cmd_recorder_answer(recorder, "drbdsetup*", 1, 0, "resource0\n", NULL);
    cmd_recorder_answer(recorder, "drbdsetup*", 0, 20, NULL, "no module");
    cmd_addf(cmd, "/dev/drbd%d", 0);
    cmd_set_env(cmd, "B", "2");
    cmd_set_env(cmd, "A", "x y");
    cmd_set_cwd(cmd, "/tmp");
    cmd_set_input(cmd, "data", 4);
    first = output_of(cmd);
    ck_assert_str_eq(first, "resource0\n");
    second = run(cmd);
    ck_assert_int_eq(second->exit_code, 20);
    ck_assert_str_eq(second->err, "no module");
    ck_assert_str_eq(cmd_recorder_text(recorder),
                     "gantry-no-such-program\n"
                     "A='x y' B=2 (cd /tmp) drbdsetup show /dev/drbd0 <<< data\n"
                     "A='x y' B=2 (cd /tmp) drbdsetup show /dev/drbd0 <<< data\n");
    cmd_recorder_clear(recorder);
    ck_assert_ptr_nonnull(cmd_start(other, NULL, count_ok, &done, NULL));
    while (done == 0) {
        g_main_context_iteration(NULL, TRUE);
    }
    ck_assert_str_eq(cmd_recorder_text(recorder), "gantry-no-such-program\n");
}
END_TEST

UNIT_MAIN("cmd", output_and_exit_code_are_kept, environment_is_clean, descriptors_are_closed,
          input_and_directory, output_is_bounded, redirected_output_is_not_captured,
          a_program_that_is_not_there, signals_are_reported, a_deadline_ends_the_whole_group,
          term_then_kill, a_daemon_that_keeps_the_pipe_does_not_block, a_session_of_its_own,
          many_at_once, cancelling, recorder_starts_nothing)
