/* Who holds which lock (src/Ganeti/Locking/Allocation.hs). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "jobs/locking/locking-private.h"

/* ---- locks ---- */

int lock_compare(const struct lock *a, const struct lock *b)
{
    return a == b ? 0 : lock_name_compare(a->name, b->name);
}

static int compare_locks(const void *a, const void *b, void *unused)
{
    (void)unused;
    return lock_compare(a, b);
}

struct lock *lock_get(struct locking *locking, const char *name)
{
    struct lock *lock = g_tree_lookup(locking->locks, name);
    const char *member = NULL;

    if (lock != NULL) {
        lock->refs++;
        return lock;
    }
    lock = g_new0(struct lock, 1);
    lock->refs = 1;
    lock->name = g_strdup(name);
    lock->shared = g_ptr_array_new();
    lock->waiters = g_ptr_array_new();
    g_tree_insert(locking->locks, lock->name, lock);
    if (lock_name_parse(name, &lock->level, &member) && lock->level != LOCK_LEVEL_CONFIG &&
        strcmp(member, LOCK_NAME_ALL) != 0) {
        g_autofree char *all = lock_name(lock->level, LOCK_NAME_ALL);

        lock->all = lock_get(locking, all);
    }
    return lock;
}

void lock_unref(struct locking *locking, struct lock *lock)
{
    if (--lock->refs > 0) {
        return;
    }
    g_tree_remove(locking->locks, lock->name);
    if (lock->all != NULL) {
        lock_unref(locking, lock->all);
    }
    g_ptr_array_free(lock->shared, TRUE);
    g_ptr_array_free(lock->waiters, TRUE);
    g_clear_pointer(&lock->member_waiters, g_ptr_array_unref);
    g_clear_pointer(&lock->members, g_hash_table_unref);
    g_free(lock->name);
    g_free(lock);
}

struct want *wants_new(struct locking *locking, const struct lock_request *v, size_t n)
{
    struct want *wants = g_new(struct want, n + 1);

    for (size_t i = 0; i < n; i++) {
        wants[i] = (struct want){.lock = lock_get(locking, v[i].lock), .mode = v[i].mode};
    }
    return wants;
}

void wants_free(struct locking *locking, struct want *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        lock_unref(locking, v[i].lock);
    }
    g_free(v);
}

/* ---- owners ---- */

/* Names come before jobs; then the lock file, then the process (Locks.hs, order of ClientId). */
int owner_compare(const struct client_id *a, const struct client_id *b)
{
    bool job_a = json_kind(a->client) == JSON_INT, job_b = json_kind(b->client) == JSON_INT;
    int64_t id_a, id_b;
    int difference;

    if (job_a != job_b) {
        return job_a ? 1 : -1;
    }
    if (!job_a) {
        difference = strcmp(json_string(a->client), json_string(b->client));
    } else {
        id_a = json_int(a->client);
        id_b = json_int(b->client);
        difference = (id_a > id_b) - (id_a < id_b);
    }
    if (difference == 0) {
        difference = strcmp(a->lock_file, b->lock_file);
    }
    return difference != 0 ? difference : (a->pid > b->pid) - (a->pid < b->pid);
}

struct owner *owner_find(const struct locking *locking, const struct client_id *id)
{
    return g_tree_lookup(locking->owners, id);
}

struct owner *owner_get(struct locking *locking, const struct client_id *id)
{
    struct owner *owner = owner_find(locking, id);

    if (owner == NULL) {
        owner = g_new0(struct owner, 1);
        fact_object_copy_at(&fact_object_client_id, &owner->id, id);
        owner->locks = g_tree_new_full(compare_locks, NULL, NULL, NULL);
        owner->followers = g_ptr_array_new();
        g_tree_insert(locking->owners, &owner->id, owner);
    }
    return owner;
}

void owner_tidy(struct locking *locking, struct owner *owner)
{
    if (owner->waits != NULL || g_tree_nnodes(owner->locks) > 0 || owner->followers->len > 0) {
        return;
    }
    g_tree_remove(locking->owners, &owner->id);
    fact_object_clear(&fact_object_client_id, &owner->id);
    g_tree_unref(owner->locks);
    g_ptr_array_free(owner->followers, TRUE);
    g_free(owner);
}

enum lock_mode owner_mode(const struct owner *owner, const struct lock *lock)
{
    return (enum lock_mode)GPOINTER_TO_INT(g_tree_lookup(owner->locks, lock));
}

/* ---- holding ---- */

/* A hold of a member is a hold on the whole level. */
static void count_member(struct lock *all, struct owner *owner, enum lock_mode from,
                         enum lock_mode to)
{
    struct member_count *count;

    if (all->members == NULL) {
        all->members = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    }
    count = g_hash_table_lookup(all->members, owner);
    if (count == NULL) {
        count = g_new0(struct member_count, 1);
        g_hash_table_insert(all->members, owner, count);
    }
    if (from != LOCK_RELEASE) {
        count->n[from]--;
    }
    if (to != LOCK_RELEASE) {
        count->n[to]++;
    }
    if (count->n[LOCK_SHARED] == 0 && count->n[LOCK_EXCLUSIVE] == 0) {
        (void)g_hash_table_remove(all->members, owner);
    }
}

