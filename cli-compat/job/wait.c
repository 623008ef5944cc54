#include "config.h"

#include <string.h>

#include "cli-compat/core/commands.h"
#include "cli-compat/core/error-text.h"
#include "cli-compat/core/job-poll.h"

/* The fate of the job is this command's, but told as the job's. */
static bool follow(struct cli_run *run, bool print)
{
    g_autoptr(GError) error = NULL;

    if (!job_poll(run, run->args[0], print, NULL, &error)) {
        g_autofree char *text = error_text(error);

        run_warn(run, "Job %s failed: %s", run->args[0], text);
        run->exit_code = error_exit_code(error);
    }
    return true;
}

bool cmd_job_wait(struct cli_run *run, GError **errp G_GNUC_UNUSED)
{
    return follow(run, false);
}

bool cmd_job_watch(struct cli_run *run, GError **errp)
{
    g_autofree char *title = g_strdup_printf("Output from job %s follows", run->args[0]);
    g_autofree char *line = g_strnfill(strlen(title), '-');

    run_print(run, "%s", title);
    run_print(run, "%s", line);
    return run_flush(run, errp) && follow(run, true);
}
