/* The manager as an object, what it tells, and its text. */
#include "config.h"

#include "jobs/locking/locking.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "jobs/locking/locking-private.h"

static int compare_names(const void *a, const void *b, void *unused)
{
    (void)unused;
    return lock_name_compare(a, b);
}

static int compare_ids(const void *a, const void *b, void *unused)
{
    (void)unused;
    return owner_compare(a, b);
}

struct locking *locking_new(locking_granted_fn *granted, void *data)
{
    struct locking *locking = g_new0(struct locking, 1);

    locking->locks = g_tree_new_full(compare_names, NULL, NULL, NULL);
    locking->owners = g_tree_new_full(compare_ids, NULL, NULL, NULL);
    locking->queued = g_ptr_array_new();
    locking->granted = granted;
    locking->granted_data = data;
    return locking;
}

static void empty(struct locking *locking)
{
    GTreeNode *node;

    while ((node = g_tree_node_first(locking->owners)) != NULL) {
        const struct owner *owner = g_tree_node_value(node);
        struct client_id id = {0};

        fact_object_copy_at(&fact_object_client_id, &id, &owner->id);
        locking_free_all(locking, &id);
        fact_object_clear(&fact_object_client_id, &id);
    }
}

void locking_free(struct locking *locking)
{
    locking->granted = NULL;
    empty(locking);
    g_tree_unref(locking->locks);
    g_tree_unref(locking->owners);
    g_ptr_array_free(locking->queued, TRUE);
    g_free(locking);
}

enum lock_mode locking_mode(const struct locking *locking, const struct client_id *id,
                            const char *name)
{
    const struct owner *owner = owner_find(locking, id);
    const struct lock *lock = g_tree_lookup(locking->locks, name);

    return owner == NULL || lock == NULL ? LOCK_RELEASE : owner_mode(owner, lock);
}

void locking_each_owner(const struct locking *locking,
                        void (*fn)(const struct client_id *owner, void *data), void *data)
{
    for (GTreeNode *node = g_tree_node_first(locking->owners); node != NULL;
         node = g_tree_node_next(node)) {
        fn(&((const struct owner *)g_tree_node_value(node))->id, data);
    }
}

/* ---- telling ---- */

static void write_id(const struct client_id *id, struct json_writer *w)
{
    fact_object_encode(&fact_object_client_id, id, w);
}

static void write_mode(enum lock_mode mode, struct json_writer *w)
{
    json_write_string(w, fact_enum_lock_mode.words[mode]);
}

static void write_held(const struct owner *owner, struct json_writer *w)
{
    json_write_array_begin(w);
    for (GTreeNode *node = owner == NULL ? NULL : g_tree_node_first(owner->locks); node != NULL;
         node = g_tree_node_next(node)) {
        json_write_array_begin(w);
        json_write_string(w, ((const struct lock *)g_tree_node_key(node))->name);
        write_mode((enum lock_mode)GPOINTER_TO_INT(g_tree_node_value(node)), w);
        json_write_array_end(w);
    }
    json_write_array_end(w);
}

void locking_write_locks_of(const struct locking *locking, const struct client_id *owner,
                            struct json_writer *w)
{
    write_held(owner_find(locking, owner), w);
}

/* A lock that is only waited for is free. */
static bool is_held(const struct lock *lock)
{
    return lock->exclusive != NULL || lock->shared->len > 0 ||
           (lock->members != NULL && g_hash_table_size(lock->members) > 0);
}

bool locking_is_held(const struct locking *locking, const char *name)
{
    const struct lock *lock = g_tree_lookup(locking->locks, name);

    return lock != NULL && is_held(lock);
}

void locking_write_all(const struct locking *locking, struct json_writer *w)
{
    json_write_array_begin(w);
    for (GTreeNode *node = g_tree_node_first(locking->locks); node != NULL;
         node = g_tree_node_next(node)) {
        const struct lock *lock = g_tree_node_value(node);

        if (is_held(lock)) {
            json_write_string(w, lock->name);
        }
    }
    json_write_array_end(w);
}

static int compare_holders(const void *a, const void *b)
{
    const struct owner *const *first = a, *const *second = b;

    return owner_compare(&(*first)->id, &(*second)->id);
}

static void write_holder(const struct owner *owner, enum lock_mode mode, struct json_writer *w)
{
    json_write_array_begin(w);
    write_id(&owner->id, w);
    write_mode(mode, w);
    json_write_array_end(w);
}

static void write_holders(const struct lock *lock, struct json_writer *w)
{
    json_write_array_begin(w);
    if (lock->exclusive != NULL) {
        write_holder(lock->exclusive, LOCK_EXCLUSIVE, w);
    }
    /* The order of this list means nothing to the state. */
    g_ptr_array_sort(lock->shared, compare_holders);
    for (guint i = 0; i < lock->shared->len; i++) {
        write_holder(g_ptr_array_index(lock->shared, i), LOCK_SHARED, w);
    }
    json_write_array_end(w);
}

void locking_write_owners(const struct locking *locking, struct json_writer *w)
{
    json_write_array_begin(w);
    for (GTreeNode *node = g_tree_node_first(locking->locks); node != NULL;
         node = g_tree_node_next(node)) {
        const struct lock *lock = g_tree_node_value(node);

        if (is_held(lock)) {
            json_write_array_begin(w);
            json_write_string(w, lock->name);
            write_holders(lock, w);
            json_write_array_end(w);
        }
    }
    json_write_array_end(w);
}

