#include "htools/core/types.h"

#include <inttypes.h>

#include "htools/core/print.h"

#define PARSE(word, count, text_of, start, ret)                                                    \
    for (int i = 0; i < (count); i++) {                                                            \
        if (strcmp(text_of, word) == 0) {                                                          \
            *(ret) = i;                                                                            \
            return true;                                                                           \
        }                                                                                          \
    }                                                                                              \
    *(ret) = (start);                                                                              \
    return false

bool ht_disk_template_parse(const char *word, enum ht_disk_template *ret)
{
    PARSE(word, HT_DT_COUNT, ht_disk_template_rows[i].word, HT_DT_DISKLESS, ret);
}

bool ht_instance_status_parse(const char *word, enum ht_instance_status *ret)
{
    PARSE(word, HT_STATUS_COUNT, ht_status_rows[i].word, HT_STATUS_DOWN, ret);
}

bool ht_alloc_policy_parse(const char *word, enum ht_alloc_policy *ret)
{
    PARSE(word, HT_ALLOC_COUNT, ht_alloc_policy_words[i], HT_ALLOC_UNALLOCABLE, ret);
}

bool ht_evac_mode_parse(const char *word, enum ht_evac_mode *ret)
{
    PARSE(word, HT_EVAC_COUNT, ht_evac_mode_words[i], HT_EVAC_CHANGE_ALL, ret);
}

bool ht_repair_type_parse(const char *word, enum ht_repair_type *ret)
{
    PARSE(word, HT_REPAIR_TYPES, ht_repair_rows[i].word, HT_REPAIR_FIX_STORAGE, ret);
}

bool ht_repair_result_parse(const char *word, enum ht_repair_result *ret)
{
    PARSE(word, HT_RESULT_COUNT, ht_repair_result_words[i], HT_RESULT_FAILURE, ret);
}

const char *ht_disk_template_name(enum ht_disk_template dt)
{
    return ht_disk_template_rows[dt].word;
}

const char *ht_instance_status_name(enum ht_instance_status status)
{
    return ht_status_rows[status].word;
}

const char *ht_alloc_policy_show(enum ht_alloc_policy policy)
{
    return ht_alloc_policy_shown[policy];
}

const char *ht_alloc_policy_name(enum ht_alloc_policy policy)
{
    return ht_alloc_policy_words[policy];
}

const char *ht_evac_mode_name(enum ht_evac_mode mode)
{
    return ht_evac_mode_words[mode];
}

const char *ht_fail_name(enum ht_fail fail)
{
    return ht_fail_words[fail];
}

enum ht_mirror ht_disk_template_mirror(enum ht_disk_template dt)
{
    return ht_disk_template_rows[dt].mirror;
}

bool ht_disk_template_local(enum ht_disk_template dt)
{
    return ht_disk_template_rows[dt].local;
}

bool ht_disk_template_movable(enum ht_disk_template dt)
{
    return ht_disk_template_rows[dt].movable;
}

bool ht_disk_template_evacuable(enum ht_disk_template dt)
{
    return ht_disk_template_rows[dt].evacuable;
}

int ht_disk_template_nodes(enum ht_disk_template dt)
{
    return ht_disk_template_rows[dt].mirror == HT_MIRROR_INTERNAL ? 2 : 1;
}

const struct ht_ipolicy *ht_ipolicy_default(void)
{
    static enum ht_disk_template all_templates[HT_DT_COUNT];
    static struct ht_minmax minmax;
    static struct ht_ipolicy policy = {.n_minmax = 1, .n_templates = HT_DT_COUNT};

    if (policy.minmax == NULL) {
        for (int i = 0; i < HT_DT_COUNT; i++) {
            all_templates[i] = (enum ht_disk_template)i;
        }
        minmax.min = ht_ispec_default_min;
        minmax.max = ht_ispec_default_max;
        policy.std = ht_ispec_default_std;
        policy.vcpu_ratio = ht_ratio_rows[HT_RATIO_vcpu_ratio].value;
        policy.spindle_ratio = ht_ratio_rows[HT_RATIO_spindle_ratio].value;
        policy.templates = all_templates;
        policy.minmax = &minmax;
    }
    return &policy;
}

/* Haskell shows negative numbers inside records with no parentheses: precedence is 0 there. */
static void show_ispec(const struct ht_ispec *spec, GString *out)
{
    g_string_append(out, "ISpec {");
    for (int i = 0; i < HT_ISPEC_MEMBERS; i++) {
        const struct ht_ispec_row *row = &ht_ispec_rows[i];

        g_string_append_printf(out, "%s%s = %" PRId64, i == 0 ? "" : ", ", row->shown,
                               ht_ispec_value(spec, row));
    }
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
                               ht_disk_template_rows[ipolicy->templates[i]].shown);
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
