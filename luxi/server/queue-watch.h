/* What the kernel tells about the queue: which job files changed, and which jobs let go of their
 * livelock files. */
#ifndef GANTRY_LUXI_SERVER_QUEUE_WATCH_H
#define GANTRY_LUXI_SERVER_QUEUE_WATCH_H

#include <glib.h>
#include <stdint.h>

#include "base/cleanup.h"

struct queue_watch;

struct queue_watch_ops {
    /* A file has a new text, or came, or went. */
    void (*job_changed)(int64_t job, void *data);
    void (*serial_changed)(void *data);
    /* A process that had the livelock file of the job open for writing is gone. */
    void (*livelock_closed)(int64_t job, void *data);
    /* The kernel had more to tell than it could keep: look at everything. */
    void (*lost_count)(void *data);
};

/* On the thread-default main context. A folder that cannot be watched is an error (FS_ERROR). */
struct queue_watch *queue_watch_new(const char *queue_dir, const char *livelock_dir,
                                    const struct queue_watch_ops *ops, void *data, GError **errp);
void queue_watch_free(struct queue_watch *watch);
DEFINE_CLEANUP(struct queue_watch *, queue_watch_free)

#endif
