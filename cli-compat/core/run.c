#include "config.h"

#include "cli-compat/core/run.h"

#include <stdio.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "cli-compat/core/info.h"
#include "cli-compat/core/master.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "luxi/client/client.h"

bool cmd_not_available(struct cli_run *run, GError **errp G_GNUC_UNUSED)
{
    run_warn(run, "%s %s: not available in this release yet",
             cli_programs[run->command->program].name, run->command->name);
    run->exit_code = C_EXIT_FAILURE;
    return true;
}

/* ---- output ---- */

void run_print(struct cli_run *run, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(run->out, format, args);
    va_end(args);
    g_string_append_c(run->out, '\n');
}

void run_print_info(struct cli_run *run, const struct info *info)
{
    info_print(info, run->out);
}

bool run_flush(struct cli_run *run, GError **errp)
{
    bool ok = fs_write_fd(STDOUT_FILENO, "standard output", run->out->str, run->out->len, errp);

    g_string_truncate(run->out, 0);
    return ok;
}

void run_warn(struct cli_run *run, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    (void)run_flush(run, NULL);
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    (void)fprintf(stderr, "%s\n", text);
}

/* ---- calls ---- */

static bool may_retry(const char *path G_GNUC_UNUSED, GError **errp)
{
    return master_check(errp);
}

static bool connect_once(struct cli_run *run, GError **errp)
{
    const struct luxi_client_options options = {.may_retry = may_retry};

    if (run->client == NULL) {
        run->client = luxi_client_connect(path_get(PATH_QUERY_SOCKET), &options, errp);
    }
    return run->client != NULL;
}

bool run_call(struct cli_run *run, enum luxi_method_id method, struct json *args,
              struct json **ret_result, GError **errp)
{
    CLEANUP(json_unrefp) struct json *list = args != NULL ? args : json_new_array();

    return connect_once(run, errp) &&
           luxi_client_call_json(run->client, luxi_method_rows[method].name, list, ret_result,
                                 errp);
}

bool run_call_text(struct cli_run *run, enum luxi_method_id method, struct json *args,
                   const char **ret_text, size_t *ret_len, GError **errp)
{
    CLEANUP(json_unrefp) struct json *list = args != NULL ? args : json_new_array();

    return connect_once(run, errp) &&
           luxi_client_call_text(run->client, luxi_method_rows[method].name, list, ret_text,
                                 ret_len, errp);
}

bool run_call_for(struct cli_run *run, enum luxi_method_id method, struct json *args,
                  enum json_kind kind, struct json **ret_result, GError **errp)
{
    if (!run_call(run, method, args, ret_result, errp)) {
        return false;
    }
    if (json_kind(*ret_result) == kind) {
        return true;
    }
    err_set(errp, ERR_PROTOCOL, ECODE_NONE, "the answer to %s is of kind %s, not %s",
            luxi_method_rows[method].name, json_kind_name(json_kind(*ret_result)),
            json_kind_name(kind));
    json_unref(*ret_result);
    *ret_result = NULL;
    return false;
}

/* Whether all rows are lists of n values. */
static bool check_rows(const struct json *rows, size_t n)
{
    for (size_t i = 0; i < json_len(rows); i++) {
        if (json_kind(json_at(rows, i)) != JSON_ARRAY || json_len(json_at(rows, i)) != n) {
            return false;
        }
    }
    return true;
}

bool run_query_rows(struct cli_run *run, enum luxi_method_id method, struct json *args, size_t n,
                    struct json **ret_rows, GError **errp)
{
    if (!run_call_for(run, method, args, JSON_ARRAY, ret_rows, errp)) {
        return false;
    }
    if (check_rows(*ret_rows, n)) {
        return true;
    }
    json_unref(*ret_rows);
    *ret_rows = NULL;
    return err_fail(errp, ERR_PROTOCOL, ECODE_NONE, "the answer to %s has rows of another length",
                    luxi_method_rows[method].name);
}

bool run_query_old(struct cli_run *run, enum luxi_method_id method, const char *const *names,
                   const char *const *fields, struct json **ret_rows, GError **errp)
{
    struct json *args = run_list(3, run_texts(names), run_texts(fields), json_new_bool(false));

    return run_query_rows(run, method, args, g_strv_length((char **)fields), ret_rows, errp);
}

struct json *run_list(size_t n, ...)
{
    struct json *list = json_new_array();
    va_list values;

    va_start(values, n);
    for (size_t i = 0; i < n; i++) {
        json_append(list, va_arg(values, struct json *));
    }
    va_end(values);
    return list;
}

struct json *run_texts(const char *const *texts)
{
    struct json *list = json_new_array();

    for (size_t i = 0; texts[i] != NULL; i++) {
        json_append(list, json_new_string(texts[i]));
    }
    return list;
}
