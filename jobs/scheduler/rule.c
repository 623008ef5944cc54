#include "config.h"

#include "jobs/scheduler/rule.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/opcode.h"
#include "luxi/query/filter.h"

/* ---- subjects ---- */

static void free_json(gpointer value)
{
    json_unref(value);
}

static void clear_step(gpointer step)
{
    fact_object_clear(&fact_object_reason_step, step);
}

/* The opcode's own parameters as the reference's filters see them. */
static struct json *own_parameters(const struct opcode *op)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *json = NULL;

    opcode_encode(op, OPCODE_SUBMITTED, &w);
    if (!json_parse(text->str, (gssize)text->len, &json, NULL)) {
        g_assert_not_reached(); /* written right here */
    }
    for (size_t i = 0; i < fact_object_op_common.n_members; i++) {
        json_remove(json, fact_object_op_common.members[i].name);
    }
    return json;
}

struct rule_subject *rule_subject_new(const struct queued_job *job)
{
    struct rule_subject *subject = g_new0(struct rule_subject, 1);

    subject->id = job->id;
    subject->ops = g_ptr_array_new_with_free_func(free_json);
    subject->reasons = g_array_new(FALSE, TRUE, sizeof(struct reason_step));
    g_array_set_clear_func(subject->reasons, clear_step);
    for (size_t i = 0; i < job->ops.n; i++) {
        CLEANUP(opcode_freep) struct opcode *op = opcode_decode(job->ops.v[i].input, NULL, NULL);

        if (op == NULL) {
            continue;
        }
        g_ptr_array_add(subject->ops, own_parameters(op));
        for (size_t r = 0; r < op->common->reason.n; r++) {
            struct reason_step step = {0};

            fact_object_copy_at(&fact_object_reason_step, &step, &op->common->reason.v[r]);
            g_array_append_val(subject->reasons, step);
        }
    }
    return subject;
}

void rule_subject_free(struct rule_subject *subject)
{
    g_ptr_array_free(subject->ops, TRUE);
    g_array_free(subject->reasons, TRUE);
    g_free(subject);
}

/* ---- filters ---- */

/* As in the reference's monads: what cannot be compared ends the whole filter, which then does not
 * match, negated or not. */
enum verdict {
    VERDICT_NO,
    VERDICT_YES,
    VERDICT_INVALID,
};

typedef enum verdict leaf_judge(const struct query_filter *leaf, const void *what);

static enum verdict judge(const struct query_filter *filter, leaf_judge *leaf, const void *what)
{
    enum verdict stop;

    if (filter == NULL) {
        return VERDICT_YES;
    }
    if (filter->parts == NULL) {
        return leaf(filter, what);
    }
    if (filter->op == QUERY_OP_NOT) {
        enum verdict inner = judge(g_ptr_array_index(filter->parts, 0), leaf, what);

        return inner == VERDICT_INVALID ? inner : inner == VERDICT_YES ? VERDICT_NO : VERDICT_YES;
    }
    stop = filter->op == QUERY_OP_OR ? VERDICT_YES : VERDICT_NO;
    for (guint i = 0; i < filter->parts->len; i++) {
        enum verdict one = judge(g_ptr_array_index(filter->parts, i), leaf, what);

        if (one == stop || one == VERDICT_INVALID) {
            return one;
        }
    }
    return stop == VERDICT_YES ? VERDICT_NO : VERDICT_YES;
}

static int sign_of(double left, double right)
{
    return (left > right) - (left < right);
}

/* Whether a field compares that way; order: the sign of the field compared with the operand. */
static enum verdict compared(const struct query_filter *leaf, int order)
{
    bool yes;

    switch (leaf->op) {
    case QUERY_OP_EQUAL:
        yes = order == 0;
        break;
    case QUERY_OP_LESS:
        yes = order < 0;
        break;
    case QUERY_OP_LESS_EQUAL:
        yes = order <= 0;
        break;
    case QUERY_OP_GREATER:
        yes = order > 0;
        break;
    case QUERY_OP_GREATER_EQUAL:
        yes = order >= 0;
        break;
    default:
        return VERDICT_INVALID;
    }
    return yes ? VERDICT_YES : VERDICT_NO;
}

/* The operand as it was written; the filter's own number has only 53 bits, times need more. */
static const struct json *operand_of(const struct query_filter *leaf)
{
    return json_at(leaf->source, 2);
}

static int compare_integers(int64_t left, const struct query_filter *leaf)
{
    const struct json *operand = operand_of(leaf);

    if (json_kind(operand) == JSON_INT) {
        int64_t right = json_int(operand);

        return (left > right) - (left < right);
    }
    return sign_of((double)left, json_double(operand));
}

static bool is_comparison(const struct query_filter *leaf)
{
    return leaf->op != QUERY_OP_TRUE && leaf->op != QUERY_OP_REGEXP &&
           leaf->op != QUERY_OP_CONTAINS;
}

/* ---- predicates: number of the job ---- */

struct job_number {
    int64_t id, watermark;
};

