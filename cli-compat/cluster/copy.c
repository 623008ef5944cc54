/* Files and commands for all nodes, over ssh (lib/client/gnt_cluster.py ClusterCopyFile,
 * RunClusterCommand). */
#include "config.h"

#include <string.h>

#include "base/cmd.h"
#include "base/json.h"
#include "base/log.h"
#include "cli-compat/core/run.h"
#include "facts/errors.h"
#include "noded/ssh/remote.h"

/* Not core/commands.h, whose names of commands meet those of base/cmd.h. */
cli_handler cmd_cluster_command, cmd_cluster_copyfile;

struct target {
    char *name, *address; /* address: where to go to */
    int64_t port;
    bool is_master;
};

static void target_free(gpointer data)
{
    struct target *target = data;

    g_free(target->name);
    g_free(target->address);
    g_free(target);
}

/* --- Which nodes --------------------------------------------------------------------------------
 */
enum { NAME, OFFLINE, SECONDARY, MASTER, PORT, GROUP, GROUP_UUID, N_FIELDS };
static const char *const fields[] = {"name",         "offline", "sip",        "master",
                                     "ndp/ssh_port", "group",   "group.uuid", NULL};

static const char *text_at(const struct json *row, size_t i)
{
    const struct json *value = json_at(row, i);

    return json_kind(value) == JSON_STRING ? json_string(value) : "";
}

static bool truth_at(const struct json *row, size_t i)
{
    return json_kind(json_at(row, i)) == JSON_BOOL && json_boolean(json_at(row, i));
}

static bool query(struct cli_run *run, struct json **ret_rows, GError **errp)
{
    const struct json *wanted = command_line_json(run->line, CLI_OPT_node_list);
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (size_t i = 0; wanted != NULL && i < json_len(wanted); i++) {
        g_ptr_array_add(names, (char *)json_string(json_at(wanted, i)));
    }
    g_ptr_array_add(names, NULL);
    return run_query_old(run, LUXI_query_nodes, (const char *const *)names->pdata, fields, ret_rows,
                         errp);
}

static void add_target(GPtrArray *targets, const struct json *row, bool secondary)
{
    struct target *target = g_new0(struct target, 1);
    const struct json *port = json_at(row, PORT);

    target->name = g_strdup(text_at(row, NAME));
    target->address = g_strdup(text_at(row, secondary ? SECONDARY : NAME));
    target->port = json_kind(port) == JSON_INT ? json_int(port) : 0;
    target->is_master = truth_at(row, MASTER);
    g_ptr_array_add(targets, target);
}

/* Those online, of the options' nodes and group; tells of those that are left out. */
static GPtrArray *find_targets(struct cli_run *run, bool secondary, GError **errp)
{
    const char *group = command_line_text(run->line, CLI_OPT_nodegroup);
    g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func(target_free);
    g_autoptr(GString) offline = g_string_new(NULL);
    CLEANUP(json_unrefp) struct json *rows = NULL;

    if (!query(run, &rows, errp)) {
        return NULL;
    }
    for (size_t i = 0; i < json_len(rows); i++) {
        const struct json *row = json_at(rows, i);

        if (group != NULL && strcmp(text_at(row, GROUP), group) != 0 &&
            strcmp(text_at(row, GROUP_UUID), group) != 0) {
            continue;
        }
        if (truth_at(row, OFFLINE)) {
            g_string_append_printf(offline, "%s%s", offline->len > 0 ? ", " : "",
                                   text_at(row, NAME));
        } else {
            add_target(targets, row, secondary);
        }
    }
    if (offline->len > 0) {
        run_warn(run, "Note: skipping offline node(s): %s", offline->str);
    }
    return g_steal_pointer(&targets);
}

static char *cluster_name(struct cli_run *run, GError **errp)
{
    static const char *const names[] = {"cluster_name", NULL};
    CLEANUP(json_unrefp) struct json *values = NULL;

    if (!run_call_for(run, LUXI_query_config_values, run_list(1, run_texts(names)), JSON_ARRAY,
                      &values, errp)) {
        return NULL;
    }
    if (json_len(values) != 1 || json_kind(json_at(values, 0)) != JSON_STRING) {
        err_set(errp, ERR_PROTOCOL, ECODE_NONE, "the master does not tell the cluster's name");
        return NULL;
    }
    return g_strdup(json_string(json_at(values, 0)));
}

