#include "config.h"

#include "luxi/query/filter.h"

#include <math.h>
#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/errors.h"

/* ---- reading ---- */

static void free_part(gpointer part)
{
    query_filter_free(part);
}

void query_filter_free(struct query_filter *filter)
{
    if (filter->parts != NULL) {
        g_ptr_array_free(filter->parts, TRUE);
    }
    if (filter->regex != NULL) {
        g_regex_unref(filter->regex);
    }
    json_unref(filter->source);
    g_free(filter);
}

static bool fail_shape(const struct json *json, const char *expected, GError **errp)
{
    g_autofree char *text = json_to_string(json, JSON_COMPACT);

    return err_fail(errp, ERR_PARSE, ECODE_NONE, "filter %s: expected %s", text, expected);
}

static bool read_parts(struct query_filter *filter, const struct json *json, GError **errp)
{
    filter->parts = g_ptr_array_new_with_free_func(free_part);
    for (size_t i = 1; i < json_len(json); i++) {
        struct query_filter *part = NULL;

        if (!query_filter_parse(json_at(json, i), &part, errp)) {
            return false;
        }
        if (part == NULL) {
            /* An empty filter inside another one always holds, as an "and" of nothing does. */
            part = g_new0(struct query_filter, 1);
            part->op = QUERY_OP_AND;
            part->parts = g_ptr_array_new_with_free_func(free_part);
        }
        g_ptr_array_add(filter->parts, part);
    }
    if (filter->op == QUERY_OP_NOT && filter->parts->len != 1) {
        return fail_shape(json, "one filter behind the operator", errp);
    }
    return true;
}

static bool read_operand(struct query_filter *filter, const struct json *json,
                         const struct json *value, GError **errp)
{
    if (json_kind(value) == JSON_STRING) {
        filter->operand.text = json_string(value);
        return true;
    }
    if (json_kind(value) != JSON_INT && json_kind(value) != JSON_FLOAT) {
        return fail_shape(json, "a text or a whole number as value", errp);
    }
    filter->operand.number = json_double(value);
    if (floor(filter->operand.number) != filter->operand.number) {
        return fail_shape(json, "a whole number, not a fraction", errp);
    }
    return true;
}

static bool read_regex(struct query_filter *filter, const struct json *json,
                       const struct json *value, GError **errp)
{
    if (json_kind(value) != JSON_STRING) {
        return fail_shape(json, "a regular expression as value", errp);
    }
    filter->regex = g_regex_new(json_string(value), G_REGEX_OPTIMIZE, 0, errp);
    if (filter->regex == NULL) {
        err_wrap(errp, ERR_PARSE, ECODE_NONE);
        return false;
    }
    return true;
}

static bool read_leaf(struct query_filter *filter, const struct json *json, GError **errp)
{
    size_t n = filter->op == QUERY_OP_TRUE ? 2 : 3;

    if (json_len(json) != n || json_kind(json_at(json, 1)) != JSON_STRING) {
        return fail_shape(
            json, n == 2 ? "a field name behind the operator" : "a field name and a value", errp);
    }
    filter->field = json_string(json_at(json, 1));
    if (n == 2) {
        return true;
    }
    if (filter->op == QUERY_OP_REGEXP) {
        return read_regex(filter, json, json_at(json, 2), errp);
    }
    return read_operand(filter, json, json_at(json, 2), errp);
}

/* Turns "!= f v" into "not (== f v)" and "=" into "==". */
static struct query_filter *normalise(struct query_filter *filter)
{
    struct query_filter *outer;

    if (filter->op == QUERY_OP_EQUAL_OLD) {
        filter->op = QUERY_OP_EQUAL;
    }
    if (filter->op != QUERY_OP_NOT_EQUAL) {
        return filter;
    }
    filter->op = QUERY_OP_EQUAL;
    outer = g_new0(struct query_filter, 1);
    outer->op = QUERY_OP_NOT;
    outer->parts = g_ptr_array_new_with_free_func(free_part);
    g_ptr_array_add(outer->parts, filter);
    return outer;
}

