#include "htools/core/types.h"

#include <inttypes.h>

#include "htools/core/print.h"

static const char *const disk_template_names[] = {
#define HT_DISK_TEMPLATE(ident, wire, ...) wire,
#include "facts/htools.def"
    NULL,
};

static const struct {
    const char *shown;
    enum ht_mirror mirror;
    bool movable, evacuable, local;
} disk_templates[] = {
#define HT_DISK_TEMPLATE(ident, wire, shown, mirror, load, n1, local)                              \
    {shown, HT_MIRROR_##mirror, load, n1, local},
#include "facts/htools.def"
};

static const char *const instance_status_names[] = {
#define HT_INSTANCE_STATUS(ident, wire, ...) wire,
#include "facts/htools.def"
    NULL,
};

static const char *const alloc_policy_names[] = {
#define HT_ALLOC_POLICY(ident, wire, shown) wire,
#include "facts/htools.def"
    NULL,
};

static const char *const alloc_policy_shown[] = {
#define HT_ALLOC_POLICY(ident, wire, shown) shown,
#include "facts/htools.def"
};

static const char *const evac_mode_names[] = {
#define HT_EVAC_MODE(ident, wire) wire,
#include "facts/htools.def"
    NULL,
};

static const char *const fail_names[] = {
    "ok",
#define HT_FAIL_MODE(ident, word) word,
#include "facts/htools.def"
};

/* The place of word in names, -1 if it is not there. */
static int parse_word(const char *const *names, const char *word)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], word) == 0) {
            return i;
        }
    }
    return -1;
}

bool ht_disk_template_parse(const char *word, enum ht_disk_template *ret)
{
    int found = parse_word(disk_template_names, word);

    *ret = found < 0 ? HT_DT_DISKLESS : (enum ht_disk_template)found;
    return found >= 0;
}

bool ht_instance_status_parse(const char *word, enum ht_instance_status *ret)
{
    int found = parse_word(instance_status_names, word);

    *ret = found < 0 ? HT_STATUS_DOWN : (enum ht_instance_status)found;
    return found >= 0;
}

bool ht_alloc_policy_parse(const char *word, enum ht_alloc_policy *ret)
{
    int found = parse_word(alloc_policy_names, word);

    *ret = found < 0 ? HT_ALLOC_UNALLOCABLE : (enum ht_alloc_policy)found;
    return found >= 0;
}

bool ht_evac_mode_parse(const char *word, enum ht_evac_mode *ret)
{
    int found = parse_word(evac_mode_names, word);

    *ret = found < 0 ? HT_EVAC_CHANGE_ALL : (enum ht_evac_mode)found;
    return found >= 0;
}

const char *ht_disk_template_name(enum ht_disk_template dt)
{
    return disk_template_names[dt];
}

const char *ht_instance_status_name(enum ht_instance_status status)
{
    return instance_status_names[status];
}

const char *ht_alloc_policy_show(enum ht_alloc_policy policy)
{
    return alloc_policy_shown[policy];
}

const char *ht_alloc_policy_name(enum ht_alloc_policy policy)
{
    return alloc_policy_names[policy];
}

const char *ht_evac_mode_name(enum ht_evac_mode mode)
{
    return evac_mode_names[mode];
}

const char *ht_fail_name(enum ht_fail fail)
{
    return fail_names[fail];
}

enum ht_mirror ht_disk_template_mirror(enum ht_disk_template dt)
{
    return disk_templates[dt].mirror;
}

bool ht_disk_template_local(enum ht_disk_template dt)
{
    return disk_templates[dt].local;
}

bool ht_disk_template_movable(enum ht_disk_template dt)
{
    return disk_templates[dt].movable;
}

bool ht_disk_template_evacuable(enum ht_disk_template dt)
{
    return disk_templates[dt].evacuable;
}

int ht_disk_template_nodes(enum ht_disk_template dt)
{
    return disk_templates[dt].mirror == HT_MIRROR_INTERNAL ? 2 : 1;
}

const struct ht_ipolicy *ht_ipolicy_default(void)
{
    static const struct ht_minmax minmax = {
        .min =
            {
#define HT_ISPEC_MEMBER(member, shown, key, word, min, std, max) .member = (min),
#include "facts/htools.def"
            },
        .max =
            {
#define HT_ISPEC_MEMBER(member, shown, key, word, min, std, max) .member = (max),
#include "facts/htools.def"
            },
    };
    static const enum ht_disk_template all_templates[] = {
#define HT_DISK_TEMPLATE(ident, ...) HT_DT_##ident,
#include "facts/htools.def"
    };
    static const struct ht_ipolicy policy = {
        .minmax = &minmax,
        .n_minmax = 1,
        .std =
            {
#define HT_ISPEC_MEMBER(member, shown, key, word, min, std, max) .member = (std),
#include "facts/htools.def"
            },
        .templates = all_templates,
        .n_templates = HT_DT_COUNT,
#define HT_IPOLICY_RATIO(member, key, word, value) .member = (value),
#include "facts/htools.def"
    };

    return &policy;
}

/* Haskell shows negative numbers inside records with no parentheses: precedence is 0 there. */
static void show_ispec(const struct ht_ispec *spec, GString *out)
{
    const char *separator = "";

    g_string_append(out, "ISpec {");
#define HT_ISPEC_MEMBER(member, shown, key, word, min, std, max)                                   \
    g_string_append_printf(out, "%s" shown " = %" PRId64, separator, spec->member);                \
    separator = ", ";
#include "facts/htools.def"
    g_string_append_c(out, '}');
}

void ht_ipolicy_show(const struct ht_ipolicy *ipolicy, GString *out)
{
    g_string_append(out, "IPolicy {iPolicyMinMaxISpecs = [");
    for (unsigned i = 0; i < ipolicy->n_minmax; i++) {
        g_string_append(out, i == 0 ? "MinMaxISpecs {minMaxISpecsMinSpec = "
                                    : ",MinMaxISpecs {minMaxISpecsMinSpec = ");
        show_ispec(&ipolicy->minmax[i].min, out);
        g_string_append(out, ", minMaxISpecsMaxSpec = ");
        show_ispec(&ipolicy->minmax[i].max, out);
        g_string_append_c(out, '}');
    }
    g_string_append(out, "], iPolicyStdSpec = ");
    show_ispec(&ipolicy->std, out);
    g_string_append(out, ", iPolicyDiskTemplates = [");
    for (unsigned i = 0; i < ipolicy->n_templates; i++) {
        g_string_append_printf(out, "%s%s", i == 0 ? "" : ",",
                               disk_templates[ipolicy->templates[i]].shown);
    }
    g_string_append(out, "], iPolicyVcpuRatio = ");
    ht_append_show_double(out, ipolicy->vcpu_ratio);
    g_string_append(out, ", iPolicySpindleRatio = ");
    ht_append_show_double(out, ipolicy->spindle_ratio);
    g_string_append_c(out, '}');
}

struct ht_algorithm ht_algorithm_default(void)
{
    return (struct ht_algorithm){
        .disk_moves = true,
        .instance_moves = true,
        .min_gain = 1e-2,
        .min_gain_limit = 1e-1,
        .capacity = true,
    };
}
