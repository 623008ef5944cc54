/* Which jobs of the queue may start now: a state machine without clock, files or processes
 * (reference: selectJobsToRun in src/Ganeti/JQScheduler.hs and what it calls).
 *
 * A job may start if
 *   - no job it depends on is in the queue any more (how that one ended is the business of the
 * job's own process),
 *   - the filter rule that applies to it lets it, and
 *   - each "rate-limit:N:..." of its reason trails has room.
 * Jobs that may start do so in order of priority (low numbers first), then of their numbers, as
 * long as fewer than max_running run.
 *
 * A job that may not start takes no room from others. (In the reference one that a rule pauses
 * holds its place in a rate limit; doc/differences.md.) */
#ifndef GANTRY_JOBS_SCHEDULER_SCHEDULER_H
#define GANTRY_JOBS_SCHEDULER_SCHEDULER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "facts/objects.h"

struct scheduler;

struct scheduler *scheduler_new(void);
void scheduler_free(struct scheduler *scheduler);
DEFINE_CLEANUP(struct scheduler *, scheduler_free)

/* How many jobs may run at once. At first none may. */
void scheduler_set_max_running(struct scheduler *scheduler, int64_t max_running);
/* Rules in any order; nothing of them is kept. A rule that cannot be understood matches nothing. */
void scheduler_set_rules(struct scheduler *scheduler, const struct filter_rule *const *rules,
                         size_t n);

/* A job that has not ended, with a number of its own; nothing of it is kept. */
void scheduler_add(struct scheduler *scheduler, const struct queued_job *job, bool is_running);
/* The job has ended or was taken out: those that depend on it need not wait any longer. A job that
 * is not there is no error. */
void scheduler_remove(struct scheduler *scheduler, int64_t id);

enum scheduler_place {
    SCHEDULER_UNKNOWN,
    SCHEDULER_QUEUED,
    SCHEDULER_RUNNING,
};
enum scheduler_place scheduler_find(const struct scheduler *scheduler, int64_t id);
/* Of a queued job. */
void scheduler_set_priority(struct scheduler *scheduler, int64_t id, int64_t priority);

/* The jobs that start now, in order; they count as running from now on. int64_t; owned by the
 * caller. */
GArray *scheduler_pick(struct scheduler *scheduler);
/* Queued jobs that a rule rejects: the caller cancels and removes them. int64_t; owned by the
 * caller. */
GArray *scheduler_rejected(const struct scheduler *scheduler);

guint scheduler_count_running(const struct scheduler *scheduler);
guint scheduler_count_queued(const struct scheduler *scheduler);

#endif
