#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/parse.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "jobs/scheduler/scheduler.h"
#include "jobs/scheduler/tests/sample-job.h"

static struct filter_rule *make_rule(int number, int priority, const char *predicates,
                                     const char *action)
{
    g_autofree char *text =
        g_strdup_printf("{\"watermark\":0,\"priority\":%d,\"predicates\":%s,\"action\":%s,"
                        "\"reason_trail\":[],\"uuid\":\"rule-%d\"}",
                        priority, predicates, action, number);
    CLEANUP(json_unrefp) struct json *json = NULL;
    struct filter_rule *rule;

    ck_assert_msg(json_parse(text, -1, &json, NULL), "%s", text);
    rule = fact_object_decode(&fact_object_filter_rule, json, NULL, NULL);
    ck_assert_ptr_nonnull(rule);
    return rule;
}

static void add(struct scheduler *scheduler, int64_t id, int64_t priority, const char *reason,
                const char *depends, bool is_running)
{
    CLEANUP(job_freep) struct queued_job *job = sample_job(id, priority, reason, depends);

    scheduler_add(scheduler, job, is_running);
}

/* The picked jobs as "1 3 2". */
static char *pick(struct scheduler *scheduler)
{
    GArray *picked = scheduler_pick(scheduler);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < picked->len; i++) {
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i > 0 ? " " : "",
                               (gint64)g_array_index(picked, int64_t, i));
    }
    g_array_free(picked, TRUE);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

#define ck_assert_pick(scheduler, expected)                                                        \
    do {                                                                                           \
        g_autofree char *picked = pick(scheduler);                                                 \
        ck_assert_str_eq(picked, expected);                                                        \
    } while (0)

START_TEST(priority_then_number)
{
    CLEANUP(scheduler_freep) struct scheduler *scheduler = scheduler_new();

    add(scheduler, 5, 0, "[]", "null", false);
    add(scheduler, 6, -10, "[]", "null", false);
    add(scheduler, 4, 0, "[]", "null", false);
    add(scheduler, 3, 10, "[]", "null", false);
    ck_assert_pick(scheduler, "");
    scheduler_set_max_running(scheduler, 3);
    ck_assert_pick(scheduler, "6 4 5");
    ck_assert_pick(scheduler, "");
    ck_assert_int_eq(scheduler_find(scheduler, 3), SCHEDULER_QUEUED);
    ck_assert_int_eq(scheduler_find(scheduler, 4), SCHEDULER_RUNNING);
    ck_assert_int_eq(scheduler_find(scheduler, 9), SCHEDULER_UNKNOWN);
    scheduler_remove(scheduler, 6);
    ck_assert_pick(scheduler, "3");
    ck_assert_uint_eq(scheduler_count_running(scheduler), 3);
    ck_assert_uint_eq(scheduler_count_queued(scheduler), 0);
}
END_TEST

START_TEST(priority_changes_the_turn)
{
    CLEANUP(scheduler_freep) struct scheduler *scheduler = scheduler_new();

    add(scheduler, 1, 0, "[]", "null", false);
    add(scheduler, 2, 0, "[]", "null", false);
    scheduler_set_priority(scheduler, 2, -1);
    scheduler_set_max_running(scheduler, 1);
    ck_assert_pick(scheduler, "2");
}
END_TEST

START_TEST(dependencies_hold_back)
{
    CLEANUP(scheduler_freep) struct scheduler *scheduler = scheduler_new();

    scheduler_set_max_running(scheduler, 10);
    add(scheduler, 1, 0, "[]", "null", true);
    add(scheduler, 2, 0, "[]", "[[1,[\"success\"]],[1,[]]]", false);
    add(scheduler, 3, 0, "[]", "[[2,[]],[99,[]]]", false);
    ck_assert_pick(scheduler, "");
    scheduler_remove(scheduler, 1);
    ck_assert_pick(scheduler, "2");
    scheduler_set_priority(scheduler, 3, 5);
    ck_assert_pick(scheduler, "");
    scheduler_remove(scheduler, 2);
    ck_assert_pick(scheduler, "3");
}
END_TEST

START_TEST(reasons_limit)
{
    CLEANUP(scheduler_freep) struct scheduler *scheduler = scheduler_new();
    const char *two = "[[\"u\",\"rate-limit:2:a:b\",1],[\"u\",\"rate-limit:2:a:b\",2]]";

    scheduler_set_max_running(scheduler, 10);
    add(scheduler, 1, 0, two, "null", false);
    add(scheduler, 2, 0, two, "null", false);
    add(scheduler, 3, 0, two, "null", false);
    add(scheduler, 4, 0, "[[\"u\",\"rate-limit:1:a:b\",1]]", "null", false);
    add(scheduler, 5, 0, "[[\"u\",\"rate-limit:0:a:b\",1]]", "null", false);
    add(scheduler, 6, 0, "[[\"u\",\"rate-limit:x\",1]]", "null", false);
    ck_assert_pick(scheduler, "1 2 4 5 6");
    scheduler_remove(scheduler, 4);
    ck_assert_pick(scheduler, "");
    scheduler_remove(scheduler, 2);
    ck_assert_pick(scheduler, "3");
}
END_TEST

