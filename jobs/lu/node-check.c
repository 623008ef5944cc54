/* What units ask of nodes before they use them. */
#include "config.h"

#include "jobs/lu/node-check.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/rpc.h"

bool lu_node_has_exclusive_storage(struct lu *lu, const char *node_uuid)
{
    const struct node *node = cfg_node_get(lu_cfg(lu), node_uuid);
    return node != NULL && cfg_node_ndparams(lu_cfg(lu), node).exclusive_storage;
}

bool lu_check_node_usable(struct lu *lu, const char *node_uuid, const char *what, GError **errp)
{
    const struct node *node = node_uuid != NULL ? cfg_node_get(lu_cfg(lu), node_uuid) : NULL;
    if (node == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE, "There is no such %s node", what);
    }
    const char *why = node->offline       ? "is marked offline"
                      : node->drained     ? "is drained"
                      : !node->vm_capable ? "cannot run instances (vm_capable is off)"
                                          : NULL;
    return why == NULL || err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                                   "Node %s cannot be the %s node: it %s", node->name, what, why);
}

/* Those that can run instances. */
static GPtrArray *vm_nodes(struct lu *lu, const char *const *nodes, size_t n)
{
    GPtrArray *out = g_ptr_array_new();
    for (size_t i = 0; i < n; i++) {
        const struct node *node = cfg_node_get(lu_cfg(lu), nodes[i]);
        if (node != NULL && node->vm_capable) {
            g_ptr_array_add(out, (void *)nodes[i]);
        }
    }
    return out;
}

static struct json *as_json(const struct value_map *map)
{
    struct json *out = json_new_object();
    for (size_t i = 0; i < map->n; i++) {
        json_set(out, map->v[i].key, fact_value_to_json(&map->v[i].value));
    }
    return out;
}

bool lu_check_no_image(const struct any_dict *osparams, GError **errp)
{
    return fact_dict_get(&type_any_dict, osparams, "os-image") == NULL ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "Images of operating systems are not available in this version");
}

static bool check_os(struct lu *lu, const char *const *nodes, size_t n, bool required,
                     const char *os, const struct value_map *osparams, bool force_variant,
                     GError **errp)
{
    if (os == NULL || *os == '\0') {
        return true;
    }
    g_autoptr(GPtrArray) asked = vm_nodes(lu, nodes, n);
    CLEANUP(json_unrefp) struct json *params = as_json(osparams);
    struct any_list checks = {0};
    *(struct json **)fact_list_add(&type_any_list, &checks) =
        json_new_string(C_OS_VALIDATE_PARAMETERS);
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers =
        lu_call_nodes(lu, (const char *const *)asked->pdata, asked->len,
                      LU_CALL(os_validate, .required = required, .name = (char *)os,
                              .checks = checks, .params = params, .force_variant = force_variant));
    fact_clear(&type_any_list, &checks);
    for (size_t i = 0; i < answers->n; i++) {
        const struct lu_answer *answer = &answers->v[i];
        if (!lu_answer_check(answer, errp, "The OS %s cannot be used on node %s", os,
                             answer->node_name)) {
            return false;
        }
        if (json_kind(answer->payload) != JSON_BOOL || !json_boolean(answer->payload)) {
            lu_info(lu, "OS %s is not on node %s, so its parameters were not checked", os,
                    answer->node_name);
        }
    }
    return true;
}

bool lu_check_os(struct lu *lu, const char *const *nodes, size_t n, const char *os,
                 const struct value_map *osparams, bool force_variant, GError **errp)
{
    return check_os(lu, nodes, n, true, os, osparams, force_variant, errp);
}

bool lu_check_os_if_there(struct lu *lu, const char *const *nodes, size_t n, const char *os,
                          const struct value_map *osparams, GError **errp)
{
    return check_os(lu, nodes, n, false, os, osparams, false, errp);
}

/* --- Space --------------------------------------------------------------------------------------
 */
