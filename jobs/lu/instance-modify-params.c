/* OP_INSTANCE_SET_PARAMS: parameters of backend, hypervisor and OS, and memory. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-modify.h"
#include "jobs/lu/params.h"
#include "jobs/lu/rpc.h"

/* --- Arguments ----------------------------------------------------------------------------------
 */
static bool check_globals(const struct any_dict *given, GError **errp)
{
    for (size_t i = 0; i < given->n; i++) {
        const struct hv_name *row = hv_name_find(given->v[i].key);
        if (row != NULL && row->global) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "The hypervisor parameter '%s' is the cluster's alone; see gnt-cluster "
                            "modify",
                            row->name);
        }
    }
    return true;
}

bool modify_params_arguments(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    return check_globals(&op->hvparams, errp);
}

/* --- New parameters -----------------------------------------------------------------------------
 *
 * "default" takes a value away (common.py GetUpdatedParams). */

static void set_value(struct value_map *map, const char *key, struct json *value)
{
    if (lu_value_is_default(value)) {
        fact_dict_remove(&type_value_map, map, key);
    } else {
        fact_value_set(fact_dict_add(&type_value_map, map, key), value);
    }
}

static bool update_hvparams(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    struct modify_own *own = lu->own;
    fact_copy(&type_value_map, &own->hvparams, &instance->hvparams);
    for (size_t i = 0; i < op->hvparams.n; i++) {
        const char *key = op->hvparams.v[i].key;
        const struct hv_name *row = hv_name_find(key);
        CLEANUP(json_unrefp) struct json *forced = NULL;
        if (lu_value_is_default(op->hvparams.v[i].value)) {
            fact_dict_remove(&type_value_map, &own->hvparams, key);
            continue;
        }
        if (row == NULL) {
            return err_fail(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE, "There is no parameter '%s'",
                            key);
        }
        if (!lu_force_value(key, row->vtype, op->hvparams.v[i].value, &forced, errp)) {
            return false;
        }
        set_value(&own->hvparams, key, forced);
    }
    return true;
}

static bool update_beparams(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    struct modify_own *own = lu->own;
    CLEANUP(json_unrefp) struct json *params = lu_json_of(&type_beparams, &instance->beparams);
    struct any_dict dict = {0};
    for (size_t i = 0; i < op->beparams.n; i++) {
        struct json *value = op->beparams.v[i].value;
        if (value == NULL || lu_value_is_default(value)) {
            json_remove(params, op->beparams.v[i].key);
        } else {
            json_set(params, op->beparams.v[i].key, json_ref(value));
        }
    }
    bool ok = fact_decode(&type_any_dict, params, &dict, NULL, errp);
    lu_split_memory(&dict);
    ok = ok && lu_force_params(&dict, &be_params, &fact_object_beparams, &own->beparams, errp);
    fact_clear(&type_any_dict, &dict);
    return ok;
}

static bool update_osparams(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    struct modify_own *own = lu->own;
    fact_copy(&type_value_map, &own->osparams, &instance->osparams);
    fact_copy(&type_value_map, &own->osparams_private, &instance->osparams_private);
    for (size_t i = 0; i < op->osparams.n; i++) {
        const char *key = op->osparams.v[i].key;
        if (fact_dict_get(&type_private_dict, &op->osparams_private, key) != NULL) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_NONE,
                            "The OS parameter '%s' is given both as a private and a public one",
                            key);
        }
        set_value(&own->osparams, key, op->osparams.v[i].value);
    }
    for (size_t i = 0; i < op->osparams_private.n; i++) {
        set_value(&own->osparams_private, op->osparams_private.v[i].key,
                  op->osparams_private.v[i].value);
    }
    return true;
}

/* --- Checks -------------------------------------------------------------------------------------
 */
static bool check_hvparams(struct lu *lu, const struct instance *new, const GPtrArray *nodes,
                           GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    if (op->hvparams.n == 0) {
        return true;
    }
    struct value_map filled = cfg_hvparams(lu_cfg(lu), new, 0);
    bool ok = lu_check_hv_syntax(new->hypervisor, &filled, errp) &&
              lu_check_hvparams(lu, (const char *const *)nodes->pdata, nodes->len, new->hypervisor,
                                &filled, errp);
    cfg_filled_free(&filled);
    return ok;
}

/* The largest number of a CPU mask ("0-1:all:3"), -1 if it names none; *ret_parts: for how many
 * virtual processors it speaks. */
static int64_t largest_cpu(const char *mask, size_t *ret_parts)
{
    int64_t largest = -1;
    *ret_parts = 1;
    for (const char *at = mask; *at != '\0'; at++) {
        if (*at == ':') {
            (*ret_parts)++;
        }
        if (g_ascii_isdigit(*at)) {
            char *end;
            largest = MAX(largest, (int64_t)MIN(g_ascii_strtoull(at, &end, 10), G_MAXINT32));
            at = end - 1;
        }
    }
    return largest;
}