START_TEST(rules_hold_back)
{
    CLEANUP(scheduler_freep) struct scheduler *scheduler = scheduler_new();
    struct filter_rule *rows[] = {
        make_rule(1, 1, "[[\"jobid\",[\"=\",\"id\",1]]]", "\"PAUSE\""),
        make_rule(2, 1, "[[\"jobid\",[\"=\",\"id\",2]]]", "\"REJECT\""),
        make_rule(3, 1, "[[\"jobid\",[\">\",\"id\",5]]]", "[\"RATE_LIMIT\",1]"),
    };
    GArray *rejected;

    scheduler_set_max_running(scheduler, 10);
    scheduler_set_rules(scheduler, (const struct filter_rule *const *)rows, G_N_ELEMENTS(rows));
    for (int64_t id = 1; id <= 7; id++) {
        add(scheduler, id, 0, "[]", "null", false);
    }
    rejected = scheduler_rejected(scheduler);
    ck_assert_uint_eq(rejected->len, 1);
    ck_assert_int_eq(g_array_index(rejected, int64_t, 0), 2);
    g_array_free(rejected, TRUE);
    ck_assert_pick(scheduler, "3 4 5 6");
    scheduler_remove(scheduler, 6);
    ck_assert_pick(scheduler, "7");
    scheduler_set_rules(scheduler, NULL, 0);
    ck_assert_pick(scheduler, "1 2");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        fact_object_free(&fact_object_filter_rule, rows[i]);
    }
}
END_TEST

/* ---- histories against a model ---- */

/* The model keeps lists and looks at everything each time. Job N: priority, at most two
 * dependencies, one of three reasons, a class 0..2 that rules tell apart by the job's number. */
enum {
    MAX_MODEL_JOBS = 40,
    N_CLASSES = 3,
    STEPS = 60,
    DEFAULT_HISTORIES = 400,
};

enum model_action { MODEL_ACCEPT, MODEL_PAUSE, MODEL_LIMIT_1, MODEL_LIMIT_2, MODEL_ACTIONS };

struct model_job {
    bool here, runs;
    int priority, reason, deps[2];
};

struct model {
    struct model_job jobs[MAX_MODEL_JOBS + 1];
    int n, max_running;
    enum model_action actions[N_CLASSES];
};

static const char *const model_reasons[] = {"x", "rate-limit:1:one", "rate-limit:2:two"};

static int count_running_like(const struct model *model, int id, bool by_reason)
{
    int count = 0;

    for (int i = 1; i <= model->n; i++) {
        const struct model_job *job = &model->jobs[i];

        count +=
            job->here && job->runs &&
            (by_reason ? job->reason == model->jobs[id].reason : i % N_CLASSES == id % N_CLASSES);
    }
    return count;
}

static bool model_may_start(const struct model *model, int id)
{
    const struct model_job *job = &model->jobs[id];
    enum model_action action = model->actions[id % N_CLASSES];

    if (!job->here || job->runs || action == MODEL_PAUSE) {
        return false;
    }
    for (int d = 0; d < 2; d++) {
        if (job->deps[d] != 0 && model->jobs[job->deps[d]].here) {
            return false;
        }
    }
    if (job->reason > 0 && count_running_like(model, id, true) >= job->reason) {
        return false;
    }
    return (action != MODEL_LIMIT_1 || count_running_like(model, id, false) < 1) &&
           (action != MODEL_LIMIT_2 || count_running_like(model, id, false) < 2);
}

