#include "config.h"

#include "compat-config/model/filter-rule.h"

#include "base/json.h"

static bool is_pair(const struct json *value)
{
    return json_kind(value) == JSON_ARRAY && json_len(value) == 2 &&
           json_kind(json_at(value, 0)) == JSON_STRING;
}

/* A word, or the word for a limit with a number above zero. */
static bool check_action(const struct json *action, const struct fact_path *path, GError **errp)
{
    int word;

    if (is_pair(action)) {
        if (fact_enum_find(&fact_enum_filter_action, json_string(json_at(action, 0))) ==
                FILTER_RATE_LIMIT &&
            json_kind(json_at(action, 1)) == JSON_INT && json_int(json_at(action, 1)) > 0) {
            return true;
        }
        return fact_fail(errp, FACT_ERROR_VALUE, path, "expected %s with a number above zero",
                         fact_enum_filter_action.words[FILTER_RATE_LIMIT]);
    }
    word = json_kind(action) == JSON_STRING
               ? fact_enum_find(&fact_enum_filter_action, json_string(action))
               : -1;
    if (word < 0 || word == FILTER_RATE_LIMIT) {
        return fact_fail(errp, FACT_ERROR_VALUE, path, "expected an action of a rule");
    }
    return true;
}

bool cfg_filter_rule_check(const struct filter_rule *rule, const struct fact_path *path,
                           GError **errp)
{
    const struct fact_path action = {.up = path, .member = "action"};
    const struct fact_path predicates = {.up = path, .member = "predicates"};

    for (size_t i = 0; i < rule->predicates.n; i++) {
        const struct json *predicate = rule->predicates.v[i];
        const struct fact_path here = {.up = &predicates, .index = i};

        if (!is_pair(predicate) ||
            fact_enum_find(&fact_enum_filter_predicate, json_string(json_at(predicate, 0))) < 0) {
            return fact_fail(errp, FACT_ERROR_VALUE, &here,
                             "expected what the rule looks at, and a filter");
        }
    }
    return check_action(rule->action, &action, errp);
}
