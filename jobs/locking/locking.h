/* The lock manager: a pure state machine (src/Ganeti/Locking/{Allocation,Waiting}.hs).
 *
 * An owner is a client's identity (struct client_id). It asks for several locks at once and gets
 * all of them or none. While a request of an owner waits, it can ask for nothing else.
 *
 * Rules, as the reference has them: a lock may be taken only if it comes behind all locks the owner
 * holds, unless the owner holds it, or all of its level, already; an exclusive lock on a member
 * conflicts with any hold of another on its whole level, and the other way round; asking for a lock
 * one holds changes its mode.
 *
 * Beyond the reference: who waits is not overtaken for ever. A request is not granted while an
 * earlier or more urgent one waits for the same lock, unless that one waits (through whatever
 * others) for the owner who asks; so there is neither starvation nor a circle. This holds for
 * requests that may wait; locking_try() and locking_opportunistic() take what is free, as they do
 * there. */
#ifndef GANTRY_JOBS_LOCKING_LOCKING_H
#define GANTRY_JOBS_LOCKING_LOCKING_H

#include "base/cleanup.h"
#include "jobs/locking/lock.h"

struct locking;

/* Owners are copied. Called for each owner (but the one who asks) whose waiting request was
 * granted, after the state has changed; must not change the state. */
typedef void locking_granted_fn(const struct client_id *owner, void *data);

struct locking *locking_new(locking_granted_fn *granted, void *data);
void locking_free(struct locking *locking);
DEFINE_CLEANUP(struct locking *, locking_free)

enum locking_result {
    LOCKING_DONE,    /* granted as a whole */
    LOCKING_BLOCKED, /* others are in the way */
    LOCKING_REFUSED, /* wrong in itself (order, two wishes for one lock): *errp is set, ERR_GENERIC
                      */
};

/* Owners that are in the way of a request, in their order; borrowed until the next change. */
struct locking_blockers {
    const struct client_id **v;
    size_t n;
};

/* Takes and frees locks now, or changes nothing. blockers may be NULL; else the caller frees v. */
enum locking_result locking_try(struct locking *locking, const struct client_id *owner,
                                const struct lock_request *v, size_t n,
                                struct locking_blockers *blockers, GError **errp);
/* The same, but a request that is blocked waits. A smaller priority is more urgent. Asking for what
 * one waits for already changes nothing (and tells who is in the way). */
enum locking_result locking_wait(struct locking *locking, int64_t priority,
                                 const struct client_id *owner, const struct lock_request *v,
                                 size_t n, struct locking_blockers *blockers, GError **errp);
bool locking_is_waiting(const struct locking *locking, const struct client_id *owner);
/* Takes a waiting request back; false if there is none. */
bool locking_stop_waiting(struct locking *locking, const struct client_id *owner);

/* These drop the owner's waiting request too, as the reference's do. */
void locking_free_all(struct locking *locking, const struct client_id *owner);
void locking_free_level(struct locking *locking, const struct client_id *owner,
                        enum lock_level level);
void locking_downgrade_level(struct locking *locking, const struct client_id *owner,
                             enum lock_level level);
/* Frees all but these. */
void locking_intersect(struct locking *locking, const struct client_id *owner,
                       const char *const *locks, size_t n);

/* Takes what is free of these locks, if that is at least `count`, else nothing. Returns the names
 * of those that were newly taken, the last one first (as the reference tells them); the array is
 * the caller's, the names are borrowed from v. */
GPtrArray *locking_opportunistic(struct locking *locking, const struct client_id *owner,
                                 const struct lock_request *v, size_t n, size_t count);

/* LOCK_RELEASE: does not hold it. */
enum lock_mode locking_mode(const struct locking *locking, const struct client_id *owner,
                            const char *lock);
/* Whether anybody holds it, or a member of it. */
bool locking_is_held(const struct locking *locking, const char *lock);
/* Calls fn for each owner that holds a lock or waits, each once; fn must not change the state. */
void locking_each_owner(const struct locking *locking,
                        void (*fn)(const struct client_id *owner, void *data), void *data);

/* What the configuration daemon answers: each writes one JSON value. */
void locking_write_locks_of(const struct locking *locking, const struct client_id *owner,
                            struct json_writer *w); /* [[lock, mode], ...] */
void locking_write_all(const struct locking *locking, struct json_writer *w); /* [lock, ...] */
/* [[lock, [[owner, mode], ...]], ...]; a whole level of which members are held stands there too. */
void locking_write_owners(const struct locking *locking, struct json_writer *w);
/* [[priority, owner, [[lock, mode], ...]], ...] */
void locking_write_pending(const struct locking *locking, struct json_writer *w);

/* The text of locks.data: [[[owner, [[lock, mode], ...]], ...], pending]. */
void locking_save(const struct locking *locking, GString *out);
/* Into an empty state. On error it is left empty. */
bool locking_load(struct locking *locking, const char *text, size_t len, GError **errp);

#endif
