/* What a unit wants to lock, and what it holds. */
#include "config.h"

#include "jobs/lu/lu.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/replica/wconfd-client.h"
#include "facts/codec.h"
#include "jobs/lu/env.h"

static void add_name(GPtrArray **names, const char *name)
{
    if (*names == NULL) {
        *names = g_ptr_array_new_with_free_func(g_free);
    }
    g_ptr_array_add(*names, g_strdup(name));
}

void lu_need_level(struct lu *lu, enum lock_level level)
{
    lu->needs[level].wanted = true;
}

void lu_need(struct lu *lu, enum lock_level level, const char *name)
{
    lu_need_level(lu, level);
    add_name(&lu->needs[level].names, name);
}

void lu_need_many(struct lu *lu, enum lock_level level, const char *const *names, size_t n)
{
    lu_need_level(lu, level);
    for (size_t i = 0; i < n; i++) {
        lu_need(lu, level, names[i]);
    }
}

void lu_need_all(struct lu *lu, enum lock_level level)
{
    lu_need_level(lu, level);
    lu->needs[level].all = true;
}

void lu_need_apart(struct lu *lu, enum lock_level level)
{
    lu_need_level(lu, level);
    lu->needs[level].apart = true;
}

void lu_need_reset(struct lu *lu, enum lock_level level)
{
    lu->needs[level].all = false;
    g_clear_pointer(&lu->needs[level].names, g_ptr_array_unref);
}

void lu_need_new(struct lu *lu, enum lock_level level, const char *name)
{
    add_name(&lu->needs[level].added, name);
}

void lu_need_shared(struct lu *lu, enum lock_level level)
{
    lu->needs[level].shared = true;
}

void lu_need_all_shared(struct lu *lu)
{
    for (size_t i = 0; i < G_N_ELEMENTS(lu->needs); i++) {
        lu->needs[i].shared = true;
    }
}

void lu_need_opportunistic(struct lu *lu, enum lock_level level, size_t at_least)
{
    lu->needs[level].opportunistic = true;
    lu->needs[level].at_least = at_least;
}

/* --- Locks that are held ------------------------------------------------------------------------
 */
static bool holds(const struct lu *lu, enum lock_level level, const char *name,
                  enum lock_mode *ret_mode)
{
    g_autofree char *lock = lock_name(level, name);
    void *mode;
    if (!g_hash_table_lookup_extended(lu->env->locks, lock, NULL, &mode)) {
        return false;
    }
    if (ret_mode != NULL) {
        *ret_mode = (enum lock_mode)GPOINTER_TO_INT(mode);
    }
    return true;
}

bool lu_owns(const struct lu *lu, enum lock_level level, const char *name)
{
    return holds(lu, level, name, NULL) || holds(lu, level, LOCK_NAME_ALL, NULL);
}

/* Names of all locks that the set of a level stands for. */
static void add_whole_level(const struct lu *lu, enum lock_level level, GPtrArray *out)
{
    const struct cfg *cfg = lu_cfg(lu);
    switch (level) {
    case LOCK_LEVEL_INSTANCE:
        for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
            /* A forthcoming instance may have no name yet. */
            const char *name = cfg_instance_at(cfg, i)->name;
            if (name != NULL) {
                g_ptr_array_add(out, g_strdup(name));
            }
        }
        break;
    case LOCK_LEVEL_NODEGROUP:
        for (size_t i = 0; i < cfg_group_count(cfg); i++) {
            g_ptr_array_add(out, g_strdup(cfg_group_at(cfg, i)->uuid));
        }
        break;
    case LOCK_LEVEL_NODE:
    case LOCK_LEVEL_NODE_RES:
        for (size_t i = 0; i < cfg_node_count(cfg); i++) {
            g_ptr_array_add(out, g_strdup(cfg_node_at(cfg, i)->uuid));
        }
        break;
    case LOCK_LEVEL_NETWORK:
        for (size_t i = 0; i < cfg_network_count(cfg); i++) {
            g_ptr_array_add(out, g_strdup(cfg_network_at(cfg, i)->uuid));
        }
        break;
    case LOCK_LEVEL_CLUSTER:
    case LOCK_LEVEL_CONFIG:
        g_assert_not_reached();
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *lu_owned(const struct lu *lu, enum lock_level level)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
    if (holds(lu, level, LOCK_NAME_ALL, NULL)) {
        add_whole_level(lu, level, out);
    } else {
        GHashTableIter it;
        void *lock;
        g_hash_table_iter_init(&it, lu->env->locks);
        while (g_hash_table_iter_next(&it, &lock, NULL)) {
            enum lock_level its_level;
            const char *name;
            if (lock_name_parse(lock, &its_level, &name) && its_level == level) {
                g_ptr_array_add(out, g_strdup(name));
            }
        }
    }
    g_ptr_array_sort(out, compare_names);
    return out;
}

