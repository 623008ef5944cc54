#include "config.h"

#include "luxi/server/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

#include "base/cmd.h"
#include "base/fs.h"

enum {
    /* A launcher that dies so often without an answer in between is not started again for those
       that wait for it. */
    MAX_DEATHS = 3,
    STDERR = 2,
};

struct asked {
    struct launch_request request;
    bool is_sent;
};

struct launcher {
    char *program;
    bool debug;
    launcher_reply_fn *fn;
    void *data;
    struct cmd_job *process; /* NULL: does not run */
    int fd;                  /* our end of the channel; -1 */
    guint readable, writable;
    guint n_deaths;
    GQueue asked; /* struct asked, in the order of the replies */
    guint later;  /* idle source that fails what cannot be started */
    bool is_ending;
};

static void send_waiting(struct launcher *launcher);

static void asked_free(gpointer data)
{
    struct asked *asked = data;

    launch_request_clear(&asked->request);
    g_free(asked);
}

static void close_channel(struct launcher *launcher)
{
    if (launcher->readable != 0) {
        g_source_remove(launcher->readable);
    }
    if (launcher->writable != 0) {
        g_source_remove(launcher->writable);
    }
    if (launcher->fd >= 0) {
        (void)close(launcher->fd);
    }
    launcher->readable = launcher->writable = 0;
    launcher->fd = -1;
}

/* ---- replies ---- */

static void take_reply(struct launcher *launcher, struct launch_reply *reply)
{
    struct asked *asked = g_queue_pop_head(&launcher->asked);

    launcher->n_deaths = 0;
    if (asked == NULL || asked->request.job != reply->job) {
        g_warning("the job launcher answered for job %" G_GINT64_FORMAT ", which was not asked for",
                  (gint64)reply->job);
    } else {
        launcher->fn(reply, launcher->data);
    }
    g_clear_pointer(&asked, asked_free);
    launch_reply_clear(reply);
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
    struct launcher *launcher = data;
    struct launch_reply reply = {.pidfd = -1};
    g_autoptr(GError) error = NULL;

    (void)condition;
    switch (launch_receive_reply(fd, &reply, &error)) {
    case LAUNCH_IO_OK:
        take_reply(launcher, &reply);
        return G_SOURCE_CONTINUE;
    case LAUNCH_IO_AGAIN:
        return G_SOURCE_CONTINUE;
    case LAUNCH_IO_END:
        break;
    case LAUNCH_IO_ERROR:
        g_warning("%s", error->message);
        break;
    }
    /* The end of the process follows, and decides what is next. Only the launcher itself is ended:
       processes of jobs may still be in its group. */
    launcher->readable = 0;
    close_channel(launcher);
    if (launcher->process != NULL && cmd_job_pid(launcher->process) > 0) {
        (void)kill(cmd_job_pid(launcher->process), SIGKILL);
    }
    return G_SOURCE_REMOVE;
}

static void fail_all(struct launcher *launcher, const char *why)
{
    GQueue failed = launcher->asked;
    struct asked *asked;

    g_queue_init(&launcher->asked);
    while ((asked = g_queue_pop_head(&failed)) != NULL) {
        struct launch_reply reply = {.job = asked->request.job,
                                     .outcome = LAUNCH_FAILED,
                                     .pidfd = -1,
                                     .error = g_strdup(why)};

        launcher->fn(&reply, launcher->data);
        launch_reply_clear(&reply);
        asked_free(asked);
    }
}

/* ---- the program ---- */

static void is_gone(struct cmd_result *result, void *user)
{
    struct launcher *launcher = user;
    g_autoptr(GError) error = NULL;

    launcher->process = NULL;
    if (launcher->is_ending) {
        cmd_result_free(result);
        g_free(launcher->program);
        g_free(launcher);
        return;
    }
    if (cmd_result_ok(result)) {
        g_set_error(&error, FS_ERROR, EPIPE, "it ended by itself");
    } else {
        (void)cmd_result_fail(result, &error);
    }
    cmd_result_free(result);
    close_channel(launcher);
    launcher->n_deaths++;
    g_warning("the job launcher is gone: %s", error->message);
    if (launcher->n_deaths >= MAX_DEATHS) {
        g_autofree char *why = g_strdup_printf("the job launcher dies: %s", error->message);

        launcher->n_deaths = 0;
        fail_all(launcher, why);
    }
    for (GList *link = launcher->asked.head; link != NULL; link = link->next) {
        ((struct asked *)link->data)->is_sent = false;
    }
    if (launcher->asked.length > 0) {
        send_waiting(launcher);
    }
}

