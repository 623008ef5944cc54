/* Client of the configuration daemon, ours or the reference's, or of a file without any daemon.
 *
 * A connection that breaks (the daemon was restarted) is opened anew, and calls that may be
 * repeated are; the others fail with ERR_CONNECTION_CLOSED. */
#ifndef GANTRY_COMPAT_CONFIG_REPLICA_WCONFD_CLIENT_H
#define GANTRY_COMPAT_CONFIG_REPLICA_WCONFD_CLIENT_H

#include "base/cleanup.h"
#include "compat-config/model/cfg.h"
#include "facts/wconfdcalls.h"
#include "jobs/locking/lock.h"

struct wconfd_client;

/* Who we are to the daemon: a job with its id, or (name not NULL) something else with a name of its
 * own. livelock: path of a file that this process holds locked (FS_LOCK_RECORD or _BOTH) as long as
 * it lives; when it is free, the daemon gives locks and reservations back. Free with
 * fact_object_free(&fact_object_client_id, ...). */
struct client_id *wconfd_identity(int64_t job_id, const char *name, const char *livelock);

/* path: the daemon's socket; NULL: where it is on this node. self is copied; NULL: for calls that
 * need no identity. With an identity SIGHUP does not end this process any more: daemons use it to
 * tell that locks were granted. */
struct wconfd_client *wconfd_client_connect(const char *path, const struct client_id *self,
                                            GError **errp);
/* Without a daemon: the same methods on a configuration in this process. Each change is written to
 * path before the call returns; path NULL: to nowhere (unit tests). cfg NULL: what stands in path.
 * The program must be the only one that changes the file. */
struct wconfd_client *wconfd_client_local(const char *path, const struct cfg *cfg,
                                          const struct client_id *self, GError **errp);
void wconfd_client_free(struct wconfd_client *client);
DEFINE_CLEANUP(struct wconfd_client *, wconfd_client_free)

const struct client_id *wconfd_client_self(const struct wconfd_client *client);

/* Any method by its row; args: struct method_wconfd_..., borrowed. *ret (may be NULL) is the
 * result, owned by the caller. Methods that tell "try again, the configuration is locked" by false
 * or null are tried again for 30 seconds, as the reference's callers do. */
bool wconfd_call(struct wconfd_client *client, enum method_id method, const void *args,
                 struct json **ret, GError **errp);

/* --- Waiting for locks --------------------------------------------------------------------------
 */
struct wconfd_wait {
    double timeout; /* seconds; below 0: for ever */
    /* Asked after each turn of the main loop; true ends the waiting. NULL: never. */
    bool (*should_stop)(void *data);
    void *data;
};

enum wconfd_grant {
    WCONFD_GRANTED,
    WCONFD_TIMED_OUT, /* nothing was taken, and nothing waits any more */
    WCONFD_STOPPED,   /* the same, because should_stop() said so */
    WCONFD_FAILED,    /* *errp is set */
};

/* Takes and frees the locks as a whole; waits while others are in the way. While it waits, the
 * thread-default main context runs, so signals and timers of the caller are served. A smaller
 * priority is more urgent; a change of it is a stop and a new call.
 *
 * With the reference's daemon the process gets SIGHUP when it is granted. */
enum wconfd_grant wconfd_wait_locks(struct wconfd_client *client, int64_t priority,
                                    const struct lock_request *v, size_t n,
                                    const struct wconfd_wait *how, GError **errp);
/* Takes what is free of these locks, if that is at least `count` of them; each of *ret_taken (may
 * be empty) is a name, freed with the array. */
bool wconfd_take_opportunistically(struct wconfd_client *client, const struct lock_request *v,
                                   size_t n, size_t count, GPtrArray **ret_taken, GError **errp);
/* Locks that we hold, as the daemon knows them: [[lock, mode], ...]; freed with
 * wconfd_held_free(). */
struct wconfd_held_lock {
    char *lock;
    enum lock_mode mode;
};
struct wconfd_held {
    struct wconfd_held_lock *v;
    size_t n;
};
bool wconfd_list_locks(struct wconfd_client *client, struct wconfd_held *ret, GError **errp);
void wconfd_held_free(struct wconfd_held *held);

#endif
