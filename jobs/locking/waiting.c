/* Who waits for which lock (src/Ganeti/Locking/Waiting.hs), and in which turn. */
#include "config.h"

#include <string.h>

#include "facts/codec.h"
#include "facts/errors.h"
#include "jobs/locking/locking-private.h"

/* ---- the queue ---- */

int request_compare(const struct request *a, const struct request *b)
{
    if (a->priority != b->priority) {
        return a->priority < b->priority ? -1 : 1;
    }
    return (a->arrival > b->arrival) - (a->arrival < b->arrival);
}

static int compare_requests(const void *a, const void *b)
{
    return request_compare(*(const struct request *const *)a, *(const struct request *const *)b);
}

static void request_free(struct locking *locking, struct request *request)
{
    wants_free(locking, request->v, request->n);
    g_free(request);
}

static GPtrArray *member_waiters(struct lock *all)
{
    if (all->member_waiters == NULL) {
        all->member_waiters = g_ptr_array_new();
    }
    return all->member_waiters;
}

/* Makes a request wait: behind a holder, or (NULL) only behind others who wait. */
static void enqueue(struct locking *locking, struct request *request, struct owner *behind)
{
    request->owner->waits = request;
    request->behind = behind;
    g_ptr_array_add(behind == NULL ? locking->queued : behind->followers, request);
    for (size_t i = 0; i < request->n; i++) {
        if (request->v[i].mode != LOCK_RELEASE) {
            g_ptr_array_add(request->v[i].lock->waiters, request);
            if (request->v[i].lock->all != NULL) {
                g_ptr_array_add(member_waiters(request->v[i].lock->all), request);
            }
        }
    }
}

static void dequeue(struct locking *locking, struct request *request)
{
    for (size_t i = 0; i < request->n; i++) {
        if (request->v[i].mode != LOCK_RELEASE) {
            (void)g_ptr_array_remove_fast(request->v[i].lock->waiters, request);
            if (request->v[i].lock->all != NULL) {
                (void)g_ptr_array_remove_fast(request->v[i].lock->all->member_waiters, request);
            }
        }
    }
    (void)g_ptr_array_remove_fast(
        request->behind == NULL ? locking->queued : request->behind->followers, request);
    request->behind = NULL;
    request->owner->waits = NULL;
}

/* ---- turns ---- */

typedef bool request_fn(struct request *request, void *data);

static enum lock_mode wanted_of(const struct request *request, const struct lock *lock)
{
    for (size_t i = 0; i < request->n; i++) {
        if (request->v[i].lock == lock) {
            return request->v[i].mode;
        }
    }
    return LOCK_RELEASE;
}

/* The strongest mode in which the request wants a member of the level. */
static enum lock_mode member_wanted_of(const struct request *request, const struct lock *all)
{
    enum lock_mode mode = LOCK_RELEASE;

    for (size_t i = 0; i < request->n; i++) {
        if (request->v[i].lock->all == all) {
            mode = MAX(mode, request->v[i].mode);
        }
    }
    return mode;
}

typedef enum lock_mode wanted_fn(const struct request *request, const struct lock *lock);

static bool each_in_list(const GPtrArray *list, const struct lock *lock, wanted_fn *wanted,
                         enum lock_mode mode, const struct request *than, request_fn *fn,
                         void *data)
{
    for (guint i = 0; list != NULL && i < list->len; i++) {
        struct request *other = g_ptr_array_index(list, i);
        enum lock_mode other_mode;

        if (other->owner == than->owner || request_compare(other, than) >= 0) {
            continue;
        }
        other_mode = wanted(other, lock);
        if ((mode == LOCK_EXCLUSIVE || other_mode == LOCK_EXCLUSIVE) && fn(other, data)) {
            return true;
        }
    }
    return false;
}

/* Calls fn for each waiting request that comes before this one and that it would get in the way of.
 */