void allocation_set(struct locking *locking, struct owner *owner, struct lock *lock,
                    enum lock_mode mode)
{
    enum lock_mode old = owner_mode(owner, lock);

    if (mode == old) {
        return;
    }
    if (old == LOCK_EXCLUSIVE) {
        lock->exclusive = NULL;
    } else if (old == LOCK_SHARED) {
        (void)g_ptr_array_remove_fast(lock->shared, owner);
    }
    if (mode == LOCK_EXCLUSIVE) {
        lock->exclusive = owner;
    } else if (mode == LOCK_SHARED) {
        g_ptr_array_add(lock->shared, owner);
    }
    if (lock->all != NULL) {
        count_member(lock->all, owner, old, mode);
    }
    if (mode == LOCK_RELEASE) {
        (void)g_tree_remove(owner->locks, lock);
        lock_unref(locking, lock);
        return;
    }
    if (old == LOCK_RELEASE) {
        lock->refs++;
    }
    g_tree_replace(owner->locks, lock, GINT_TO_POINTER(mode));
}

/* ---- rules ---- */

static bool check_twice(const struct want *v, size_t n, GError **errp)
{
    g_autoptr(GHashTable) seen = n < 2 ? NULL : g_hash_table_new(NULL, NULL);

    for (size_t i = 0; seen != NULL && i < n; i++) {
        void *mode;

        if (!g_hash_table_lookup_extended(seen, v[i].lock, NULL, &mode)) {
            (void)g_hash_table_insert(seen, v[i].lock, GINT_TO_POINTER(v[i].mode));
        } else if (GPOINTER_TO_INT(mode) != (int)v[i].mode) {
            return err_fail(errp, ERR_GENERIC, ECODE_NONE,
                            "inconsistent requests for lock %s: both %s and %s", v[i].lock->name,
                            fact_enum_lock_mode.words[GPOINTER_TO_INT(mode)],
                            fact_enum_lock_mode.words[v[i].mode]);
        }
    }
    return true;
}

/* Whether the owner has, by this lock or its whole level, what is asked for or more. */
static bool is_covered(const struct owner *owner, const struct want *want)
{
    return owner_mode(owner, want->lock) >= want->mode ||
           (want->lock->all != NULL && owner_mode(owner, want->lock->all) >= want->mode);
}

bool allocation_check(const struct owner *owner, const struct want *v, size_t n, GError **errp)
{
    GTreeNode *last = g_tree_node_last(owner->locks);
    const struct lock *highest = last == NULL ? NULL : g_tree_node_key(last);

    if (!check_twice(v, n, errp)) {
        return false;
    }
    for (size_t i = 0; highest != NULL && i < n; i++) {
        if (v[i].mode != LOCK_RELEASE && lock_compare(v[i].lock, highest) < 0 &&
            !is_covered(owner, &v[i])) {
            return err_fail(errp, ERR_GENERIC, ECODE_NONE,
                            "order of locks: %s cannot be requested while holding %s",
                            v[i].lock->name, highest->name);
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (v[i].mode == LOCK_EXCLUSIVE && v[i].lock->all != NULL &&
            owner_mode(owner, v[i].lock->all) == LOCK_SHARED) {
            return err_fail(errp, ERR_GENERIC, ECODE_NONE,
                            "order of locks: %s cannot be requested exclusively while sharing %s, "
                            "which it belongs to",
                            v[i].lock->name, v[i].lock->all->name);
        }
    }
    return true;
}

/* ---- conflicts ---- */

static bool each_holder(const struct lock *lock, enum lock_mode mode, const struct owner *but,
                        owner_fn *fn, void *data)
{
    if (lock->exclusive != NULL && lock->exclusive != but && fn(lock->exclusive, data)) {
        return true;
    }
    for (guint i = 0; mode == LOCK_EXCLUSIVE && i < lock->shared->len; i++) {
        struct owner *holder = g_ptr_array_index(lock->shared, i);

        if (holder != but && fn(holder, data)) {
            return true;
        }
    }
    return false;
}

static bool each_member_holder(const struct lock *lock, enum lock_mode mode,
                               const struct owner *but, owner_fn *fn, void *data)
{
    GHashTableIter iter;
    void *holder, *count;

    if (lock->members == NULL) {
        return false;
    }
    g_hash_table_iter_init(&iter, lock->members);
    while (g_hash_table_iter_next(&iter, &holder, &count)) {
        if (holder != but &&
            (mode == LOCK_EXCLUSIVE || ((struct member_count *)count)->n[LOCK_EXCLUSIVE] > 0) &&
            fn(holder, data)) {
            return true;
        }
    }
    return false;
}

bool allocation_each_blocker(const struct owner *owner, const struct want *v, size_t n,
                             owner_fn *fn, void *data)
{
    for (size_t i = 0; i < n; i++) {
        const struct lock *lock = v[i].lock;

        if (v[i].mode == LOCK_RELEASE) {
            continue;
        }
        if (each_holder(lock, v[i].mode, owner, fn, data) ||
            each_member_holder(lock, v[i].mode, owner, fn, data) ||
            (lock->all != NULL && each_holder(lock->all, v[i].mode, owner, fn, data))) {
            return true;
        }
    }
    return false;
}
