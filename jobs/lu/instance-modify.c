/* Changing what an instance is: parameters, OS, memory, whether it is put away (reference:
 * lib/cmdlib/instance_set_params.py). Whoever asks for changes of devices or of the primary node is
 * told before anything is done that this is not available yet. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/ipolicy-fit.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/metadata.h"
#include "jobs/lu/names.h"
#include "jobs/lu/params.h"
#include "jobs/lu/rpc.h"

struct own {
    /* What it will have of its own. */
    struct value_map hvparams, osparams, osparams_private;
    struct beparams beparams;
    GPtrArray *warnings; /* told when the unit starts */
};

static void clear(void *data)
{
    struct own *own = data;
    fact_clear(&type_value_map, &own->hvparams);
    fact_clear(&type_value_map, &own->osparams);
    fact_clear(&type_value_map, &own->osparams_private);
    fact_object_clear(&fact_object_beparams, &own->beparams);
    g_clear_pointer(&own->warnings, g_ptr_array_unref);
}

static const struct instance *instance_of(struct lu *lu)
{
    const struct op_instance_set_params *op = lu_params(lu);
    return cfg_instance_get(lu_cfg(lu), op->instance_uuid);
}

/* The instance as it will be; borrows from the snapshot and from own. */
static struct instance changed(struct lu *lu)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct own *own = lu->own;
    struct instance instance = *instance_of(lu);
    instance.hvparams = own->hvparams;
    instance.beparams = own->beparams;
    instance.osparams = own->osparams;
    instance.osparams_private = own->osparams_private;
    if (op->has.os_name) {
        instance.os = op->os_name;
    }
    return instance;
}

/* --- Arguments and locks ------------------------------------------------------------------------
 */
static bool not_yet(const char *what, GError **errp)
{
    return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                    "Changing %s is not available yet in this version; nothing was changed. Run it "
                    "on a master with the other implementation of the cluster",
                    what);
}

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

static bool has_some(const struct json *list)
{
    return json_kind(list) == JSON_ARRAY && json_len(list) > 0;
}

static bool check_arguments(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    bool devices = has_some(op->nics) || has_some(op->disks) || op->has.disk_template;
    bool any = devices || op->hvparams.n > 0 || op->beparams.n > 0 || op->has.os_name ||
               op->osparams.n > 0 || op->has.offline || op->has.runtime_mem || op->has.pnode ||
               op->osparams_private.n > 0 || op->has.instance_communication;
    if (!any) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "No changes are asked for");
    }
    if (!check_globals(&op->hvparams, errp)) {
        return false;
    }
    if (devices || op->has.instance_communication) {
        return not_yet("disks and network interfaces", errp);
    }
    return !op->has.pnode || not_yet("the primary node", errp);
}

static bool expand_names(struct lu *lu, GError **errp)
{
    struct op_instance_set_params *op = lu_params(lu);
    lu_need_shared(lu, LOCK_LEVEL_NODEGROUP);
    lu_need_apart(lu, LOCK_LEVEL_NODEGROUP);
    lu_need_apart(lu, LOCK_LEVEL_NODE);
    return lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) != NULL;
}

static bool declare_locks(struct lu *lu, enum lock_level level, GError **errp G_GNUC_UNUSED)
{
    const struct instance *instance = instance_of(lu);
    if (level == LOCK_LEVEL_NODE) {
        lu_need_instances_nodes(lu, level, false);
    }
    if (level != LOCK_LEVEL_NODEGROUP || instance == NULL) {
        return true;
    }
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    for (guint i = 0; i < nodes->len; i++) {
        const struct node *node = cfg_node_get(lu_cfg(lu), nodes->pdata[i]);
        if (node != NULL) {
            lu_need(lu, level, node->group);
        }
    }
    return true;
}

/* --- New parameters -----------------------------------------------------------------------------
 *
 * "default" takes a value away (common.py GetUpdatedParams). */
static bool is_default(const struct json *value)
{
    return json_kind(value) == JSON_STRING && strcmp(json_string(value), C_VALUE_DEFAULT) == 0;
}

static void set_value(struct value_map *map, const char *key, struct json *value)
{
    if (is_default(value)) {
        fact_dict_remove(&type_value_map, map, key);
    } else {
        fact_value_set(fact_dict_add(&type_value_map, map, key), value);
    }
}

