#include "config.h"

#include "cli-compat/core/params-info.h"

#include <string.h>

#include "base/json.h"
#include "cli-compat/core/info.h"
#include "cli-compat/core/pyrepr.h"
#include "facts/cli.h"

/* NULL for whatever has no such member. */
static const struct json *get(const struct json *object, const char *key)
{
    return json_kind(object) == JSON_OBJECT ? json_get(object, key) : NULL;
}

static bool has(const struct json *object, const char *key)
{
    return json_kind(object) == JSON_OBJECT && json_has(object, key);
}

static size_t list_len(const struct json *list)
{
    return json_kind(list) == JSON_ARRAY ? json_len(list) : 0;
}

static struct info *value_info(const struct json *value)
{
    g_autofree char *text = pyrepr_str(value);

    return info_text(text);
}

static struct info *default_info(const struct json *value)
{
    g_autofree char *text = pyrepr_str(value);

    return info_format("default (%s)", text);
}

struct info *params_info(const struct json *own, const struct json *actual)
{
    struct info *info = info_sorted_map();
    struct json_iter it;

    if (json_kind(actual) != JSON_OBJECT) {
        return info;
    }
    it = json_iter_begin(actual);
    while (json_iter_next(&it)) {
        if (json_kind(it.value) == JSON_OBJECT && json_len(it.value) > 0) {
            info_add(info, it.key, params_info(get(own, it.key), it.value));
        } else if (has(own, it.key)) {
            info_add(info, it.key, value_info(get(own, it.key)));
        } else {
            info_add(info, it.key, default_info(it.value));
        }
    }
    return info;
}

struct info *params_info_grouped(const struct json *params)
{
    struct info *info;
    struct json_iter it;

    if (json_kind(params) != JSON_OBJECT) {
        return value_info(params);
    }
    info = info_sorted_map();
    it = json_iter_begin(params);
    while (json_iter_next(&it)) {
        info_add(info, it.key, params_info_grouped(it.value));
    }
    return info;
}

char *params_comma_join(const struct json *list)
{
    GString *out = g_string_new(NULL);

    for (size_t i = 0; i < list_len(list); i++) {
        g_autofree char *item = pyrepr_str(json_at(list, i));

        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", item);
    }
    return g_string_free(out, FALSE);
}

/* ---- policies ---- */

/* Members of a policy (facts/objects.def: ipolicy, minmax_ispecs). */
static const char minmax_key[] = "minmax";
static const char min_key[] = "min";
static const char max_key[] = "max";
static const char std_key[] = "std";
static const char templates_key[] = "disk-templates";

/* The two ends of a range, in the order of printing (the reference walks a set: either order comes
 * out there). */
static const char *const range_ends[] = {min_key, max_key};
/* Parameters that are plain values, in the order of printing; a set in the reference too. */
static const char *const ratios[] = {"spindle-ratio", "vcpu-ratio"};

/* Sizes of a policy's own have nothing that is a default. */
static struct info *ranges_info(const struct json *own, const struct json *effective)
{
    const struct json *ranges = get(own, minmax_key);
    bool is_own = list_len(ranges) > 0;
    struct info *list = info_list();

    ranges = is_own ? ranges : get(effective, minmax_key);
    for (size_t i = 0; i < list_len(ranges); i++) {
        struct info *range = info_map();

        for (size_t j = 0; j < G_N_ELEMENTS(range_ends); j++) {
            const struct json *specs = get(json_at(ranges, i), range_ends[j]);
            g_autofree char *key = g_strdup_printf("%s/%zu", range_ends[j], i);

            info_add(range, key, params_info(is_own ? specs : NULL, specs));
        }
        info_append(list, range);
    }
    return list;
}

struct info *params_info_policy(const struct json *own, const struct json *effective)
{
    const struct json *all = effective != NULL ? effective : own;
    struct info *info = info_map();
    g_autofree char *templates = NULL;

    info_add(info, "bounds specs", ranges_info(own, all));
    if (effective == NULL) {
        const struct json *std = get(own, std_key);

        info_add(info, std_key, params_info(std, std));
    }
    templates = params_comma_join(get(get(own, templates_key) != NULL ? own : all, templates_key));
    info_add(info, "allowed disk templates",
             get(own, templates_key) != NULL ? info_text(templates)
                                             : info_format("default (%s)", templates));
    for (size_t i = 0; i < G_N_ELEMENTS(ratios); i++) {
        info_add(info, ratios[i],
                 has(own, ratios[i]) ? value_info(get(own, ratios[i]))
                                     : default_info(get(all, ratios[i])));
    }
    return info;
}

static gint compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "key=value,..." sorted by key. */
static void append_specs(GString *out, const struct json *specs)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
    struct json_iter it = json_iter_begin(specs);

    while (json_iter_next(&it)) {
        g_autofree char *value = pyrepr_str(it.value);

        g_ptr_array_add(parts, g_strdup_printf("%s=%s", it.key, value));
    }
    g_ptr_array_sort(parts, compare_texts);
    for (guint i = 0; i < parts->len; i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? "," : "",
                               (const char *)g_ptr_array_index(parts, i));
    }
}

static bool is_filled(const struct json *object)
{
    return json_kind(object) == JSON_OBJECT && json_len(object) > 0;
}

void params_append_policy_options(GString *out, const struct json *policy, bool with_std)
{
    const struct json *std = get(policy, std_key);
    const struct json *ranges = get(policy, minmax_key);
    bool first = true;

    if (with_std && is_filled(std)) {
        g_string_append_printf(out, " %s ", cli_options[CLI_OPT_ipolicy_std_specs].flags);
        append_specs(out, std);
    }
    for (size_t i = 0; i < list_len(ranges); i++) {
        const struct json *min = get(json_at(ranges, i), min_key);
        const struct json *max = get(json_at(ranges, i), max_key);

        if (!is_filled(min) || !is_filled(max)) {
            continue;
        }
        if (first) {
            g_string_append_printf(out, " %s ", cli_options[CLI_OPT_ipolicy_bounds_specs].flags);
        } else {
            g_string_append(out, "//");
        }
        g_string_append_printf(out, "%s:", min_key);
        append_specs(out, min);
        g_string_append_printf(out, "/%s:", max_key);
        append_specs(out, max);
        first = false;
    }
}
