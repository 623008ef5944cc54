/* gnt-node add (lib/client/gnt_node.py AddNode). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/net.h"
#include "bootstrap/join.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/op-options.h"
#include "cli-compat/core/submit.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

/* What the master knows before. */
struct add {
    char *node; /* its whole name */
    char *cluster;
    char *secondary_ip; /* NULL: none was given */
    bool modify_ssh;
    enum ssh_key_type key_type;
    int64_t key_bits, ssh_port;
    bool is_known, is_master; /* already */
    GPtrArray *candidates;    /* UUIDs */
};

static void add_clear(struct add *add)
{
    g_free(add->node);
    g_free(add->cluster);
    g_free(add->secondary_ip);
    if (add->candidates != NULL) {
        g_ptr_array_unref(add->candidates);
    }
}

/* --- Questions to the master --------------------------------------------------------------------
 */
static bool strange(const char *what, GError **errp)
{
    return err_fail(errp, ERR_PROTOCOL, ECODE_NONE, "the master does not tell %s", what);
}

static bool ask_cluster(struct cli_run *run, struct add *add, GError **errp)
{
    static const char *const names[] = {"cluster_name", "modify_ssh_setup", "ssh_key_type",
                                        "ssh_key_bits", NULL};
    CLEANUP(json_unrefp) struct json *values = NULL;
    int type;

    if (!run_call_for(run, LUXI_query_config_values, run_list(1, run_texts(names)), JSON_ARRAY,
                      &values, errp)) {
        return false;
    }
    if (json_len(values) + 1 != G_N_ELEMENTS(names) ||
        json_kind(json_at(values, 0)) != JSON_STRING ||
        json_kind(json_at(values, 1)) != JSON_BOOL ||
        json_kind(json_at(values, 2)) != JSON_STRING || json_kind(json_at(values, 3)) != JSON_INT) {
        return strange("what the cluster is like", errp);
    }
    type = fact_enum_find(&fact_enum_ssh_key_type, json_string(json_at(values, 2)));
    if (type < 0) {
        return strange("a known type of SSH keys", errp);
    }
    add->cluster = g_strdup(json_string(json_at(values, 0)));
    add->modify_ssh = json_boolean(json_at(values, 1));
    add->key_type = (enum ssh_key_type)type;
    add->key_bits = json_int(json_at(values, 3));
    return true;
}

/* Of the group that it will be in: the first one if none is named. */
static bool ask_group(struct cli_run *run, struct add *add, GError **errp)
{
    const char *names[] = {command_line_text(run->line, CLI_OPT_nodegroup), NULL};
    static const char *const fields[] = {"ndp/ssh_port", NULL};
    CLEANUP(json_unrefp) struct json *rows = NULL;

    if (!run_query_old(run, LUXI_query_groups, names, fields, &rows, errp)) {
        return false;
    }
    if (json_len(rows) > 0 && json_kind(json_at(json_at(rows, 0), 0)) == JSON_INT) {
        add->ssh_port = json_int(json_at(json_at(rows, 0), 0));
    }
    return true;
}

/* A node that is not there yet is an error of the query. */
static void ask_node(struct cli_run *run, struct add *add)
{
    const char *const names[] = {add->node, NULL};
    static const char *const fields[] = {"name", "sip", "master", "ndp/ssh_port", NULL};
    CLEANUP(json_unrefp) struct json *rows = NULL;
    const struct json *row;

    if (!run_query_old(run, LUXI_query_nodes, names, fields, &rows, NULL) || json_len(rows) == 0) {
        return;
    }
    row = json_at(rows, 0);
    add->is_known = json_kind(json_at(row, 0)) == JSON_STRING;
    add->is_master = json_kind(json_at(row, 2)) == JSON_BOOL && json_boolean(json_at(row, 2));
    if (json_kind(json_at(row, 1)) == JSON_STRING) {
        add->secondary_ip = g_strdup(json_string(json_at(row, 1)));
    }
    if (json_kind(json_at(row, 3)) == JSON_INT) {
        add->ssh_port = json_int(json_at(row, 3));
    }
}

static bool ask_candidates(struct cli_run *run, struct add *add, GError **errp)
{
    static const char *const fields[] = {"uuid", "role", NULL};
    const char *const all[] = {NULL};
    CLEANUP(json_unrefp) struct json *rows = NULL;

    add->candidates = g_ptr_array_new_with_free_func(g_free);
    if (!run_query_old(run, LUXI_query_nodes, all, fields, &rows, errp)) {
        return false;
    }
    for (size_t i = 0; i < json_len(rows); i++) {
        const struct json *uuid = json_at(json_at(rows, i), 0);
        const struct json *role = json_at(json_at(rows, i), 1);

        if (json_kind(uuid) == JSON_STRING && json_kind(role) == JSON_STRING &&
            (strcmp(json_string(role), fact_enum_node_role.words[NODE_ROLE_M]) == 0 ||
             strcmp(json_string(role), fact_enum_node_role.words[NODE_ROLE_C]) == 0)) {
            g_ptr_array_add(add->candidates, g_strdup(json_string(uuid)));
        }
    }
    return add->candidates->len > 0 ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_NONE, "The cluster has no master candidate");
}

