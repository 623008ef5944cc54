/* The state of the core; for the files of compat-config/wconfd/core alone. */
#ifndef GANTRY_COMPAT_CONFIG_WCONFD_CORE_CORE_PRIVATE_H
#define GANTRY_COMPAT_CONFIG_WCONFD_CORE_CORE_PRIVATE_H

#include "compat-config/model/txn.h"
#include "compat-config/wconfd/core/core.h"
#include "compat-config/wconfd/core/reservations.h"
#include "jobs/locking/locking.h"

/* Snapshots of which we can still tell what changed since. */
enum { HISTORY = 32 };

struct wconfd_core {
    struct wconfd_host host;
    const struct cfg *cfg;   /* with what is not on disk yet */
    const struct cfg *saved; /* as it is on disk */
    const struct cfg *history[HISTORY];
    size_t history_next;
    struct locking *locking;
    struct reservations *reservations;
    struct client_id self;

    bool write_forced; /* write and distribute even if nothing changed */
    bool locks_dirty;
    bool reservations_dirty;
    bool settling;
    char *flush_group; /* for the next distribution; NULL: everywhere */
    uint64_t tickets, finished_ticket;

    GPtrArray *batch;        /* calls that wait for a write */
    GPtrArray *distributing; /* ... for a distribution */
    GPtrArray *lock_waiters; /* ... for locks */
    GPtrArray *committers;   /* ... for the lock of the configuration */
};

enum wconfd_outcome {
    WCONFD_DONE,  /* the result is written */
    WCONFD_ERROR, /* *errp is set */
    WCONFD_LATER, /* the call stands in a list */
};

/* A method: args points to its struct method_... */
typedef enum wconfd_outcome wconfd_method(struct wconfd_core *core, struct wconfd_call *call,
                                          const void *args, GError **errp);

/* Puts the call into a list, out of which core_resume() takes it. */
void core_park(struct wconfd_call *call, GPtrArray *list);
/* The call has its result, or (error, taken over) fails; it is answered when what it did is on
 * disk.
 */
void core_resume(struct wconfd_core *core, struct wconfd_call *call, GError *error);

/* Writes the result of a method that has none: the reference writes an empty list. */
enum wconfd_outcome core_done(struct wconfd_call *call);

/* --- the configuration ---- */

/* Whether somebody holds its lock, so that nobody else may change it. */
bool core_is_config_locked(const struct wconfd_core *core);
/* Takes over the next snapshot. */
void core_publish(struct wconfd_core *core, const struct cfg *next);
/* The next snapshot from a transaction, which is taken; object serial numbers and times are as the
 * method set them (the reference's methods have rules of their own), the file's go up. */
void core_commit_as_is(struct wconfd_core *core, struct cfg_txn *txn);
/* Now, as times in the configuration are. */
double core_now(void);
/* The snapshot with these numbers, NULL if it is not known any more. */
const struct cfg *core_snapshot(const struct wconfd_core *core, int64_t serial, double mtime);

/* --- locks and reservations ---- */

/* To be called by whoever changed them. */
void core_locks_changed(struct wconfd_core *core, const struct client_id *client);
void core_reservations_changed(struct wconfd_core *core, const struct client_id *client);
/* The owner's request was granted: answers who waits for that; false if nobody does. */
bool core_answer_waiter(struct wconfd_core *core, const struct client_id *client);
/* Commits that waited for the lock of the configuration go on. */
void core_resume_committers(struct wconfd_core *core);

#endif
