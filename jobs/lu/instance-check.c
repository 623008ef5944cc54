/* Checks that many units of instances share. */
#include "config.h"

#include "jobs/lu/instance-check.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/params.h"
#include "jobs/lu/params.h"
#include "jobs/lu/rpc.h"

const struct instance *lu_locked_instance(struct lu *lu, const char *uuid, const char *name,
                                          GError **errp)
{
    const struct instance *instance = cfg_instance_get(lu_cfg(lu), uuid);
    if (instance == NULL) {
        err_set(errp, ERR_OP_PREREQ, ECODE_NOENT, "Instance %s has gone meanwhile", name);
    }
    return instance;
}

static const char *node_name(struct lu *lu, const char *uuid)
{
    const struct node *node = uuid != NULL ? cfg_node_get(lu_cfg(lu), uuid) : NULL;
    return node != NULL ? node->name : "(none)";
}

bool lu_check_node_online(struct lu *lu, const char *node_uuid, GError **errp)
{
    const struct node *node = node_uuid != NULL ? cfg_node_get(lu_cfg(lu), node_uuid) : NULL;
    if (node == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE, "There is no node %s",
                        node_uuid != NULL ? node_uuid : "(none)");
    }
    return !node->offline || err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                                      "Node %s is marked offline and cannot be used", node->name);
}

/* --- What nodes say -----------------------------------------------------------------------------
 */
static struct json *map_as_json(const struct value_map *map)
{
    struct json *out = json_new_object();
    for (size_t i = 0; map != NULL && i < map->n; i++) {
        json_set(out, map->v[i].key, fact_value_to_json(&map->v[i].value));
    }
    return out;
}

/* The cluster's own for a hypervisor. */
static struct json *cluster_hvparams(struct lu *lu, enum hypervisor hypervisor)
{
    return map_as_json(fact_dict_get(&type_hv_map, &cfg_cluster(lu_cfg(lu))->hvparams,
                                     fact_enum_hypervisor.words[hypervisor]));
}

bool lu_instance_info(struct lu *lu, const struct instance *instance, bool prereq,
                      struct json **ret, GError **errp)
{
    CLEANUP(json_unrefp) struct json *hvparams = cluster_hvparams(lu, instance->hypervisor);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, instance->primary_node,
                     LU_CALL(instance_info, .instance = instance->name,
                             .hname = (char *)fact_enum_hypervisor.words[instance->hypervisor],
                             .hvparams = hvparams));
    bool ok = prereq ? lu_answer_check_prereq(answer, ECODE_ENVIRON, errp,
                                              "Cannot ask node %s about instance %s",
                                              answer->node_name, instance->name)
                     : lu_answer_check(answer, errp, "Cannot ask node %s about instance %s",
                                       answer->node_name, instance->name);
    if (!ok) {
        return false;
    }
    bool known = json_kind(answer->payload) == JSON_OBJECT && json_len(answer->payload) > 0;
    *ret = known ? json_ref(answer->payload) : NULL;
    return true;
}

static bool is_shut_down(const struct json *info)
{
    const struct json *state = info != NULL ? json_get(info, "state") : NULL;
    return json_kind(state) == JSON_INT &&
           json_int(state) == fact_enum_number(&fact_enum_instance_state, INSTANCE_STATE_SHUTDOWN);
}

bool lu_info_is_running(const struct json *info)
{
    return info != NULL && json_has(info, "state") && !is_shut_down(info);
}

bool lu_info_is_user_down(struct lu *lu, const struct instance *instance, const struct json *info)
{
    return is_shut_down(info) && (instance->hypervisor != HYPERVISOR_KVM ||
                                  fact_value_is_true(cfg_hvparam(
                                      lu_cfg(lu), instance, hv_names[HV_NAME_user_shutdown].name)));
}

/* --- Checks -------------------------------------------------------------------------------------
 */
bool lu_check_state(struct lu *lu, const struct instance *instance, unsigned states,
                    const char *what, GError **errp)
{
    if ((states & 1U << instance->admin_state) == 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE, "Instance %s is marked to be %s: %s",
                        instance->name, fact_enum_admin_state.words[instance->admin_state], what);
    }
    if ((states & LU_STATE_UP) != 0) {
        return true;
    }
    const struct node *primary = cfg_node_get(lu_cfg(lu), instance->primary_node);
    if (primary != NULL && primary->offline) {
        lu_warn(lu, "Primary node %s is offline: cannot check that instance %s is down",
                primary->name, instance->name);
        return true;
    }
    CLEANUP(json_unrefp) struct json *info = NULL;
    if (!lu_instance_info(lu, instance, true, &info, errp)) {
        return false;
    }
    return !lu_info_is_running(info) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_STATE, "Instance %s is running: %s", instance->name,
                    what);
}

bool lu_check_bridges(struct lu *lu, const struct instance *instance, const char *node_uuid,
                      GError **errp)
{
    struct any_list bridges = {0};
    for (size_t i = 0; i < instance->nics.n; i++) {
        struct nicparams filled = cfg_nicparams(lu_cfg(lu), &instance->nics.v[i]);
        if (filled.mode == NIC_MODE_BRIDGED) {
            *(struct json **)fact_list_add(&type_any_list, &bridges) = json_new_string(filled.link);
        }
    }
    if (bridges.n == 0) {
        return true;
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, node_uuid, LU_CALL(bridges_exist, .bridges_list = bridges));
    fact_clear(&type_any_list, &bridges);
    return lu_answer_check_prereq(answer, ECODE_ENVIRON, errp, "Bridges of instance %s on node %s",
                                  instance->name, answer->node_name);
}