static bool check_nodes_cpus(struct lu *lu, const struct instance *new, const GPtrArray *nodes,
                             int64_t needed, GError **errp)
{
    CLEANUP(json_unrefp) struct json *specs = lu_hv_specs(lu, new->hypervisor);
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = lu_call_nodes(lu, (const char *const *)nodes->pdata, nodes->len,
                                               LU_CALL(node_info, .hv_specs = specs));
    for (size_t i = 0; i < answers->n; i++) {
        const struct lu_answer *answer = &answers->v[i];
        if (!lu_answer_check_prereq(answer, ECODE_ENVIRON, errp, "Cannot ask node %s for its CPUs",
                                    answer->node_name)) {
            return false;
        }
        const struct json *hv = lu_node_info_hv(answer->payload);
        const struct json *cpus = json_kind(hv) == JSON_OBJECT ? json_get(hv, "cpu_total") : NULL;
        if (json_kind(cpus) != JSON_INT) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_ENVIRON,
                            "Node %s does not tell how many CPUs it has", answer->node_name);
        }
        if (needed > json_int(cpus)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_NORES,
                            "Node %s has %" G_GINT64_FORMAT
                            " CPUs, the mask needs %" G_GINT64_FORMAT,
                            answer->node_name, (gint64)json_int(cpus), (gint64)needed);
        }
    }
    return true;
}

static bool check_cpus(struct lu *lu, const struct instance *new, const GPtrArray *nodes,
                       GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct fact_value *value = cfg_hvparam(lu_cfg(lu), new, hv_names[HV_NAME_cpu_mask].name);
    const char *mask = value != NULL ? fact_value_text(value) : NULL;
    size_t parts;
    if (mask == NULL) {
        return true;
    }
    int64_t largest = largest_cpu(mask, &parts);
    int64_t vcpus = cfg_beparams(lu_cfg(lu), new).vcpus;
    if (parts > 1 && (int64_t)parts != vcpus) {
        return err_fail(
            errp, ERR_OP_PREREQ, ECODE_INVAL,
            "The CPU mask '%s' speaks for %zu virtual CPUs, the instance has %" G_GINT64_FORMAT,
            mask, parts, (gint64)vcpus);
    }
    return op->hvparams.n == 0 || check_nodes_cpus(lu, new, nodes, largest + 1, errp);
}

static bool check_os(struct lu *lu, const struct instance *new, const GPtrArray *nodes,
                     GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const char *os = op->has.os_name && !op->force ? op->os_name : modify_instance(lu)->os;
    if ((op->osparams.n == 0 && op->osparams_private.n == 0) || os == NULL || *os == '\0') {
        return true;
    }
    struct value_map all = {0};
    struct any_list checks = {0};
    lu_map_merge(&all, &new->osparams);
    lu_map_merge(&all, &new->osparams_private);
    *(struct json **)fact_list_add(&type_any_list, &checks) =
        json_new_string(C_OS_VALIDATE_PARAMETERS);
    CLEANUP(json_unrefp) struct json *params = lu_json_of(&type_value_map, &all);
    fact_clear(&type_value_map, &all);
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers =
        lu_call_nodes(lu, (const char *const *)nodes->pdata, nodes->len,
                      LU_CALL(os_validate, .required = true, .name = (char *)os, .checks = checks,
                              .params = params, .force_variant = op->force_variant));
    fact_clear(&type_any_list, &checks);
    for (size_t i = 0; i < answers->n; i++) {
        const struct lu_answer *answer = &answers->v[i];
        if (!lu_answer_check(answer, errp, "The OS parameters are not good for node %s",
                             answer->node_name)) {
            return false;
        }
        if (json_kind(answer->payload) != JSON_BOOL || !json_boolean(answer->payload)) {
            lu_info(lu, "Node %s does not have the OS %s, so the parameters are not checked there",
                    answer->node_name, os);
        }
    }
    return true;
}

/* --- Memory -------------------------------------------------------------------------------------
 */
static bool free_memory(const struct lu_answer *answer, int64_t *ret)
{
    const struct json *hv = lu_node_info_hv(answer->payload);
    const struct json *value = json_kind(hv) == JSON_OBJECT ? json_get(hv, "memory_free") : NULL;
    *ret = json_kind(value) == JSON_INT ? json_int(value) : 0;
    return json_kind(value) == JSON_INT;
}

static int64_t memory_of(const struct json *info)
{
    const struct json *memory = info != NULL ? json_get(info, "memory") : NULL;
    return json_kind(memory) == JSON_INT ? json_int(memory) : 0;
}