static enum verdict judge_job_id(const struct query_filter *leaf, const void *what)
{
    const struct job_number *number = what;

    if (!is_comparison(leaf) ||
        fact_enum_find(&fact_enum_rule_field, leaf->field) != RULE_FIELD_ID) {
        return VERDICT_INVALID;
    }
    if (leaf->operand.text == NULL) {
        return compared(leaf, compare_integers(number->id, leaf));
    }
    if (fact_enum_find(&fact_enum_rule_field, leaf->operand.text) != RULE_FIELD_WATERMARK) {
        return VERDICT_INVALID;
    }
    return compared(leaf, (number->id > number->watermark) - (number->id < number->watermark));
}

/* ---- predicates: reasons ---- */

static enum verdict judge_reason_text(const struct query_filter *leaf, const char *text)
{
    return compared(leaf, leaf->operand.text != NULL ? strcmp(text, leaf->operand.text) : -1);
}

/* Texts come before numbers in the reference's order of values of different kinds. */
static enum verdict judge_reason(const struct query_filter *leaf, const void *what)
{
    const struct reason_step *step = what;

    if (!is_comparison(leaf)) {
        return VERDICT_INVALID;
    }
    switch (fact_enum_find(&fact_enum_rule_field, leaf->field)) {
    case RULE_FIELD_SOURCE:
        return judge_reason_text(leaf, step->source);
    case RULE_FIELD_REASON:
        return judge_reason_text(leaf, step->reason);
    case RULE_FIELD_TIMESTAMP:
        return compared(leaf, leaf->operand.text != NULL ? 1 : compare_integers(step->time, leaf));
    default:
        return VERDICT_INVALID;
    }
}

/* ---- predicates: parameters of opcodes ---- */

/* The value at "a.b.c". */
static bool find_value(const struct json *json, const char *dotted, const struct json **ret)
{
    g_auto(GStrv) keys = g_strsplit(dotted, ".", -1);

    for (size_t i = 0; keys[i] != NULL; i++) {
        if (json_kind(json) != JSON_OBJECT || !json_has(json, keys[i])) {
            return false;
        }
        json = json_get(json, keys[i]);
    }
    *ret = json;
    return true;
}

/* Values of different kinds have an order too, that of their kinds. */
static int compare_json(const struct json *left, const struct query_filter *leaf)
{
    static const int rank[] = {
        [JSON_NULL] = 0,   [JSON_BOOL] = 1,  [JSON_INT] = 2,    [JSON_FLOAT] = 2,
        [JSON_STRING] = 3, [JSON_ARRAY] = 4, [JSON_OBJECT] = 5,
    };
    int operand_rank = rank[leaf->operand.text != NULL ? JSON_STRING : JSON_INT];
    int own_rank = rank[json_kind(left)];

    if (own_rank != operand_rank) {
        return own_rank < operand_rank ? -1 : 1;
    }
    if (leaf->operand.text != NULL) {
        return strcmp(json_string(left), leaf->operand.text);
    }
    return json_kind(left) == JSON_INT ? compare_integers(json_int(left), leaf)
                                       : sign_of(json_double(left), leaf->operand.number);
}

static enum verdict judge_contains(const struct query_filter *leaf, const struct json *list)
{
    enum json_kind wanted = leaf->operand.text != NULL ? JSON_STRING : JSON_INT;
    bool found = false;

    if (json_kind(list) != JSON_ARRAY) {
        return VERDICT_INVALID;
    }
    for (size_t i = 0; i < json_len(list); i++) {
        if (json_kind(json_at(list, i)) != wanted) {
            return VERDICT_INVALID;
        }
        found = found || compare_json(json_at(list, i), leaf) == 0;
    }
    return found ? VERDICT_YES : VERDICT_NO;
}

static enum verdict judge_opcode(const struct query_filter *leaf, const void *what)
{
    const struct json *value;

    if (!find_value(what, leaf->field, &value)) {
        return VERDICT_INVALID;
    }
    switch (leaf->op) {
    case QUERY_OP_TRUE:
        return json_kind(value) != JSON_BOOL ? VERDICT_INVALID
               : json_boolean(value)         ? VERDICT_YES
                                             : VERDICT_NO;
    case QUERY_OP_REGEXP:
        return json_kind(value) != JSON_STRING                           ? VERDICT_INVALID
               : g_regex_match(leaf->regex, json_string(value), 0, NULL) ? VERDICT_YES
                                                                         : VERDICT_NO;
    case QUERY_OP_CONTAINS:
        return judge_contains(leaf, value);
    default:
        return compared(leaf, compare_json(value, leaf));
    }
}

/* All fields are looked up before the first is compared, so one that is missing anywhere in the
 * filter counts even where the comparison would not get that far. */
static bool has_all_fields(const struct query_filter *filter, const struct json *op)
{
    const struct json *value;

    if (filter == NULL) {
        return true;
    }
    if (filter->parts == NULL) {
        return find_value(op, filter->field, &value);
    }
    for (guint i = 0; i < filter->parts->len; i++) {
        if (!has_all_fields(g_ptr_array_index(filter->parts, i), op)) {
            return false;
        }
    }
    return true;
}