static bool each_earlier(const struct request *request, request_fn *fn, void *data)
{
    for (size_t i = 0; i < request->n; i++) {
        const struct lock *lock = request->v[i].lock;
        enum lock_mode mode = request->v[i].mode;

        if (mode == LOCK_RELEASE || owner_mode(request->owner, lock) >= mode) {
            continue; /* nobody gets it sooner by our waiting */
        }
        if (each_in_list(lock->waiters, lock, wanted_of, mode, request, fn, data) ||
            each_in_list(lock->member_waiters, lock, member_wanted_of, mode, request, fn, data) ||
            (lock->all != NULL &&
             each_in_list(lock->all->waiters, lock->all, wanted_of, mode, request, fn, data))) {
            return true;
        }
    }
    return false;
}

/* A walk along who waits for whom, looking for one owner. */
struct walk {
    struct locking *locking;
    const struct owner *target;
    bool turns;      /* waiting for one's turn counts too */
    GPtrArray *open; /* owners who wait */
};

static bool walk_to(struct owner *owner, void *data)
{
    struct walk *walk = data;

    if (owner == walk->target) {
        return true;
    }
    if (owner->mark != walk->locking->walks) {
        owner->mark = walk->locking->walks;
        if (owner->waits != NULL) {
            g_ptr_array_add(walk->open, owner);
        }
    }
    return false;
}

static bool walk_to_earlier(struct request *request, void *data)
{
    return walk_to(request->owner, data);
}

static bool walk_on(struct walk *walk)
{
    bool found = false;

    while (!found && walk->open->len > 0) {
        const struct owner *next = g_ptr_array_remove_index_fast(walk->open, walk->open->len - 1);
        const struct request *waits = next->waits;

        found = allocation_each_blocker(next, waits->v, waits->n, walk_to, walk) ||
                (walk->turns && each_earlier(waits, walk_to_earlier, walk));
    }
    g_ptr_array_free(walk->open, TRUE);
    return found;
}

static struct walk walk_begin(struct locking *locking, const struct owner *target, bool turns)
{
    locking->walks++;
    return (struct walk){
        .locking = locking, .target = target, .turns = turns, .open = g_ptr_array_new()};
}

/* Whether the waiting request depends, through whatever others, on this owner. What waits behind
 * others counts whether it is bound to or not: that errs on the side of no circle. */
static bool depends_on(struct locking *locking, struct request *request, const struct owner *target)
{
    struct walk walk = walk_begin(locking, target, true);

    (void)walk_to(request->owner, &walk);
    return walk_on(&walk);
}

/* Whether the request would wait for ever, for somebody who waits for its owner. The order of locks
 * leaves one way to that: somebody wants alone what he shares. */
static bool is_circle(struct locking *locking, const struct request *request)
{
    struct walk walk;

    if (g_tree_nnodes(request->owner->locks) == 0) {
        return false;
    }
    walk = walk_begin(locking, request->owner, false);
    return allocation_each_blocker(request->owner, request->v, request->n, walk_to, &walk) ||
           walk_on(&walk);
}

struct turn {
    struct locking *locking;
    const struct request *request;
    GPtrArray *before; /* owners; NULL: only whether there is one */
};

static bool is_before(struct request *other, void *data)
{
    struct turn *turn = data;

    if (depends_on(turn->locking, other, turn->request->owner)) {
        return false;
    }
    if (turn->before == NULL) {
        return true;
    }
    g_ptr_array_add(turn->before, other->owner);
    return false;
}

/* ---- granting ---- */

static bool take_first(struct owner *owner, void *data)
{
    struct owner **first = data;

    *first = owner;
    return true;
}

static bool collect(struct owner *owner, void *data)
{
    g_ptr_array_add(data, owner);
    return false;
}

static void apply(struct locking *locking, struct owner *owner, const struct want *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        allocation_set(locking, owner, v[i].lock, v[i].mode);
    }
}

/* Whether the request can be granted now; if not, *ret_behind is a holder in its way, NULL if there
 * are only others before it. */
static bool may_go(struct locking *locking, const struct request *request,
                   struct owner **ret_behind)
{
    struct turn turn = {.locking = locking, .request = request};

    *ret_behind = NULL;
    return !allocation_each_blocker(request->owner, request->v, request->n, take_first,
                                    ret_behind) &&
           !each_earlier(request, is_before, &turn);
}

static void take_all(GPtrArray *to, GPtrArray *from)
{
    for (guint i = 0; i < from->len; i++) {
        g_ptr_array_add(to, g_ptr_array_index(from, i));
    }
}