static bool update_hvparams(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    struct own *own = lu->own;
    fact_copy(&type_value_map, &own->hvparams, &instance->hvparams);
    for (size_t i = 0; i < op->hvparams.n; i++) {
        const char *key = op->hvparams.v[i].key;
        const struct hv_name *row = hv_name_find(key);
        CLEANUP(json_unrefp) struct json *forced = NULL;
        if (is_default(op->hvparams.v[i].value)) {
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

/* The old name of both limits of memory (objects.py UpgradeBeParams). */
static void take_memory(struct json *params)
{
    static const char *const limits[] = {"maxmem", "minmem"};
    struct json *memory = json_get(params, "memory");
    for (size_t i = 0; memory != NULL && i < G_N_ELEMENTS(limits); i++) {
        json_set(params, limits[i], json_ref(memory));
    }
    json_remove(params, "memory");
}

static bool update_beparams(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    struct own *own = lu->own;
    CLEANUP(json_unrefp) struct json *params = lu_json_of(&type_beparams, &instance->beparams);
    struct any_dict dict = {0};
    for (size_t i = 0; i < op->beparams.n; i++) {
        struct json *value = op->beparams.v[i].value;
        if (value == NULL || is_default(value)) {
            json_remove(params, op->beparams.v[i].key);
        } else {
            json_set(params, op->beparams.v[i].key, json_ref(value));
        }
    }
    take_memory(params);
    bool ok = fact_decode(&type_any_dict, params, &dict, NULL, errp) &&
              lu_force_params(&dict, &be_params, &fact_object_beparams, &own->beparams, errp);
    fact_clear(&type_any_dict, &dict);
    return ok;
}

static bool update_osparams(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    struct own *own = lu->own;
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
    const char *os = op->has.os_name && !op->force ? op->os_name : instance_of(lu)->os;
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
static void warn_later(struct own *own, char *text)
{
    if (own->warnings == NULL) {
        own->warnings = g_ptr_array_new_with_free_func(g_free);
    }
    g_ptr_array_add(own->warnings, text);
}

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
        warn_later(lu->own, g_strdup_printf("Cannot ask primary node %s for its memory: %s",
                                            answer->node_name, answer->fail_msg));
        return true;
    }
    if (!free_memory(answer, &free_mib)) {
        warn_later(lu->own, g_strdup_printf("Primary node %s does not tell how much memory is free",
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
    if (!given || op->force || be.maxmem <= cfg_beparams(lu_cfg(lu), instance_of(lu)).maxmem) {
        return true;
    }
    g_autoptr(GError) error = NULL;
    CLEANUP(json_unrefp) struct json *info = NULL;
    bool asked = lu_instance_info(lu, instance_of(lu), true, &info, &error);
    CLEANUP(json_unrefp) struct json *specs = lu_hv_specs(lu, new->hypervisor);
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers =
        lu_call_nodes(lu, (const char *const *)nodes->pdata, be.auto_balance ? nodes->len : 1,
                      LU_CALL(node_info, .hv_specs = specs));
    if (!asked) {
        warn_later(lu->own, g_strdup(error->message));
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
    if (!lu_instance_info(lu, instance_of(lu), true, &info, errp)) {
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

static bool check_ipolicy(struct lu *lu, const struct instance *new, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct node *primary = cfg_instance_primary(lu_cfg(lu), instance_of(lu));
    const struct node_group *group = primary != NULL ? cfg_node_group(lu_cfg(lu), primary) : NULL;
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance_of(lu));
    struct beparams be = cfg_beparams(lu_cfg(lu), new);
    /* Parameters that stay as they are do not count, whatever the policy says of them now. */
    bool params = op->beparams.n > 0;
    if (op->ignore_ipolicy || group == NULL) {
        return true;
    }
    g_autofree struct lu_sizes_disk *v = g_new0(struct lu_sizes_disk, disks.n);
    struct lu_sizes sizes = {
        .vcpus = params ? be.vcpus : -1,
        .spindles = params ? be.spindle_use : -1,
        .nics = (int64_t) new->nics.n,
        .disks = v,
        .n_disks = disks.n,
    };
    for (size_t i = 0; i < disks.n; i++) {
        v[i] = (struct lu_sizes_disk){disks.v[i]->dev_type, disks.v[i]->size};
    }
    struct ipolicy filled = cfg_group_ipolicy(lu_cfg(lu), group);
    const int64_t memories[] = {params ? be.maxmem : -1, params ? be.minmem : -1};
    for (size_t i = 0; i < G_N_ELEMENTS(memories); i++) {
        sizes.memory = memories[i];
        g_autoptr(GPtrArray) violations = lu_ipolicy_violations(&filled, &sizes);
        if (violations->len > 0) {
            g_ptr_array_add(violations, NULL);
            g_autofree char *why = g_strjoinv(", ", (char **)violations->pdata);
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "Instance %s would not fit the policy of node group %s: %s", new->name,
                            group->name, why);
        }
    }
    return true;
}

static bool check_prereq(struct lu *lu, GError **errp)
{
    struct op_instance_set_params *op = lu_params(lu);
    const struct instance *instance =
        lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp);
    if (instance == NULL) {
        return false;
    }
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    if (op->has.offline &&
        !lu_check_state(lu, instance, LU_STATE_NOT_RUNNING,
                        op->offline ? "it must be down before it is put away (offline)"
                                    : "it must be put away before it is taken back (online)",
                        errp)) {
        return false;
    }
    if (!update_hvparams(lu, instance, errp) || !update_beparams(lu, instance, errp) ||
        !update_osparams(lu, instance, errp)) {
        return false;
    }
    struct instance new = changed(lu);
    return check_hvparams(lu, &new, nodes, errp) && check_cpus(lu, &new, nodes, errp) &&
           check_os(lu, &new, nodes, errp) && check_more_memory(lu, &new, nodes, errp) &&
           check_runtime_memory(lu, &new, errp) && check_ipolicy(lu, &new, errp);
}

/* --- Doing it -----------------------------------------------------------------------------------
 */
static bool set_runtime_memory(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct instance *instance = instance_of(lu);
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

static void replace_map(struct value_map *map, const struct value_map *with)
{
    fact_clear(&type_value_map, map);
    fact_copy(&type_value_map, map, with);
}

static bool record(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct own *own = lu->own;
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    struct instance *instance = cfg_txn_edit_instance(txn, op->instance_uuid);
    if (instance == NULL) {
        cfg_txn_abort(txn);
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE, "Instance %s has gone",
                        op->instance_name);
    }
    replace_map(&instance->hvparams, &own->hvparams);
    replace_map(&instance->osparams, &own->osparams);
    replace_map(&instance->osparams_private, &own->osparams_private);
    fact_object_clear(&fact_object_beparams, &instance->beparams);
    fact_object_copy_at(&fact_object_beparams, &instance->beparams, &own->beparams);
    if (op->has.os_name) {
        lu_text_set(&instance->os, op->os_name);
    }
    return lu_commit(lu, txn, errp);
}

static bool record_state(struct lu *lu, GError **errp)
{
    static const enum admin_state_source by_admin = ADMIN_SOURCE_ADMIN;
    static const bool inactive = false;
    const struct op_instance_set_params *op = lu_params(lu);
    enum admin_state state = op->offline ? ADMIN_OFFLINE : ADMIN_DOWN;
    return !op->has.offline ||
           lu_instance_record(lu, op->instance_uuid, &state, &by_admin, &inactive, errp);
}

/* --- The result: [[what, new value], ...] -------------------------------------------------------
 */
static void write_change(struct json_writer *w, const char *kind, const char *name,
                         const struct json *value)
{
    g_autofree char *whole = g_strconcat(kind, name, NULL);
    json_write_array_begin(w);
    json_write_string(w, whole);
    json_write_value(w, value);
    json_write_array_end(w);
}

static void write_changes(struct json_writer *w, const char *kind, const struct any_dict *given)
{
    for (size_t i = 0; i < given->n; i++) {
        write_change(w, kind, given->v[i].key, given->v[i].value);
    }
}

static void write_result(struct lu *lu, struct json_writer *w)
{
    const struct op_instance_set_params *op = lu_params(lu);
    json_write_array_begin(w);
    if (op->has.runtime_mem) {
        CLEANUP(json_unrefp) struct json *value = json_new_int(op->runtime_mem);
        write_change(w, "runtime_memory", "", value);
    }
    write_changes(w, "hv/", &op->hvparams);
    write_changes(w, "be/", &op->beparams);
    write_changes(w, "os/", &op->osparams);
    for (size_t i = 0; i < op->osparams_private.n; i++) {
        const char *key = op->osparams_private.v[i].key;
        g_autofree char *hidden = g_strdup_printf("Private(?, descr='%s')", key);
        CLEANUP(json_unrefp) struct json *value = json_new_string(hidden);
        write_change(w, "os_private/", key, value);
    }
    if (op->has.offline) {
        CLEANUP(json_unrefp)
        struct json *value =
            json_new_string(fact_enum_admin_state.words[op->offline ? ADMIN_OFFLINE : ADMIN_DOWN]);
        write_change(w, "admin_state", "", value);
    }
    json_write_array_end(w);
}

static bool exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct own *own = lu->own;
    for (guint i = 0; own->warnings != NULL && i < own->warnings->len; i++) {
        lu_log(lu, "WARNING: %s", (const char *)own->warnings->pdata[i]);
    }
    if (!set_runtime_memory(lu, errp) || !lu_release_all_but(lu, LOCK_LEVEL_NODE, NULL, 0, errp) ||
        !record(lu, errp) || !record_state(lu, errp)) {
        return false;
    }
    lu_tell_metadata(lu, instance_of(lu), NULL, NULL, NULL);
    write_result(lu, result);
    return true;
}

static bool hooks_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_set_params *op = lu_params(lu);
    struct instance new = changed(lu);
    if (op->has.runtime_mem) {
        hooks_env_set_int(env, "RUNTIME_MEMORY", op->runtime_mem);
    }
    lu_instance_env(lu, &new, env);
    return true;
}

static bool hooks_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    lu_instance_hooks_nodes(lu, instance_of(lu), pre, post);
    return true;
}

LU(instance_set_params, .own_size = sizeof(struct own), .clear = clear,
   .check_arguments = check_arguments, .expand_names = expand_names, .declare_locks = declare_locks,
   .check_prereq = check_prereq, .exec = exec, .hooks_env = hooks_env, .hooks_nodes = hooks_nodes)
