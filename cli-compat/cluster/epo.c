/* gnt-cluster epo: all instances and nodes off, or on again (lib/client/gnt_cluster.py Epo). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/net.h"
#include "base/text.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/confirm.h"
#include "cli-compat/core/submit.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "facts/paths.h"

enum {
    REACHABLE_TIMEOUT = 15 * 60, /* seconds until nodes that were switched on are given up */
    PING_INTERVAL = 5,           /* seconds between two rounds */
};

/* --- What there is to do ------------------------------------------------------------------------
 */
struct plan {
    bool on;
    GPtrArray *all;        /* names of all nodes that were meant */
    GHashTable *addresses; /* name of a node to its primary address */
    GPtrArray *nodes;      /* of those that are switched; borrowed */
    GHashTable *instances; /* name to the nodes that must be there for it, a set of names */
    struct json *rows;     /* owns the names */
};

static void plan_clear(struct plan *plan)
{
    g_clear_pointer(&plan->all, g_ptr_array_unref);
    g_clear_pointer(&plan->addresses, g_hash_table_unref);
    g_clear_pointer(&plan->nodes, g_ptr_array_unref);
    g_clear_pointer(&plan->instances, g_hash_table_unref);
    g_clear_pointer(&plan->rows, json_unref);
}

/* The master is there anyway: this runs on it. */
static void add_instances(struct plan *plan, const struct json *names, const char *node,
                          bool is_master)
{
    for (size_t i = 0; json_kind(names) == JSON_ARRAY && i < json_len(names); i++) {
        const char *name = json_string(json_at(names, i));
        GHashTable *nodes = g_hash_table_lookup(plan->instances, name);

        if (nodes == NULL) {
            nodes = g_hash_table_new(g_str_hash, g_str_equal);
            g_hash_table_insert(plan->instances, (void *)name, nodes);
        }
        if (!is_master) {
            g_hash_table_add(nodes, (void *)node);
        }
    }
}

static bool is_true(const struct json *value)
{
    return json_kind(value) == JSON_BOOL && json_boolean(value);
}

enum { NAME, MASTER, PRIMARIES, SECONDARIES, POWERED, OFFLINE, ADDRESS };

/* False: the command ends, and the person was told why. */
static bool add_node(struct cli_run *run, struct plan *plan, const struct json *row)
{
    const char *name = json_string(json_at(row, NAME));
    const struct json *powered = json_at(row, POWERED);
    bool is_master = is_true(json_at(row, MASTER));

    g_ptr_array_add(plan->all, (void *)name);
    g_hash_table_insert(plan->addresses, (void *)name, (void *)json_string(json_at(row, ADDRESS)));
    if (!is_true(json_at(row, OFFLINE))) {
        add_instances(plan, json_at(row, PRIMARIES), name, is_master);
        add_instances(plan, json_at(row, SECONDARIES), name, is_master);
    }
    if (is_master && plan->on) {
        return true;
    }
    if (is_master && !command_line_flag(run->line, CLI_OPT_all)) {
        run_warn(run,
                 "%s is the master: move that role to a node that stays on (gnt-cluster "
                 "master-failover), or use --all to switch the whole cluster off",
                 name);
        return false;
    }
    if (powered == NULL) {
        run_print(run, "Node %s has no out-of-band program: switch it by hand", name);
    } else if (is_true(powered) == plan->on) {
        run_print(run, "Node %s is as it shall be already", name);
    } else {
        g_ptr_array_add(plan->nodes, (void *)name);
    }
    return true;
}

/* The nodes of the groups that the arguments name. */
static char **group_nodes(struct cli_run *run, GError **errp)
{
    static const char *const fields[] = {"node_list", NULL};
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    CLEANUP(json_unrefp) struct json *rows = NULL;

    if (!run_query_old(run, LUXI_query_groups, run->args, fields, &rows, errp)) {
        return NULL;
    }
    for (size_t i = 0; i < json_len(rows); i++) {
        const struct json *list = json_at(json_at(rows, i), 0);

        for (size_t j = 0; json_kind(list) == JSON_ARRAY && j < json_len(list); j++) {
            g_strv_builder_add(names, json_string(json_at(list, j)));
        }
    }
    return g_strv_builder_end(names);
}

static bool query_nodes(struct cli_run *run, struct plan *plan, GError **errp)
{
    static const char *const fields[] = {"name",    "master",  "pinst_list", "sinst_list",
                                         "powered", "offline", "pip",        NULL};
    bool by_group = command_line_flag(run->line, CLI_OPT_epo_groups);
    g_auto(GStrv) of_groups = by_group ? group_nodes(run, errp) : NULL;

    return (!by_group || of_groups != NULL) &&
           run_query_old(run, LUXI_query_nodes,
                         by_group ? (const char *const *)of_groups : run->args, fields, &plan->rows,
                         errp);
}

/* --- Steps --------------------------------------------------------------------------------------
 */
