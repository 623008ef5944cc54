#include "config.h"

#include "jobs/scheduler/scheduler.h"

#include <string.h>

#include "base/parse.h"
#include "facts/codec.h"
#include "facts/opcode.h"
#include "jobs/file/job.h"
#include "jobs/scheduler/rule.h"

/* A place of "rate-limit:N:TEXT"; jobs that name the same N and TEXT share it. */
struct bucket {
    int64_t limit;
    int64_t running;
    guint users; /* jobs that name it */
};

struct sched_job {
    int64_t id;
    int64_t priority;
    bool is_running;
    struct rule_subject *subject;
    struct rule *rule; /* that applies; NULL: none. Borrowed from the scheduler's rules */
    char **buckets;    /* keys, NULL-terminated */
    /* Jobs it waits for that are in the queue. When there are none it stands in `ready`. */
    guint n_blockers;
    GSequenceIter *place; /* in `ready`; NULL: runs, or waits for others */
};

struct scheduler {
    int64_t max_running;
    guint n_running;
    GHashTable *jobs;    /* number (in the job) -> struct sched_job, owned */
    GHashTable *waiting; /* number (gint64, owned) -> GArray of int64_t: who waits for it */
    GHashTable *buckets; /* key -> struct bucket, both owned */
    GSequence *ready;    /* struct sched_job, in the order of their turn */
    GPtrArray *rules;    /* struct rule */
};

/* ---- rate limits in reasons (src/Ganeti/JQScheduler/ReasonRateLimiting.hs) ---- */

static const char rate_limit_prefix[] = "rate-limit:";

/* The key of the bucket, "N:TEXT", within the reason; NULL: it limits nothing. */
static const char *parse_rate_limit(const char *reason, int64_t *ret_limit)
{
    size_t n = strlen(rate_limit_prefix);
    g_autofree char *number = NULL;

    if (reason == NULL || strncmp(reason, rate_limit_prefix, n) != 0) {
        return NULL;
    }
    number = g_strndup(reason + n, strcspn(reason + n, ":"));
    return parse_int64(number, 1, INT64_MAX, ret_limit, NULL) ? reason + n : NULL;
}

static char **take_buckets(struct scheduler *scheduler, const struct rule_subject *subject)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();

    for (guint i = 0; i < subject->reasons->len; i++) {
        int64_t limit;
        const char *key =
            parse_rate_limit(g_array_index(subject->reasons, struct reason_step, i).reason, &limit);
        struct bucket *bucket;

        if (key == NULL || g_ptr_array_find_with_equal_func(keys, key, g_str_equal, NULL)) {
            continue;
        }
        bucket = g_hash_table_lookup(scheduler->buckets, key);
        if (bucket == NULL) {
            bucket = g_new0(struct bucket, 1);
            bucket->limit = limit;
            g_hash_table_insert(scheduler->buckets, g_strdup(key), bucket);
        }
        bucket->users++;
        g_ptr_array_add(keys, g_strdup(key));
    }
    g_ptr_array_add(keys, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&keys), FALSE);
}

static void leave_buckets(struct scheduler *scheduler, const struct sched_job *job)
{
    for (size_t i = 0; job->buckets[i] != NULL; i++) {
        struct bucket *bucket = g_hash_table_lookup(scheduler->buckets, job->buckets[i]);

        if (--bucket->users == 0) {
            g_hash_table_remove(scheduler->buckets, job->buckets[i]);
        }
    }
}

/* by: 1 when the job starts to run, -1 when it ends. */
static void count_running(struct scheduler *scheduler, struct sched_job *job, int by)
{
    scheduler->n_running += (guint)by;
    if (job->rule != NULL) {
        job->rule->running += by;
    }
    for (size_t i = 0; job->buckets[i] != NULL; i++) {
        struct bucket *bucket = g_hash_table_lookup(scheduler->buckets, job->buckets[i]);

        bucket->running += by;
    }
}

/* ---- order ---- */