/* The hypervisor's part of what a node says of itself: [boot id, storage, [hypervisor]]. */
const struct json *lu_node_info_hv(const struct json *info)
{
    if (json_kind(info) != JSON_ARRAY || json_len(info) != 3 ||
        json_kind(json_at(info, 2)) != JSON_ARRAY || json_len(json_at(info, 2)) != 1) {
        return NULL;
    }
    return json_at(json_at(info, 2), 0);
}

struct json *lu_hv_specs(struct lu *lu, enum hypervisor hypervisor)
{
    struct json *specs = json_new_array(), *spec = json_new_array();
    json_append(spec, json_new_string(fact_enum_hypervisor.words[hypervisor]));
    json_append(spec, cluster_hvparams(lu, hypervisor));
    json_append(specs, spec);
    return specs;
}

bool lu_check_free_memory(struct lu *lu, const char *node_uuid, const char *what, int64_t mib,
                          enum hypervisor hypervisor, GError **errp)
{
    int64_t free_mib;
    return lu_find_free_memory(lu, node_uuid, what, mib, hypervisor, &free_mib, errp);
}

bool lu_find_free_memory(struct lu *lu, const char *node_uuid, const char *what, int64_t mib,
                         enum hypervisor hypervisor, int64_t *ret_free, GError **errp)
{
    CLEANUP(json_unrefp) struct json *specs = lu_hv_specs(lu, hypervisor);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(lu, node_uuid, LU_CALL(node_info, .hv_specs = specs));
    if (!lu_answer_check_prereq(answer, ECODE_ENVIRON, errp, "Cannot ask node %s for its memory",
                                answer->node_name)) {
        return false;
    }
    const struct json *hv = lu_node_info_hv(answer->payload);
    const struct json *free_mib = json_kind(hv) == JSON_OBJECT ? json_get(hv, "memory_free") : NULL;
    if (json_kind(free_mib) != JSON_INT) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_ENVIRON,
                        "Node %s does not tell how much memory is free", answer->node_name);
    }
    if (json_int(free_mib) < mib) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_NORES,
                        "Node %s has not enough memory for %s: %" G_GINT64_FORMAT
                        " MiB are needed, %" G_GINT64_FORMAT " MiB are free",
                        answer->node_name, what, mib, json_int(free_mib));
    }
    *ret_free = json_int(free_mib);
    return true;
}

bool lu_check_hvparams(struct lu *lu, const char *const *nodes, size_t n,
                       enum hypervisor hypervisor, const struct value_map *filled, GError **errp)
{
    CLEANUP(json_unrefp) struct json *params = map_as_json(filled);
    g_autoptr(GPtrArray) asked = g_ptr_array_new();
    for (size_t i = 0; i < n; i++) {
        const struct node *node = cfg_node_get(lu_cfg(lu), nodes[i]);
        if (node != NULL && node->vm_capable) {
            g_ptr_array_add(asked, (void *)nodes[i]);
        }
    }
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = lu_call_nodes(
        lu, (const char *const *)asked->pdata, asked->len,
        LU_CALL(hypervisor_validate_params,
                .hvname = (char *)fact_enum_hypervisor.words[hypervisor], .hvfull = params));
    for (size_t i = 0; i < answers->n; i++) {
        const struct lu_answer *answer = &answers->v[i];
        if (!answer->offline &&
            !lu_answer_check(answer, errp, "Hypervisor parameters are not good for node %s",
                             node_name(lu, answer->node_uuid))) {
            return false;
        }
    }
    return true;
}

bool lu_check_node_not_drained(struct lu *lu, const char *node_uuid, GError **errp)
{
    const struct node *node = cfg_node_get(lu_cfg(lu), node_uuid);
    return node == NULL || !node->drained ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                    "Node %s is marked drained and takes no instances", node->name);
}

/* --- What runs where ----------------------------------------------------------------------------
 */
struct lu_answers *lu_call_instance_list(struct lu *lu, const char *const *nodes, size_t n,
                                         enum hypervisor hypervisor)
{
    struct any_list hypervisors = {0};
    *(struct json **)fact_list_add(&type_any_list, &hypervisors) =
        json_new_string(fact_enum_hypervisor.words[hypervisor]);
    CLEANUP(json_unrefp)
    struct json *hvparams = lu_json_of(&type_hv_map, &cfg_cluster(lu_cfg(lu))->hvparams);
    struct lu_answers *answers = lu_call_nodes(
        lu, nodes, n, LU_CALL(instance_list, .hypervisor_list = hypervisors, .hvparams = hvparams));
    fact_clear(&type_any_list, &hypervisors);
    return answers;
}

bool lu_list_has(const struct json *list, const char *text)
{
    for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_len(list); i++) {
        const struct json *one = json_at(list, i);
        if (json_kind(one) == JSON_STRING && strcmp(json_string(one), text) == 0) {
            return true;
        }
    }
    return false;
}
