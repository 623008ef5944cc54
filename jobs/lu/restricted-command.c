/* OP_RESTRICTED_COMMAND: a program that the site allows, on nodes (reference: lib/cmdlib/misc.py
 * LURestrictedCommand). */
#include "config.h"

#include "base/json.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"
#include "jobs/lu/rpc.h"

static bool expand_names(struct lu *lu, GError **errp)
{
    struct op_restricted_command *op = lu_params(lu);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    if (op->nodes.n > 0) {
        g_autoptr(GPtrArray) uuids = lu_expand_nodes(lu, LU_TEXTS(op->nodes), errp);
        if (uuids == NULL) {
            return false;
        }
        for (guint i = 0; i < uuids->len; i++) {
            g_ptr_array_add(names, cfg_node_get(lu_cfg(lu), uuids->pdata[i])->name);
        }
        lu_list_set(&op->nodes, (const char *const *)names->pdata, names->len);
        lu_list_set(&op->node_uuids, (const char *const *)uuids->pdata, uuids->len);
        op->has.node_uuids = true;
    }
    lu_need_level(lu, LOCK_LEVEL_NODE);
    lu_need_many(lu, LOCK_LEVEL_NODE, LU_TEXTS(op->node_uuids));
    if (!op->use_locking) {
        lu_need_shared(lu, LOCK_LEVEL_NODE);
    }
    return true;
}

static bool exec(struct lu *lu, struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    const struct op_restricted_command *op = lu_params(lu);
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = lu_call_nodes(lu, LU_TEXTS(op->node_uuids),
                                               LU_CALL(restricted_command, .cmd = op->command));
    json_write_array_begin(result);
    for (size_t i = 0; i < answers->n; i++) {
        const struct lu_answer *answer = &answers->v[i];
        bool is_text = json_kind(answer->payload) == JSON_STRING;
        json_write_array_begin(result);
        json_write_bool(result, answer->fail_msg == NULL);
        if (answer->fail_msg == NULL) {
            json_write_string(result, is_text ? json_string(answer->payload) : "");
        } else {
            g_autofree char *text =
                g_strdup_printf("Command '%s' failed on node %s: %s", op->command,
                                answer->node_name, answer->fail_msg);
            json_write_string(result, text);
        }
        json_write_array_end(result);
    }
    json_write_array_end(result);
    return true;
}

LU(restricted_command, .expand_names = expand_names, .exec = exec)
