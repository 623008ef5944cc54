#include "base/cmd-private.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib-unix.h>

#include "base/log.h"

enum { READ_CHUNK = 64 * 1024 };

struct stream {
    struct cmd_job *job;
    int fd; /* -1: at its end */
    GSource *source;
    GString *data;
};

struct cmd_job {
    GMainContext *context;
    struct cmd_result *result;
    cmd_done_fn done;
    void *user;
    size_t max_output;
    GPid pid; /* 0: recorded or reaped */
    bool own_group;
    int pidfd;
    GSource *exit_source;
    GSource *timer; /* deadline, then grace, then linger */
    struct stream streams[2];
};

static GSource *attach(struct cmd_job *job, GSource *source, GSourceFunc fn, void *data)
{
    g_source_set_callback(source, fn, data, NULL);
    g_source_attach(source, job->context);
    return source;
}

static void drop_source(GSource **source)
{
    if (*source != NULL) {
        g_source_destroy(*source);
        g_clear_pointer(source, g_source_unref);
    }
}

static void set_timer(struct cmd_job *job, guint ms, GSourceFunc fn)
{
    drop_source(&job->timer);
    job->timer = attach(job, g_timeout_source_new(ms), fn, job);
}

static void stream_close(struct stream *stream)
{
    drop_source(&stream->source);
    if (stream->fd >= 0) {
        (void)close(stream->fd);
        stream->fd = -1;
    }
}

static void job_free(struct cmd_job *job)
{
    drop_source(&job->exit_source);
    drop_source(&job->timer);
    for (size_t i = 0; i < G_N_ELEMENTS(job->streams); i++) {
        stream_close(&job->streams[i]);
        if (job->streams[i].data != NULL) {
            g_string_free(job->streams[i].data, TRUE);
        }
    }
    if (job->pidfd >= 0) {
        (void)close(job->pidfd);
    }
    cmd_result_free(job->result);
    if (job->context != NULL) {
        g_main_context_unref(job->context);
    }
    g_free(job);
}

static char *take_data(struct stream *stream, size_t *ret_len)
{
    *ret_len = stream->data->len;
    return g_string_free(g_steal_pointer(&stream->data), FALSE);
}

static void finish(struct cmd_job *job)
{
    struct cmd_result *result = g_steal_pointer(&job->result);

    result->out = take_data(&job->streams[0], &result->out_len);
    result->err = take_data(&job->streams[1], &result->err_len);
    job->done(result, job->user);
    job_free(job);
}

static gboolean on_linger_over(void *data)
{
    finish(data);
    return G_SOURCE_REMOVE;
}

static bool streams_open(const struct cmd_job *job)
{
    return job->streams[0].fd >= 0 || job->streams[1].fd >= 0;
}

static void finish_if_over(struct cmd_job *job)
{
    if (job->pid != 0) {
        return;
    }
    if (!streams_open(job)) {
        finish(job);
    } else if (job->timer == NULL) {
        set_timer(job, CMD_LINGER_MS, on_linger_over);
    }
}

static void keep_output(struct stream *stream, const char *data, size_t len)
{
    size_t room = stream->job->max_output - stream->data->len;

    if (len > room) {
        stream->job->result->truncated = true;
        len = room;
    }
    g_string_append_len(stream->data, data, (gssize)len);
}

static gboolean on_output(int fd, GIOCondition condition G_GNUC_UNUSED, void *data)
{
    struct stream *stream = data;
    g_autofree char *chunk = g_malloc(READ_CHUNK);
    ssize_t n = read(fd, chunk, READ_CHUNK);

    if (n > 0) {
        keep_output(stream, chunk, (size_t)n);
        return G_SOURCE_CONTINUE;
    }
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return G_SOURCE_CONTINUE;
    }
    stream_close(stream);
    finish_if_over(stream->job);
    return G_SOURCE_REMOVE;
}

static void kill_group(const struct cmd_job *job, int signum)
{
    if (job->pid != 0) {
        (void)kill(job->own_group ? -job->pid : job->pid, signum);
    }
}

static gboolean on_exit_seen(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, void *data)
{
    struct cmd_job *job = data;
    int status = 0;

    /* Before the leader is reaped its number cannot be anybody else's: the last moment to end what
       is left of a group that was told to go. */
    if (job->result->timed_out || job->result->cancelled) {
        kill_group(job, SIGKILL);
    }
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR) {
    }
    job->pid = 0;
    job->result->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    job->result->term_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    drop_source(&job->exit_source);
    drop_source(&job->timer);
    finish_if_over(job);
    return G_SOURCE_REMOVE;
}

