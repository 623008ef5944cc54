/* What a cluster shall be: the opcode's parameters over those that it has. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "jobs/lu/cluster-check.h"
#include "jobs/lu/cluster-modify.h"
#include "jobs/lu/ipolicy.h"
#include "jobs/lu/names.h"
#include "jobs/lu/params.h"
#include "jobs/lu/state.h"

/* --- Members that are taken as they come --------------------------------------------------------
 */
enum how {
    AS_GIVEN,
    UNSET_IF_EMPTY, /* an empty text: the cluster has none */
    NOT_IF_EMPTY,   /* an empty text: nothing changes */
};
static const struct {
    const char *param, *member;
    enum how how;
} plain[] = {
    {"vg_name", "volume_group_name", UNSET_IF_EMPTY},
    {"drbd_helper", "drbd_usermode_helper", UNSET_IF_EMPTY},
    {"enabled_hypervisors", "enabled_hypervisors", AS_GIVEN},
    {"candidate_pool_size", "candidate_pool_size", AS_GIVEN},
    {"max_running_jobs", "max_running_jobs", AS_GIVEN},
    {"max_tracked_jobs", "max_tracked_jobs", AS_GIVEN},
    {"maintain_node_health", "maintain_node_health", AS_GIVEN},
    {"prealloc_wipe_disks", "prealloc_wipe_disks", AS_GIVEN},
    {"default_iallocator", "default_iallocator", AS_GIVEN},
    {"mac_prefix", "mac_prefix", AS_GIVEN},
    {"master_netdev", "master_netdev", NOT_IF_EMPTY},
    {"master_netmask", "master_netmask", AS_GIVEN},
    {"reserved_lvs", "reserved_lvs", AS_GIVEN},
    {"use_external_mip_script", "use_external_mip_script", AS_GIVEN},
    {"modify_etc_hosts", "modify_etc_hosts", AS_GIVEN},
    {"file_storage_dir", "file_storage_dir", AS_GIVEN},
    {"shared_file_storage_dir", "shared_file_storage_dir", AS_GIVEN},
    {"gluster_storage_dir", "gluster_storage_dir", AS_GIVEN},
    {"install_image", "install_image", AS_GIVEN},
    {"instance_communication_network", "instance_communication_network", AS_GIVEN},
    {"zeroing_image", "zeroing_image", AS_GIVEN},
    {"compression_tools", "compression_tools", AS_GIVEN},
    {"enabled_user_shutdown", "enabled_user_shutdown", AS_GIVEN},
};

/* Parameter and member have the same C form. */
static void take_plain(struct lu *lu, struct cluster *cluster)
{
    const struct fact_object *params = lu->op->row->params;
    for (size_t i = 0; i < G_N_ELEMENTS(plain); i++) {
        const struct fact_member *from = fact_object_find(params, plain[i].param);
        const struct fact_member *to = fact_object_find(&fact_object_cluster, plain[i].member);
        if (from == NULL || to == NULL || !fact_member_is_set(params, lu->op->params, from)) {
            continue;
        }
        const void *value = (const char *)lu->op->params + from->offset;
        void *slot = (char *)cluster + to->offset;
        bool empty = plain[i].how != AS_GIVEN && **(char *const *)value == '\0';
        if (empty && plain[i].how == NOT_IF_EMPTY) {
            continue;
        }
        fact_clear(to->spec->type, slot);
        if (!empty) {
            fact_copy(to->spec->type, slot, value);
        }
        fact_member_mark_set(&fact_object_cluster, cluster, to, !empty);
    }
}

/* --- Disk templates -----------------------------------------------------------------------------
 */
static unsigned template_set(const struct disk_template_list *list)
{
    unsigned set = 0;
    for (size_t i = 0; i < list->n; i++) {
        set |= 1u << list->v[i];
    }
    return set;
}

