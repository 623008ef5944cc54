/* How to reach the console of an instance (reference: LUInstanceConsole in
 * lib/cmdlib/instance_operation.py). */
#include "config.h"

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"
#include "jobs/lu/params.h"
#include "jobs/lu/rpc.h"

static bool console_names(struct lu *lu, GError **errp)
{
    struct op_instance_console *op = lu_params(lu);
    lu_need_all_shared(lu);
    return lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) != NULL;
}

static bool console_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_console *op = lu_params(lu);
    const struct instance *instance =
        lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp);
    return instance != NULL && lu_check_node_online(lu, instance->primary_node, errp);
}

static bool is_running(struct lu *lu, const struct instance *instance, bool *ret, GError **errp)
{
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = lu_call_instance_list(
        lu, (const char *const *)&instance->primary_node, 1, instance->hypervisor);
    const struct lu_answer *answer = &answers->v[0];
    if (!lu_answer_check(answer, errp, "Cannot ask node %s what runs there", answer->node_name)) {
        return false;
    }
    *ret = lu_list_has(answer->payload, instance->name);
    return true;
}

/* What the node must know, {name: parameters}. */
static struct json *console_question(struct lu *lu, const struct instance *instance)
{
    const struct node *node = cfg_instance_primary(lu_cfg(lu), instance);
    struct value_map hvparams = cfg_hvparams(lu_cfg(lu), instance, 0);
    const struct beparams beparams = cfg_beparams(lu_cfg(lu), instance);
    struct console_info_params params = {
        .has =
            {.instance = true, .node = true, .group = true, .hv_params = true, .be_params = true},
        .instance = lu_json_of(&type_instance, instance),
        .node = lu_json_of(&type_node, node),
        .group = lu_json_of(&type_node_group, cfg_node_group(lu_cfg(lu), node)),
        .hv_params = lu_json_of(&type_value_map, &hvparams),
        .be_params = lu_json_of(&type_beparams, &beparams),
    };
    struct json *question = json_new_object();
    json_set(question, instance->name, lu_json_of(&type_console_info_params, &params));
    fact_object_clear(&fact_object_console_info_params, &params);
    cfg_filled_free(&hvparams);
    return question;
}

/* The drivers of the node know how, as for luxid's query. */
static bool console_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    static const enum inst_status states[] = {
        [ADMIN_UP] = INSTANCE_STATUS_ERROR_DOWN,
        [ADMIN_DOWN] = INSTANCE_STATUS_ADMIN_DOWN,
        [ADMIN_OFFLINE] = INSTANCE_STATUS_ADMIN_OFFLINE,
    };
    const struct op_instance_console *op = lu_params(lu);
    const struct instance *instance = cfg_instance_get(lu_cfg(lu), op->instance_uuid);
    bool running;
    if (!is_running(lu, instance, &running, errp)) {
        return false;
    }
    if (!running) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Instance %s is not running (state %s)",
                        instance->name, fact_enum_inst_status.words[states[instance->admin_state]]);
    }
    CLEANUP(json_unrefp) struct json *question = console_question(lu, instance);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(lu, instance->primary_node,
                                            LU_CALL(instance_console_info, .instances = question));
    if (!lu_answer_check(answer, errp, "Cannot ask node %s for the console of instance %s",
                         answer->node_name, instance->name)) {
        return false;
    }
    const struct json *console = json_kind(answer->payload) == JSON_OBJECT
                                     ? json_get(answer->payload, instance->name)
                                     : NULL;
    if (json_kind(console) != JSON_OBJECT) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "Node %s does not know the console of instance %s", answer->node_name,
                        instance->name);
    }
    json_write_value(result, console);
    return true;
}

LU(instance_console, .expand_names = console_names, .check_prereq = console_prereq,
   .exec = console_exec)
