#include "config.h"

#include "compat-config/model/txn.h"

#include <stdlib.h>
#include <string.h>

#include "compat-config/model/internal.h"
#include "facts/codec.h"

/* What happens to one object. */
struct change {
    void *value; /* the clone or the new object, with a reference; NULL: the object goes away */
    bool added;
    bool as_is; /* serial number and times are the caller's */
};

struct cfg_txn {
    const struct cfg *base;
    struct cluster *cluster;             /* NULL: not edited */
    GHashTable *changes[CFG_KIND_COUNT]; /* UUID -> struct change; NULL: none of that kind */
    bool silent; /* no serial number and no time changes (an upgrade while loading) */
    bool has_head;
    int64_t serial;
    double mtime;
};

struct cfg_txn *cfg_txn_begin(const struct cfg *base)
{
    struct cfg_txn *txn = g_new0(struct cfg_txn, 1);

    txn->base = cfg_ref(base);
    return txn;
}

static void drop_change(struct cfg_txn *txn, enum cfg_kind kind, const char *uuid)
{
    struct change *change =
        txn->changes[kind] == NULL ? NULL : g_hash_table_lookup(txn->changes[kind], uuid);

    if (change != NULL) {
        cfg_object_unref(cfg_kind_object(kind), change->value);
        g_hash_table_remove(txn->changes[kind], uuid);
    }
}

static void free_changes(struct cfg_txn *txn)
{
    for (int kind = 0; kind < CFG_KIND_COUNT; kind++) {
        GHashTableIter iter;
        void *change;

        if (txn->changes[kind] == NULL) {
            continue;
        }
        g_hash_table_iter_init(&iter, txn->changes[kind]);
        while (g_hash_table_iter_next(&iter, NULL, &change)) {
            cfg_object_unref(cfg_kind_object(kind), ((struct change *)change)->value);
        }
        g_hash_table_unref(txn->changes[kind]);
    }
}

void cfg_txn_abort(struct cfg_txn *txn)
{
    if (txn == NULL) {
        return;
    }
    free_changes(txn);
    cfg_object_unref(&fact_object_cluster, txn->cluster);
    cfg_unref(txn->base);
    g_free(txn);
}

static struct change *find_change(const struct cfg_txn *txn, enum cfg_kind kind, const char *uuid)
{
    return txn->changes[kind] == NULL ? NULL : g_hash_table_lookup(txn->changes[kind], uuid);
}

