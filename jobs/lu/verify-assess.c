/* Hypervisor parameters of the cluster that are allowed but unwise (reference: hv_kvm
 * AssessParameters; other hypervisors have no opinion). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "facts/params.h"
#include "jobs/lu/all-hvparams.h"
#include "jobs/lu/verify-group.h"

static const char *text_of(const struct value_map *params, enum hv_name_id name)
{
    const char *text = fact_value_text(hv_value(params, name));
    return text != NULL ? text : "";
}

static void assess_cpu(struct lu *lu, const struct value_map *params, bool *told)
{
    static const char *const generic[] = {"qemu32", "qemu64", "kvm32", "kvm64", NULL};
    const char *type = text_of(params, HV_NAME_cpu_type);
    if (*type == '\0') {
        lu_log(lu,
               "  - cpu_type is not set, guests get 'qemu64': see gnt-instance(8) for what that "
               "means for speed and safety.");
    } else if (g_strv_contains(generic, type)) {
        lu_log(lu,
               "  - cpu_type is '%s': see gnt-instance(8) for what that means for speed and "
               "safety.",
               type);
    } else if (g_str_equal(type, "host")) {
        lu_log(lu, "  - cpu_type is 'host': live migration needs the same CPU on all nodes.");
    } else {
        return;
    }
    *told = true;
}

static void assess_bandwidth(struct lu *lu, const struct value_map *params, bool *told)
{
    const struct fact_value *value = hv_value(params, HV_NAME_migration_bandwidth);
    const struct hv_param *row =
        hv_param_find(HYPERVISOR_KVM, hv_names[HV_NAME_migration_bandwidth].name);
    const char *usual = row != NULL ? hv_param_default(row) : NULL;
    CLEANUP(json_unrefp) struct json *json = value != NULL ? fact_value_to_json(value) : NULL;
    g_autofree char *text = json_to_string(json, JSON_COMPACT);
    if (g_strcmp0(text, usual) == 0) {
        lu_log(lu,
               "  - migration_bandwidth has its default of %s MiB/s, today's networks carry "
               "more.",
               text);
        *told = true;
    }
}

static void assess_display(struct lu *lu, const struct value_map *params, enum hv_name_id address,
                           enum hv_name_id tls, bool *told)
{
    const char *bind = text_of(params, address);
    if (*bind != '\0' && !g_str_equal(bind, "127.0.0.1") &&
        !fact_value_is_true(hv_value(params, tls))) {
        lu_log(lu, "  - %s is set and %s is not: consoles can be read on the network.",
               hv_names[address].name, hv_names[tls].name);
        *told = true;
    }
}

static void assess_kvm(struct lu *lu, const struct value_map *params)
{
    static const enum hv_name_id types[] = {HV_NAME_disk_type, HV_NAME_nic_type};
    bool told = false;
    assess_cpu(lu, params, &told);
    if (!fact_value_is_true(hv_value(params, HV_NAME_vhost_net))) {
        lu_log(lu, "  - vhost_net should be on: paravirtual interfaces become faster.");
        told = true;
    }
    assess_bandwidth(lu, params, &told);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        const char *type = text_of(params, types[i]);
        if (!g_str_equal(type, "paravirtual")) {
            lu_log(lu, "  - %s is '%s': 'paravirtual' is the fastest.", hv_names[types[i]].name,
                   type);
            told = true;
        }
    }
    assess_display(lu, params, HV_NAME_vnc_bind_address, HV_NAME_vnc_tls, &told);
    assess_display(lu, params, HV_NAME_spice_bind, HV_NAME_spice_use_tls, &told);
    if (told) {
        lu_log(lu, "  - gnt-instance(8) describes each hypervisor parameter");
    }
}

void verify_assess_hvparams(struct verify_group *group)
{
    lu_log(group->lu, "* Assessing cluster hypervisor parameters");
    for (size_t i = 0; i < group->cluster->enabled_hypervisors.n; i++) {
        if (group->cluster->enabled_hypervisors.v[i] == HYPERVISOR_KVM) {
            assess_kvm(group->lu, lu_cluster_hvparams(group->cfg, HYPERVISOR_KVM));
        }
    }
}
