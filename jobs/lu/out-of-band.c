/* OP_OOB_COMMAND: power and health of nodes by a program on the master that reaches their hardware
 * (reference: lib/cmdlib/misc.py LUOobCommand). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"
#include "jobs/lu/rpc.h"

struct own {
    GPtrArray *names; /* of the nodes, sorted */
};

static void clear(void *data)
{
    struct own *own = data;
    g_clear_pointer(&own->names, g_ptr_array_unref);
}

/* Must not be done to the node that does it. */
static bool spares_master(enum oob_command command)
{
    return command == OOB_POWER_OFF || command == OOB_POWER_CYCLE;
}

static const char *program_of(struct lu *lu, const struct node *node)
{
    const char *program = cfg_node_ndparams(lu_cfg(lu), node).oob_program;
    return program != NULL && *program != '\0' ? program : NULL;
}

static bool expand_names(struct lu *lu, GError **errp)
{
    struct op_oob_command *op = lu_params(lu);
    if (op->node_names.n == 0) {
        lu_need_all(lu, LOCK_LEVEL_NODE);
        return true;
    }
    g_autoptr(GPtrArray) uuids = lu_expand_nodes(lu, LU_TEXTS(op->node_names), errp);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    if (uuids == NULL) {
        return false;
    }
    for (guint i = 0; i < uuids->len; i++) {
        g_ptr_array_add(names, cfg_node_get(lu_cfg(lu), uuids->pdata[i])->name);
    }
    lu_list_set(&op->node_names, (const char *const *)names->pdata, names->len);
    lu_list_set(&op->node_uuids, (const char *const *)uuids->pdata, uuids->len);
    op->has.node_uuids = true;
    lu_need_many(lu, LOCK_LEVEL_NODE, LU_TEXTS(op->node_uuids));
    return true;
}

/* Those of the opcode, or all; the master is left out where it must be. */
static bool choose_nodes(struct lu *lu, GPtrArray *uuids, GError **errp)
{
    const struct op_oob_command *op = lu_params(lu);
    const struct node *master = cfg_master(lu_cfg(lu));
    for (size_t i = 0; i < op->node_uuids.n; i++) {
        if (spares_master(op->command) && strcmp(op->node_uuids.v[i], master->uuid) == 0) {
            const char *program = program_of(lu, master);
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "%s is the master, to which %s is not done%s%s%s%s%s%s", master->name,
                            fact_enum_oob_command.words[op->command],
                            program != NULL ? "; if it must be, run: " : "",
                            program != NULL ? program : "", program != NULL ? " " : "",
                            program != NULL ? fact_enum_oob_command.words[op->command] : "",
                            program != NULL ? " " : "", program != NULL ? master->name : "");
        }
        g_ptr_array_add(uuids, op->node_uuids.v[i]);
    }
    for (size_t i = 0; op->node_uuids.n == 0 && i < cfg_node_count(lu_cfg(lu)); i++) {
        const struct node *node = cfg_node_at(lu_cfg(lu), i);
        if (node != master || !spares_master(op->command)) {
            g_ptr_array_add(uuids, node->uuid);
        }
    }
    return true;
}

static bool check_prereq(struct lu *lu, GError **errp)
{
    const struct op_oob_command *op = lu_params(lu);
    struct own *own = lu->own;
    g_autoptr(GPtrArray) uuids = g_ptr_array_new();
    own->names = g_ptr_array_new_with_free_func(g_free);
    if (!choose_nodes(lu, uuids, errp)) {
        return false;
    }
    for (guint i = 0; i < uuids->len; i++) {
        const struct node *node = cfg_node_get(lu_cfg(lu), uuids->pdata[i]);
        if (node == NULL) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_NOENT, "Node %s has gone meanwhile",
                            (const char *)uuids->pdata[i]);
        }
        if (!op->ignore_status && op->command == OOB_POWER_OFF && !node->offline) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "Node %s is not marked offline, so it is not switched off", node->name);
        }
        g_ptr_array_add(own->names, g_strdup(node->name));
    }
    g_ptr_array_sort(own->names, text_nice_compare_slots);
    return true;
}

/* --- What programs answer -----------------------------------------------------------------------
 */
static bool is_health(const struct json *payload)
{
    for (size_t i = 0; json_kind(payload) == JSON_ARRAY && i < json_len(payload); i++) {
        const struct json *pair = json_at(payload, i);
        if (json_kind(pair) != JSON_ARRAY || json_len(pair) != 2 ||
            json_kind(json_at(pair, 0)) != JSON_STRING ||
            json_kind(json_at(pair, 1)) != JSON_STRING ||
            fact_enum_find(&fact_enum_oob_status, json_string(json_at(pair, 1))) < 0) {
            return false;
        }
    }
    return json_kind(payload) == JSON_ARRAY;
}