/* Tries these requests in their turn; those that go are added to gone. */
static bool try_all(struct locking *locking, GPtrArray *requests, GPtrArray *gone)
{
    bool progress = false;

    g_ptr_array_sort(requests, compare_requests);
    for (guint i = 0; i < requests->len; i++) {
        struct request *request = g_ptr_array_index(requests, i);
        struct owner *behind;
        bool go = may_go(locking, request, &behind);

        if (!go && behind == request->behind) {
            continue;
        }
        dequeue(locking, request);
        if (go) {
            apply(locking, request->owner, request->v, request->n);
            g_ptr_array_add(gone, request);
            progress = true;
        } else {
            enqueue(locking, request, behind);
        }
    }
    return progress;
}

void waiting_revisit(struct locking *locking, struct owner *owner)
{
    g_autoptr(GPtrArray) gone = g_ptr_array_new();
    g_autoptr(GPtrArray) requests = g_ptr_array_new();
    guint seen = 0;
    bool progress;

    if (owner != NULL) {
        take_all(requests, owner->followers);
    }
    do {
        take_all(requests, locking->queued);
        progress = try_all(locking, requests, gone);
        g_ptr_array_set_size(requests, 0);
        for (; seen < gone->len; seen++) {
            const struct request *last = g_ptr_array_index(gone, seen);

            take_all(requests, last->owner->followers);
        }
    } while (progress);
    for (guint i = 0; i < gone->len; i++) {
        struct request *request = g_ptr_array_index(gone, i);

        if (locking->granted != NULL && request->owner != locking->asking) {
            locking->granted(&request->owner->id, locking->granted_data);
        }
        owner_tidy(locking, request->owner);
        request_free(locking, request);
    }
}

/* ---- requests ---- */

static int compare_owner_pointers(const void *a, const void *b)
{
    const struct owner *const *first = a, *const *second = b;

    return owner_compare(&(*first)->id, &(*second)->id);
}

static void tell_blockers(struct locking *locking, const struct request *request,
                          struct locking_blockers *blockers)
{
    g_autoptr(GPtrArray) owners = g_ptr_array_new();

    if (blockers == NULL) {
        return;
    }
    (void)allocation_each_blocker(request->owner, request->v, request->n, collect, owners);
    if (owners->len == 0) {
        struct turn turn = {.locking = locking, .request = request, .before = owners};

        (void)each_earlier(request, is_before, &turn);
    }
    g_ptr_array_sort(owners, compare_owner_pointers);
    blockers->v = g_new(const struct client_id *, owners->len + 1);
    blockers->n = 0;
    for (guint i = 0; i < owners->len; i++) {
        const struct owner *owner = g_ptr_array_index(owners, i);

        if (i == 0 || owner != g_ptr_array_index(owners, i - 1)) {
            blockers->v[blockers->n++] = &owner->id;
        }
    }
}

/* Whether the owner waits for nothing and has just what is asked for. */
static bool is_fulfilled(const struct owner *owner, const struct want *v, size_t n)
{
    bool fulfilled = owner->waits == NULL;

    for (size_t i = 0; fulfilled && i < n; i++) {
        fulfilled = owner_mode(owner, v[i].lock) == v[i].mode;
    }
    return fulfilled;
}

static bool same_wants(const struct request *a, const struct request *b)
{
    bool same = a->n == b->n;

    for (size_t i = 0; same && i < a->n; i++) {
        same = a->v[i].lock == b->v[i].lock && a->v[i].mode == b->v[i].mode;
    }
    return same;
}

static enum locking_result refuse_waiting(GError **errp)
{
    err_set(errp, ERR_GENERIC, ECODE_NONE, "cannot update locks while having pending requests");
    return LOCKING_REFUSED;
}

enum locking_result locking_try(struct locking *locking, const struct client_id *id,
                                const struct lock_request *v, size_t n,
                                struct locking_blockers *blockers, GError **errp)
{
    struct owner *owner = owner_get(locking, id);
    struct request request = {.owner = owner, .v = wants_new(locking, v, n), .n = n};
    enum locking_result result = LOCKING_DONE;
    struct owner *first = NULL;

