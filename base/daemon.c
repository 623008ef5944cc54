#include "base/daemon.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>

#include "base/daemon-private.h"
#include "base/fs.h"

struct daemon {
    const struct daemon_desc *desc;
    struct daemon_options options;
    void *user;
    struct daemon_starter starter;
    struct fs_lock *pid_file;
    bool logging;
    bool stopping; /* a signal asked for the end */
    bool quitting;
    int exit_code;
};

const struct daemon_desc *daemon_get_desc(const struct daemon *daemon)
{
    return daemon->desc;
}

const struct daemon_options *daemon_get_options(const struct daemon *daemon)
{
    return &daemon->options;
}

void *daemon_get_user(const struct daemon *daemon)
{
    return daemon->user;
}

void daemon_quit(struct daemon *daemon, int exit_code)
{
    daemon->exit_code = exit_code;
    daemon->quitting = true;
    g_main_context_wakeup(NULL);
}

void daemon_status(struct daemon *daemon G_GNUC_UNUSED, const char *text)
{
    daemon_notify("STATUS=%s", text);
}

static gboolean on_stop(void *data)
{
    struct daemon *daemon = data;
    bool first = !daemon->stopping;

    daemon->stopping = true;
    if (first) {
        daemon_notify("STOPPING=1");
    }
    if (first && daemon->desc->stop != NULL) {
        daemon->desc->stop(daemon);
    } else {
        daemon_quit(daemon, 0);
    }
    return G_SOURCE_CONTINUE;
}

/* Where output goes that does not come through the log. */
static const char *output_file(const struct daemon *daemon)
{
    return daemon->options.syslog == LOG_SYSLOG_ONLY ? NULL : daemon->desc->log_file;
}

