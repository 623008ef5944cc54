#include "base/daemon.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "base/parse.h"
#include "base/tests/unit.h"

static char *dir, *log_path, *pid_path, *socket_path;
static int notify_fd;

static void setup(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    dir = g_dir_make_tmp("gantry-daemon-XXXXXX", NULL);
    log_path = g_build_filename(dir, "log", NULL);
    pid_path = g_build_filename(dir, "pid", NULL);
    socket_path = g_build_filename(dir, "notify", NULL);
    g_strlcpy(address.sun_path, socket_path, sizeof(address.sun_path));
    notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(notify_fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void teardown(void)
{
    close(notify_fd);
    g_remove(log_path);
    g_remove(pid_path);
    g_remove(socket_path);
    ck_assert_int_eq(g_rmdir(dir), 0);
    g_free(dir);
    g_free(log_path);
    g_free(pid_path);
    g_free(socket_path);
}

static struct cmd *sample(const char *first, const char *second)
{
    struct cmd *cmd = cmd_new(SAMPLE_DAEMON, NULL);
    g_autofree char *cwd = g_get_current_dir();

    cmd_set_cwd(cmd, cwd);
    cmd_set_env(cmd, "SAMPLE_DIR", dir);
    cmd_set_env(cmd, "NOTIFY_SOCKET", socket_path);
    cmd_set_env(cmd, "TZ", "UTC");
    if (first != NULL) {
        cmd_add(cmd, first, second, NULL);
    }
    return cmd;
}

static void expect(struct cmd *cmd, int exit_code, const char *out, const char *err)
{
    CLEANUP(cmd_result_freep) struct cmd_result *result = cmd_run(cmd, NULL);

    ck_assert_ptr_nonnull(result);
    ck_assert_msg(result->exit_code == exit_code, "exit %d: %s", result->exit_code, result->err);
    ck_assert_msg(strstr(result->out, out) != NULL, "%s", result->out);
    ck_assert_msg(strstr(result->err, err) != NULL, "%s", result->err);
    cmd_free(cmd);
}

static void expect_notice(const char *wanted)
{
    char text[200] = "";

    ck_assert_int_gt(recv(notify_fd, text, sizeof(text) - 1, 0), 0);
    ck_assert_msg(strstr(text, wanted) != NULL, "%s", text);
}

static void expect_log(const char *pattern)
{
    g_autofree char *text = fs_read_file(log_path, 1 << 20, NULL, NULL);

    ck_assert_msg(text != NULL && g_regex_match_simple(pattern, text, G_REGEX_MULTILINE, 0), "%s",
                  text == NULL ? "no log" : text);
}

static int read_pid(void)
{
    g_autofree char *text = fs_read_file(pid_path, 100, NULL, NULL);
    int pid;

    ck_assert_ptr_nonnull(text);
    ck_assert(g_str_has_suffix(text, "\n"));
    text[strlen(text) - 1] = '\0';
    ck_assert(parse_int(text, 2, G_MAXINT, &pid, NULL));
    return pid;
}

static void end_and_wait(int pid, int signum)
{
    struct pollfd fd = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};

    ck_assert_int_ge(fd.fd, 0);
    ck_assert_int_eq(kill(pid, signum), 0);
    ck_assert_int_eq(poll(&fd, 1, -1), 1);
    close(fd.fd);
}

START_TEST(life_of_a_daemon)
{
    g_autofree char *moved = g_build_filename(dir, "old", NULL);
    struct stat st;
    int pid;

    expect(sample("-p", "1999"), 0, "", "");
    expect_notice("READY=1");
    pid = read_pid();
    ck_assert_int_eq(getsid(pid) == getsid(0), 0);
    ck_assert(!fs_lock_is_dead(pid_path, FS_LOCK_FLOCK));
    ck_assert(!fs_lock_is_dead(pid_path, FS_LOCK_RECORD));
    ck_assert(stat(pid_path, &st) == 0 && (st.st_mode & 0777) == 0600);
    expect_log(
        "^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d,\\d{12} UTC: sample-daemon pid=\\d+/ThreadId 1 "
        "NOTICE sample-daemon daemon startup$");
    expect_log("INFO port 1999 bind any$");

    expect(sample(NULL, NULL), 1, "",
           "sample-daemon: cannot start: is sample-daemon running already? ");
    ck_assert_int_eq(read_pid(), pid);

    ck_assert_int_eq(g_rename(log_path, moved), 0);
    ck_assert_int_eq(kill(pid, SIGHUP), 0);
    expect_notice("RELOADING=1");
    expect_notice("READY=1");
    expect_log("INFO reloaded$");
    expect_log("^stray output$");
    g_remove(moved);

    end_and_wait(pid, SIGTERM);
    expect_notice("STOPPING=1");
    expect_log("INFO stopping\n.*INFO cleaned up\n.*NOTICE sample-daemon daemon shutdown$");
    ck_assert_int_ne(access(pid_path, F_OK), 0);
}
END_TEST

START_TEST(a_failing_start_reaches_the_starter)
{
    expect(sample("--fail", "no port"), 1, "", "sample-daemon: cannot start: no port\n");
    expect_log("ERROR cannot start: no port$");
    ck_assert_int_ne(access(pid_path, F_OK), 0);
    expect(sample("--refuse=not master", "-f"), 11, "", "sample-daemon: not master\n");
    expect(sample("-f", "--fail=foreground"), 1, "", "cannot start: foreground\n");
}
END_TEST

START_TEST(an_unwritable_log_is_told)
{
    ck_assert_int_eq(g_mkdir(log_path, 0700), 0);
    expect(sample(NULL, NULL), 1, "", "cannot open log file");
    g_rmdir(log_path);
}
END_TEST

START_TEST(users_are_checked)
{
    struct cmd *cmd = sample(NULL, NULL);

    cmd_set_env(cmd, "SAMPLE_USER", "gantry-no-such-user");
    expect(cmd, 1, "", "there is no user 'gantry-no-such-user'");
    cmd = sample("--no-user-checks", "--fail=enough");
    cmd_set_env(cmd, "SAMPLE_USER", "gantry-no-such-user");
    expect(cmd, 1, "", "enough");
    cmd = sample(NULL, NULL);
    cmd_set_env(cmd, "SAMPLE_USER", "nobody");
    if (geteuid() == 0) {
        /* The directory is root's: what fails is the log, as nobody. */
        expect(cmd, 1, "", "Permission denied");
    } else {
        expect(cmd, 1, "", "must be started as user 'nobody'");
    }
}
END_TEST

START_TEST(options)
{
    expect(sample("--help", NULL), 0, "Usage: sample-daemon [OPTION...]", "");
    expect(sample("-h", NULL), 0, "-b, --bind=ADDRESS", "");
    expect(sample("-V", NULL), 0, "sample-daemon 1.0\n", "");
    expect(sample("--vers", NULL), 0, "sample-daemon 1.0\n", "");
    expect(sample("--help-completion", NULL), 0,
           "-f,--foreground none\n--no-user-checks none\n-d,--debug none\n-p,--port integer\n", "");
    expect(sample("--bogus", NULL), 2, "", "'--bogus'");
    expect(sample("--port", "0"), 2, "", "option --port: '0' is out of range (1 to 65535)");
    expect(sample("--syslog", "maybe"), 2, "", "'maybe' is none of no, yes, only");
    expect(sample("--fail", ""), 2, "", "option --fail: the text is empty");
    expect(sample("--no-voting", NULL), 2, "", "'--no-voting'");
    expect(sample("argument", NULL), 1, "", "takes no arguments");
}
END_TEST

UNIT_MAIN_FIXTURE("daemon", setup, teardown, life_of_a_daemon, a_failing_start_reaches_the_starter,
                  an_unwritable_log_is_told, users_are_checked, options)
