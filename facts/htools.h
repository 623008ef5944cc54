/* The rows of facts/htools.def as enumerations and tables: what the planning tools know of the
 * world. The model built on them is htools/core. */
#ifndef GANTRY_FACTS_HTOOLS_H
#define GANTRY_FACTS_HTOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ht_mirror { HT_MIRROR_NONE, HT_MIRROR_INTERNAL, HT_MIRROR_EXTERNAL };

enum ht_disk_template {
#define HT_DISK_TEMPLATE(ident, ...) HT_DT_##ident,
#include "facts/htools.def"
    HT_DT_COUNT
};

struct ht_disk_template_row {
    const char *word, *shown;
    enum ht_mirror mirror;
    bool movable;   /* at all */
    bool evacuable; /* can be brought up elsewhere when its node is dead */
    bool local;     /* takes space from the node's volume group */
};
extern const struct ht_disk_template_row ht_disk_template_rows[HT_DT_COUNT];

enum ht_instance_status {
#define HT_INSTANCE_STATUS(ident, ...) HT_STATUS_##ident,
#include "facts/htools.def"
    HT_STATUS_COUNT
};

struct ht_status_row {
    const char *word;
    bool running, uses_memory;
};
extern const struct ht_status_row ht_status_rows[HT_STATUS_COUNT];

/* The order is the order of preference. */
enum ht_alloc_policy {
#define HT_ALLOC_POLICY(ident, ...) HT_ALLOC_##ident,
#include "facts/htools.def"
    HT_ALLOC_COUNT
};
extern const char *const ht_alloc_policy_words[HT_ALLOC_COUNT];
extern const char *const ht_alloc_policy_shown[HT_ALLOC_COUNT]; /* in `show` texts */

enum ht_evac_mode {
#define HT_EVAC_MODE(ident, ...) HT_EVAC_##ident,
#include "facts/htools.def"
    HT_EVAC_COUNT
};
extern const char *const ht_evac_mode_words[HT_EVAC_COUNT];

enum ht_request_kind {
#define HT_REQUEST_KIND(ident, ...) HT_REQUEST_##ident,
#include "facts/htools.def"
};
/* Not one of them, so that a switch can name them all. */
enum {
    HT_REQUEST_COUNT = 0
#define HT_REQUEST_KIND(...) +1
#include "facts/htools.def"
};
extern const char *const ht_request_words[HT_REQUEST_COUNT];

/* Why something does not fit. HT_OK is 0, so that `if (fail)` reads well. */
enum ht_fail {
    HT_OK = 0,
#define HT_FAIL_MODE(ident, ...) HT_FAIL_##ident,
#include "facts/htools.def"
    HT_FAIL_END
};
enum { HT_FAIL_COUNT = HT_FAIL_END - 1 };
extern const char *const ht_fail_words[HT_FAIL_END];

/* The automatic repairs that tags allow (harep), the mildest first. */
enum ht_repair_type {
#define HT_REPAIR(ident, ...) HT_REPAIR_##ident,
#include "facts/htools.def"
    HT_REPAIR_TYPES
};
struct ht_repair_row {
    const char *word, *shown; /* in tags, in messages */
};
extern const struct ht_repair_row ht_repair_rows[HT_REPAIR_TYPES];

enum ht_repair_result {
#define HT_REPAIR_RESULT(ident, ...) HT_RESULT_##ident,
#include "facts/htools.def"
    HT_RESULT_COUNT
};
extern const char *const ht_repair_result_words[HT_RESULT_COUNT];

/* A specification of an instance's size, as in a policy. disk_size is the size of each disk. */
struct ht_ispec {
#define HT_ISPEC_MEMBER(member, ...) int64_t member;
#include "facts/htools.def"
};
struct ht_ispec_row {
    size_t offset;
    const char *shown, *key, *word; /* in `show` texts, in JSON, in errors of text files */
};
enum { HT_ISPEC_MEMBERS = sizeof(struct ht_ispec) / sizeof(int64_t) };
/* In the order of text files. */
extern const struct ht_ispec_row ht_ispec_rows[HT_ISPEC_MEMBERS];
extern const struct ht_ispec ht_ispec_default_min, ht_ispec_default_std, ht_ispec_default_max;

static inline int64_t *ht_ispec_member(struct ht_ispec *spec, const struct ht_ispec_row *row)
{
    return (int64_t *)((char *)spec + row->offset);
}

static inline int64_t ht_ispec_value(const struct ht_ispec *spec, const struct ht_ispec_row *row)
{
    return *(const int64_t *)((const char *)spec + row->offset);
}

enum ht_ratio {
#define HT_IPOLICY_RATIO(member, ...) HT_RATIO_##member,
#include "facts/htools.def"
    HT_RATIO_COUNT
};
struct ht_ratio_row {
    const char *key, *word;
    double value; /* default */
};
extern const struct ht_ratio_row ht_ratio_rows[HT_RATIO_COUNT];

enum ht_metric {
#define HT_METRIC(ident, ...) HT_METRIC_##ident,
#include "facts/htools.def"
    HT_METRIC_COUNT
};

/* The metrics that are standard deviations have a column each in rows of numbers. */
#define HT_IF_DEV(ident) HT_COL_##ident,
#define HT_IF_SUM(ident)
#define HT_IF_OFF(ident)
#define HT_IF_MAP(ident)
enum ht_column {
#define HT_METRIC(ident, name, weight, kind) HT_IF_##kind(ident)
#include "facts/htools.def"
    HT_COL_COUNT
};
#undef HT_IF_DEV
#undef HT_IF_SUM
#undef HT_IF_OFF
#undef HT_IF_MAP

struct ht_metric_row {
    const char *name;
    double weight;
    int column; /* -1: not a standard deviation */
};
extern const struct ht_metric_row ht_metric_rows[HT_METRIC_COUNT];

enum ht_tag_prefix {
#define HT_TAG_PREFIX(ident, prefix) HT_TAG_##ident,
#include "facts/htools.def"
    HT_TAG_COUNT
};
extern const char *const ht_tag_prefixes[HT_TAG_COUNT];

#endif