/* None given leaves them as they are. */
static void take_templates(struct lu *lu, struct cluster_change *change)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    struct cluster *cluster = cluster_new(change);
    unsigned old = template_set(&cluster->enabled_disk_templates);
    if (op->enabled_disk_templates.n > 0) {
        fact_clear(&type_disk_template_list, &cluster->enabled_disk_templates);
        fact_copy(&type_disk_template_list, &cluster->enabled_disk_templates,
                  &op->enabled_disk_templates);
        cluster->has.enabled_disk_templates = true;
    }
    change->enabled = template_set(&cluster->enabled_disk_templates);
    change->fresh = change->enabled & ~old;
    change->gone = old & ~change->enabled;
}

/* --- User IDs -----------------------------------------------------------------------------------
 */
static void add_range(struct int_list_list *pool, const struct uid_range *range)
{
    struct int_list *one = fact_list_add(&type_int_list_list, pool);
    *(int64_t *)fact_list_add(&type_int_list, one) = range->first;
    *(int64_t *)fact_list_add(&type_int_list, one) = range->last;
}

static size_t find_range(const struct int_list_list *pool, const struct uid_range *range)
{
    for (size_t i = 0; i < pool->n; i++) {
        if (pool->v[i].n == 2 && pool->v[i].v[0] == range->first &&
            pool->v[i].v[1] == range->last) {
            return i;
        }
    }
    return pool->n;
}

static int compare_ranges(const void *a, const void *b)
{
    const struct int_list *x = a, *y = b;
    for (size_t i = 0; i < MIN(x->n, y->n); i++) {
        if (x->v[i] != y->v[i]) {
            return x->v[i] < y->v[i] ? -1 : 1;
        }
    }
    return 0;
}

static bool take_uids(struct lu *lu, struct cluster *cluster, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    struct int_list_list *pool = &cluster->uid_pool;
    for (size_t i = 0; i < op->add_uids.n; i++) {
        if (find_range(pool, &op->add_uids.v[i]) == pool->n) {
            add_range(pool, &op->add_uids.v[i]);
        }
    }
    if (op->has.add_uids && pool->n > 0) {
        qsort(pool->v, pool->n, sizeof(*pool->v), compare_ranges);
    }
    for (size_t i = 0; i < op->remove_uids.n; i++) {
        size_t at = find_range(pool, &op->remove_uids.v[i]);
        if (at == pool->n) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "The range of user IDs %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT
                            " is not in the pool, so it cannot be taken out",
                            (gint64)op->remove_uids.v[i].first, (gint64)op->remove_uids.v[i].last);
        }
        fact_list_remove(&type_int_list_list, pool, at);
    }
    if (op->has.uid_pool) {
        fact_clear(&type_int_list_list, pool);
        for (size_t i = 0; i < op->uid_pool.n; i++) {
            add_range(pool, &op->uid_pool.v[i]);
        }
    }
    return true;
}

/* --- Operating systems --------------------------------------------------------------------------
 */
static bool change_list(struct lu *lu, const struct os_list_change_list *changes, const char *what,
                        struct str_list *list, GError **errp)
{
    for (size_t i = 0; i < changes->n; i++) {
        const char *os = changes->v[i].os;
        size_t at = 0;
        while (at < list->n && strcmp(list->v[at], os) != 0) {
            at++;
        }
        bool there = at < list->n;
        switch (changes->v[i].action) {
        case DDM_SIMPLE_ADD:
            if (there) {
                lu_log(lu, "OS %s is %s already", os, what);
            } else {
                *(char **)fact_list_add(&type_str_list, list) = g_strdup(os);
            }
            break;
        case DDM_SIMPLE_REMOVE:
            if (there) {
                fact_list_remove(&type_str_list, list, at);
            } else {
                lu_log(lu, "OS %s is not %s", os, what);
            }
            break;
        case DDM_SIMPLE_ATTACH:
        case DDM_SIMPLE_DETACH:
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "An OS can be added to the list of %s ones or removed, not '%s'", what,
                            fact_enum_ddm_simple.words[changes->v[i].action]);
        }
    }
    return true;
}