bool query_filter_parse(struct json *json, struct query_filter **ret_filter, GError **errp)
{
    CLEANUP(query_filter_freep) struct query_filter *filter = NULL;
    int op;
    bool good;

    *ret_filter = NULL;
    if (json == NULL) {
        return true;
    }
    if (json_kind(json) != JSON_ARRAY || json_len(json) == 0 ||
        json_kind(json_at(json, 0)) != JSON_STRING) {
        return fail_shape(json, "a list that begins with an operator", errp);
    }
    op = fact_enum_find(&fact_enum_query_op, json_string(json_at(json, 0)));
    if (op < 0) {
        return err_fail(errp, ERR_PARSE, ECODE_NONE, "unknown filter operator '%s'",
                        json_string(json_at(json, 0)));
    }
    filter = g_new0(struct query_filter, 1);
    filter->op = (enum query_op)op;
    filter->source = json_ref(json);
    good = op == QUERY_OP_AND || op == QUERY_OP_OR || op == QUERY_OP_NOT
               ? read_parts(filter, json, errp)
               : read_leaf(filter, json, errp);
    if (!good) {
        return false;
    }
    *ret_filter = normalise(g_steal_pointer(&filter));
    return true;
}

void query_filter_walk(struct query_filter *filter,
                       void (*visit)(struct query_filter *leaf, void *data), void *data)
{
    if (filter == NULL) {
        return;
    }
    if (filter->parts == NULL) {
        visit(filter, data);
        return;
    }
    for (guint i = 0; i < filter->parts->len; i++) {
        query_filter_walk(g_ptr_array_index(filter->parts, i), visit, data);
    }
}

static bool collect_names(const struct query_filter *filter, const char *name_field, GArray *names)
{
    if (filter->op == QUERY_OP_EQUAL && strcmp(filter->field, name_field) == 0) {
        g_array_append_val(names, filter->operand);
        return true;
    }
    /* An empty "and" stands for an empty filter inside; it names nothing. */
    if (filter->op != QUERY_OP_OR && !(filter->op == QUERY_OP_AND && filter->source == NULL)) {
        return false;
    }
    for (guint i = 0; i < filter->parts->len; i++) {
        if (!collect_names(g_ptr_array_index(filter->parts, i), name_field, names)) {
            return false;
        }
    }
    return true;
}

GArray *query_filter_names(const struct query_filter *filter, const char *name_field)
{
    GArray *names = g_array_new(FALSE, FALSE, sizeof(struct query_operand));

    if (filter != NULL && !collect_names(filter, name_field, names)) {
        g_array_free(names, TRUE);
        return NULL;
    }
    return names;
}

/* ---- matching ---- */

enum outcome {
    OUTCOME_NO,
    OUTCOME_YES,
    OUTCOME_OPEN, /* needs live data that is not there */
    OUTCOME_ERROR,
};

static enum outcome as_outcome(bool yes)
{
    return yes ? OUTCOME_YES : OUTCOME_NO;
}

/* The reference's class for a list that is none differs from that of all other operators. */
static enum outcome bad_types(const struct query_filter *leaf, const struct json *actual,
                              GError **errp)
{
    g_autofree char *text = json_to_string(actual, JSON_COMPACT);

    err_set(errp, leaf->op == QUERY_OP_CONTAINS ? ERR_GENERIC : ERR_PARAMETER, ECODE_NONE,
            "field '%s' has the value %s, which operator %s cannot take", leaf->field, text,
            fact_enum_query_op.words[leaf->op]);
    return OUTCOME_ERROR;
}

/* The sign of left compared with right. */
static bool holds(enum query_op op, int order)
{
    switch (op) {
    case QUERY_OP_LESS:
        return order < 0;
    case QUERY_OP_LESS_EQUAL:
        return order <= 0;
    case QUERY_OP_GREATER:
        return order > 0;
    case QUERY_OP_GREATER_EQUAL:
        return order >= 0;
    default:
        return order == 0;
    }
}

/* Whether `name` is `full` or `full` without some of its domain (compareNameComponent). */
static bool same_host(const char *full, const char *name)
{
    size_t n = strlen(name);

    return strncmp(full, name, n) == 0 && (full[n] == '\0' || full[n] == '.');
}

static enum outcome compare_value(const struct query_filter *leaf, const struct json *actual,
                                  GError **errp)
{
    const struct query_operand *operand = &leaf->operand;
    enum json_kind kind = json_kind(actual);

    if ((leaf->flags & QF_SPLIT_TIMESTAMP) != 0 && kind == JSON_ARRAY && json_len(actual) == 2) {
        actual = json_at(actual, 0);
        kind = json_kind(actual);
    }
    if (kind == JSON_STRING && operand->text != NULL) {
        if ((leaf->flags & QF_HOSTNAME) != 0 && leaf->op == QUERY_OP_EQUAL) {
            return as_outcome(same_host(json_string(actual), operand->text));
        }
        return as_outcome(holds(leaf->op, strcmp(json_string(actual), operand->text)));
    }
    if ((kind == JSON_INT || kind == JSON_FLOAT) && operand->text == NULL) {
        double left = json_double(actual);

        return as_outcome(holds(leaf->op, (left > operand->number) - (left < operand->number)));
    }
    return bad_types(leaf, actual, errp);
}