static gboolean on_grace_over(void *data)
{
    struct cmd_job *job = data;

    drop_source(&job->timer);
    kill_group(job, SIGKILL);
    return G_SOURCE_REMOVE;
}

static void end_group(struct cmd_job *job)
{
    kill_group(job, SIGTERM);
    set_timer(job, CMD_TERM_GRACE_MS, on_grace_over);
}

static gboolean on_deadline(void *data)
{
    struct cmd_job *job = data;

    job->result->timed_out = true;
    end_group(job);
    return G_SOURCE_REMOVE;
}

static void watch_fd(struct cmd_job *job, int fd, GSource **slot, GUnixFDSourceFunc fn, void *data)
{
    *slot = attach(job, g_unix_fd_source_new(fd, G_IO_IN | G_IO_HUP | G_IO_ERR), G_SOURCE_FUNC(fn),
                   data);
}

static struct cmd_job *job_new(struct cmd *cmd, GMainContext *context, cmd_done_fn done, void *user)
{
    struct cmd_job *job = g_new0(struct cmd_job, 1);

    job->context = context == NULL ? NULL : g_main_context_ref(context);
    job->done = done;
    job->user = user;
    job->pidfd = -1;
    job->own_group = !cmd->interactive;
    job->max_output = cmd->max_output;
    job->result = g_new0(struct cmd_result, 1);
    job->result->text = g_strdup(cmd_text(cmd));
    job->result->timeout_ms = cmd->timeout_ms;
    for (size_t i = 0; i < G_N_ELEMENTS(job->streams); i++) {
        job->streams[i].job = job;
        job->streams[i].fd = -1;
        job->streams[i].data = g_string_new(NULL);
    }
    return job;
}

static gboolean on_recorded(void *data)
{
    struct cmd_job *job = data;

    job->done(g_steal_pointer(&job->result), job->user);
    job_free(job);
    return G_SOURCE_REMOVE;
}

struct cmd_job *cmd_start(struct cmd *cmd, GMainContext *context, cmd_done_fn done, void *user,
                          GError **errp)
{
    struct cmd_job *job = job_new(cmd, context, done, user);
    struct cmd_result *recorded = cmd_recorder_ask(cmd);

    if (recorded != NULL) {
        cmd_result_free(job->result);
        job->result = recorded;
        job->exit_source = attach(job, g_idle_source_new(), on_recorded, job);
        return job;
    }
    log_info("RunCmd %s", job->result->text);
    if (!cmd_spawn(cmd, &job->pid, &job->pidfd, &job->streams[0].fd, &job->streams[1].fd, errp)) {
        job_free(job);
        return NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(job->streams); i++) {
        struct stream *stream = &job->streams[i];

        if (stream->fd >= 0) {
            watch_fd(job, stream->fd, &stream->source, on_output, stream);
        }
    }
    watch_fd(job, job->pidfd, &job->exit_source, on_exit_seen, job);
    if (cmd->timeout_ms != 0) {
        set_timer(job, cmd->timeout_ms, on_deadline);
    }
    return job;
}

bool cmd_start_detached(struct cmd *cmd, GPid *ret_pid, GError **errp)
{
    struct cmd_result *recorded = cmd_recorder_ask(cmd);
    int pidfd, out, err;

    g_assert(cmd->out_fd >= 0 && cmd->err_fd >= 0);
    cmd_set_session(cmd);
    *ret_pid = 0;
    if (recorded != NULL) {
        cmd_result_free(recorded);
        return true;
    }
    log_info("RunCmd %s", cmd_text(cmd));
    if (!cmd_spawn(cmd, ret_pid, &pidfd, &out, &err, errp)) {
        return false;
    }
    (void)close(pidfd);
    return true;
}

void cmd_job_cancel(struct cmd_job *job)
{
    if (job->result->timed_out || job->result->cancelled) {
        return;
    }
    job->result->cancelled = true;
    if (job->pid != 0) {
        end_group(job);
    } else if (job->timer != NULL) {
        set_timer(job, 0, on_linger_over);
    }
}

GPid cmd_job_pid(const struct cmd_job *job)
{
    return job->pid;
}

static void store_result(struct cmd_result *result, void *user)
{
    *(struct cmd_result **)user = result;
}

struct cmd_result *cmd_run(struct cmd *cmd, GError **errp)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    struct cmd_result *result = NULL;

    if (cmd_start(cmd, context, store_result, &result, errp) == NULL) {
        return NULL;
    }
    while (result == NULL) {
        g_main_context_iteration(context, TRUE);
    }
    return result;
}