    if (blockers != NULL) {
        *blockers = (struct locking_blockers){0};
    }
    if (is_fulfilled(owner, request.v, n)) {
        /* nothing to do */
    } else if (owner->waits != NULL) {
        result = refuse_waiting(errp);
    } else if (!allocation_check(owner, request.v, n, errp)) {
        result = LOCKING_REFUSED;
    } else if (allocation_each_blocker(owner, request.v, n, take_first, &first)) {
        result = LOCKING_BLOCKED;
        tell_blockers(locking, &request, blockers);
    } else {
        apply(locking, owner, request.v, n);
        waiting_revisit(locking, owner);
    }
    owner_tidy(locking, owner);
    wants_free(locking, request.v, n);
    return result;
}

/* Takes over the request. */
static enum locking_result wait_or_go(struct locking *locking, struct request *request,
                                      struct locking_blockers *blockers, GError **errp)
{
    struct owner *owner = request->owner, *behind;

    request->arrival = ++locking->arrivals;
    if (may_go(locking, request, &behind)) {
        apply(locking, owner, request->v, request->n);
        request_free(locking, request);
        waiting_revisit(locking, owner);
        return LOCKING_DONE;
    }
    if (is_circle(locking, request)) {
        request_free(locking, request);
        err_set(errp, ERR_GENERIC, ECODE_NONE,
                "the request would wait for ever: owners of these locks wait for locks of the one "
                "who asks, because somebody wants alone what he shares");
        return LOCKING_REFUSED;
    }
    enqueue(locking, request, behind);
    /* Others may have been waiting for their turn behind somebody who now depends on them. */
    locking->asking = owner;
    waiting_revisit(locking, NULL);
    locking->asking = NULL;
    if (owner->waits == NULL) {
        return LOCKING_DONE;
    }
    tell_blockers(locking, owner->waits, blockers);
    return LOCKING_BLOCKED;
}

enum locking_result locking_wait(struct locking *locking, int64_t priority,
                                 const struct client_id *id, const struct lock_request *v, size_t n,
                                 struct locking_blockers *blockers, GError **errp)
{
    struct owner *owner = owner_get(locking, id);
    struct request *request = g_new0(struct request, 1);
    enum locking_result result;

    if (blockers != NULL) {
        *blockers = (struct locking_blockers){0};
    }
    *request = (struct request){
        .owner = owner, .priority = priority, .v = wants_new(locking, v, n), .n = n};
    if (is_fulfilled(owner, request->v, n)) {
        result = LOCKING_DONE;
    } else if (owner->waits != NULL && same_wants(owner->waits, request)) {
        tell_blockers(locking, owner->waits, blockers);
        result = LOCKING_BLOCKED;
    } else if (owner->waits != NULL) {
        result = refuse_waiting(errp);
    } else if (!allocation_check(owner, request->v, n, errp)) {
        result = LOCKING_REFUSED;
    } else {
        result = wait_or_go(locking, g_steal_pointer(&request), blockers, errp);
        /* the owner may be gone with what it gave back */
        owner = owner_find(locking, id);
    }
    if (request != NULL) {
        request_free(locking, request);
    }
    if (owner != NULL) {
        owner_tidy(locking, owner);
    }
    return result;
}

bool locking_is_waiting(const struct locking *locking, const struct client_id *id)
{
    const struct owner *owner = owner_find(locking, id);

    return owner != NULL && owner->waits != NULL;
}

/* Does not look who may go instead. */
static bool drop_request(struct locking *locking, struct owner *owner)
{
    struct request *request = owner->waits;

    if (request == NULL) {
        return false;
    }
    dequeue(locking, request);
    request_free(locking, request);
    return true;
}

bool locking_stop_waiting(struct locking *locking, const struct client_id *id)
{
    struct owner *owner = owner_find(locking, id);

    if (owner == NULL || !drop_request(locking, owner)) {
        return false;
    }
    waiting_revisit(locking, NULL);
    owner_tidy(locking, owner);
    return true;
}

/* ---- all of an owner's locks at once ---- */

typedef enum lock_mode change_fn(const struct lock *lock, enum lock_mode mode, const void *data);