static int64_t status_of(const struct json *row)
{
    const struct json *cell =
        json_kind(row) == JSON_ARRAY && json_len(row) == 2 ? json_at(row, 1) : NULL;
    const struct json *status =
        json_kind(cell) == JSON_ARRAY && json_len(cell) == 2 ? json_at(cell, 0) : NULL;

    return json_kind(status) == JSON_INT ? json_int(status) : RS_UNKNOWN;
}

/* *ret_ok: all nodes did it. */
static bool switch_nodes(struct cli_run *run, const struct plan *plan, bool *ret_ok, GError **errp)
{
    const struct json *delay = command_line_json(run->line, CLI_OPT_power_delay);
    CLEANUP(json_unrefp) struct json *names = json_new_array(), *rows = NULL;
    struct opcode *op = opcode_new(OP_ID_oob_command);
    struct op_oob_command *params = op->params;

    for (guint i = 0; i < plan->nodes->len; i++) {
        json_append(names, json_new_string(plan->nodes->pdata[i]));
    }
    OP_SET(params, command, plan->on ? OOB_POWER_ON : OOB_POWER_OFF);
    OP_SET(params, ignore_status, true);
    OP_SET(params, timeout, command_line_int(run->line, CLI_OPT_oob_timeout, 60));
    OP_SET(params, power_delay, delay != NULL ? json_double(delay) : C_OOB_POWER_DELAY);
    if (!SUBMIT_SET_JSON(op, oob_command, node_names, names, errp)) {
        opcode_free(op);
        return false;
    }
    if (!submit_opcode(run, op, &rows, errp)) {
        return false;
    }
    *ret_ok = true;
    for (size_t i = 0; json_kind(rows) == JSON_ARRAY && i < json_len(rows); i++) {
        if (status_of(json_at(rows, i)) != RS_NORMAL) {
            run_warn(run, "Node %s could not be switched: look after it",
                     json_string(json_at(json_at(json_at(rows, i), 0), 1)));
            *ret_ok = false;
        }
    }
    return true;
}

static struct opcode *instance_op(struct cli_run *run, const char *name, bool start)
{
    struct opcode *op = opcode_new(start ? OP_ID_instance_startup : OP_ID_instance_shutdown);

    if (start) {
        struct op_instance_startup *params = op->params;

        OP_SET_TEXT(params, instance_name, name);
    } else {
        struct op_instance_shutdown *params = op->params;

        OP_SET_TEXT(params, instance_name, name);
        OP_SET(params, timeout,
               command_line_int(run->line, CLI_OPT_shutdown_timeout, C_DEFAULT_SHUTDOWN_TIMEOUT));
        OP_SET(params, no_remember, true); /* they shall come back */
    }
    return op;
}

/* *ret_ok: all did it. */
static bool run_instances(struct cli_run *run, const GPtrArray *names, bool start, bool *ret_ok,
                          GError **errp)
{
    CLEANUP(job_set_freep) struct job_set *set = job_set_new(run, true);
    const struct job_set_result *results;
    size_t n, bad = 0;

    for (guint i = 0; i < names->len; i++) {
        struct opcode *op = instance_op(run, names->pdata[i], start);

        run_print(run, "Submit %s of instance %s", start ? "startup" : "shutdown",
                  (const char *)names->pdata[i]);
        job_set_add(set, names->pdata[i], &op, 1);
    }
    if (!run_flush(run, errp) || !job_set_wait(set, &results, &n, errp)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        bad += results[i].ok ? 0 : 1;
    }
    *ret_ok = bad == 0;
    if (bad == 0) {
        run_print(run, "All instances were %s", start ? "started" : "stopped");
    } else {
        run_warn(run, "%zu of %zu instances could not be %s", bad, n,
                 start ? "started" : "stopped");
    }
    return true;
}

/* --- Off ----------------------------------------------------------------------------------------
 */
static GPtrArray *instance_names(const struct plan *plan)
{
    GPtrArray *names = g_ptr_array_new();
    GHashTableIter it;
    void *name;

    g_hash_table_iter_init(&it, plan->instances);
    while (g_hash_table_iter_next(&it, &name, NULL)) {
        g_ptr_array_add(names, name);
    }
    g_ptr_array_sort(names, text_nice_compare_slots);
    return names;
}

static bool switch_off(struct cli_run *run, const struct plan *plan, GError **errp)
{
    g_autoptr(GPtrArray) names = instance_names(plan);
    bool ok = true;

    if (!run_instances(run, names, false, &ok, errp)) {
        return false;
    }
    if (!ok) {
        run_warn(run, "Stop them by hand before you go on: no node was switched off");
    } else if (plan->nodes->len > 0 && !switch_nodes(run, plan, &ok, errp)) {
        return false;
    }
    run->exit_code = ok ? C_EXIT_SUCCESS : C_EXIT_FAILURE;
    return true;
}

/* --- On -----------------------------------------------------------------------------------------
 */