static struct json *vg_unit(struct lu *lu, const char *vg, const char *node_uuid)
{
    struct json *units = json_new_array(), *unit = json_new_array(), *params = json_new_array();
    json_append(params, json_new_bool(lu_node_has_exclusive_storage(lu, node_uuid)));
    json_append(unit, json_new_string(fact_enum_storage_type.words[STORAGE_LVM_VG]));
    json_append(unit, json_new_string(vg));
    json_append(unit, params);
    json_append(units, unit);
    return units;
}

/* The first hypervisor of the cluster with its parameters, as the call wants it. */
static struct json *hv_specs(struct lu *lu)
{
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    struct json *specs = json_new_array(), *spec = json_new_array();
    const char *name = fact_enum_hypervisor.words[cluster->enabled_hypervisors.v[0]];
    const struct value_map *params = fact_dict_get(&type_hv_map, &cluster->hvparams, name);
    static const struct value_map none;
    json_append(spec, json_new_string(name));
    json_append(spec, as_json(params != NULL ? params : &none));
    json_append(specs, spec);
    return specs;
}

/* Free MiB of the volume group in [boot id, [{"type", "storage_free", ...}, ...], hypervisors]. */
static const struct json *free_space(const struct json *info)
{
    const struct json *space =
        json_kind(info) == JSON_ARRAY && json_len(info) == 3 ? json_at(info, 1) : NULL;
    for (size_t i = 0; json_kind(space) == JSON_ARRAY && i < json_len(space); i++) {
        const struct json *one = json_at(space, i);
        const struct json *type = json_kind(one) == JSON_OBJECT ? json_get(one, "type") : NULL;
        if (json_kind(type) == JSON_STRING &&
            strcmp(json_string(type), fact_enum_storage_type.words[STORAGE_LVM_VG]) == 0) {
            return json_get(one, "storage_free");
        }
    }
    return NULL;
}

static bool check_node(struct lu *lu, const char *node_uuid, const char *vg, int64_t mib,
                       GError **errp)
{
    CLEANUP(json_unrefp) struct json *units = vg_unit(lu, vg, node_uuid);
    CLEANUP(json_unrefp) struct json *specs = hv_specs(lu);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, node_uuid, LU_CALL(node_info, .storage_units = units, .hv_specs = specs));
    if (!lu_answer_check_prereq(answer, ECODE_ENVIRON, errp, "Cannot ask node %s for its space",
                                answer->node_name)) {
        return false;
    }
    const struct json *free_mib = free_space(answer->payload);
    if (json_kind(free_mib) != JSON_INT) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_ENVIRON,
                        "Node %s does not tell how much of the volume group %s is free",
                        answer->node_name, vg);
    }
    return json_int(free_mib) >= mib ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_NORES,
                    "Node %s has not enough space in the volume group %s: %" G_GINT64_FORMAT
                    " MiB are needed, %" G_GINT64_FORMAT " MiB are free",
                    answer->node_name, vg, (gint64)mib, (gint64)json_int(free_mib));
}

bool lu_check_vg_space(struct lu *lu, const char *const *nodes, size_t n, const char *vg,
                       int64_t mib, GError **errp)
{
    for (size_t i = 0; i < n; i++) {
        if (!check_node(lu, nodes[i], vg, mib, errp)) {
            return false;
        }
    }
    return true;
}

bool lu_check_disk_space(struct lu *lu, const char *const *nodes, size_t n_nodes,
                         enum disk_template disk_template, const struct idisk *disks, size_t n,
                         GError **errp)
{
    if (!const_has(C_DTS_LVM, (int)disk_template)) {
        return true;
    }
    int64_t extra = disk_template == DISK_TEMPLATE_DRBD ? C_DRBD_META_SIZE : 0;
    for (size_t i = 0; i < n; i++) {
        int64_t sum = 0;
        bool seen = false;
        for (size_t j = 0; j < n; j++) {
            if (strcmp(disks[i].vg, disks[j].vg) == 0) {
                sum += disks[j].size + extra;
                seen = seen || j < i;
            }
        }
        if (!seen && !lu_check_vg_space(lu, nodes, n_nodes, disks[i].vg, sum, errp)) {
            return false;
        }
    }
    return true;
}