/* Both "default" and null take a parameter away (common.py GetUpdatedParams with use_none). */
static void update_os(struct value_map_map *map, const char *os, const char *name,
                      struct json *value)
{
    struct value_map *params = fact_dict_get(&type_value_map_map, map, os);
    if (params == NULL) {
        params = fact_dict_add(&type_value_map_map, map, os);
    }
    if (value == NULL || lu_value_is_default(value)) {
        fact_dict_remove(&type_value_map, params, name);
    } else {
        fact_value_set(fact_dict_add(&type_value_map, params, name), value);
    }
}

static void drop_empty(struct value_map_map *map)
{
    for (size_t i = map->n; i-- > 0;) {
        if (map->v[i].value.n == 0) {
            fact_dict_remove(&type_value_map_map, map, map->v[i].key);
        }
    }
}

static void take_osparams(struct lu *lu, struct cluster *cluster)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    for (size_t i = 0; i < op->osparams.n; i++) {
        const struct any_dict *params = &op->osparams.v[i].value;
        for (size_t j = 0; j < params->n; j++) {
            update_os(&cluster->osparams, op->osparams.v[i].key, params->v[j].key,
                      params->v[j].value);
        }
    }
    for (size_t i = 0; i < op->osparams_private_cluster.n; i++) {
        const struct private_dict *params = &op->osparams_private_cluster.v[i].value;
        for (size_t j = 0; j < params->n; j++) {
            update_os(&cluster->osparams_private_cluster, op->osparams_private_cluster.v[i].key,
                      params->v[j].key, params->v[j].value);
        }
    }
    drop_empty(&cluster->osparams);
    drop_empty(&cluster->osparams_private_cluster);
}

/* --- Hypervisors --------------------------------------------------------------------------------
 */
static struct value_map *hv_slot(struct hv_map *map, const char *hypervisor, GError **errp)
{
    struct value_map *slot = fact_dict_get(&type_hv_map, map, hypervisor);
    if (slot == NULL && fact_enum_find(&fact_enum_hypervisor, hypervisor) < 0) {
        err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no hypervisor '%s'", hypervisor);
        return NULL;
    }
    return slot != NULL ? slot : fact_dict_add(&type_hv_map, map, hypervisor);
}

static bool merge_hv(const struct any_dict *given, struct value_map *into, GError **errp)
{
    struct value_map forced = {0};
    bool ok = lu_force_hvparams(given, &forced, errp);
    if (ok) {
        lu_map_merge(into, &forced);
    }
    fact_clear(&type_value_map, &forced);
    return ok;
}

/* A hypervisor that is enabled has all of its parameters. */
static bool take_hvparams(struct lu *lu, struct cluster *cluster, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    for (size_t i = 0; i < op->hvparams.n; i++) {
        struct value_map *slot = hv_slot(&cluster->hvparams, op->hvparams.v[i].key, errp);
        if (slot == NULL || !merge_hv(&op->hvparams.v[i].value, slot, errp)) {
            return false;
        }
    }
    for (size_t i = 0; i < op->enabled_hypervisors.n; i++) {
        enum hypervisor hypervisor = op->enabled_hypervisors.v[i];
        (void)hv_params_fill_defaults(
            hypervisor, hv_slot(&cluster->hvparams, fact_enum_hypervisor.words[hypervisor], NULL));
    }
    return true;
}

/* null takes away what the OS has for the hypervisor. */
static bool merge_os_hv(struct hv_map *map, const char *hypervisor, struct json *value,
                        GError **errp)
{
    struct any_dict given = {0};
    if (value == NULL) {
        fact_dict_remove(&type_hv_map, map, hypervisor);
        return true;
    }
    struct value_map *slot = hv_slot(map, hypervisor, errp);
    if (slot == NULL) {
        return false;
    }
    if (!fact_decode(&type_any_dict, value, &given, NULL, errp)) {
        err_wrap(errp, ERR_OP_PREREQ, ECODE_INVAL);
        return false;
    }
    bool ok = merge_hv(&given, slot, errp);
    fact_clear(&type_any_dict, &given);
    return ok;
}

