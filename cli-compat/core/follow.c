#include "config.h"

#include "cli-compat/core/follow.h"

#include "base/json.h"
#include "cli-compat/core/submit.h"
#include "facts/constants.h"
#include "facts/errors.h"

bool follow_jobs(struct cli_run *run, struct opcode *op, size_t *ret_bad, GError **errp)
{
    CLEANUP(json_unrefp) struct json *result = NULL;
    CLEANUP(job_set_freep) struct job_set *set = NULL;
    const struct job_set_result *results;
    const struct json *jobs;
    size_t n = 0;

    *ret_bad = 0;
    if (!submit_or_send(run, op, &result, errp)) {
        return false;
    }
    jobs = json_kind(result) == JSON_OBJECT ? json_get(result, "jobs") : NULL;
    if (json_kind(jobs) != JSON_ARRAY) {
        return err_fail(errp, ERR_PROTOCOL, ECODE_NONE, "the result of the job names no jobs");
    }
    set = job_set_new(run, true);
    for (size_t i = 0; i < json_len(jobs); i++) {
        if (!job_set_add_submitted(set, NULL, json_at(jobs, i), errp)) {
            return false;
        }
    }
    if (!job_set_wait(set, &results, &n, errp)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        *ret_bad += results[i].ok ? 0 : 1;
    }
    return true;
}

bool follow_moves(struct cli_run *run, struct opcode *op, const char *done, const char *what,
                  GError **errp)
{
    size_t bad;

    if (!follow_jobs(run, op, &bad, errp)) {
        return false;
    }
    if (bad == 0) {
        run_print(run, "All instances %s successfully.", done);
    } else {
        run_print(run, "There were %zu errors during the %s.", bad, what);
        run->exit_code = C_EXIT_FAILURE;
    }
    return true;
}