/* A primary node that does not tell is no reason to stop. */
static bool check_primary_memory(struct lu *lu, const struct lu_answer *answer, int64_t maxmem,
                                 const struct json *info, GError **errp)
{
    int64_t free_mib;
    if (answer->fail_msg != NULL) {
        modify_warn_later(lu, g_strdup_printf("Cannot ask primary node %s for its memory: %s",
                                              answer->node_name, answer->fail_msg));
        return true;
    }
    if (!free_memory(answer, &free_mib)) {
        modify_warn_later(lu,
                          g_strdup_printf("Primary node %s does not tell how much memory is free",
                                          answer->node_name));
        return true;
    }
    int64_t missing = maxmem - memory_of(info) - free_mib;
    return missing <= 0 || err_fail(errp, ERR_OP_PREREQ, ECODE_NORES,
                                    "The instance could not start again: %" G_GINT64_FORMAT
                                    " MiB are missing on its primary node %s",
                                    (gint64)missing, answer->node_name);
}

static bool check_secondary_memory(const struct lu_answer *answer, int64_t maxmem, GError **errp)
{
    int64_t free_mib;
    if (!lu_answer_check_prereq(answer, ECODE_STATE, errp,
                                "Cannot ask secondary node %s for its memory", answer->node_name)) {
        return false;
    }
    if (!free_memory(answer, &free_mib)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "Secondary node %s does not tell how much memory is free",
                        answer->node_name);
    }
    return maxmem <= free_mib || err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                                          "The instance could not fail over to its secondary node "
                                          "%s, which has not enough memory",
                                          answer->node_name);
}

static bool check_more_memory(struct lu *lu, const struct instance *new, const GPtrArray *nodes,
                              GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    struct beparams be = cfg_beparams(lu_cfg(lu), new);
    bool given = fact_dict_get(&type_any_dict, &op->beparams, "maxmem") != NULL;
    if (!given || op->force || be.maxmem <= cfg_beparams(lu_cfg(lu), modify_instance(lu)).maxmem) {
        return true;
    }
    g_autoptr(GError) error = NULL;
    CLEANUP(json_unrefp) struct json *info = NULL;
    bool asked = lu_instance_info(lu, modify_instance(lu), true, &info, &error);
    CLEANUP(json_unrefp) struct json *specs = lu_hv_specs(lu, new->hypervisor);
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers =
        lu_call_nodes(lu, (const char *const *)nodes->pdata, be.auto_balance ? nodes->len : 1,
                      LU_CALL(node_info, .hv_specs = specs));
    if (!asked) {
        modify_warn_later(lu, g_strdup(error->message));
    } else if (!check_primary_memory(lu, &answers->v[0], be.maxmem, info, errp)) {
        return false;
    }
    for (size_t i = 1; i < answers->n; i++) {
        if (!check_secondary_memory(&answers->v[i], be.maxmem, errp)) {
            return false;
        }
    }
    return true;
}

static bool check_runtime_memory(struct lu *lu, const struct instance *new, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    struct beparams be = cfg_beparams(lu_cfg(lu), new);
    CLEANUP(json_unrefp) struct json *info = NULL;
    if (!op->has.runtime_mem) {
        return true;
    }
    if (!lu_instance_info(lu, modify_instance(lu), true, &info, errp)) {
        return false;
    }
    if (info == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE, "Instance %s is not running", new->name);
    }
    if (!op->force && (op->runtime_mem > be.maxmem || op->runtime_mem < be.minmem)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Instance %s must have between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
                        " MiB, unless --force is given",
                        new->name, (gint64)be.minmem, (gint64)be.maxmem);
    }
    int64_t more = op->runtime_mem - memory_of(info);
    g_autofree char *what = g_strdup_printf("the memory of instance %s", new->name);
    return more <= 0 ||
           lu_check_free_memory(lu, new->primary_node, what, more, new->hypervisor, errp);
}

bool modify_params_check(struct lu *lu, const GPtrArray *nodes, GError **errp)
{
    const struct instance *instance = modify_instance(lu);
    if (!update_hvparams(lu, instance, errp) || !update_beparams(lu, instance, errp) ||
        !update_osparams(lu, instance, errp)) {
        return false;
    }
    struct instance new = modify_changed(lu);
    return check_hvparams(lu, &new, nodes, errp) && check_cpus(lu, &new, nodes, errp) &&
           check_os(lu, &new, nodes, errp) && check_more_memory(lu, &new, nodes, errp) &&
           check_runtime_memory(lu, &new, errp);
}

/* --- The guest that runs ------------------------------------------------------------------------
 */
bool modify_memory_apply(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct instance *instance = modify_instance(lu);
    if (!op->has.runtime_mem) {
        return true;
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, instance->primary_node,
                     LU_CALL(instance_balloon_memory, .instance = {.instance = instance},
                             .memory = op->runtime_mem));
    return lu_answer_check(answer, errp, "Could not change the memory of instance %s",
                           instance->name);
}