static char *model_pick(struct model *model)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (;;) {
        int best = 0, running = 0;

        for (int i = 1; i <= model->n; i++) {
            running += model->jobs[i].here && model->jobs[i].runs;
            if (model_may_start(model, i) &&
                (best == 0 || model->jobs[i].priority < model->jobs[best].priority)) {
                best = i;
            }
        }
        if (best == 0 || running >= model->max_running) {
            break;
        }
        model->jobs[best].runs = true;
        g_string_append_printf(text, "%s%d", text->len > 0 ? " " : "", best);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void step_add(struct model *model, struct scheduler *scheduler, GRand *rand)
{
    struct model_job *job = &model->jobs[++model->n];
    g_autofree char *reason = NULL, *depends = NULL;

    *job = (struct model_job){.here = true,
                              .priority = g_rand_int_range(rand, -2, 3),
                              .reason = g_rand_int_range(rand, 0, 3)};
    for (int d = 0; d < 2; d++) {
        job->deps[d] = g_rand_boolean(rand) ? g_rand_int_range(rand, 0, model->n) : 0;
    }
    reason = g_strdup_printf("[[\"u\",\"%s\",1]]", model_reasons[job->reason]);
    depends =
        g_strdup_printf("[[%d,[]],[%d,[\"success\"]]]", job->deps[0] != 0 ? job->deps[0] : 999,
                        job->deps[1] != 0 ? job->deps[1] : 999);
    add(scheduler, model->n, job->priority, reason, depends, false);
}

static void step_rules(struct model *model, struct scheduler *scheduler, GRand *rand)
{
    static const char *const words[MODEL_ACTIONS] = {"\"ACCEPT\"", "\"PAUSE\"",
                                                     "[\"RATE_LIMIT\",1]", "[\"RATE_LIMIT\",2]"};
    struct filter_rule *rows[N_CLASSES];

    for (int c = 0; c < N_CLASSES; c++) {
        g_autoptr(GString) any = g_string_new("[[\"jobid\",[\"|\"");

        for (int id = c == 0 ? N_CLASSES : c; id <= MAX_MODEL_JOBS; id += N_CLASSES) {
            g_string_append_printf(any, ",[\"=\",\"id\",%d]", id);
        }
        g_string_append(any, "]]]");
        model->actions[c] = (enum model_action)g_rand_int_range(rand, 0, MODEL_ACTIONS);
        rows[c] = make_rule(c, 1, any->str, words[model->actions[c]]);
    }
    scheduler_set_rules(scheduler, (const struct filter_rule *const *)rows, N_CLASSES);
    for (int c = 0; c < N_CLASSES; c++) {
        fact_object_free(&fact_object_filter_rule, rows[c]);
    }
}

/* Ends a running job, or takes out a queued one. */
static void step_remove(struct model *model, struct scheduler *scheduler, GRand *rand)
{
    int id = model->n > 0 ? g_rand_int_range(rand, 1, model->n + 1) : 0;

    model->jobs[id].here = false;
    scheduler_remove(scheduler, id);
}

static void step_priority(struct model *model, struct scheduler *scheduler, GRand *rand)
{
    int id = model->n > 0 ? g_rand_int_range(rand, 1, model->n + 1) : 0;
    struct model_job *job = &model->jobs[id];

    if (job->here && !job->runs) {
        job->priority = g_rand_int_range(rand, -3, 4);
        scheduler_set_priority(scheduler, id, job->priority);
    }
}

static void play(guint32 seed)
{
    struct model model = {0};
    CLEANUP(scheduler_freep) struct scheduler *scheduler = scheduler_new();
    GRand *rand = g_rand_new_with_seed(seed);

    for (int step = 0; step < STEPS; step++) {
        g_autofree char *expected = NULL, *picked = NULL;
        int what = g_rand_int_range(rand, 0, 10);

        if (what < 4 && model.n < MAX_MODEL_JOBS) {
            step_add(&model, scheduler, rand);
        } else if (what < 7) {
            step_remove(&model, scheduler, rand);
        } else if (what == 7) {
            step_priority(&model, scheduler, rand);
        } else if (what == 8) {
            model.max_running = g_rand_int_range(rand, 0, 8);
            scheduler_set_max_running(scheduler, model.max_running);
        } else if (g_rand_int_range(rand, 0, 4) == 0) {
            step_rules(&model, scheduler, rand);
        }
        expected = model_pick(&model);
        picked = pick(scheduler);
        ck_assert_msg(strcmp(picked, expected) == 0, "seed %u, step %d: picked '%s', not '%s'",
                      seed, step, picked, expected);
    }
    /* No starvation: with all in the way gone, everything runs in its turn. */
    scheduler_set_rules(scheduler, NULL, 0);
    scheduler_set_max_running(scheduler, 1);
    while (scheduler_count_queued(scheduler) + scheduler_count_running(scheduler) > 0) {
        guint before = scheduler_count_queued(scheduler) + scheduler_count_running(scheduler);
        GArray *picked = scheduler_pick(scheduler);

        g_array_free(picked, TRUE);
        for (int id = 1; id <= model.n; id++) {
            if (scheduler_find(scheduler, id) == SCHEDULER_RUNNING) {
                scheduler_remove(scheduler, id);
            }
        }
        ck_assert_msg(scheduler_count_queued(scheduler) + scheduler_count_running(scheduler) <
                          before,
                      "seed %u: nothing runs any more", seed);
    }
    g_rand_free(rand);
}

START_TEST(histories_are_those_of_the_model)
{
    const char *wanted = getenv("GANTRY_TEST_HISTORIES");
    int64_t n = DEFAULT_HISTORIES;

    if (wanted != NULL) {
        ck_assert(parse_int64(wanted, 1, 100 * 1000 * 1000, &n, NULL));
    }
    for (int64_t seed = 0; seed < n; seed++) {
        play((guint32)seed);
    }
}
END_TEST

UNIT_MAIN("scheduler", priority_then_number, priority_changes_the_turn, dependencies_hold_back,
          reasons_limit, rules_hold_back, histories_are_those_of_the_model)
