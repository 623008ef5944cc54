#include "config.h"

#include "cli-compat/core/op-options.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/parse.h"
#include "base/text.h"
#include "cli-compat/core/submit.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

/* ---- forms ---- */

static struct json *split(const char *text, bool escaped)
{
    g_auto(GStrv) words = escaped ? text_split_escaped(text, ',') : g_strsplit(text, ",", -1);
    struct json *list = json_new_array();

    for (size_t i = 0; words[i] != NULL; i++) {
        json_append(list, json_new_string(words[i]));
    }
    return list;
}

static struct json *dict_of(const struct json *pairs, bool tree)
{
    struct json *dict = json_new_object();

    for (size_t i = 0; json_kind(pairs) == JSON_ARRAY && i < json_len(pairs); i++) {
        const struct json *pair = json_at(pairs, i);
        g_auto(GStrv) parts = g_strsplit(json_string(json_at(pair, 0)), "/", tree ? 2 : 1);
        struct json *values = json_copy(json_at(pair, 1));

        if (parts[0] == NULL || parts[1] == NULL) {
            json_set(dict, parts[0] != NULL ? parts[0] : "", values);
            continue;
        }
        if (json_kind(json_get(dict, parts[0])) != JSON_OBJECT) {
            json_set(dict, parts[0], json_new_object());
        }
        json_set(json_get(dict, parts[0]), parts[1], values);
    }
    return dict;
}

struct json *option_json(struct cli_run *run, enum cli_option_id option, enum option_form form)
{
    const struct json *given = command_line_json(run->line, option);

    if (given == NULL) {
        return NULL;
    }
    switch (form) {
    case OPTION_AS_IT_IS:
        return json_ref((struct json *)given);
    case OPTION_LIST:
    case OPTION_WORDS:
        return split(json_string(given), form == OPTION_WORDS);
    case OPTION_DICT:
    case OPTION_TREE:
        return dict_of(given, form == OPTION_TREE);
    }
    g_return_val_if_reached(NULL);
}

/* ---- parameters ---- */

bool options_to_params(struct cli_run *run, struct opcode *op, const struct option_param *rows,
                       size_t n, GError **errp)
{
    for (size_t i = 0; i < n; i++) {
        const struct fact_member *member = fact_object_find(op->row->params, rows[i].param);
        CLEANUP(json_unrefp) struct json *value = option_json(run, rows[i].option, rows[i].form);

        /* A level that lacks the parameter lacks the option too. */
        if (member != NULL && !submit_set_json(op, member->offset, value, errp)) {
            return false;
        }
    }
    return true;
}

bool options_any_given(struct cli_run *run, const struct option_param *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct json *value = command_line_json(run->line, rows[i].option);
        enum json_kind kind = json_kind(value);

        if (value != NULL && ((kind != JSON_ARRAY && kind != JSON_OBJECT) || json_len(value) > 0)) {
            return true;
        }
    }
    return false;
}

void options_missing(struct cli_run *run)
{
    run_warn(run, "Please give at least one of the parameters.");
    run->exit_code = C_EXIT_FAILURE;
}

/* ---- instance policies ---- */

static bool parse_amount(const char *name, const char *text, int64_t *ret)
{
    return g_str_has_suffix(name, "-size") ? parse_size_mib(text, ret, NULL)
                                           : parse_int64(text, INT64_MIN, INT64_MAX, ret, NULL);
}

static struct json *parse_spec(const struct json *given, const char *what, bool whole,
                               GError **errp)
{
    CLEANUP(json_unrefp) struct json *spec = json_new_object();
    struct json_iter it = json_iter_begin(given);

    while (json_iter_next(&it)) {
        const char *text = json_kind(it.value) == JSON_STRING ? json_string(it.value) : "";
        int64_t amount;

        if (fact_object_find(&fact_object_ispec, it.key) == NULL) {
            err_set(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE, "%s: there is no '%s' in an instance",
                    what, it.key);
            return NULL;
        }
        if (!parse_amount(it.key, text, &amount)) {
            err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "%s: %s cannot be '%s'", what, it.key, text);
            return NULL;
        }
        json_set(spec, it.key, json_new_int(amount));
    }
    for (size_t i = 0; whole && i < fact_object_ispec.n_members; i++) {
        if (!json_has(spec, fact_object_ispec.members[i].name)) {
            err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "%s: %s is missing", what,
                    fact_object_ispec.members[i].name);
            return NULL;
        }
    }
    return g_steal_pointer(&spec);
}

static struct json *parse_range(const struct json *given, GError **errp)
{
    CLEANUP(json_unrefp) struct json *range = json_new_object();
    struct json_iter it = json_iter_begin(given);