static gint compare_turns(gconstpointer a, gconstpointer b, gpointer data)
{
    const struct sched_job *left = a, *right = b;

    (void)data;
    if (left->priority != right->priority) {
        return left->priority < right->priority ? -1 : 1;
    }
    return (left->id > right->id) - (left->id < right->id);
}

static void stand_in_line(struct scheduler *scheduler, struct sched_job *job)
{
    if (!job->is_running && job->n_blockers == 0) {
        job->place = g_sequence_insert_sorted(scheduler->ready, job, compare_turns, NULL);
    }
}

static void leave_line(struct sched_job *job)
{
    g_clear_pointer(&job->place, g_sequence_remove);
}

/* ---- dependencies ---- */

static void wait_for(struct scheduler *scheduler, struct sched_job *job, int64_t other)
{
    GArray *waiting;

    if (other == job->id || g_hash_table_lookup(scheduler->jobs, &other) == NULL) {
        return;
    }
    waiting = g_hash_table_lookup(scheduler->waiting, &other);
    if (waiting == NULL) {
        gint64 *key = g_new(gint64, 1);

        *key = other;
        waiting = g_array_new(FALSE, FALSE, sizeof(int64_t));
        g_hash_table_insert(scheduler->waiting, key, waiting);
    }
    g_array_append_val(waiting, job->id);
    job->n_blockers++;
}

/* Dependencies are read from the job itself; one that is there twice counts twice, and is counted
 * down twice. */
static void find_blockers(struct scheduler *scheduler, struct sched_job *job,
                          const struct queued_job *from)
{
    for (size_t i = 0; i < from->ops.n; i++) {
        CLEANUP(opcode_freep) struct opcode *op = opcode_decode(from->ops.v[i].input, NULL, NULL);

        for (size_t d = 0; op != NULL && d < op->common->depends.n; d++) {
            wait_for(scheduler, job, op->common->depends.v[d].job);
        }
    }
}

static void release_waiting(struct scheduler *scheduler, int64_t id)
{
    GArray *waiting = g_hash_table_lookup(scheduler->waiting, &id);

    for (guint i = 0; waiting != NULL && i < waiting->len; i++) {
        struct sched_job *job =
            g_hash_table_lookup(scheduler->jobs, &g_array_index(waiting, int64_t, i));

        if (job != NULL && --job->n_blockers == 0) {
            stand_in_line(scheduler, job);
        }
    }
    g_hash_table_remove(scheduler->waiting, &id);
}

/* ---- jobs ---- */

static void job_destroy(gpointer data)
{
    struct sched_job *job = data;

    rule_subject_free(job->subject);
    g_strfreev(job->buckets);
    g_free(job);
}

static struct sched_job *find(const struct scheduler *scheduler, int64_t id)
{
    return g_hash_table_lookup(scheduler->jobs, &id);
}

void scheduler_add(struct scheduler *scheduler, const struct queued_job *from, bool is_running)
{
    struct sched_job *job = g_new0(struct sched_job, 1);

    g_assert(find(scheduler, from->id) == NULL);
    job->id = from->id;
    job->priority = job_priority_of(from);
    job->is_running = is_running;
    job->subject = rule_subject_new(from);
    job->rule = rules_applying(scheduler->rules, job->subject);
    job->buckets = take_buckets(scheduler, job->subject);
    g_hash_table_insert(scheduler->jobs, &job->id, job);
    if (is_running) {
        count_running(scheduler, job, 1);
        return;
    }
    find_blockers(scheduler, job, from);
    stand_in_line(scheduler, job);
}

void scheduler_remove(struct scheduler *scheduler, int64_t id)
{
    struct sched_job *job = find(scheduler, id);

    if (job == NULL) {
        return;
    }
    if (job->is_running) {
        count_running(scheduler, job, -1);
    }
    leave_buckets(scheduler, job);
    leave_line(job);
    g_hash_table_remove(scheduler->jobs, &id);
    release_waiting(scheduler, id);
}

enum scheduler_place scheduler_find(const struct scheduler *scheduler, int64_t id)
{
    const struct sched_job *job = find(scheduler, id);

