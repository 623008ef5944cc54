#include "config.h"

#include "luxi/server/queue-watch.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/fs.h"
#include "compat-config/paths/paths.h"
#include "jobs/file/queue-dir.h"
#include "jobs/queue/launch-protocol.h"

enum {
    BUFFER = 64 * 1024,
};

struct queue_watch {
    int fd;
    guint source;
    int queue, livelocks; /* inotify's numbers of the two folders */
    char *serial_name;
    const struct queue_watch_ops *ops;
    void *data;
};

static void handle(struct queue_watch *watch, const struct inotify_event *event)
{
    int64_t job;

    if ((event->mask & IN_Q_OVERFLOW) != 0) {
        watch->ops->lost_count(watch->data);
    } else if (event->len == 0) {
        return;
    } else if (event->wd == watch->queue) {
        if (queue_dir_parse_name(event->name, &job)) {
            watch->ops->job_changed(job, watch->data);
        } else if (strcmp(event->name, watch->serial_name) == 0) {
            watch->ops->serial_changed(watch->data);
        }
    } else if (event->wd == watch->livelocks && launch_parse_livelock_name(event->name, &job)) {
        watch->ops->livelock_closed(job, watch->data);
    }
}

static gboolean on_event(gint fd, GIOCondition condition, gpointer data)
{
    struct queue_watch *watch = data;
    char buffer[BUFFER] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t n = read(fd, buffer, sizeof buffer);

    (void)condition;
    for (ssize_t at = 0; n > 0 && at < n;) {
        const struct inotify_event *event = (const void *)(buffer + at);

        handle(watch, event);
        at += (ssize_t)(sizeof *event + event->len);
    }
    return G_SOURCE_CONTINUE;
}

static int add(int fd, const char *dir, uint32_t mask, GError **errp)
{
    int number = inotify_add_watch(fd, dir, mask | IN_ONLYDIR);

    if (number < 0) {
        fs_error_set(errp, errno, "watch", dir);
    }
    return number;
}

struct queue_watch *queue_watch_new(const char *queue_dir, const char *livelock_dir,
                                    const struct queue_watch_ops *ops, void *data, GError **errp)
{
    CLEANUP(queue_watch_freep) struct queue_watch *watch = g_new0(struct queue_watch, 1);

    watch->ops = ops;
    watch->data = data;
    watch->serial_name = g_path_get_basename(path_plain(PATH_JOB_QUEUE_SERIAL_FILE));
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0) {
        fs_error_set(errp, errno, "watch", queue_dir);
        return NULL;
    }
    watch->queue =
        add(watch->fd, queue_dir, IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE, errp);
    watch->livelocks = watch->queue < 0 ? -1 : add(watch->fd, livelock_dir, IN_CLOSE_WRITE, errp);
    if (watch->livelocks < 0) {
        return NULL;
    }
    watch->source = g_unix_fd_add(watch->fd, G_IO_IN, on_event, watch);
    return g_steal_pointer(&watch);
}

void queue_watch_free(struct queue_watch *watch)
{
    if (watch->source != 0) {
        g_source_remove(watch->source);
    }
    if (watch->fd >= 0) {
        (void)close(watch->fd);
    }
    g_free(watch->serial_name);
    g_free(watch);
}