/* ---- rules ---- */

struct predicate {
    enum filter_predicate about;
    bool broken; /* could not be read: matches nothing */
    struct query_filter *filter;
};

static bool predicate_matches(const struct predicate *predicate, const struct rule *rule,
                              const struct rule_subject *subject)
{
    const struct query_filter *filter = predicate->filter;
    struct job_number number = {subject->id, rule->watermark};

    if (predicate->broken) {
        return false;
    }
    switch (predicate->about) {
    case FILTER_BY_JOB_ID:
        return judge(filter, judge_job_id, &number) == VERDICT_YES;
    case FILTER_BY_OPCODE:
        for (guint i = 0; i < subject->ops->len; i++) {
            const struct json *op = g_ptr_array_index(subject->ops, i);

            if (has_all_fields(filter, op) && judge(filter, judge_opcode, op) == VERDICT_YES) {
                return true;
            }
        }
        return false;
    case FILTER_BY_REASON:
        for (guint i = 0; i < subject->reasons->len; i++) {
            if (judge(filter, judge_reason,
                      &g_array_index(subject->reasons, struct reason_step, i)) == VERDICT_YES) {
                return true;
            }
        }
        return false;
    }
    return false;
}

struct rule *rules_applying(const GPtrArray *rules, const struct rule_subject *subject)
{
    for (guint i = 0; i < rules->len; i++) {
        struct rule *rule = g_ptr_array_index(rules, i);
        bool matches = rule->action != FILTER_CONTINUE;

        for (guint p = 0; matches && p < rule->predicates->len; p++) {
            matches = predicate_matches(g_ptr_array_index(rule->predicates, p), rule, subject);
        }
        if (matches) {
            return rule;
        }
    }
    return NULL;
}

static void predicate_free(gpointer data)
{
    struct predicate *predicate = data;

    g_clear_pointer(&predicate->filter, query_filter_free);
    g_free(predicate);
}

static void rule_free(gpointer data)
{
    struct rule *rule = data;

    g_free(rule->uuid);
    g_ptr_array_free(rule->predicates, TRUE);
    g_free(rule);
}

/* A pair of what the rule looks at, and a filter. */
static struct predicate *predicate_new(const char *uuid, const struct json *json)
{
    struct predicate *predicate = g_new0(struct predicate, 1);
    g_autoptr(GError) error = NULL;
    int about = -1;

    if (json_kind(json) == JSON_ARRAY && json_len(json) == 2 &&
        json_kind(json_at(json, 0)) == JSON_STRING) {
        about = fact_enum_find(&fact_enum_filter_predicate, json_string(json_at(json, 0)));
    }
    predicate->broken =
        about < 0 || !query_filter_parse(json_at(json, 1), &predicate->filter, &error);
    predicate->about = (enum filter_predicate)MAX(about, 0);
    if (predicate->broken) {
        g_warning("filter rule %s has a predicate that cannot be read, it matches no job: %s", uuid,
                  error != NULL ? error->message : "unknown kind");
    }
    return predicate;
}

static struct rule *rule_new(const struct filter_rule *from)
{
    struct rule *rule = g_new0(struct rule, 1);
    const struct json *action = from->action;
    int word;

    rule->uuid = g_strdup(from->uuid);
    rule->priority = from->priority;
    rule->watermark = from->watermark;
    rule->predicates = g_ptr_array_new_with_free_func(predicate_free);
    /* The configuration's reader has checked the shape (cfg_filter_rule_check). */
    if (json_kind(action) == JSON_ARRAY) {
        rule->limit = json_int(json_at(action, 1));
        action = json_at(action, 0);
    }
    word = fact_enum_find(&fact_enum_filter_action, json_string(action));
    rule->action = word < 0 ? FILTER_CONTINUE : (enum filter_action)word;
    for (size_t i = 0; i < from->predicates.n; i++) {
        g_ptr_array_add(rule->predicates, predicate_new(from->uuid, from->predicates.v[i]));
    }
    return rule;
}

/* filterRuleOrder in src/Ganeti/Objects.hs */
static gint compare_rules(gconstpointer a, gconstpointer b)
{
    const struct rule *left = *(const struct rule *const *)a;
    const struct rule *right = *(const struct rule *const *)b;

    if (left->priority != right->priority) {
        return left->priority < right->priority ? -1 : 1;
    }
    if (left->watermark != right->watermark) {
        return left->watermark < right->watermark ? -1 : 1;
    }
    return strcmp(left->uuid, right->uuid);
}

GPtrArray *rules_new(const struct filter_rule *const *rules, size_t n)
{
    GPtrArray *made = g_ptr_array_new_with_free_func(rule_free);

    for (size_t i = 0; i < n; i++) {
        g_ptr_array_add(made, rule_new(rules[i]));
    }
    g_ptr_array_sort(made, compare_rules);
    return made;
}