static bool is_power_status(const struct json *payload)
{
    const struct json *powered =
        json_kind(payload) == JSON_OBJECT ? json_get(payload, C_OOB_POWER_STATUS_POWERED) : NULL;
    return json_kind(powered) == JSON_BOOL;
}

/* NULL: it is good; else what was expected. */
static const char *judge(enum oob_command command, const struct json *payload)
{
    switch (command) {
    case OOB_HEALTH:
        return is_health(payload) ? NULL : "a list of items with their states";
    case OOB_POWER_STATUS:
        return is_power_status(payload) ? NULL : "an object that says whether it is powered";
    case OOB_POWER_CYCLE:
    case OOB_POWER_OFF:
    case OOB_POWER_ON:
        return payload == NULL ? NULL : "nothing";
    }
    g_return_val_if_reached(NULL);
}

static void warn_health(struct lu *lu, const char *name, const struct json *payload)
{
    for (size_t i = 0; i < json_len(payload); i++) {
        const char *state = json_string(json_at(json_at(payload, i), 1));
        int status = fact_enum_find(&fact_enum_oob_status, state);
        if (status == OOB_STATUS_WARNING || status == OOB_STATUS_CRITICAL) {
            lu_warn(lu, "'%s' of node %s is in the state %s",
                    json_string(json_at(json_at(payload, i), 0)), name, state);
        }
    }
}

/* --- Execution ----------------------------------------------------------------------------------
 */
static bool record_power(struct lu *lu, const char *name, bool powered, GError **errp)
{
    const struct node *node = cfg_node_named(lu_cfg(lu), name);
    g_autofree char *uuid = node != NULL ? g_strdup(node->uuid) : NULL;
    struct cfg_txn *txn = uuid != NULL ? lu_begin(lu, errp) : NULL;
    if (txn == NULL) {
        return uuid == NULL;
    }
    cfg_txn_edit_node(txn, uuid)->powered = powered;
    return lu_commit(lu, txn, errp);
}

static void write_cell(struct json_writer *result, enum result_status status,
                       const struct json *value)
{
    json_write_array_begin(result);
    json_write_int(result, (int64_t)status);
    json_write_value(result, value);
    json_write_array_end(result);
}

/* The second cell of the node's row. */
static bool run(struct lu *lu, const char *name, struct json_writer *result, GError **errp)
{
    const struct op_oob_command *op = lu_params(lu);
    const struct node *node = cfg_node_named(lu_cfg(lu), name);
    const char *program = node != NULL ? program_of(lu, node) : NULL;
    CLEANUP(json_unrefp) struct json *timeout = json_new_int(op->timeout);
    if (program == NULL) {
        write_cell(result, RS_UNAVAIL, NULL);
        return true;
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, cfg_cluster(lu_cfg(lu))->master_node,
                     LU_CALL(run_oob, .oob_program = (char *)program,
                             .command = (char *)fact_enum_oob_command.words[op->command],
                             .remote_node = (char *)name, .timeout = timeout));
    if (!lu_answer_warn(lu, answer, "The out-of-band program failed for node %s", name)) {
        write_cell(result, RS_NODATA, NULL);
        return true;
    }
    const char *expected = judge(op->command, answer->payload);
    if (expected != NULL) {
        lu_warn(lu, "The out-of-band program for node %s was expected to answer with %s", name,
                expected);
        write_cell(result, RS_NODATA, NULL);
        return true;
    }
    if (op->command == OOB_HEALTH) {
        warn_health(lu, name, answer->payload);
    }
    if ((op->command == OOB_POWER_ON || op->command == OOB_POWER_OFF) &&
        !record_power(lu, name, op->command == OOB_POWER_ON, errp)) {
        return false;
    }
    write_cell(result, RS_NORMAL, answer->payload);
    return true;
}

/* Switching many nodes on at the same time is more than many fuses bear. */
static bool exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_oob_command *op = lu_params(lu);
    const struct own *own = lu->own;
    json_write_array_begin(result);
    for (guint i = 0; i < own->names->len; i++) {
        const char *name = own->names->pdata[i];
        CLEANUP(json_unrefp) struct json *text = json_new_string(name);
        json_write_array_begin(result);
        write_cell(result, RS_NORMAL, text);
        if (!run(lu, name, result, errp)) {
            return false;
        }
        json_write_array_end(result);
        if (op->command == OOB_POWER_ON && i + 1 < own->names->len) {
            lu_pause(lu, op->power_delay);
        }
    }
    json_write_array_end(result);
    return true;
}

LU(oob_command, .own_size = sizeof(struct own), .clear = clear, .expand_names = expand_names,
   .check_prereq = check_prereq, .exec = exec)