static struct ssh_host host_of(const struct target *target, const char *cluster)
{
    return (struct ssh_host){.cluster = cluster,
                             .node = target->address,
                             .port = target->port,
                             .ipv6 = strchr(target->address, ':') != NULL};
}

enum { FLAGS = SSH_BATCH | SSH_CLUSTER_KEY | SSH_STRICT | SSH_QUIET };

/* --- copyfile -----------------------------------------------------------------------------------
 */
static bool copy_to(const struct target *target, const char *cluster, const char *path)
{
    const struct ssh_host host = host_of(target, cluster);
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) argv = ssh_copy_argv(&host, FLAGS, path, &error);
    CLEANUP(cmd_freep) struct cmd *cmd = NULL;

    if (argv != NULL) {
        cmd = cmd_new_argv((const char *const *)argv);
        cmd_inherit_env(cmd);
        if (cmd_check(cmd, NULL, &error)) {
            return true;
        }
    }
    log_error("copy to node %s failed: %s", target->name, error->message);
    return false;
}

/* A node that does not get the file is told of, but no failure. */
bool cmd_cluster_copyfile(struct cli_run *run, GError **errp)
{
    g_autofree char *path = g_canonicalize_filename(run->args[0], NULL);
    g_autofree char *cluster = NULL;
    g_autoptr(GPtrArray) targets = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no file '%s'", path);
    }
    cluster = cluster_name(run, errp);
    targets = cluster != NULL
                  ? find_targets(run, command_line_flag(run->line, CLI_OPT_use_repl_net), errp)
                  : NULL;
    for (guint i = 0; targets != NULL && i < targets->len; i++) {
        const struct target *target = targets->pdata[i];

        if (!target->is_master && !copy_to(target, cluster, path)) {
            run_warn(run, "Copy of file %s to node %s:%" G_GINT64_FORMAT " failed", path,
                     target->address, (gint64)target->port);
        }
    }
    return targets != NULL;
}

/* --- command ------------------------------------------------------------------------------------
 */
static void print_lines(struct cli_run *run, const char *node, const char *output)
{
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);

    for (size_t i = 0; lines[i] != NULL; i++) {
        if (lines[i + 1] != NULL || *lines[i] != '\0') {
            run_print(run, "%s: %s", node, lines[i]);
        }
    }
}

static bool run_on(struct cli_run *run, const struct target *target, const char *cluster,
                   const char *command, GError **errp)
{
    const struct ssh_host host = host_of(target, cluster);
    g_auto(GStrv) argv = ssh_argv_shell(&host, FLAGS, command, errp);
    CLEANUP(cmd_freep) struct cmd *cmd = NULL;
    CLEANUP(cmd_result_freep) struct cmd_result *result = NULL;
    g_autofree char *output = NULL;

    if (argv == NULL) {
        return false;
    }
    cmd = cmd_new_argv((const char *const *)argv);
    cmd_inherit_env(cmd);
    result = cmd_run(cmd, errp);
    if (result == NULL) {
        return false;
    }
    if (command_line_flag(run->line, CLI_OPT_failure_only) && result->exit_code == 0) {
        return true;
    }
    output = g_strconcat(result->out, result->err, NULL);
    run_print(run, "------------------------------------------------");
    if (command_line_flag(run->line, CLI_OPT_show_machine)) {
        print_lines(run, target->name, output);
    } else {
        run_print(run, "node: %s\n%s", target->name, output);
    }
    run_print(run, "return code = %d", result->exit_code);
    return run_flush(run, errp);
}

/* The master comes last: the command may be one that ends its services. */
bool cmd_cluster_command(struct cli_run *run, GError **errp)
{
    g_autofree char *command = g_strjoinv(" ", (char **)run->args);
    g_autofree char *cluster = cluster_name(run, errp);
    g_autoptr(GPtrArray) targets = cluster != NULL ? find_targets(run, false, errp) : NULL;
    bool ok = targets != NULL;

    for (int master = 0; ok && master <= 1; master++) {
        for (guint i = 0; ok && i < targets->len; i++) {
            const struct target *target = targets->pdata[i];

            if (target->is_master == (master == 1)) {
                ok = run_on(run, target, cluster, command, errp);
            }
        }
    }
    return ok;
}