/* By priority, then owner, as the reference's set has them. */
static int compare_pending(const void *a, const void *b)
{
    const struct request *first = *(const struct request *const *)a,
                         *second = *(const struct request *const *)b;

    if (first->priority != second->priority) {
        return first->priority < second->priority ? -1 : 1;
    }
    return owner_compare(&first->owner->id, &second->owner->id);
}

static void write_request(const struct request *request, struct json_writer *w)
{
    json_write_array_begin(w);
    json_write_int(w, request->priority);
    write_id(&request->owner->id, w);
    json_write_array_begin(w);
    for (size_t i = 0; i < request->n; i++) {
        json_write_array_begin(w);
        json_write_string(w, request->v[i].lock->name);
        write_mode(request->v[i].mode, w);
        json_write_array_end(w);
    }
    json_write_array_end(w);
    json_write_array_end(w);
}

void locking_write_pending(const struct locking *locking, struct json_writer *w)
{
    g_autoptr(GPtrArray) pending = g_ptr_array_new();

    for (GTreeNode *node = g_tree_node_first(locking->owners); node != NULL;
         node = g_tree_node_next(node)) {
        const struct owner *owner = g_tree_node_value(node);

        if (owner->waits != NULL) {
            g_ptr_array_add(pending, owner->waits);
        }
    }
    g_ptr_array_sort(pending, compare_pending);
    json_write_array_begin(w);
    for (guint i = 0; i < pending->len; i++) {
        write_request(g_ptr_array_index(pending, i), w);
    }
    json_write_array_end(w);
}

/* ---- the text ---- */

void locking_save(const struct locking *locking, GString *out)
{
    struct json_writer w = json_writer_init(out, JSON_COMPACT);

    json_write_array_begin(&w);
    json_write_array_begin(&w);
    for (GTreeNode *node = g_tree_node_first(locking->owners); node != NULL;
         node = g_tree_node_next(node)) {
        const struct owner *owner = g_tree_node_value(node);

        if (g_tree_nnodes(owner->locks) > 0) {
            json_write_array_begin(&w);
            write_id(&owner->id, &w);
            write_held(owner, &w);
            json_write_array_end(&w);
        }
    }
    json_write_array_end(&w);
    locking_write_pending(locking, &w);
    json_write_array_end(&w);
}

static bool fail_shape(GError **errp, const char *what)
{
    return err_fail(errp, ERR_GENERIC, ECODE_NONE, "no state of locks: expected %s", what);
}

static bool is_list(const struct json *value, size_t len)
{
    return json_kind(value) == JSON_ARRAY && (len == 0 || json_len(value) == len);
}

static struct lock_request *load_requests(const struct json *list, size_t *ret_n, GError **errp)
{
    g_autofree struct json **v = NULL;

    if (!is_list(list, 0)) {
        (void)fail_shape(errp, "a list of locks");
        return NULL;
    }
    *ret_n = json_len(list);
    v = g_new(struct json *, *ret_n + 1);
    for (size_t i = 0; i < *ret_n; i++) {
        v[i] = json_at(list, i);
    }
    return lock_requests_decode(v, *ret_n, errp);
}

/* [owner, locks] of the holders, [priority, owner, locks] of those who wait. */
static bool load_entry(struct locking *locking, const struct json *entry, bool waits, GError **errp)
{
    size_t first = waits ? 1 : 0, n;
    struct client_id id = {0};
    g_autofree struct lock_request *requests = NULL;
    enum locking_result result;

    if (!is_list(entry, first + 2) || (waits && json_kind(json_at(entry, 0)) != JSON_INT)) {
        return fail_shape(errp, waits ? "priority, owner and locks" : "owner and locks");
    }
    requests = load_requests(json_at(entry, first + 1), &n, errp);
    if (requests == NULL ||
        !fact_object_decode_at(&fact_object_client_id, json_at(entry, first), &id, NULL, errp)) {
        return false;
    }
    if (waits) {
        result = locking_wait(locking, json_int(json_at(entry, 0)), &id, requests, n, NULL, errp);
    } else {
        result = locking_try(locking, &id, requests, n, NULL, errp);
    }
    if (!waits && result == LOCKING_BLOCKED) {
        g_autofree char *owner = json_to_string(id.client, JSON_COMPACT);

        (void)err_fail(errp, ERR_GENERIC, ECODE_NONE,
                       "no state of locks: those of %s are held by others", owner);
    }
    fact_object_clear(&fact_object_client_id, &id);
    return result == LOCKING_DONE || (waits && result == LOCKING_BLOCKED);
}

bool locking_load(struct locking *locking, const char *text, size_t len, GError **errp)
{
    CLEANUP(json_unrefp) struct json *state = NULL;
    bool good = json_parse(text, (gssize)len, &state, errp);

    if (good && !is_list(state, 2)) {
        good = fail_shape(errp, "holders and requests");
    }
    for (size_t part = 0; good && part < 2; part++) {
        const struct json *list = json_at(state, part);

        good = is_list(list, 0) || fail_shape(errp, "a list");
        for (size_t i = 0; good && i < json_len(list); i++) {
            good = load_entry(locking, json_at(list, i), part == 1, errp);
        }
    }
    if (!good) {
        empty(locking);
    }
    return good;
}
