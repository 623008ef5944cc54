/* The console of an instance (lib/client/gnt_instance.py ConnectToInstanceConsole). */
#include "config.h"

#include <string.h>

#include "base/cmd.h"
#include "base/json-writer.h"
#include "base/text.h"
#include "cli-compat/core/run.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/ssh/remote.h"

/* commands.h and base/cmd.h do not go together. */
cli_handler cmd_instance_console;

static bool connect(struct cli_run *run, const struct console_info *console, const char *cluster,
                    GError **errp)
{
    const struct ssh_host host = {.cluster = cluster, .node = console->host, .port = console->port};
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (size_t i = 0; i < console->command.n; i++) {
        g_ptr_array_add(words, console->command.v[i]);
    }
    g_ptr_array_add(words, NULL);
    g_auto(GStrv) argv = ssh_argv(&host, SSH_CLUSTER_KEY | SSH_STRICT | SSH_BATCH | SSH_TTY,
                                  (const char *const *)words->pdata, errp);
    if (argv == NULL) {
        return false;
    }
    if (command_line_flag(run->line, CLI_OPT_showcmd)) {
        g_autofree char *text = text_shell_join((const char *const *)argv);
        run_print(run, "%s", text);
        return true;
    }
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new_argv((const char *const *)argv);
    cmd_inherit_env(cmd);
    cmd_set_interactive(cmd);
    if (!run_flush(run, errp)) {
        return false;
    }
    if (!cmd_check(cmd, NULL, errp)) {
        err_wrap(errp, ERR_OP_EXEC, ECODE_NONE);
        g_prefix_error(errp, "The console of instance %s: ", console->instance);
        return false;
    }
    return true;
}

static bool use(struct cli_run *run, const struct console_info *console, const char *cluster,
                GError **errp)
{
    if (strcmp(console->kind, C_CONS_SSH) == 0 && console->host != NULL) {
        return connect(run, console, cluster, errp);
    }
    if (strcmp(console->kind, C_CONS_MESSAGE) == 0) {
        run_print(run, "%s", console->message != NULL ? console->message : "");
    } else if (strcmp(console->kind, C_CONS_VNC) == 0) {
        run_print(run,
                  "Instance %s has VNC listening on %s:%" G_GINT64_FORMAT
                  " (display %s), URL <vnc://%s:%" G_GINT64_FORMAT "/>",
                  console->instance, console->host, (gint64)console->port, console->display,
                  console->host, (gint64)console->port);
    } else if (strcmp(console->kind, C_CONS_SPICE) == 0) {
        run_print(run, "Instance %s has SPICE listening on %s:%" G_GINT64_FORMAT, console->instance,
                  console->host, (gint64)console->port);
    } else {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE,
                        "The console of instance %s is of the unknown kind '%s'", console->instance,
                        console->kind);
    }
    return true;
}

/* Nodes give it as a number. */
static void take_display(struct json *console)
{
    const struct json *display = json_get(console, "display");
    if (json_kind(display) == JSON_INT) {
        g_autofree char *text = json_to_string(display, JSON_PYTHON);
        json_set(console, "display", json_new_string(text));
    }
}

static bool missing(const struct cli_run *run, const struct json *running, GError **errp)
{
    bool is_up = json_kind(running) == JSON_BOOL && json_boolean(running);
    return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                    is_up ? "The node does not tell how to reach the console of instance %s"
                          : "Instance %s is not running, so it has no console",
                    run->args[0]);
}

bool cmd_instance_console(struct cli_run *run, GError **errp)
{
    static const char *const fields[] = {"console", "oper_state", NULL};
    static const char *const wanted[] = {"cluster_name", NULL};
    CLEANUP(json_unrefp) struct json *values = NULL, *rows = NULL;
    if (!run_call_for(run, LUXI_query_config_values, run_list(1, run_texts(wanted)), JSON_ARRAY,
                      &values, errp) ||
        !run_query_old(run, LUXI_query_instances, run->args, fields, &rows, errp)) {
        return false;
    }
    if (json_len(rows) == 0 || json_len(values) != 1 ||
        json_kind(json_at(values, 0)) != JSON_STRING) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_NOENT, "There is no instance %s", run->args[0]);
    }
    struct json *found = json_at(json_at(rows, 0), 0);
    if (json_kind(found) != JSON_OBJECT || json_len(found) == 0) {
        return missing(run, json_at(json_at(rows, 0), 1), errp);
    }
    take_display(found);
    struct console_info *console = fact_object_decode(&fact_object_console_info, found, NULL, errp);
    if (console == NULL) {
        return false;
    }
    bool ok = use(run, console, json_string(json_at(values, 0)), errp);
    fact_object_free(&fact_object_console_info, console);
    return ok;
}