static bool take_os_hvp(struct lu *lu, struct cluster *cluster, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    struct os_hv_map *all = &cluster->os_hvp;
    for (size_t i = 0; i < op->os_hvp.n; i++) {
        const char *os = op->os_hvp.v[i].key;
        const struct any_dict *given = &op->os_hvp.v[i].value;
        struct hv_map *map = fact_dict_get(&type_os_hv_map, all, os);
        map = map != NULL ? map : fact_dict_add(&type_os_hv_map, all, os);
        for (size_t j = 0; j < given->n; j++) {
            if (!merge_os_hv(map, given->v[j].key, given->v[j].value, errp)) {
                return false;
            }
        }
    }
    for (size_t i = op->has.os_hvp ? all->n : 0; i-- > 0;) {
        if (all->v[i].value.n == 0) {
            fact_dict_remove(&type_os_hv_map, all, all->v[i].key);
        }
    }
    return true;
}

/* --- Parameters of instances, nodes and interfaces ----------------------------------------------
 */
/* Puts what is given, all of it, over the parameters of the cluster. */
static bool overlay(const struct any_dict *given, const struct param_rows *rows,
                    const struct fact_object *object, void *params, GError **errp)
{
    g_autofree void *forced = g_malloc0(object->size);
    if (!lu_force_params(given, rows, object, forced, errp)) {
        return false;
    }
    fact_object_fill(object, forced, params);
    fact_object_clear(object, params);
    memcpy(params, forced, object->size);
    return true;
}

static bool take_beparams(struct lu *lu, struct cluster *cluster, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    struct beparams *params =
        fact_dict_get(&type_beparams_map, &cluster->beparams, CFG_PARAMS_DEFAULT);
    struct any_dict given = {0};
    if (op->beparams.n == 0) {
        return true;
    }
    if (params == NULL) {
        params = fact_dict_add(&type_beparams_map, &cluster->beparams, CFG_PARAMS_DEFAULT);
    }
    fact_copy(&type_any_dict, &given, &op->beparams);
    lu_split_memory(&given);
    bool ok = overlay(&given, &be_params, &fact_object_beparams, params, errp);
    fact_clear(&type_any_dict, &given);
    return ok;
}

static bool take_nicparams(struct lu *lu, struct cluster *cluster, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    struct nicparams *params =
        fact_dict_get(&type_nicparams_map, &cluster->nicparams, CFG_PARAMS_DEFAULT);
    struct any_dict given = {0};
    if (!op->has.nicparams) {
        return true;
    }
    if (params == NULL) {
        params = fact_dict_add(&type_nicparams_map, &cluster->nicparams, CFG_PARAMS_DEFAULT);
    }
    if (op->nicparams.has.mode && fact_enum_find(&fact_enum_nic_mode, op->nicparams.mode) < 0) {
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                        "'%s' is no mode of network interfaces", op->nicparams.mode);
    }
    CLEANUP(json_unrefp) struct json *json = lu_json_of(&type_INIC, &op->nicparams);
    bool ok = fact_decode(&type_any_dict, json, &given, NULL, errp) &&
              overlay(&given, &nic_params, &fact_object_nicparams, params, errp);
    fact_clear(&type_any_dict, &given);
    return ok;
}

/* --- Disks --------------------------------------------------------------------------------------
 */
static bool take_diskparams(struct lu *lu, struct cluster_change *change, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    struct value_map_map *all = &cluster_new(change)->diskparams;
    if (!lu_force_diskparams(&op->diskparams, &change->diskparams, errp) ||
        !lu_check_access_modes(&change->diskparams, errp)) {
        return false;
    }
    for (size_t i = 0; i < change->diskparams.n; i++) {
        const char *name = change->diskparams.v[i].key;
        struct value_map *own = fact_dict_get(&type_value_map_map, all, name);
        own = own != NULL ? own : fact_dict_add(&type_value_map_map, all, name);
        lu_map_merge(own, &change->diskparams.v[i].value);
    }
    return true;
}

