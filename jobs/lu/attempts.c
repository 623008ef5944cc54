/* How long an opcode waits for its locks before it lets others go first. */
#include "config.h"

#include <math.h>

#include "facts/constants.h"
#include "jobs/lu/processor.h"

bool lu_attempts_over(const struct lu_attempts *attempts)
{
    return attempts->next > 0 && attempts->sum >= C_LOCK_ATTEMPTS_TIMEOUT;
}

double lu_attempts_next(struct lu_attempts *attempts)
{
    if (lu_attempts_over(attempts)) {
        return -1;
    }
    double timeout = C_LOCK_ATTEMPTS_MINWAIT;
    if (attempts->next > 0) {
        timeout = CLAMP(pow(attempts->last * 1.05, 1.25), C_LOCK_ATTEMPTS_MINWAIT,
                        C_LOCK_ATTEMPTS_MAXWAIT);
    }
    attempts->next++;
    attempts->last = timeout;
    attempts->sum += timeout;
    /* Jobs that fight for the same locks shall not do so in step. */
    return timeout * g_random_double_range(0.95, 1.05);
}