static gboolean on_reload(void *data)
{
    struct daemon *daemon = data;
    g_autoptr(GError) error = NULL;

    daemon_notify("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
    if (!log_reopen(&error)) {
        log_error("%s", error->message);
        g_clear_error(&error);
    }
    if (!daemon->options.foreground && !daemon_redirect(output_file(daemon), &error)) {
        log_error("%s", error->message);
    }
    log_info("log files opened anew after SIGHUP");
    if (daemon->desc->reload != NULL) {
        daemon->desc->reload(daemon);
    }
    daemon_notify("READY=1");
    return G_SOURCE_CONTINUE;
}

static bool start_log(struct daemon *daemon, GError **errp)
{
    const struct daemon_desc *desc = daemon->desc;
    enum log_level level = daemon->options.debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
    struct log_opts opts = {
        .program = desc->name,
        .format = desc->log_format,
        .file = desc->log_file,
        .level = level,
        .stderr_level = LOG_LEVEL_NONE,
        .syslog = daemon->options.syslog,
        .console = desc->console,
    };

    /* In the foreground the Haskell daemons repeat their log on standard error, the Python ones
       only critical messages unless -d is given. Detached, standard error is the log already. */
    if (daemon->options.foreground) {
        bool all = desc->log_format == LOG_FORMAT_HASKELL || daemon->options.debug;

        opts.stderr_level = all ? level : LOG_LEVEL_CRITICAL;
    }
    daemon->logging = log_setup(&opts, errp);
    return daemon->logging;
}

static bool take_pid_file(struct daemon *daemon, GError **errp)
{
    g_autofree char *text = g_strdup_printf("%d\n", (int)getpid());

    if (daemon->desc->pid_file == NULL) {
        return true;
    }
    daemon->pid_file = fs_lock_take(daemon->desc->pid_file, FS_LOCK_BOTH, errp);
    if (daemon->pid_file == NULL) {
        g_prefix_error(errp, "is %s running already? ", daemon->desc->name);
        return false;
    }
    return fs_lock_write(daemon->pid_file, text, errp);
}

void daemon_forked(struct daemon *daemon)
{
    daemon_starter_leave(&daemon->starter);
}

static bool detach(struct daemon *daemon, GError **errp)
{
    return daemon->options.foreground ||
           (daemon_detach(&daemon->starter, errp) && daemon_redirect(output_file(daemon), errp));
}

static bool start(struct daemon *daemon, GError **errp)
{
    const struct daemon_desc *desc = daemon->desc;

    if (!start_log(daemon, errp) || (desc->early != NULL && !desc->early(daemon, errp)) ||
        !take_pid_file(daemon, errp)) {
        return false;
    }
    log_notice("%s daemon startup", desc->name);
    g_unix_signal_add(SIGTERM, on_stop, daemon);
    g_unix_signal_add(SIGINT, on_stop, daemon);
    g_unix_signal_add(SIGHUP, on_reload, daemon);
    return desc->prepare == NULL || desc->prepare(daemon, errp);
}

/* Last of all: whoever started us may try again at once, and must find nothing of us in the way. */
static void tell_starter(struct daemon *daemon, const GError *error)
{
    g_autofree char *text =
        g_strdup_printf("%s: cannot start: %s\n", daemon->desc->name, error->message);

    if (daemon->starter.fd >= 0) {
        daemon_starter_fail(&daemon->starter, DAEMON_EXIT_FAILURE, text);
    } else if (daemon->options.foreground) {
        (void)fputs(text, stderr);
    }
}

static int run(struct daemon *daemon)
{
    const struct daemon_desc *desc = daemon->desc;
    g_autoptr(GError) error = NULL;

    if (detach(daemon, &error) && start(daemon, &error)) {
        daemon_starter_ok(&daemon->starter);
        daemon_notify("READY=1\nMAINPID=%d", (int)getpid());
        while (!daemon->quitting) {
            g_main_context_iteration(NULL, TRUE);
        }
    } else {
        daemon->exit_code = DAEMON_EXIT_FAILURE;
        if (daemon->logging) {
            log_error("cannot start: %s", error->message);
        }
    }
    if (desc->cleanup != NULL) {
        desc->cleanup(daemon);
    }
    if (daemon->pid_file != NULL) {
        log_notice("%s daemon shutdown", desc->name);
        fs_lock_remove(daemon->pid_file);
    }
    if (error != NULL) {
        tell_starter(daemon, error);
    }
    log_shutdown();
    return daemon->exit_code;
}

/* What is decided before anything is done; false: exit with *ret_exit. */
static bool before_start(struct daemon *daemon, int operands, int *ret_exit)
{
    const struct daemon_desc *desc = daemon->desc;
    g_autoptr(GError) error = NULL;

    *ret_exit = 0;
    if (daemon->options.help) {
        daemon_options_help(desc, stdout);
        return false;
    }
    if (daemon->options.version) {
        (void)puts(desc->version_text);
        return false;
    }
    if (daemon->options.help_completion) {
        daemon_options_completion(desc, stdout);
        return false;
    }
    *ret_exit = DAEMON_EXIT_FAILURE;
    if (operands != 0) {
        (void)fprintf(stderr, "%s takes no arguments, only options\n", desc->name);
        return false;
    }
    if ((desc->check == NULL || desc->check(daemon, ret_exit, &error)) &&
        (daemon->options.no_user_checks || daemon_become_user(desc, &error))) {
        return true;
    }
    (void)fprintf(stderr, "%s: %s\n", desc->name, error->message);
    return false;
}

int daemon_main(const struct daemon_desc *desc, int argc, char **argv, void *user)
{
    struct daemon daemon = {.desc = desc, .user = user, .starter = {.fd = -1}};
    int exit_code;

    g_set_prgname(desc->name);
    if (!daemon_options_parse(desc, argc, argv, user, &daemon.options)) {
        return DAEMON_EXIT_USAGE;
    }
    if (!before_start(&daemon, argc - optind, &exit_code)) {
        return exit_code;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    return run(&daemon);
}