static bool start(struct launcher *launcher, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new(launcher->program, NULL);
    int fds[2];

    if (!launch_open_channel(fds, errp)) {
        return false;
    }
    cmd_inherit_env(cmd);
    cmd_set_session(cmd);
    cmd_set_output_fds(cmd, STDERR, STDERR);
    g_assert(cmd_keep_fd(cmd, fds[1]) == LAUNCH_FD);
    launcher->process = cmd_start(cmd, NULL, is_gone, launcher, errp);
    (void)close(fds[1]);
    if (launcher->process == NULL) {
        (void)close(fds[0]);
        return false;
    }
    launcher->fd = fds[0];
    (void)g_unix_set_fd_nonblocking(launcher->fd, TRUE, NULL);
    launcher->readable = g_unix_fd_add(launcher->fd, G_IO_IN | G_IO_HUP, on_readable, launcher);
    return true;
}

static gboolean fail_later(gpointer data)
{
    struct launcher *launcher = data;
    g_autoptr(GError) error = NULL;

    launcher->later = 0;
    if (launcher->process == NULL && !start(launcher, &error)) {
        g_autofree char *why =
            g_strdup_printf("the job launcher cannot be started: %s", error->message);

        fail_all(launcher, why);
    } else {
        send_waiting(launcher);
    }
    return G_SOURCE_REMOVE;
}

static gboolean on_writable(gint fd, GIOCondition condition, gpointer data)
{
    struct launcher *launcher = data;

    (void)fd;
    (void)condition;
    launcher->writable = 0;
    send_waiting(launcher);
    return G_SOURCE_REMOVE;
}

/* ---- requests ---- */

static void send_waiting(struct launcher *launcher)
{
    if (launcher->process == NULL) {
        if (launcher->later == 0) {
            launcher->later = g_idle_add_full(G_PRIORITY_DEFAULT, fail_later, launcher, NULL);
        }
        return;
    }
    for (GList *link = launcher->asked.head; link != NULL && launcher->fd >= 0; link = link->next) {
        struct asked *asked = link->data;
        g_autoptr(GError) error = NULL;
        enum launch_io io;

        if (asked->is_sent) {
            continue;
        }
        io = launch_send_request(launcher->fd, &asked->request, &error);
        if (io == LAUNCH_IO_AGAIN && launcher->writable == 0) {
            launcher->writable = g_unix_fd_add(launcher->fd, G_IO_OUT, on_writable, launcher);
        } else if (io == LAUNCH_IO_ERROR) {
            g_warning("job %" G_GINT64_FORMAT ": %s", (gint64)asked->request.job, error->message);
        }
        if (io != LAUNCH_IO_OK) {
            return; /* the reading side sees the end of the channel */
        }
        asked->is_sent = true;
    }
}

void launcher_start_job(struct launcher *launcher, int64_t job, const char *secrets)
{
    struct asked *asked = g_new0(struct asked, 1);

    asked->request =
        (struct launch_request){.job = job, .debug = launcher->debug, .secrets = g_strdup(secrets)};
    g_queue_push_tail(&launcher->asked, asked);
    send_waiting(launcher);
}

void launcher_warm_up(struct launcher *launcher)
{
    send_waiting(launcher);
}

struct launcher *launcher_new(const char *program, bool debug, launcher_reply_fn *fn, void *data)
{
    struct launcher *launcher = g_new0(struct launcher, 1);

    launcher->program = g_strdup(program);
    launcher->debug = debug;
    launcher->fn = fn;
    launcher->data = data;
    launcher->fd = -1;
    g_queue_init(&launcher->asked);
    return launcher;
}

void launcher_free(struct launcher *launcher)
{
    close_channel(launcher);
    if (launcher->later != 0) {
        g_source_remove(launcher->later);
        launcher->later = 0;
    }
    g_queue_clear_full(&launcher->asked, asked_free);
    if (launcher->process != NULL) {
        /* It sees the end of the channel; the rest is freed when it is gone, or with us. */
        launcher->is_ending = true;
        return;
    }
    g_free(launcher->program);
    g_free(launcher);
}
