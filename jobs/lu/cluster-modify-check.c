/* What speaks against a change of the cluster. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "jobs/lu/all-hvparams.h"
#include "jobs/lu/cluster-modify.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/ipolicy-fit.h"
#include "jobs/lu/node-check.h"
#include "jobs/lu/params.h"
#include "jobs/lu/rpc.h"

static void append(GString *list, const char *separator, const char *text)
{
    g_string_append_printf(list, "%s%s", list->len > 0 ? separator : "", text);
}

/* --- Disk templates -----------------------------------------------------------------------------
 */
static bool has_disks_of(const struct cfg *cfg, enum disk_template disk_template)
{
    for (size_t i = 0; i < cfg_disk_count(cfg); i++) {
        if (cfg_disk_at(cfg, i)->dev_type == disk_template) {
            return true;
        }
    }
    return false;
}

/* Instances with such a disk; those without any disk are diskless. */
static bool uses(const struct cfg *cfg, const struct instance *instance,
                 enum disk_template disk_template)
{
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);
    if (disk_template == DISK_TEMPLATE_DISKLESS) {
        return instance->disks.n == 0;
    }
    for (size_t i = 0; i < disks.n; i++) {
        if (disks.v[i]->dev_type == disk_template) {
            return true;
        }
    }
    return false;
}

static bool check_gone(struct lu *lu, enum disk_template disk_template, GError **errp)
{
    const struct cfg *cfg = lu_cfg(lu);
    g_autoptr(GString) users = g_string_new(NULL);
    const void *const *instances = cfg_in_order(cfg, CFG_KIND_instance);
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = instances[i];
        if (uses(cfg, instance, disk_template)) {
            append(users, ", ", instance->name);
        }
    }
    if (users->len == 0 && !has_disks_of(cfg, disk_template)) {
        return true;
    }
    return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                    "The disk template '%s' is in use and cannot be disabled, by: %s",
                    fact_enum_disk_template.words[disk_template],
                    users->len > 0 ? users->str : "detached disks");
}

/* --- LVM ----------------------------------------------------------------------------------------
 */
/* UUIDs of the nodes that may run instances, all of which are locked. */
static GPtrArray *vm_nodes(struct lu *lu)
{
    GPtrArray *nodes = g_ptr_array_new();
    for (size_t i = 0; i < cfg_node_count(lu_cfg(lu)); i++) {
        const struct node *node = cfg_node_at(lu_cfg(lu), i);
        if (node->vm_capable && lu_owns(lu, LOCK_LEVEL_NODE, node->uuid)) {
            g_ptr_array_add(nodes, node->uuid);
        }
    }
    return nodes;
}

/* Nodes that do not answer are left aside. */
static bool check_vg_on_nodes(struct lu *lu, const char *vg, GError **errp)
{
    g_autoptr(GPtrArray) nodes = vm_nodes(lu);
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = lu_call_nodes(lu, (const char *const *)nodes->pdata, nodes->len,
                                               LU_CALL(vg_list, .whole = true));
    for (size_t i = 0; i < answers->n; i++) {
        const struct lu_answer *answer = &answers->v[i];
        if (!lu_answer_warn(lu, answer, "Node %s does not tell its volume groups and is left aside",
                            answer->node_name)) {
            continue;
        }
        const struct json *size =
            json_kind(answer->payload) == JSON_OBJECT ? json_get(answer->payload, vg) : NULL;
        double mib =
            json_kind(size) == JSON_INT || json_kind(size) == JSON_FLOAT ? json_double(size) : -1;
        if (mib < 0) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_ENVIRON, "Node %s has no volume group '%s'",
                            answer->node_name, vg);
        }
        if (mib < C_MIN_VG_SIZE) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_ENVIRON,
                            "Volume group '%s' on node %s is too small: %d MiB wanted, %.0f MiB "
                            "there",
                            vg, answer->node_name, C_MIN_VG_SIZE, mib);
        }
    }
    return true;
}

static bool check_vg(struct lu *lu, const struct cluster_change *change, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    const char *vg = cluster_new(change)->volume_group_name;
    bool has_lvm = (change->enabled & C_DTS_LVM) != 0;
    bool gets_lvm = has_lvm && (change->enabled & ~change->fresh & C_DTS_LVM) == 0;
    if (has_lvm && (vg == NULL || *vg == '\0')) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Disk templates of LVM are enabled, so there must be a volume group "
                        "(--vg-name)");
    }
    if (op->has.vg_name && *op->vg_name == '\0' && has_disks_of(lu_cfg(lu), DISK_TEMPLATE_PLAIN)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "There are disks in LVM, so the volume group must stay");
    }
    return !has_lvm || !(op->has.vg_name || gets_lvm) || check_vg_on_nodes(lu, vg, errp);
}

