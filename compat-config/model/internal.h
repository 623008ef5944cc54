/* The inside of a snapshot, for the files of compat-config/model and compat-config/store alone. */
#ifndef GANTRY_COMPAT_CONFIG_MODEL_INTERNAL_H
#define GANTRY_COMPAT_CONFIG_MODEL_INTERNAL_H

#include "compat-config/model/cfg.h"
#include "compat-config/model/disk.h"

/* Stands in front of every object; objects are shared by all snapshots that have not changed them.
 */
struct cfg_object {
    size_t refs;
};

/* Zeroed; to be filled by the one who made it before it gets into a table. */
void *cfg_object_new(const struct fact_object *object);
void *cfg_object_clone(const struct fact_object *object, const void *value);
/* Moves what a plain object (fact_object_new) holds into one of these; the plain one is gone. */
void *cfg_object_adopt(const struct fact_object *object, void *plain);
struct cfg_object *cfg_object_head(const void *value);
const void *cfg_object_ref(const void *value);
void cfg_object_unref(const struct fact_object *object, const void *value);

/* Neighbours in a table, shared by all snapshots that have not changed one of them: a change makes
 * one new run and leaves the other hundreds as they are, with their texts. */
struct cfg_run {
    size_t refs;
    const void **v;  /* each with a reference */
    uint64_t *heads; /* cfg_uuid_head() of each */
    size_t n;        /* at least one */
    /* Their JSON text as wconfd writes it ("UUID":{...},"UUID":{...}), made when it is first saved;
       NULL: not yet. */
    char *text;
    size_t text_len;
};

/* All objects of a kind, sorted by UUID; shared by the snapshots between two changes of that kind.
 */
struct cfg_table {
    size_t refs;
    const struct fact_object *object;
    size_t uuid_offset;
    const void **v; /* borrowed from the runs */
    /* cfg_uuid_head() of each: a search among tens of thousands then reads one array, not objects
     * all over the memory. */
    uint64_t *heads;
    size_t n;
    struct cfg_run **runs;
    size_t n_runs;
    /* Sorted by name, those of one name by UUID; made when first needed. */
    const void **by_name;
    /* In natural order of their names; made when first needed. */
    const void **in_order;
};

/* What becomes of one object: the next one with its UUID (a new one too), or NULL: it goes away. */
struct cfg_table_change {
    const char *uuid;
    const void *value; /* with a reference, which is taken over */
};

/* Takes over the array and the references in it; sorts. */
struct cfg_table *cfg_table_new(const struct fact_object *object, const void **v, size_t n);
/* The table after these changes, which are in the order of their UUIDs, each there once. */
struct cfg_table *cfg_table_next(const struct cfg_table *table,
                                 const struct cfg_table_change *changes, size_t n);
struct cfg_table *cfg_table_ref(struct cfg_table *table);
void cfg_table_unref(struct cfg_table *table);
/* Index of the first object whose UUID is not below this one. */
size_t cfg_table_place(const struct cfg_table *table, const char *uuid);
/* NULL if there is none. */
const void *cfg_table_get(const struct cfg_table *table, const char *uuid);

static inline const char *cfg_table_uuid(const struct cfg_table *table, const void *value)
{
    return *(char *const *)(const void *)((const char *)value + table->uuid_offset);
}

/* A member by its JSON name; NULL if the object has none of that name. */
void *cfg_object_member(const struct fact_object *object, const void *value, const char *name);

struct cfg_links;

struct cfg {
    size_t refs;
    /* Members of the file but for the cluster and the containers, which stand below. */
    struct config_data head;
    const struct cluster *cluster;
    struct cfg_table *tables[CFG_KIND_COUNT];
    struct cfg_links *links;
};

/* Takes over cluster and tables with their references, and what head holds. */
struct cfg *cfg_new(struct config_data *head, const struct cluster *cluster,
                    struct cfg_table *const tables[CFG_KIND_COUNT]);
/* The kind whose objects a member of the file holds; -1 if it is no container. */
int cfg_kind_of_member(const struct fact_member *member);

const struct cfg_links *cfg_links(const struct cfg *cfg);
void cfg_links_free(struct cfg_links *links);

#endif