/* --- The command --------------------------------------------------------------------------------
 */
/* False: it was said what is wrong. */
static bool fits(struct cli_run *run, const struct add *add)
{
    bool readd = command_line_flag(run->line, CLI_OPT_readd);

    if (!readd && add->is_known) {
        run_warn(run, "Node %s is in the cluster already; to add it again, use --readd", add->node);
    } else if (readd && !add->is_known) {
        run_warn(run, "Node %s is not in the cluster; add it without --readd", add->node);
    } else if (readd && add->is_master) {
        run_warn(run, "Node %s is the master, which cannot be added again", add->node);
    } else {
        return true;
    }
    run->exit_code = C_EXIT_FAILURE;
    return false;
}

static void explain(struct cli_run *run, const struct add *add)
{
    if (!command_line_flag(run->line, CLI_OPT_no_node_setup)) {
        run_print(run, "-- WARNING --\n--no-node-setup has no effect: the cluster's setting "
                       "modify_ssh_setup decides whether\nSSH is set up on a new node.\n");
    }
    if (command_line_flag(run->line, CLI_OPT_node_force_join)) {
        run_warn(run, "--force-join has no effect any more.");
    }
    if (add->modify_ssh) {
        run_warn(
            run,
            "-- WARNING --\nThis changes SSH on %s and on the nodes of the cluster:\n"
            "* the SSH daemon of %s gets the host keys of the cluster,\n"
            "* root gets a new key there, which other nodes accept if the node becomes a master "
            "candidate,\n"
            "* the keys of all master candidates may log in there.\n",
            add->node, add->node);
    }
}

static bool prepare(struct cli_run *run, const struct add *add, GError **errp)
{
    const struct join_target target = {
        .cluster = add->cluster,
        .node = add->node,
        .ssh_port = (int)add->ssh_port,
        .check_key = command_line_flag(run->line, CLI_OPT_nossh_keycheck),
        .debug = command_line_int(run->line, CLI_OPT_debug, 0) > 0,
        .verbose = command_line_flag(run->line, CLI_OPT_verbose),
    };

    return (!add->modify_ssh ||
            join_set_up_ssh(&target, (const char *const *)add->candidates->pdata,
                            add->candidates->len, add->key_type, add->key_bits, errp)) &&
           join_set_up_daemon(&target, errp);
}

static const struct option_param params_of_options[] = {
    {CLI_OPT_hv_state, "hv_state", OPTION_DICT},
    {CLI_OPT_disk_state, "disk_state", OPTION_TREE},
    {CLI_OPT_node_params, "ndparams", OPTION_AS_IT_IS},
    {CLI_OPT_capab_master, "master_capable", OPTION_AS_IT_IS},
    {CLI_OPT_capab_vm, "vm_capable", OPTION_AS_IT_IS},
};

static bool submit(struct cli_run *run, const struct add *add, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_node_add);
    struct op_node_add *params = op->params;
    bool readd = command_line_flag(run->line, CLI_OPT_readd);

    OP_SET_TEXT(params, node_name, run->args[0]);
    OP_SET_TEXT(params, secondary_ip,
                readd ? add->secondary_ip : command_line_text(run->line, CLI_OPT_secondary_ip));
    OP_SET(params, readd, readd);
    OP_SET_TEXT(params, group, command_line_text(run->line, CLI_OPT_nodegroup));
    OP_SET(params, node_setup, add->modify_ssh);
    if (!options_to_params(run, op, params_of_options, G_N_ELEMENTS(params_of_options), errp)) {
        opcode_free(op);
        return false;
    }
    return submit_opcode(run, op, NULL, errp);
}

static bool find_name(struct cli_run *run, struct add *add, GError **errp)
{
    g_autofree char *address = NULL;

    if (!net_resolve(run->args[0], false, &add->node, &address, NULL) &&
        !net_resolve(run->args[0], true, &add->node, &address, errp)) {
        err_wrap(errp, ERR_OP_PREREQ, ECODE_RESOLVER);
        return false;
    }
    return true;
}

bool cmd_node_add(struct cli_run *run, GError **errp)
{
    struct add add = {0};
    bool ok = find_name(run, &add, errp) && ask_group(run, &add, errp);

    if (ok) {
        ask_node(run, &add);
    }
    if (ok && fits(run, &add)) {
        ok = ask_cluster(run, &add, errp) && ask_candidates(run, &add, errp);
        if (ok) {
            explain(run, &add);
        }
        ok = ok && run_flush(run, errp) && prepare(run, &add, errp) && submit(run, &add, errp);
    }
    add_clear(&add);
    return ok;
}