/* --- Directories --------------------------------------------------------------------------------
 */
static bool check_dir(struct lu *lu, const struct cluster_change *change,
                      enum disk_template disk_template, bool given, const char *dir, GError **errp)
{
    const char *word = fact_enum_disk_template.words[disk_template];
    bool enabled = (change->enabled & 1u << disk_template) != 0;
    if (!given) {
        return true;
    }
    if (*dir == '\0' && enabled) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "The disk template '%s' is enabled, so its directory must stay", word);
    }
    if (*dir != '\0' && !enabled) {
        lu_warn(lu, "There is now a directory for the disk template '%s', which is not enabled",
                word);
    }
    return true;
}

static bool check_dirs(struct lu *lu, const struct cluster_change *change, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    return check_dir(lu, change, DISK_TEMPLATE_FILE, op->has.file_storage_dir, op->file_storage_dir,
                     errp) &&
           check_dir(lu, change, DISK_TEMPLATE_SHAREDFILE, op->has.shared_file_storage_dir,
                     op->shared_file_storage_dir, errp) &&
           check_dir(lu, change, DISK_TEMPLATE_GLUSTER, op->has.gluster_storage_dir,
                     op->gluster_storage_dir, errp);
}

/* --- DRBD ---------------------------------------------------------------------------------------
 */
static bool check_helper_on_nodes(struct lu *lu, const char *helper, GError **errp)
{
    g_autoptr(GPtrArray) nodes = vm_nodes(lu);
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = lu_call_nodes(lu, (const char *const *)nodes->pdata, nodes->len,
                                               LU_CALL(drbd_helper, .whole = true));
    for (size_t i = 0; i < answers->n; i++) {
        const struct lu_answer *answer = &answers->v[i];
        if (answer->offline) {
            lu_info(lu, "The DRBD helper was not checked on node %s, which is offline",
                    answer->node_name);
            continue;
        }
        if (!lu_answer_check_prereq(answer, ECODE_ENVIRON, errp,
                                    "Node %s does not tell its DRBD helper", answer->node_name)) {
            return false;
        }
        const char *there =
            json_kind(answer->payload) == JSON_STRING ? json_string(answer->payload) : "";
        if (strcmp(there, helper) != 0) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_ENVIRON,
                            "DRBD on node %s has the helper '%s', not '%s'", answer->node_name,
                            there, helper);
        }
    }
    return true;
}

static bool check_helper(struct lu *lu, const struct cluster_change *change, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    const char *helper = cluster_new(change)->drbd_usermode_helper;
    bool has_drbd = (change->enabled & 1u << DISK_TEMPLATE_DRBD) != 0;
    bool gets_drbd = (change->fresh & 1u << DISK_TEMPLATE_DRBD) != 0;
    if (op->has.drbd_helper && *op->drbd_helper == '\0') {
        if (has_drbd) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "DRBD is enabled, so its helper must stay");
        }
        return !has_disks_of(lu_cfg(lu), DISK_TEMPLATE_DRBD) ||
               err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "There are DRBD disks, so the DRBD helper must stay");
    }
    if (!has_drbd || !(op->has.drbd_helper || gets_drbd)) {
        return true;
    }
    return (helper != NULL ||
            err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                     "DRBD cannot be enabled without a helper (--drbd-usermode-helper)")) &&
           check_helper_on_nodes(lu, helper, errp);
}

bool cluster_check_storage(struct lu *lu, const struct cluster_change *change, GError **errp)
{
    for (size_t i = 0; i < fact_enum_disk_template.n; i++) {
        if ((change->gone >> i & 1) != 0 && !check_gone(lu, (enum disk_template)i, errp)) {
            return false;
        }
    }
    return check_vg(lu, change, errp) && check_dirs(lu, change, errp) &&
           check_helper(lu, change, errp);
}

/* --- Instances ----------------------------------------------------------------------------------
 */
