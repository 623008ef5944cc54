#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "jobs/scheduler/rule.h"
#include "jobs/scheduler/tests/sample-job.h"

static struct filter_rule *make_rule(const char *uuid, int priority, int watermark,
                                     const char *predicates, const char *action)
{
    g_autofree char *text =
        g_strdup_printf("{\"watermark\":%d,\"priority\":%d,\"predicates\":%s,\"action\":%s,"
                        "\"reason_trail\":[],\"uuid\":\"%s\"}",
                        watermark, priority, predicates, action, uuid);
    CLEANUP(json_unrefp) struct json *json = NULL;
    g_autoptr(GError) error = NULL;
    struct filter_rule *rule = NULL;

    ck_assert_msg(json_parse(text, -1, &json, &error), "%s", text);
    rule = fact_object_decode(&fact_object_filter_rule, json, NULL, &error);
    ck_assert_msg(rule != NULL, "%s", error != NULL ? error->message : "");
    return rule;
}

/* Whether the predicates hold for job 10. */
static bool holds(const char *predicates)
{
    struct filter_rule *rule = make_rule("u", 1, 7, predicates, "\"PAUSE\"");
    const struct filter_rule *const rows[] = {rule};
    g_autoptr(GPtrArray) rules = rules_new(rows, 1);
    CLEANUP(job_freep)
    struct queued_job *job =
        sample_job(10, 0, "[[\"gnt:user\",\"because\",123456789012345678]]", "null");
    CLEANUP(rule_subject_freep) struct rule_subject *subject = rule_subject_new(job);
    bool yes = rules_applying(rules, subject) != NULL;

    fact_object_free(&fact_object_filter_rule, rule);
    return yes;
}

/* The verdicts of the reference for this job (src/Ganeti/JQScheduler/Filtering.hs). */
START_TEST(predicates_hold_as_in_the_reference)
{
    static const struct {
        const char *predicates;
        bool holds;
    } cases[] = {
        {"[]", true},
        {"[[\"jobid\",null]]", true},
        {"[[\"jobid\",[\">\",\"id\",9]]]", true},
        {"[[\"jobid\",[\">\",\"id\",10]]]", false},
        {"[[\"jobid\",[\">\",\"id\",\"watermark\"]]]", true},
        {"[[\"jobid\",[\"<=\",\"id\",\"watermark\"]]]", false},
        {"[[\"jobid\",[\"!=\",\"id\",9]]]", true},
        /* What cannot be compared does not hold, negated or not. */
        {"[[\"jobid\",[\"=\",\"id\",\"10\"]]]", false},
        {"[[\"jobid\",[\"!=\",\"id\",\"10\"]]]", false},
        {"[[\"jobid\",[\"=\",\"number\",10]]]", false},
        {"[[\"jobid\",[\"?\",\"id\"]]]", false},
        {"[[\"jobid\",[\"|\",[\"=\",\"id\",10],[\"?\",\"id\"]]]]", true},
        {"[[\"jobid\",[\"|\",[\"?\",\"id\"],[\"=\",\"id\",10]]]]", false},
        {"[[\"reason\",[\"=\",\"source\",\"gnt:user\"]]]", true},
        {"[[\"reason\",[\"=\",\"reason\",\"because\"]]]", true},
        {"[[\"reason\",[\"=~\",\"reason\",\"bec\"]]]", false},
        {"[[\"reason\",[\"=\",\"timestamp\",123456789012345678]]]", true},
        {"[[\"reason\",[\"=\",\"timestamp\",123456789012345679]]]", false},
        {"[[\"reason\",[\">\",\"timestamp\",\"a\"]]]", true},
        {"[[\"reason\",[\"<\",\"reason\",5]]]", true},
        {"[[\"reason\",[\"=\",\"who\",\"x\"]]]", false},
        {"[[\"opcode\",[\"=\",\"OP_ID\",\"OP_TEST_DELAY\"]]]", true},
        {"[[\"opcode\",[\"=\",\"OP_ID\",\"OP_TAGS_SET\"]]]", false},
        {"[[\"opcode\",[\"!=\",\"OP_ID\",\"OP_TAGS_SET\"]]]", true},
        {"[[\"opcode\",[\"=~\",\"OP_ID\",\"^OP_TEST\"]]]", true},
        {"[[\"opcode\",[\">\",\"duration\",1]]]", true},
        {"[[\"opcode\",[\"=\",\"duration\",\"1.5\"]]]", false},
        /* Values of different kinds have an order: numbers before texts. */
        {"[[\"opcode\",[\"<\",\"duration\",\"a\"]]]", true},
        {"[[\"opcode\",[\"!=\",\"duration\",\"1.5\"]]]", true},
        {"[[\"opcode\",[\"=[]\",\"on_nodes\",\"node2\"]]]", true},
        {"[[\"opcode\",[\"=[]\",\"on_nodes\",\"node3\"]]]", false},
        {"[[\"opcode\",[\"=[]\",\"on_nodes\",3]]]", false},
        {"[[\"opcode\",[\"?\",\"no_locks\"]]]", true},
        {"[[\"opcode\",[\"?\",\"on_master\"]]]", true},
        {"[[\"opcode\",[\"?\",\"duration\"]]]", false},
        /* A field that is not there anywhere in the filter counts. */
        {"[[\"opcode\",[\"|\",[\"?\",\"no_locks\"],[\"?\",\"bogus\"]]]]", false},
        /* What all opcodes have is not looked at. */
        {"[[\"opcode\",[\"=\",\"priority\",0]]]", false},
        {"[[\"opcode\",[\"=\",\"on_nodes.x\",0]]]", false},
        {"[[\"opcode\",[\"?\",\"no_locks\"]],[\"jobid\",[\"=\",\"id\",11]]]", false},
        {"[[\"opcode\",[\"?\"]]]", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        ck_assert_msg(holds(cases[i].predicates) == cases[i].holds, "%s", cases[i].predicates);
    }
}
END_TEST

/* Priority, then watermark, then UUID; CONTINUE is passed over. */
START_TEST(first_rule_applies)
{
    struct filter_rule *rows[] = {
        make_rule("e", 5, 1, "[]", "\"REJECT\""),
        make_rule("d", 2, 9, "[]", "\"PAUSE\""),
        make_rule("c", 2, 3, "[[\"jobid\",[\"=\",\"id\",4]]]", "\"ACCEPT\""),
        make_rule("b", 2, 3, "[]", "[\"RATE_LIMIT\",3]"),
        make_rule("a", 1, 1, "[]", "\"CONTINUE\""),
    };
    g_autoptr(GPtrArray) rules =
        rules_new((const struct filter_rule *const *)rows, G_N_ELEMENTS(rows));
    CLEANUP(job_freep) struct queued_job *job = sample_job(4, 0, "[]", "null");
    CLEANUP(rule_subject_freep) struct rule_subject *subject = rule_subject_new(job);
    const struct rule *rule = rules_applying(rules, subject);

    ck_assert_ptr_nonnull(rule);
    ck_assert_str_eq(rule->uuid, "b");
    ck_assert_int_eq(rule->action, FILTER_RATE_LIMIT);
    ck_assert_int_eq(rule->limit, 3);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        fact_object_free(&fact_object_filter_rule, rows[i]);
    }
}
END_TEST

UNIT_MAIN("rule", predicates_hold_as_in_the_reference, first_rule_applies)