static void change_locks(struct locking *locking, const struct client_id *id, change_fn *change,
                         const void *data)
{
    struct owner *owner = owner_find(locking, id);
    g_autoptr(GPtrArray) locks = g_ptr_array_new();

    if (owner == NULL) {
        return;
    }
    (void)drop_request(locking, owner);
    for (GTreeNode *node = g_tree_node_first(owner->locks); node != NULL;
         node = g_tree_node_next(node)) {
        g_ptr_array_add(locks, g_tree_node_key(node));
    }
    for (guint i = 0; i < locks->len; i++) {
        struct lock *lock = g_ptr_array_index(locks, i);

        allocation_set(locking, owner, lock, change(lock, owner_mode(owner, lock), data));
    }
    waiting_revisit(locking, owner);
    owner_tidy(locking, owner);
}

static enum lock_mode change_to_free(const struct lock *lock, enum lock_mode mode, const void *data)
{
    (void)lock;
    (void)mode;
    (void)data;
    return LOCK_RELEASE;
}

static enum lock_mode change_level_to_free(const struct lock *lock, enum lock_mode mode,
                                           const void *data)
{
    return lock->level == *(const enum lock_level *)data ? LOCK_RELEASE : mode;
}

static enum lock_mode change_level_to_shared(const struct lock *lock, enum lock_mode mode,
                                             const void *data)
{
    return lock->level == *(const enum lock_level *)data ? LOCK_SHARED : mode;
}

static enum lock_mode change_unless_named(const struct lock *lock, enum lock_mode mode,
                                          const void *data)
{
    return g_hash_table_contains((GHashTable *)data, lock->name) ? mode : LOCK_RELEASE;
}

void locking_free_all(struct locking *locking, const struct client_id *owner)
{
    change_locks(locking, owner, change_to_free, NULL);
}

void locking_free_level(struct locking *locking, const struct client_id *owner,
                        enum lock_level level)
{
    change_locks(locking, owner, change_level_to_free, &level);
}

void locking_downgrade_level(struct locking *locking, const struct client_id *owner,
                             enum lock_level level)
{
    change_locks(locking, owner, change_level_to_shared, &level);
}

void locking_intersect(struct locking *locking, const struct client_id *owner,
                       const char *const *locks, size_t n)
{
    g_autoptr(GHashTable) named = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < n; i++) {
        (void)g_hash_table_add(named, (void *)locks[i]);
    }
    change_locks(locking, owner, change_unless_named, named);
}

/* ---- what is free ---- */

static int compare_wishes(const void *a, const void *b)
{
    const struct lock_request *first = a, *second = b;
    int difference = lock_name_compare(first->lock, second->lock);

    return difference != 0 ? difference : (int)first->mode - (int)second->mode;
}

GPtrArray *locking_opportunistic(struct locking *locking, const struct client_id *id,
                                 const struct lock_request *v, size_t n, size_t count)
{
    g_autofree struct lock_request *sorted = n == 0 ? NULL : g_memdup2(v, n * sizeof(*v));
    struct owner *owner = owner_get(locking, id);
    struct want *wants;
    g_autofree enum lock_mode *before = g_new0(enum lock_mode, n + 1);
    g_autofree size_t *taken = g_new(size_t, n + 1);
    GPtrArray *names = g_ptr_array_new();
    size_t n_taken = 0;

    if (n > 0) {
        qsort(sorted, n, sizeof(*sorted), compare_wishes);
    }
    wants = wants_new(locking, sorted, n);
    for (size_t i = 0; i < n && owner->waits == NULL; i++) {
        struct owner *first = NULL;

        before[i] = owner_mode(owner, wants[i].lock);
        if (before[i] < wants[i].mode && allocation_check(owner, &wants[i], 1, NULL) &&
            !allocation_each_blocker(owner, &wants[i], 1, take_first, &first)) {
            allocation_set(locking, owner, wants[i].lock, wants[i].mode);
            taken[n_taken++] = i;
        }
    }
    if (n_taken < count) {
        for (; n_taken > 0; n_taken--) {
            size_t i = taken[n_taken - 1];

            allocation_set(locking, owner, wants[i].lock, before[i]);
        }
    }
    for (size_t i = n_taken; i > 0; i--) {
        g_ptr_array_add(names, (void *)sorted[taken[i - 1]].lock);
    }
    owner_tidy(locking, owner);
    wants_free(locking, wants, n);
    return names;
}