    return job == NULL ? SCHEDULER_UNKNOWN : job->is_running ? SCHEDULER_RUNNING : SCHEDULER_QUEUED;
}

void scheduler_set_priority(struct scheduler *scheduler, int64_t id, int64_t priority)
{
    struct sched_job *job = find(scheduler, id);

    g_assert(job != NULL && !job->is_running);
    leave_line(job);
    job->priority = priority;
    stand_in_line(scheduler, job);
}

/* ---- choosing ---- */

static bool has_room(const struct scheduler *scheduler, const struct sched_job *job)
{
    const struct rule *rule = job->rule;

    if (rule != NULL && (rule->action == FILTER_PAUSE || rule->action == FILTER_REJECT ||
                         (rule->action == FILTER_RATE_LIMIT && rule->running >= rule->limit))) {
        return false;
    }
    for (size_t i = 0; job->buckets[i] != NULL; i++) {
        const struct bucket *bucket = g_hash_table_lookup(scheduler->buckets, job->buckets[i]);

        if (bucket->running >= bucket->limit) {
            return false;
        }
    }
    return true;
}

GArray *scheduler_pick(struct scheduler *scheduler)
{
    GArray *picked = g_array_new(FALSE, FALSE, sizeof(int64_t));
    GSequenceIter *iter = g_sequence_get_begin_iter(scheduler->ready);

    while (scheduler->n_running < scheduler->max_running && !g_sequence_iter_is_end(iter)) {
        struct sched_job *job = g_sequence_get(iter);

        iter = g_sequence_iter_next(iter);
        if (has_room(scheduler, job)) {
            leave_line(job);
            job->is_running = true;
            count_running(scheduler, job, 1);
            g_array_append_val(picked, job->id);
        }
    }
    return picked;
}

GArray *scheduler_rejected(const struct scheduler *scheduler)
{
    GArray *rejected = g_array_new(FALSE, FALSE, sizeof(int64_t));
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, scheduler->jobs);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct sched_job *job = value;

        if (!job->is_running && job->rule != NULL && job->rule->action == FILTER_REJECT) {
            g_array_append_val(rejected, job->id);
        }
    }
    return rejected;
}

void scheduler_set_max_running(struct scheduler *scheduler, int64_t max_running)
{
    scheduler->max_running = max_running;
}

void scheduler_set_rules(struct scheduler *scheduler, const struct filter_rule *const *rules,
                         size_t n)
{
    GPtrArray *old = scheduler->rules;
    GHashTableIter iter;
    gpointer value;

    scheduler->rules = rules_new(rules, n);
    g_hash_table_iter_init(&iter, scheduler->jobs);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct sched_job *job = value;

        job->rule = rules_applying(scheduler->rules, job->subject);
        if (job->is_running && job->rule != NULL) {
            job->rule->running++;
        }
    }
    g_ptr_array_free(old, TRUE);
}

guint scheduler_count_running(const struct scheduler *scheduler)
{
    return scheduler->n_running;
}

guint scheduler_count_queued(const struct scheduler *scheduler)
{
    return g_hash_table_size(scheduler->jobs) - scheduler->n_running;
}

static void free_array(gpointer array)
{
    g_array_free(array, TRUE);
}

struct scheduler *scheduler_new(void)
{
    struct scheduler *scheduler = g_new0(struct scheduler, 1);

    scheduler->jobs = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, job_destroy);
    scheduler->waiting = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_array);
    scheduler->buckets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    scheduler->ready = g_sequence_new(NULL);
    scheduler->rules = rules_new(NULL, 0);
    return scheduler;
}

void scheduler_free(struct scheduler *scheduler)
{
    g_sequence_free(scheduler->ready);
    g_hash_table_destroy(scheduler->jobs);
    g_hash_table_destroy(scheduler->waiting);
    g_hash_table_destroy(scheduler->buckets);
    g_ptr_array_free(scheduler->rules, TRUE);
    g_free(scheduler);
}