    while (json_iter_next(&it)) {
        struct json *spec = NULL;

        if (fact_object_find(&fact_object_minmax_ispecs, it.key) == NULL) {
            err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "Limits of instances are min and max, not %s",
                    it.key);
            return NULL;
        }
        spec = parse_spec(it.value, it.key, true, errp);
        if (spec == NULL) {
            return NULL;
        }
        json_set(range, it.key, spec);
    }
    return g_steal_pointer(&range);
}

/* [{"default": {}}] */
static bool is_default(const struct json *ranges)
{
    const struct json *only = json_len(ranges) == 1 ? json_at(ranges, 0) : NULL;
    const struct json *inner = json_kind(only) == JSON_OBJECT && json_len(only) == 1
                                   ? json_get(only, C_VALUE_DEFAULT)
                                   : NULL;

    return json_kind(inner) == JSON_OBJECT && json_len(inner) == 0;
}

static struct json *parse_ranges(const struct json *given, bool may_unset, GError **errp)
{
    CLEANUP(json_unrefp) struct json *ranges = json_new_array();

    if (may_unset && is_default(given)) {
        return json_new_string(C_VALUE_DEFAULT);
    }
    for (size_t i = 0; i < json_len(given); i++) {
        struct json *range = parse_range(json_at(given, i), errp);

        if (range == NULL) {
            return NULL;
        }
        json_append(ranges, range);
    }
    return g_steal_pointer(&ranges);
}

/* Not all commands have all of these options. */
static const struct json *policy_part(struct cli_run *run, enum cli_option_id option)
{
    return command_line_has(run->line, option) ? command_line_json(run->line, option) : NULL;
}

struct json *option_policy(struct cli_run *run, bool may_unset, GError **errp)
{
    static const struct {
        enum cli_option_id option;
        const char *key;
    } plain[] = {
        {CLI_OPT_ipolicy_disk_templates, "disk-templates"},
        {CLI_OPT_ipolicy_vcpu_ratio, "vcpu-ratio"},
        {CLI_OPT_ipolicy_spindle_ratio, "spindle-ratio"},
    };
    CLEANUP(json_unrefp) struct json *policy = json_new_object();
    const struct json *bounds = policy_part(run, CLI_OPT_ipolicy_bounds_specs);
    const struct json *std = policy_part(run, CLI_OPT_ipolicy_std_specs);

    if (bounds != NULL) {
        struct json *ranges = parse_ranges(bounds, may_unset, errp);

        if (ranges == NULL) {
            return NULL;
        }
        json_set(policy, "minmax", ranges);
    }
    if (std != NULL) {
        struct json *spec = parse_spec(std, "std", false, errp);

        if (spec == NULL) {
            return NULL;
        }
        json_set(policy, "std", spec);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(plain); i++) {
        const struct json *value = policy_part(run, plain[i].option);

        if (value != NULL) {
            json_set(policy, plain[i].key, json_ref((struct json *)value));
        }
    }
    return g_steal_pointer(&policy);
}

/* ---- user IDs ---- */

struct range {
    int64_t first, last;
};

static int compare_ranges(const void *a, const void *b)
{
    const struct range *x = a, *y = b;

    if (x->first != y->first) {
        return x->first < y->first ? -1 : 1;
    }
    return (x->last > y->last) - (x->last < y->last);
}

static bool parse_range_of_ids(const char *text, struct range *ret, GError **errp)
{
    g_auto(GStrv) ends = g_strsplit(text, "-", -1);
    guint n = g_strv_length(ends);

    if (n < 1 || n > 2 || !parse_int64(ends[0], 0, INT64_MAX, &ret->first, NULL) ||
        !parse_int64(ends[n - 1], 0, INT64_MAX, &ret->last, NULL)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "'%s' is no range of user IDs such as 1000-1999 or 3000", text);
    }
    return true;
}

struct json *option_uids(const char *text, GError **errp)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(struct range));
    struct json *list;

    for (size_t i = 0; parts[i] != NULL; i++) {
        struct range range;

        if (*parts[i] == '\0') {
            continue;
        }
        if (!parse_range_of_ids(parts[i], &range, errp)) {
            return NULL;
        }
        g_array_append_val(ranges, range);
    }
    g_array_sort(ranges, compare_ranges);
    list = json_new_array();
    for (guint i = 0; i < ranges->len; i++) {
        const struct range *range = &g_array_index(ranges, struct range, i);

        json_append(list, run_list(2, json_new_int(range->first), json_new_int(range->last)));
    }
    return list;
}