/* Other than those of an instance, the defaults may change under an interface. */
static bool check_nics(struct lu *lu, const struct cluster_change *change, GError **errp)
{
    const struct cfg *cfg = lu_cfg(lu);
    const struct nicparams *defaults =
        fact_dict_get(&type_nicparams_map, &cluster_new(change)->nicparams, CFG_PARAMS_DEFAULT);
    g_autoptr(GString) faults = g_string_new(NULL);
    if (defaults->mode == NIC_MODE_BRIDGED && (defaults->link == NULL || *defaults->link == '\0')) {
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                        "Interfaces of the mode %s need a link",
                        fact_enum_nic_mode.words[NIC_MODE_BRIDGED]);
    }
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = cfg_instance_at(cfg, i);
        for (size_t j = 0; j < instance->nics.n; j++) {
            const struct nic *nic = &instance->nics.v[j];
            struct nicparams filled = {0};
            fact_object_overlay(&fact_object_nicparams, &filled, defaults);
            fact_object_overlay(&fact_object_nicparams, &filled, &nic->nicparams);
            const char *fault = NULL;
            if (filled.mode == NIC_MODE_BRIDGED && (filled.link == NULL || *filled.link == '\0')) {
                fault = "is to be bridged and has no link";
            } else if (filled.mode == NIC_MODE_ROUTED && (nic->ip == NULL || *nic->ip == '\0')) {
                fault = "is to be routed and has no address";
            }
            if (fault != NULL) {
                g_string_append_printf(faults, "\ninterface %zu of instance %s %s", j,
                                       instance->name, fault);
            }
        }
    }
    return faults->len == 0 ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "These parameters of interfaces do not fit all instances:%s", faults->str);
}

/* Only KVM opens images of these templates itself. */
static bool check_access(struct lu *lu, const struct cluster_change *change, GError **errp)
{
    const char *userspace = fact_enum_disk_access_mode.words[DISK_ACCESS_MODE_USERSPACE];
    const struct cfg *cfg = lu_cfg(lu);
    unsigned asked = 0;
    for (size_t i = 0; i < change->diskparams.n; i++) {
        const char *mode = fact_value_text(ld_value(&change->diskparams.v[i].value, LD_rbd_access));
        int disk_template = fact_enum_find(&fact_enum_disk_template, change->diskparams.v[i].key);
        if (disk_template >= 0 && const_has(C_DTS_HAVE_ACCESS, disk_template) &&
            g_strcmp0(mode, userspace) == 0) {
            asked |= 1u << disk_template;
        }
    }
    for (size_t i = 0; asked != 0 && i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = cfg_instance_at(cfg, i);
        struct cfg_disks disks = cfg_instance_disks(cfg, instance);
        for (size_t j = 0; instance->hypervisor != HYPERVISOR_KVM && j < disks.n; j++) {
            if ((asked >> disks.v[j]->dev_type & 1) != 0) {
                return err_fail(errp, ERR_OP_PREREQ, ECODE_NONE,
                                "Instance %s has disks of the template %s, to which the "
                                "hypervisor %s has no access of the kind '%s'",
                                instance->name, fact_enum_disk_template.words[disks.v[j]->dev_type],
                                fact_enum_hypervisor.words[instance->hypervisor], userspace);
            }
        }
    }
    return true;
}

static bool fits(const struct cfg *cfg, const struct ipolicy *policy,
                 const struct instance *instance)
{
    g_autofree char *why = lu_ipolicy_text(lu_ipolicy_violations_of(cfg, policy, instance));
    return why == NULL;
}

/* Violates the policy of this node's group as it is to be, and not as it is. */
static bool is_new_violation(const struct cfg *cfg, const struct cluster *cluster,
                             const struct instance *instance, const struct node *node)
{
    const struct node_group *group = node != NULL ? cfg_node_group(cfg, node) : NULL;
    if (group == NULL) {
        return false;
    }
    struct ipolicy now = cfg_group_ipolicy(cfg, group), then = {0};
    fact_object_overlay(&fact_object_ipolicy, &then, &cluster->ipolicy);
    fact_object_overlay(&fact_object_ipolicy, &then, &group->ipolicy);
    return !fits(cfg, &then, instance) && fits(cfg, &now, instance);
}

static void warn_violations(struct lu *lu, const struct cluster_change *change)
{
    const struct cfg *cfg = lu_cfg(lu);
    g_autoptr(GString) names = g_string_new(NULL);
    const void *const *instances = cfg_in_order(cfg, CFG_KIND_instance);
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = instances[i];
        struct cfg_nodes secondaries = cfg_instance_secondaries(cfg, instance);
        bool violates = is_new_violation(cfg, cluster_new(change), instance,
                                         cfg_instance_primary(cfg, instance));
        for (size_t j = 0; !violates && j < secondaries.n; j++) {
            violates = is_new_violation(cfg, cluster_new(change), instance, secondaries.v[j]);
        }
        if (violates) {
            append(names, ", ", instance->name);
        }
    }
    if (names->len > 0) {
        lu_warn(lu, "These instances violate the new instance policy: %s", names->str);
    }
}

