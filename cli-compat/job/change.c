/* Putting jobs away (lib/client/gnt_job.py ArchiveJobs, AutoArchiveJobs). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/timespec.h"
#include "facts/constants.h"
#include "facts/errors.h"

/* Seconds that the queue daemon may look for old jobs (lib/luxi.py AutoArchiveJobs: half of what a
 * client waits for an answer). */
enum { ARCHIVE_SECONDS = 29 };

bool cmd_job_archive(struct cli_run *run, GError **errp)
{
    for (size_t i = 0; run->args[i] != NULL; i++) {
        CLEANUP(json_unrefp) struct json *done = NULL;

        if (!run_call(run, LUXI_archive_job, run_list(1, json_new_string(run->args[i])), &done,
                      errp)) {
            return false;
        }
        if (json_kind(done) != JSON_BOOL || !json_boolean(done)) {
            run_warn(run, "Failed to archive job with ID '%s'", run->args[i]);
            run->exit_code = C_EXIT_FAILURE;
        }
    }
    return true;
}

bool cmd_job_autoarchive(struct cli_run *run, GError **errp)
{
    CLEANUP(json_unrefp) struct json *counts = NULL;
    int64_t age = -1;

    if (strcmp(run->args[0], "all") != 0 && !timespec_parse(run->args[0], &age, errp)) {
        return false;
    }
    if (!run_call_for(run, LUXI_auto_archive_jobs,
                      run_list(2, json_new_int(age), json_new_int(ARCHIVE_SECONDS)), JSON_ARRAY,
                      &counts, errp)) {
        return false;
    }
    if (json_len(counts) != 2 || json_kind(json_at(counts, 0)) != JSON_INT ||
        json_kind(json_at(counts, 1)) != JSON_INT) {
        return err_fail(errp, ERR_PROTOCOL, ECODE_NONE, "the master does not tell how many jobs");
    }
    run_print(run, "Archived %" G_GINT64_FORMAT " jobs, %" G_GINT64_FORMAT " unchecked left",
              (gint64)json_int(json_at(counts, 0)), (gint64)json_int(json_at(counts, 1)));
    return true;
}