static void put_change(struct cfg_txn *txn, enum cfg_kind kind, const char *uuid,
                       const struct change *change)
{
    if (txn->changes[kind] == NULL) {
        txn->changes[kind] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    g_hash_table_replace(txn->changes[kind], g_strdup(uuid), g_memdup2(change, sizeof(*change)));
}

const void *cfg_txn_get(const struct cfg_txn *txn, enum cfg_kind kind, const char *uuid)
{
    const struct change *change = find_change(txn, kind, uuid);

    return change != NULL ? change->value : cfg_get(txn->base, kind, uuid);
}

void *cfg_txn_edit(struct cfg_txn *txn, enum cfg_kind kind, const char *uuid)
{
    struct change *there = find_change(txn, kind, uuid);
    const void *base;
    struct change change = {0};

    if (there != NULL) {
        return there->value;
    }
    base = cfg_get(txn->base, kind, uuid);
    if (base == NULL) {
        return NULL;
    }
    change.value = cfg_object_clone(cfg_kind_object(kind), base);
    put_change(txn, kind, uuid, &change);
    return change.value;
}

static const char *uuid_of(const struct cfg_txn *txn, enum cfg_kind kind, const void *value)
{
    return cfg_table_uuid(txn->base->tables[kind], value);
}

bool cfg_txn_add(struct cfg_txn *txn, enum cfg_kind kind, void *object)
{
    struct change change = {.added = true};
    g_autofree char *uuid = g_strdup(uuid_of(txn, kind, object));

    if (uuid == NULL || cfg_txn_get(txn, kind, uuid) != NULL) {
        return false;
    }
    drop_change(txn, kind, uuid);
    change.value = cfg_object_adopt(cfg_kind_object(kind), object);
    put_change(txn, kind, uuid, &change);
    return true;
}

void cfg_txn_replace(struct cfg_txn *txn, enum cfg_kind kind, void *object)
{
    g_autofree char *uuid = g_strdup(uuid_of(txn, kind, object));
    struct change change = {.as_is = true};

    drop_change(txn, kind, uuid);
    change.value = cfg_object_adopt(cfg_kind_object(kind), object);
    put_change(txn, kind, uuid, &change);
}

bool cfg_txn_remove(struct cfg_txn *txn, enum cfg_kind kind, const char *uuid)
{
    const struct change gone = {0};
    g_autofree char *name = g_strdup(uuid);

    if (cfg_txn_get(txn, kind, name) == NULL) {
        return false;
    }
    drop_change(txn, kind, name);
    if (cfg_get(txn->base, kind, name) != NULL) {
        put_change(txn, kind, name, &gone);
    }
    return true;
}

struct cluster *cfg_txn_edit_cluster(struct cfg_txn *txn)
{
    if (txn->cluster == NULL) {
        txn->cluster = cfg_object_clone(&fact_object_cluster, cfg_cluster(txn->base));
    }
    return txn->cluster;
}

void cfg_txn_set_silent(struct cfg_txn *txn)
{
    txn->silent = true;
}

void cfg_txn_set_head(struct cfg_txn *txn, int64_t serial, double mtime)
{
    txn->has_head = true;
    txn->serial = serial;
    txn->mtime = mtime;
}

void cfg_txn_each_change(const struct cfg_txn *txn, cfg_txn_change_fn *fn, void *data)
{
    for (int kind = 0; kind < CFG_KIND_COUNT; kind++) {
        GHashTableIter iter;
        void *uuid, *item;

        if (txn->changes[kind] == NULL) {
            continue;
        }
        g_hash_table_iter_init(&iter, txn->changes[kind]);
        while (g_hash_table_iter_next(&iter, &uuid, &item)) {
            const struct change *change = item;

            fn(kind, uuid, change->value, cfg_get(txn->base, kind, uuid) == NULL, data);
        }
    }
}

const struct cluster *cfg_txn_edited_cluster(const struct cfg_txn *txn)
{
    return txn->cluster;
}

const struct cfg *cfg_txn_base(const struct cfg_txn *txn)
{
    return txn->base;
}

void cfg_txn_replace_cluster(struct cfg_txn *txn, struct cluster *cluster)
{
    cfg_object_unref(&fact_object_cluster, txn->cluster);
    txn->cluster = cfg_object_adopt(&fact_object_cluster, cluster);
}

static size_t count_changes(const struct cfg_txn *txn, enum cfg_kind kind)
{
    return txn->changes[kind] == NULL ? 0 : g_hash_table_size(txn->changes[kind]);
}

bool cfg_txn_is_changed(const struct cfg_txn *txn)
{
    for (int kind = 0; kind < CFG_KIND_COUNT; kind++) {
        if (count_changes(txn, kind) > 0) {
            return true;
        }
    }
    return txn->cluster != NULL || txn->has_head;
}

/* ---- commit ---- */

static void set_time(const struct fact_object *object, void *value, const char *name, double now)
{
    const struct fact_member *member = fact_object_find(object, name);

    if (member != NULL) {
        *(double *)(void *)((char *)value + member->offset) = now;
        fact_member_mark_set(object, value, member, true);
    }
}

/* Filters have neither serial number nor times. */
static void stamp(const struct fact_object *object, void *value, bool added, double now)
{
    const struct fact_member *member = fact_object_find(object, "serial_no");
    int64_t *serial;

    if (member == NULL) {
        return;
    }
    serial = (int64_t *)(void *)((char *)value + member->offset);
    *serial = added ? 1 : *serial + 1;
    fact_member_mark_set(object, value, member, true);
    set_time(object, value, "mtime", now);
    if (added) {
        set_time(object, value, "ctime", now);
    }
}

static const void *take_value(const struct cfg_txn *txn, const struct fact_object *object,
                              struct change *change, double now)
{
    if (!change->as_is && !txn->silent) {
        stamp(object, change->value, change->added, now);
    }
    return g_steal_pointer(&change->value);
}

static int compare_changes(const void *a, const void *b)
{
    return strcmp(((const struct cfg_table_change *)a)->uuid,
                  ((const struct cfg_table_change *)b)->uuid);
}

/* *ret_members: whether objects came or went. */
static struct cfg_table *next_table(struct cfg_txn *txn, enum cfg_kind kind, double now,
                                    bool *ret_members)
{
    struct cfg_table *old = txn->base->tables[kind];
    g_autofree struct cfg_table_change *changes = NULL;
    size_t n = 0;
    GHashTableIter iter;
    void *uuid, *item;

    if (count_changes(txn, kind) == 0) {
        return cfg_table_ref(old);
    }
    changes = g_new(struct cfg_table_change, count_changes(txn, kind));
    g_hash_table_iter_init(&iter, txn->changes[kind]);
    while (g_hash_table_iter_next(&iter, &uuid, &item)) {
        struct change *change = item;

        if (change->value == NULL || cfg_table_get(old, uuid) == NULL) {
            *ret_members = true;
        }
        changes[n++] = (struct cfg_table_change){
            .uuid = uuid,
            .value = change->value == NULL ? NULL : take_value(txn, old->object, change, now)};
    }
    qsort(changes, n, sizeof(*changes), compare_changes);
    return cfg_table_next(old, changes, n);
}

/* What comes or goes of these kinds counts as a change of the cluster (config/__init__.py AddNode,
 * AddInstance...). */
static bool counts_for_cluster(enum cfg_kind kind)
{
    return kind != CFG_KIND_disk && kind != CFG_KIND_filter;
}

const struct cfg *cfg_txn_commit(struct cfg_txn *txn, double now)
{
    struct cfg_table *tables[CFG_KIND_COUNT];
    struct config_data *head;
    const struct cluster *cluster;
    const struct cfg *next;
    bool cluster_changed = txn->cluster != NULL;

    if (!cfg_txn_is_changed(txn)) {
        next = cfg_ref(txn->base);
        cfg_txn_abort(txn);
        return next;
    }
    for (int kind = 0; kind < CFG_KIND_COUNT; kind++) {
        bool members = false;

        tables[kind] = next_table(txn, kind, now, &members);
        cluster_changed = cluster_changed || (members && counts_for_cluster(kind));
    }
    if (cluster_changed) {
        struct cluster *edited = cfg_txn_edit_cluster(txn);

        if (!txn->silent) {
            stamp(&fact_object_cluster, edited, false, now);
        }
        cluster = g_steal_pointer(&txn->cluster);
    } else {
        cluster = cfg_object_ref(cfg_cluster(txn->base));
    }
    head = fact_object_copy(&fact_object_config_data, &txn->base->head);
    if (!txn->silent) {
        stamp(&fact_object_config_data, head, false, now);
    }
    if (txn->has_head) {
        head->serial_no = txn->serial;
        head->mtime = txn->mtime;
    }
    next = cfg_new(head, cluster, tables);
    g_free(head);
    cfg_txn_abort(txn);
    return next;
}
