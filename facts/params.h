/* Parameters of hypervisors, instances, nodes, NICs and disks: names, kinds of values, defaults,
 * checks. Rows: hvparams.def, beparams.def, ndparams.def, nicparams.def, diskparams.def,
 * ipolicy.def.
 *
 * Objects keep them sparsely: what an object does not set comes from above, and what the cluster
 * does not set from these defaults. */
#ifndef GANTRY_FACTS_PARAMS_H
#define GANTRY_FACTS_PARAMS_H

#include <glib.h>
#include <stdbool.h>

#include "facts/objects.h"

/* --- Hypervisors --------------------------------------------------------------------------------
 */

enum hv_check {
    HV_CHECK_ANY,
    HV_CHECK_CPU_MASK,
    HV_CHECK_DIR,         /* normalised absolute path of a directory on the node */
    HV_CHECK_FILE,        /* ... of a file on the node */
    HV_CHECK_FILE_OR_URL, /* ... or a URL */
    HV_CHECK_IPV4,
    HV_CHECK_LETTERS, /* one or more of the letters in words */
    HV_CHECK_MULTI_CPU_MASK,
    HV_CHECK_ONE_OF, /* one of words */
    HV_CHECK_PATH,   /* normalised absolute path */
    HV_CHECK_RANGE,  /* min to max, both inclusive */
};

/* What a parameter is, whatever the hypervisor. */
struct hv_name {
    const char *name;
    enum vtype vtype;
    const char *title; /* in lists; NULL: the name */
    bool global;       /* only the cluster has it */
    enum fact_level since, until;
    const char *doc;
};

/* HV_NAME_kernel_path ...: index of the row in hv_names. */
enum hv_name_id {
#define HVNAME(name, vtype, title, global, since, until, doc) HV_NAME_##name,
#define HVPARAM(hv, name, required, check, min, max, words, words_30, dflt, dflt_30)
#include "facts/hvparams.def"
#undef HVNAME
#undef HVPARAM
    HV_NAME_COUNT,
};

/* A parameter of one hypervisor. */
struct hv_param {
    enum hypervisor hypervisor;
    const struct hv_name *name;
    bool required; /* may not be empty */
    enum hv_check check;
    int64_t min, max;
    const char *words, *words_30;
    const char *default_json, *default_30;
};

extern const struct hv_name hv_names[];
extern const size_t hv_names_n;
extern const struct hv_param hv_params[];
extern const size_t hv_params_n;

/* Rows of the current level only; NULL if there is none. */
const struct hv_name *hv_name_find(const char *name);
const struct hv_param *hv_param_find(enum hypervisor hypervisor, const char *name);
bool hv_name_is_current(const struct hv_name *name);
/* The value that parameters have for it; NULL if they have none. Borrowed. */
const struct fact_value *hv_value(const struct value_map *params, enum hv_name_id name);
/* False also for names that no row has. */
bool hv_param_is_global(const char *name);
/* At the current level. */
const char *hv_param_default(const struct hv_param *param);
const char *hv_param_words(const struct hv_param *param);

/* Whether the value is one that the parameter may have, as far as can be told away from the node.
 * An empty text is good where it is not required. The error says what was expected. */
bool hv_param_check(const struct hv_param *param, const struct fact_value *value, GError **errp);

/* --- Backend, nodes, NICs -----------------------------------------------------------------------
 */

struct param_row {
    const char *name;
    enum vtype vtype;
    const char *default_json; /* "null": none */
    const char *title;        /* in lists; NULL: none of its own */
    bool global;              /* node parameters: not for a single node */
};
struct param_rows {
    const struct param_row *v;
    size_t n;
};
extern const struct param_rows be_params, nd_params, nic_params;
const struct param_row *param_row_find(const struct param_rows *rows, const char *name);

/* --- Disks --------------------------------------------------------------------------------------
 */

struct disk_param {
    enum disk_template disk_template;
    const char *name;
    enum vtype vtype;
    const char *default_json;
    const char *doc;
};
extern const struct disk_param disk_params[];
extern const size_t disk_params_n;
const struct disk_param *disk_param_find(enum disk_template disk_template, const char *name);

/* What a device on a node gets of a template's parameters. */
struct ld_param {
    enum disk_template device;
    const char *name, *source;
    enum vtype vtype;
};
/* LD_drbd_protocol ...: index of the row in ld_params. */
enum ld_param_id {
#define DISKPARAM(dt, name, vtype, dflt, doc)
#define LDPARAM(ident, dt, name, source, vtype) LD_##ident,
#include "facts/diskparams.def"
#undef DISKPARAM
#undef LDPARAM
};
extern const struct ld_param ld_params[];
extern const size_t ld_params_n;
/* The value that a disk's parameters have for it; NULL if they have none. Borrowed. */
const struct fact_value *ld_value(const struct value_map *params, enum ld_param_id param);

/* --- Defaults as values -------------------------------------------------------------------------
 *
 * Each adds what is missing; true if something was. */
bool hv_params_fill_defaults(enum hypervisor hypervisor, struct value_map *map);
bool disk_params_fill_defaults(enum disk_template disk_template, struct value_map *map);
bool be_params_fill_defaults(struct beparams *params);
bool nd_params_fill_defaults(struct ndparams *params);
bool nic_params_fill_defaults(struct nicparams *params);
bool ipolicy_fill_defaults(struct ipolicy *policy);

#endif
