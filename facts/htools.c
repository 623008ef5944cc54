#include "facts/htools.h"

const struct ht_disk_template_row ht_disk_template_rows[HT_DT_COUNT] = {
#define HT_DISK_TEMPLATE(ident, word, shown, mirror, load, n1, local)                              \
    {word, shown, HT_MIRROR_##mirror, load, n1, local},
#include "facts/htools.def"
};

const struct ht_status_row ht_status_rows[HT_STATUS_COUNT] = {
#define HT_INSTANCE_STATUS(ident, word, running, memory) {word, running, memory},
#include "facts/htools.def"
};

const char *const ht_alloc_policy_words[HT_ALLOC_COUNT] = {
#define HT_ALLOC_POLICY(ident, word, ...) word,
#include "facts/htools.def"
};

const char *const ht_alloc_policy_shown[HT_ALLOC_COUNT] = {
#define HT_ALLOC_POLICY(ident, word, shown) shown,
#include "facts/htools.def"
};

const char *const ht_evac_mode_words[HT_EVAC_COUNT] = {
#define HT_EVAC_MODE(ident, word) word,
#include "facts/htools.def"
};

const char *const ht_request_words[HT_REQUEST_COUNT] = {
#define HT_REQUEST_KIND(ident, word) word,
#include "facts/htools.def"
};

const char *const ht_fail_words[HT_FAIL_END] = {
    "ok",
#define HT_FAIL_MODE(ident, word) word,
#include "facts/htools.def"
};

const struct ht_repair_row ht_repair_rows[HT_REPAIR_TYPES] = {
#define HT_REPAIR(ident, word, shown) {word, shown},
#include "facts/htools.def"
};

const char *const ht_repair_result_words[HT_RESULT_COUNT] = {
#define HT_REPAIR_RESULT(ident, word) word,
#include "facts/htools.def"
};

const struct ht_ispec_row ht_ispec_rows[HT_ISPEC_MEMBERS] = {
#define HT_ISPEC_MEMBER(member, shown, key, word, ...)                                             \
    {offsetof(struct ht_ispec, member), shown, key, word},
#include "facts/htools.def"
};

const struct ht_ispec ht_ispec_default_min = {
#define HT_ISPEC_MEMBER(member, shown, key, word, min, std, max) .member = (min),
#include "facts/htools.def"
};

const struct ht_ispec ht_ispec_default_std = {
#define HT_ISPEC_MEMBER(member, shown, key, word, min, std, max) .member = (std),
#include "facts/htools.def"
};

const struct ht_ispec ht_ispec_default_max = {
#define HT_ISPEC_MEMBER(member, shown, key, word, min, std, max) .member = (max),
#include "facts/htools.def"
};

const struct ht_ratio_row ht_ratio_rows[HT_RATIO_COUNT] = {
#define HT_IPOLICY_RATIO(member, key, word, value) {key, word, value},
#include "facts/htools.def"
};

#define HT_IF_DEV(ident) HT_COL_##ident
#define HT_IF_SUM(ident) -1
#define HT_IF_OFF(ident) -1
#define HT_IF_MAP(ident) -1
const struct ht_metric_row ht_metric_rows[HT_METRIC_COUNT] = {
#define HT_METRIC(ident, name, weight, kind) {name, weight, HT_IF_##kind(ident)},
#include "facts/htools.def"
};

const char *const ht_tag_prefixes[HT_TAG_COUNT] = {
#define HT_TAG_PREFIX(ident, prefix) prefix,
#include "facts/htools.def"
};
