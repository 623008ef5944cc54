/* The state of the lock manager; for the files of jobs/locking alone.
 *
 * allocation.c: who holds what. waiting.c: who waits for what. locking-text.c: reading and writing.
 */
#ifndef GANTRY_JOBS_LOCKING_LOCKING_PRIVATE_H
#define GANTRY_JOBS_LOCKING_LOCKING_PRIVATE_H

#include "jobs/locking/locking.h"

/* How many locks of a level an owner holds in each mode. */
struct member_count {
    size_t n[LOCK_EXCLUSIVE + 1];
};

/* A lock that somebody holds, waits for or uses otherwise. */
struct lock {
    size_t refs;
    char *name;
    enum lock_level level;
    struct lock *all; /* the whole level, with a reference; NULL: it is that, or is alone */
    struct owner *exclusive;
    GPtrArray *shared;         /* owners */
    GHashTable *members;       /* of a whole level: owner -> struct member_count; NULL: none ever */
    GPtrArray *waiters;        /* requests that want it */
    GPtrArray *member_waiters; /* of a whole level: requests that want a member */
};

struct want {
    struct lock *lock; /* with a reference */
    enum lock_mode mode;
};

struct request {
    struct owner *owner;
    int64_t priority;
    uint64_t arrival;
    struct want *v;
    size_t n;
    struct owner *behind; /* waits for this holder; NULL: only behind others who wait */
};

struct owner {
    struct client_id id;
    GTree *locks;          /* struct lock -> enum lock_mode, in the order of locks */
    struct request *waits; /* NULL: for nothing */
    GPtrArray *followers;  /* requests that wait for this holder */
    uint64_t mark;         /* of the last walk that came here */
};

struct locking {
    GTree *locks;      /* name -> struct lock */
    GTree *owners;     /* struct client_id -> struct owner */
    GPtrArray *queued; /* requests that wait only behind others who wait */
    uint64_t arrivals;
    uint64_t walks;
    const struct owner *asking; /* learns from the result, not from the callback */
    locking_granted_fn *granted;
    void *granted_data;
};

/* allocation.c */
struct lock *lock_get(struct locking *locking, const char *name); /* a new reference */
void lock_unref(struct locking *locking, struct lock *lock);
struct owner *owner_find(const struct locking *locking, const struct client_id *id);
struct owner *owner_get(struct locking *locking, const struct client_id *id);
/* Forgets an owner who neither holds nor waits. */
void owner_tidy(struct locking *locking, struct owner *owner);
enum lock_mode owner_mode(const struct owner *owner, const struct lock *lock);
/* Modes are in the order of their strength. */
void allocation_set(struct locking *locking, struct owner *owner, struct lock *lock,
                    enum lock_mode mode);
/* False: the request breaks the rules. */
bool allocation_check(const struct owner *owner, const struct want *v, size_t n, GError **errp);
/* Calls fn for each other owner whose locks are in the way, some of them more than once; fn ends
 * the walk by returning true, which is then the result. */
typedef bool owner_fn(struct owner *owner, void *data);
bool allocation_each_blocker(const struct owner *owner, const struct want *v, size_t n,
                             owner_fn *fn, void *data);
struct want *wants_new(struct locking *locking, const struct lock_request *v, size_t n);
void wants_free(struct locking *locking, struct want *v, size_t n);

/* waiting.c */
/* Grants what has become possible since these owners (NULL: nobody in particular) gave way. */
void waiting_revisit(struct locking *locking, struct owner *owner);
int owner_compare(const struct client_id *a, const struct client_id *b);
int request_compare(const struct request *a, const struct request *b);
int lock_compare(const struct lock *a, const struct lock *b);

#endif