bool cluster_check_instances(struct lu *lu, const struct cluster_change *change, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    if (op->ipolicy.n > 0) {
        warn_violations(lu, change);
    }
    return (!op->has.nicparams || check_nics(lu, change, errp)) && check_access(lu, change, errp);
}

/* --- Parameters ---------------------------------------------------------------------------------
 */
static bool check_hv(struct lu *lu, enum hypervisor hypervisor, const struct value_map *filled,
                     GError **errp)
{
    g_autoptr(GPtrArray) nodes = lu_owned(lu, LOCK_LEVEL_NODE);
    return lu_check_hv_syntax(hypervisor, filled, errp) &&
           lu_check_hvparams(lu, (const char *const *)nodes->pdata, nodes->len, hypervisor, filled,
                             errp);
}

static bool is_changed(struct lu *lu, const char *hypervisor)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    for (size_t i = 0; i < op->enabled_hypervisors.n; i++) {
        if (strcmp(fact_enum_hypervisor.words[op->enabled_hypervisors.v[i]], hypervisor) == 0) {
            return true;
        }
    }
    return fact_dict_get(&type_text_any_dict_dict, &op->hvparams, hypervisor) != NULL;
}

static bool check_cluster_hv(struct lu *lu, const struct cluster *cluster, GError **errp)
{
    for (size_t i = 0; i < cluster->hvparams.n; i++) {
        const char *word = cluster->hvparams.v[i].key;
        if (is_changed(lu, word) &&
            !check_hv(lu, (enum hypervisor)fact_enum_find(&fact_enum_hypervisor, word),
                      &cluster->hvparams.v[i].value, errp)) {
            return false;
        }
    }
    return true;
}

/* What an OS has goes over what the cluster has. */
static bool check_os_hv(struct lu *lu, const struct cluster *cluster, GError **errp)
{
    for (size_t i = 0; i < cluster->os_hvp.n; i++) {
        const struct hv_map *map = &cluster->os_hvp.v[i].value;
        for (size_t j = 0; j < map->n; j++) {
            struct value_map filled = {0};
            lu_map_merge(&filled, fact_dict_get(&type_hv_map, &cluster->hvparams, map->v[j].key));
            lu_map_merge(&filled, &map->v[j].value);
            bool ok =
                check_hv(lu, (enum hypervisor)fact_enum_find(&fact_enum_hypervisor, map->v[j].key),
                         &filled, errp);
            fact_clear(&type_value_map, &filled);
            if (!ok) {
                return false;
            }
        }
    }
    return true;
}

/* What the cluster has for an OS without its variant lies below what it has with it. */
static void merge_os(struct value_map *filled, const struct value_map_map *all, const char *os)
{
    g_autofree char *name = g_strndup(os, strcspn(os, "+"));
    lu_map_merge(filled, fact_dict_get(&type_value_map_map, all, name));
    lu_map_merge(filled, fact_dict_get(&type_value_map_map, all, os));
}

static bool check_os(struct lu *lu, const struct cluster *cluster, const char *os, GError **errp)
{
    const char *master = cluster->master_node;
    struct value_map filled = {0};
    merge_os(&filled, &cluster->osparams, os);
    merge_os(&filled, &cluster->osparams_private_cluster, os);
    bool ok = lu_check_os_if_there(lu, &master, 1, os, &filled, errp);
    fact_clear(&type_value_map, &filled);
    return ok;
}

static bool check_osparams(struct lu *lu, const struct cluster *cluster, GError **errp)
{
    for (size_t i = 0; i < cluster->osparams.n; i++) {
        if (!check_os(lu, cluster, cluster->osparams.v[i].key, errp)) {
            return false;
        }
    }
    for (size_t i = 0; i < cluster->osparams_private_cluster.n; i++) {
        const char *os = cluster->osparams_private_cluster.v[i].key;
        if (fact_dict_get(&type_value_map_map, &cluster->osparams, os) == NULL &&
            !check_os(lu, cluster, os, errp)) {
            return false;
        }
    }
    return true;
}

bool cluster_check_params(struct lu *lu, const struct cluster_change *change, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    const struct cluster *cluster = cluster_new(change);
    return ((!op->has.osparams && !op->has.osparams_private_cluster) ||
            check_osparams(lu, cluster, errp)) &&
           check_cluster_hv(lu, cluster, errp) &&
           (op->os_hvp.n == 0 || check_os_hv(lu, cluster, errp));
}
