#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/list.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/time-text.h"

/* The times of the opcodes as a list. */
static char *times_text(const struct json *value)
{
    CLEANUP(json_unrefp) struct json *texts = NULL;

    if (json_kind(value) != JSON_ARRAY) {
        return pyrepr_str(value);
    }
    texts = json_new_array();
    for (size_t i = 0; i < json_len(value); i++) {
        g_autofree char *text = time_text_split(json_at(value, i));

        json_append(texts, json_new_string(text));
    }
    return pyrepr_str(texts);
}

/* The reference measures the list, not its text (lib/client/gnt_job.py _JOB_LIST_FORMAT). */
static glong times_width(const struct json *value)
{
    return json_kind(value) == JSON_ARRAY ? (glong)json_len(value) : 0;
}

bool cmd_job_list(struct cli_run *run, GError **errp)
{
    static const struct list_format formats[] = {
        {"status", pyrepr_str, NULL},         {"summary", list_text_joined, NULL},
        {"opstart", times_text, times_width}, {"opexec", times_text, times_width},
        {"opend", times_text, times_width},   {NULL, NULL, NULL},
    };
    CLEANUP(json_unrefp)
    struct json *statuses =
        list_any_of("status", command_line_json(run->line, CLI_OPT_status_pending));
    const struct list_spec spec = {
        .kind = QUERY_job,
        .name_field = "id",
        .numeric_names = true,
        .formats = formats,
        .extra_field = command_line_flag(run->line, CLI_OPT_list_archived) ? "archived" : NULL,
        .filter = statuses,
    };

    return list_run(run, &spec, errp);
}

bool cmd_job_list_fields(struct cli_run *run, GError **errp)
{
    return list_run_fields(run, QUERY_job, errp);
}
