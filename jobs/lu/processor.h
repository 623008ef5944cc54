/* Carries one opcode through the phases of its logical unit (reference: lib/mcpu.py Processor). */
#ifndef GANTRY_JOBS_LU_PROCESSOR_H
#define GANTRY_JOBS_LU_PROCESSOR_H

#include <glib.h>
#include <stdbool.h>

#include "facts/opcode.h"
#include "jobs/lu/env.h"

enum lu_outcome {
    LU_DONE,     /* *ret_result is the result */
    LU_FAILED,   /* *errp says why */
    LU_CANCELED, /* before it started */
    LU_NO_LOCKS, /* not all locks came in time, or resources were short: try again */
};

/* timeout: seconds for all locks together; negative: as long as it takes, one lock after the other
 * (the only way not to starve among jobs that want many). op may come out changed. *ret_result is
 * owned by the caller. Holds nothing any more when it returns. */
enum lu_outcome lu_process(struct lu_env *env, struct opcode *op, double timeout,
                           struct json **ret_result, GError **errp);

/* --- How long to wait for locks -----------------------------------------------------------------
 *
 * Attempts with growing timeouts, so that others get their turn; then the priority goes up
 * (mcpu.py LockAttemptTimeoutStrategy). */
struct lu_attempts {
    size_t next;
    double last, sum;
};
/* Seconds for the next attempt, varied by a few percent; negative: no more, wait for ever. */
double lu_attempts_next(struct lu_attempts *attempts);
/* Whether the next attempt would wait for ever. */
bool lu_attempts_over(const struct lu_attempts *attempts);

#endif