static enum outcome contains(const struct query_filter *leaf, const struct json *actual,
                             GError **errp)
{
    enum json_kind wanted = leaf->operand.text != NULL ? JSON_STRING : JSON_INT;

    if (json_kind(actual) != JSON_ARRAY) {
        return bad_types(leaf, actual, errp);
    }
    for (size_t i = 0; i < json_len(actual); i++) {
        if (json_kind(json_at(actual, i)) != wanted) {
            return bad_types(leaf, actual, errp);
        }
    }
    for (size_t i = 0; i < json_len(actual); i++) {
        const struct json *item = json_at(actual, i);

        if (wanted == JSON_STRING ? strcmp(json_string(item), leaf->operand.text) == 0
                                  : (double)json_int(item) == leaf->operand.number) {
            return OUTCOME_YES;
        }
    }
    return OUTCOME_NO;
}

static enum outcome match_json(const struct query_filter *leaf, const struct json *actual,
                               GError **errp)
{
    switch (leaf->op) {
    case QUERY_OP_TRUE:
        return json_kind(actual) == JSON_BOOL ? as_outcome(json_boolean(actual))
                                              : bad_types(leaf, actual, errp);
    case QUERY_OP_REGEXP:
        return json_kind(actual) == JSON_STRING
                   ? as_outcome(g_regex_match(leaf->regex, json_string(actual), 0, NULL))
                   : bad_types(leaf, actual, errp);
    case QUERY_OP_CONTAINS:
        return contains(leaf, actual, errp);
    default:
        return compare_value(leaf, actual, errp);
    }
}

/* The case that lists with many items meet: a text compared with a text, without a tree in between.
 */
static bool match_text(const struct query_filter *leaf, const struct query_value *value,
                       enum outcome *ret)
{
    const char *text = value->form == QUERY_FORM_TEXT     ? value->text
                       : value->form == QUERY_FORM_STRING ? value->string
                                                          : NULL;

    if (text == NULL) {
        return false;
    }
    if (leaf->op == QUERY_OP_REGEXP) {
        *ret = as_outcome(g_regex_match(leaf->regex, text, 0, NULL));
        return true;
    }
    if (leaf->operand.text == NULL || leaf->op == QUERY_OP_TRUE || leaf->op == QUERY_OP_CONTAINS) {
        return false;
    }
    *ret = as_outcome((leaf->flags & QF_HOSTNAME) != 0 && leaf->op == QUERY_OP_EQUAL
                          ? same_host(text, leaf->operand.text)
                          : holds(leaf->op, strcmp(text, leaf->operand.text)));
    return true;
}

static enum outcome match_leaf(const struct query_filter *leaf,
                               const struct query_filter_item *item, GError **errp)
{
    struct query_value value = {0};
    enum outcome outcome;

    if (!item->value(item, leaf->column, &value)) {
        return OUTCOME_OPEN;
    }
    if (value.status != QF_NORMAL) {
        outcome = OUTCOME_YES;
    } else if (!match_text(leaf, &value, &outcome)) {
        CLEANUP(json_unrefp) struct json *json = query_value_to_json(&value);

        outcome = match_json(leaf, json, errp);
    }
    query_value_clear(&value);
    return outcome;
}

static enum outcome match(const struct query_filter *filter, const struct query_filter_item *item,
                          GError **errp)
{
    enum outcome stop = filter->op == QUERY_OP_OR ? OUTCOME_YES : OUTCOME_NO;
    enum outcome outcome;

    if (filter->parts == NULL) {
        return match_leaf(filter, item, errp);
    }
    if (filter->op == QUERY_OP_NOT) {
        outcome = match(g_ptr_array_index(filter->parts, 0), item, errp);
        return outcome == OUTCOME_YES ? OUTCOME_NO : outcome == OUTCOME_NO ? OUTCOME_YES : outcome;
    }
    for (guint i = 0; i < filter->parts->len; i++) {
        outcome = match(g_ptr_array_index(filter->parts, i), item, errp);
        if (outcome == stop || outcome == OUTCOME_OPEN || outcome == OUTCOME_ERROR) {
            return outcome;
        }
    }
    return stop == OUTCOME_YES ? OUTCOME_NO : OUTCOME_YES;
}

bool query_filter_match(const struct query_filter *filter, const struct query_filter_item *item,
                        bool *ret_match, GError **errp)
{
    enum outcome outcome = filter == NULL ? OUTCOME_YES : match(filter, item, errp);

    *ret_match = outcome == OUTCOME_YES || outcome == OUTCOME_OPEN;
    return outcome != OUTCOME_ERROR;
}
