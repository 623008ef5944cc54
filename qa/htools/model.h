/* A made-up cluster: what the generator writes as a text file and as an iallocator request. Units
 * as in htools/: MiB. Everything is a function of the seed. */
#ifndef GANTRY_QA_HTOOLS_MODEL_H
#define GANTRY_QA_HTOOLS_MODEL_H

#include <glib.h>

#include "htools/core/types.h"
#include "qa/htools/rng.h"

enum { MODEL_MAX_MINMAX = 3, MODEL_MAX_TEMPLATES = HT_DT_COUNT, MODEL_MAX_DISKS = 3 };

struct model_ipolicy {
    struct ht_ispec std;
    struct ht_minmax minmax[MODEL_MAX_MINMAX];
    unsigned n_minmax;
    enum ht_disk_template templates[MODEL_MAX_TEMPLATES];
    unsigned n_templates;
    double vcpu_ratio, spindle_ratio;
};

struct model_group {
    char *name, *uuid;
    enum ht_alloc_policy policy;
    bool excl_storage;
    GPtrArray *tags;     /* char * */
    GPtrArray *networks; /* char * */
    struct model_ipolicy ipolicy;
    unsigned n_nodes;
};

struct model_node {
    char *name;
    int group;
    int64_t t_mem, n_mem, f_mem, t_dsk, f_dsk, t_cpu, n_cpu, t_spindles, f_spindles;
    double cpu_speed;
    bool offline, drained, master, vm_capable;
    bool unknown; /* '?' instead of numbers */
    GPtrArray *tags;
};

struct model_instance {
    char *name;
    int64_t mem, dsk, vcpus, spindle_use;
    int64_t disks[MODEL_MAX_DISKS], disk_spindles[MODEL_MAX_DISKS];
    unsigned n_disks;
    bool has_spindles;
    enum ht_instance_status status;
    enum ht_disk_template disk_template;
    bool auto_balance, forthcoming;
    int pnode, snode; /* snode: HT_NONE */
    GPtrArray *tags;
};

/* How many columns the lines of the text file have, from the oldest form on. */
struct model_columns {
    int group, node, instance;
    bool policies; /* the fifth section */
};

struct model {
    struct rng rng;
    GArray *groups, *nodes, *instances;
    GPtrArray *tags;
    struct model_ipolicy ipolicy;
    struct model_columns columns;
    const char *suffix; /* of all names */
    const char *hypervisor;
};

#define MODEL_GROUP(model, i)    (&g_array_index((model)->groups, struct model_group, (i)))
#define MODEL_NODE(model, i)     (&g_array_index((model)->nodes, struct model_node, (i)))
#define MODEL_INSTANCE(model, i) (&g_array_index((model)->instances, struct model_instance, (i)))

/* Wire words, taken from the rows and not from the code that is tested. */
const char *model_template_word(enum ht_disk_template disk_template);
const char *model_status_word(enum ht_instance_status status);
const char *model_policy_word(enum ht_alloc_policy policy);
const char *model_evac_word(enum ht_evac_mode mode);

struct model_limits {
    int max_nodes;
    int max_groups;
    int max_per_node; /* instances */
};

struct model *model_new(uint64_t seed, const struct model_limits *limits);
void model_free(struct model *model);

/* An instance like those of the cluster, on no node, for allocation requests. */
struct model_instance model_new_instance(struct model *model, const char *name);
void model_instance_clear(struct model_instance *inst);

#endif