/* --- States, allocator, data collectors ---------------------------------------------------------
 */
static bool take_states(struct lu *lu, struct cluster *cluster, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    if (!lu_hv_state_merge(&op->hv_state, &cluster->hv_state_static, errp) ||
        !lu_disk_state_merge(&op->disk_state, &cluster->disk_state_static, errp)) {
        return false;
    }
    if (op->hv_state.n > 0) {
        lu_hv_state_fill(&cluster->hv_state_static);
    }
    if (op->disk_state.n > 0) {
        lu_disk_state_fill(&cluster->disk_state_static);
    }
    return true;
}

static void take_allocator_params(struct lu *lu, struct cluster *cluster)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    if (!op->has.default_iallocator_params) {
        return;
    }
    fact_clear(&type_value_map, &cluster->default_iallocator_params);
    for (size_t i = 0; i < op->default_iallocator_params.n; i++) {
        fact_value_set(fact_dict_add(&type_value_map, &cluster->default_iallocator_params,
                                     op->default_iallocator_params.v[i].key),
                       op->default_iallocator_params.v[i].value);
    }
    cluster->has.default_iallocator_params = true;
}

static struct data_collector *collector(struct cluster *cluster, const char *name, GError **errp)
{
    struct data_collector *one =
        fact_dict_get(&type_data_collector_map, &cluster->data_collectors, name);
    if (one != NULL) {
        return one;
    }
    if (!lu_is_data_collector(name)) {
        err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no data collector '%s'", name);
        return NULL;
    }
    one = fact_dict_add(&type_data_collector_map, &cluster->data_collectors, name);
    *one = (struct data_collector){.active = true,
                                   .interval = (int64_t)C_MOND_TIME_INTERVAL * 1000000,
                                   .has = {.active = true, .interval = true}};
    return one;
}

static bool take_collectors(struct lu *lu, struct cluster *cluster, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    for (size_t i = 0; i < op->enabled_data_collectors.n; i++) {
        struct data_collector *one = collector(cluster, op->enabled_data_collectors.v[i].key, errp);
        if (one == NULL) {
            return false;
        }
        one->active = op->enabled_data_collectors.v[i].value;
    }
    for (size_t i = 0; i < op->data_collector_interval.n; i++) {
        struct data_collector *one = collector(cluster, op->data_collector_interval.v[i].key, errp);
        if (one == NULL) {
            return false;
        }
        one->interval = op->data_collector_interval.v[i].value;
    }
    return true;
}

bool cluster_draft(struct lu *lu, struct cluster_change *change, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    lu_draft_begin(&change->draft, &fact_object_cluster, cfg_cluster(lu_cfg(lu)));
    struct cluster *cluster = cluster_new(change);
    take_templates(lu, change);
    take_plain(lu, cluster);
    take_osparams(lu, cluster);
    take_allocator_params(lu, cluster);
    return take_beparams(lu, cluster, errp) &&
           overlay(&op->ndparams, &nd_params, &fact_object_ndparams, &cluster->ndparams, errp) &&
           take_states(lu, cluster, errp) &&
           lu_ipolicy_update_cluster(&op->ipolicy, cluster, errp) &&
           take_nicparams(lu, cluster, errp) && take_hvparams(lu, cluster, errp) &&
           take_os_hvp(lu, cluster, errp) && take_diskparams(lu, change, errp) &&
           take_uids(lu, cluster, errp) && take_collectors(lu, cluster, errp) &&
           change_list(lu, &op->hidden_os, "hidden", &cluster->hidden_os, errp) &&
           change_list(lu, &op->blacklisted_os, "blacklisted", &cluster->blacklisted_os, errp);
}