/* Carries out changes that nobody can be in the way of. */
static bool change(struct lu *lu, const GArray *requests, GError **errp)
{
    struct json *list = json_new_array();
    for (guint i = 0; i < requests->len; i++) {
        const struct lock_request *request = &g_array_index(requests, struct lock_request, i);
        struct json *pair = json_new_array();
        json_append(pair, json_new_string(request->lock));
        json_append(pair, json_new_string(fact_enum_lock_mode.words[request->mode]));
        json_append(list, pair);
    }
    struct method_wconfd_try_update_locks args = {.has.request = true};
    bool ok = fact_decode(&type_any_list, list, &args.request, NULL, errp);
    json_unref(list);
    if (!ok) {
        return false;
    }
    bool reserved = lu->env->reserved;
    ok = lu_wconfd(lu, METHOD_wconfd_try_update_locks, &args, NULL, errp);
    lu->env->reserved = reserved;
    fact_object_clear(&fact_object_method_wconfd_try_update_locks, &args);
    return ok;
}

static void remember(struct lu *lu, const GArray *requests)
{
    for (guint i = 0; i < requests->len; i++) {
        const struct lock_request *request = &g_array_index(requests, struct lock_request, i);
        if (request->mode == LOCK_RELEASE) {
            g_hash_table_remove(lu->env->locks, request->lock);
        } else {
            g_hash_table_replace(lu->env->locks, g_strdup(request->lock),
                                 GINT_TO_POINTER(request->mode));
        }
    }
}

static GHashTable *as_set(const char *const *names, size_t n)
{
    GHashTable *set = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < n; i++) {
        g_hash_table_add(set, (void *)names[i]);
    }
    return set;
}

/* Gives back what of the owned locks is in the set (or is not, if keep). A set-lock is broken up
 * into the locks that stay (base.py release_request). */
static bool release(struct lu *lu, enum lock_level level, GHashTable *set, bool keep, GError **errp)
{
    g_autoptr(GPtrArray) owned = lu_owned(lu, level);
    g_autoptr(GPtrArray) locks = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) requests = g_array_new(FALSE, FALSE, sizeof(struct lock_request));
    enum lock_mode mode = LOCK_SHARED;
    bool whole = holds(lu, level, LOCK_NAME_ALL, &mode);

    if (whole) {
        char *lock = lock_name(level, LOCK_NAME_ALL);
        struct lock_request request = {.lock = lock, .mode = LOCK_RELEASE};
        g_ptr_array_add(locks, lock);
        g_array_append_val(requests, request);
    }
    for (guint i = 0; i < owned->len; i++) {
        bool stays = g_hash_table_contains(set, owned->pdata[i]) == keep;
        if (stays && !whole) {
            continue;
        }
        char *lock = lock_name(level, owned->pdata[i]);
        struct lock_request request = {.lock = lock, .mode = stays ? mode : LOCK_RELEASE};
        g_ptr_array_add(locks, lock);
        if (stays || !whole) {
            g_array_append_val(requests, request);
        }
    }
    if (requests->len == 0) {
        return true;
    }
    if (!change(lu, requests, errp)) {
        return false;
    }
    remember(lu, requests);
    return true;
}

bool lu_release(struct lu *lu, enum lock_level level, const char *const *names, size_t n,
                GError **errp)
{
    g_autoptr(GHashTable) set = as_set(names, n);
    return release(lu, level, set, false, errp);
}

bool lu_release_all_but(struct lu *lu, enum lock_level level, const char *const *keep, size_t n,
                        GError **errp)
{
    g_autoptr(GHashTable) set = as_set(keep, n);
    return release(lu, level, set, true, errp);
}

bool lu_downgrade(struct lu *lu, enum lock_level level, GError **errp)
{
    struct method_wconfd_down_grade_locks_level args = {.has.level = true, .level = level};
    bool reserved = lu->env->reserved;
    bool ok = lu_wconfd(lu, METHOD_wconfd_down_grade_locks_level, &args, NULL, errp);
    lu->env->reserved = reserved;
    if (!ok) {
        return false;
    }
    GHashTableIter it;
    void *lock;
    g_hash_table_iter_init(&it, lu->env->locks);
    while (g_hash_table_iter_next(&it, &lock, NULL)) {
        enum lock_level its_level;
        if (lock_name_parse(lock, &its_level, NULL) && its_level == level) {
            g_hash_table_iter_replace(&it, GINT_TO_POINTER(LOCK_SHARED));
        }
    }
    return true;
}
