#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/list.h"
#include "cli-compat/core/pyrepr.h"

/* Seconds. */
enum { MAX_INTERVAL = 1000 * 1000 };

static bool is_nothing(const struct json *value)
{
    enum json_kind kind = json_kind(value);

    return kind == JSON_NULL || (kind == JSON_STRING && json_string_len(value) == 0) ||
           (kind == JSON_ARRAY && json_len(value) == 0);
}

static char *mode_text(const struct json *value)
{
    return is_nothing(value) ? g_strdup("-") : pyrepr_str(value);
}

static char *owner_text(const struct json *value)
{
    return is_nothing(value) ? g_strdup("-") : list_text_joined(value);
}

/* "mode:job,job, mode:job" */
static char *pending_text(const struct json *value)
{
    GString *out;

    if (is_nothing(value) || json_kind(value) != JSON_ARRAY) {
        return mode_text(value);
    }
    out = g_string_new(NULL);
    for (size_t i = 0; i < json_len(value); i++) {
        const struct json *item = json_at(value, i);
        bool is_pair = json_kind(item) == JSON_ARRAY && json_len(item) == 2;
        g_autofree char *mode = pyrepr_str(is_pair ? json_at(item, 0) : item);
        g_autofree char *jobs = is_pair ? list_text_joined(json_at(item, 1)) : g_strdup("");

        g_string_append_printf(out, "%s%s:%s", i > 0 ? ", " : "", mode, jobs);
    }
    return g_string_free(out, FALSE);
}

bool cmd_debug_locks(struct cli_run *run, GError **errp)
{
    static const struct list_format formats[] = {
        {"mode", mode_text, NULL},
        {"owner", owner_text, NULL},
        {"pending", pending_text, NULL},
        {NULL, NULL, NULL},
    };
    const struct list_spec spec = {.kind = QUERY_lock, .formats = formats};
    int64_t interval = command_line_int(run->line, CLI_OPT_interval, 0);

    for (;;) {
        if (!list_run(run, &spec, errp)) {
            return false;
        }
        if (interval <= 0 || run->exit_code != 0) {
            return true;
        }
        run_print(run, "%s", "");
        if (!run_flush(run, errp)) {
            return false;
        }
        g_usleep((gulong)MIN(interval, MAX_INTERVAL) * G_USEC_PER_SEC);
    }
}