/* Its node daemon takes calls. */
static bool is_up(const struct plan *plan, const char *name)
{
    return net_tcp_live(g_hash_table_lookup(plan->addresses, name), daemon_rows[DAEMON_noded].port);
}

/* Takes out of the plan what can be started now; the array's names are borrowed. */
static GPtrArray *take_ready(struct plan *plan, GHashTable *up)
{
    g_autoptr(GPtrArray) all = instance_names(plan);
    GPtrArray *ready = g_ptr_array_new();

    for (guint i = 0; i < all->len; i++) {
        GHashTable *nodes = g_hash_table_lookup(plan->instances, all->pdata[i]);
        GHashTableIter it;
        void *node;
        bool is_ready = true;

        g_hash_table_iter_init(&it, nodes);
        while (g_hash_table_iter_next(&it, &node, NULL)) {
            is_ready = is_ready && g_hash_table_contains(up, node);
        }
        if (is_ready) {
            g_ptr_array_add(ready, all->pdata[i]);
            g_hash_table_remove(plan->instances, all->pdata[i]);
        }
    }
    return ready;
}

/* One round: which nodes have come, and which instances can be started then. */
static bool go_round(struct cli_run *run, struct plan *plan, GHashTable *up, bool *ok,
                     GError **errp)
{
    g_autoptr(GPtrArray) ready = NULL;
    bool started = true;

    for (guint i = 0; i < plan->all->len; i++) {
        const char *node = plan->all->pdata[i];

        if (!g_hash_table_contains(up, node) && is_up(plan, node)) {
            run_print(run, "Node %s is there", node);
            g_hash_table_add(up, (void *)node);
        }
    }
    ready = take_ready(plan, up);
    if (ready->len > 0 && !run_instances(run, ready, true, &started, errp)) {
        return false;
    }
    *ok = *ok && started;
    return run_flush(run, errp);
}

static bool switch_on(struct cli_run *run, struct plan *plan, GError **errp)
{
    g_autoptr(GHashTable) up = g_hash_table_new(g_str_hash, g_str_equal);
    gint64 end = g_get_monotonic_time() + (gint64)REACHABLE_TIMEOUT * G_USEC_PER_SEC;
    bool ok = true, switched = true;

    if (plan->nodes->len > 0 && !switch_nodes(run, plan, &switched, errp)) {
        return false;
    }
    run_print(run, "Waiting until all nodes are there");
    for (;;) {
        if (!go_round(run, plan, up, &ok, errp)) {
            return false;
        }
        if (g_hash_table_size(up) == plan->all->len) {
            break;
        }
        if (g_get_monotonic_time() > end) {
            run_warn(run, "Not all nodes have come; start the other instances by hand");
            ok = false;
            break;
        }
        g_usleep((gulong)PING_INTERVAL * G_USEC_PER_SEC);
    }
    run->exit_code = ok ? C_EXIT_SUCCESS : C_EXIT_FAILURE;
    return true;
}

/* --- The command --------------------------------------------------------------------------------
 */
static const char *bad_arguments(struct cli_run *run)
{
    bool all = command_line_flag(run->line, CLI_OPT_all);

    if (all && command_line_flag(run->line, CLI_OPT_epo_groups)) {
        return "--groups and --all exclude each other";
    }
    return all && run->args[0] != NULL ? "Nodes cannot be named together with --all" : NULL;
}

static bool carry_out(struct cli_run *run, struct plan *plan, GError **errp)
{
    for (size_t i = 0; i < json_len(plan->rows); i++) {
        if (!add_node(run, plan, json_at(plan->rows, i))) {
            run->exit_code = C_EXIT_FAILURE;
            return true;
        }
    }
    if (!command_line_flag(run->line, CLI_OPT_force)) {
        g_autoptr(GPtrArray) names = g_ptr_array_copy(plan->all, NULL, NULL);

        g_ptr_array_add(names, NULL);
        if (!run_flush(run, errp)) {
            return false;
        }
        if (!confirm_operation((const char *const *)names->pdata, "nodes", "epo", NULL)) {
            run->exit_code = C_EXIT_FAILURE;
            return true;
        }
    }
    return plan->on ? switch_on(run, plan, errp) : switch_off(run, plan, errp);
}

bool cmd_cluster_epo(struct cli_run *run, GError **errp)
{
    const char *fault = bad_arguments(run);
    struct plan plan = {
        .on = command_line_flag(run->line, CLI_OPT_epo_on),
        .all = g_ptr_array_new(),
        .addresses = g_hash_table_new(g_str_hash, g_str_equal),
        .nodes = g_ptr_array_new(),
        .instances = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                           (GDestroyNotify)g_hash_table_unref),
    };
    bool ok = true;

    if (fault != NULL) {
        run_warn(run, "%s", fault);
        run->exit_code = C_EXIT_FAILURE;
    } else {
        ok = query_nodes(run, &plan, errp) && carry_out(run, &plan, errp);
    }
    plan_clear(&plan);
    return ok;
}
