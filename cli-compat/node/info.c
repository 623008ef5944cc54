#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/info.h"
#include "cli-compat/core/params-info.h"
#include "cli-compat/core/pyrepr.h"

/* What is asked for, and in this order. */
enum field {
    NAME,
    PRIMARY_IP,
    SECONDARY_IP,
    PRIMARY_INSTANCES,
    SECONDARY_INSTANCES,
    MASTER_CANDIDATE,
    DRAINED,
    OFFLINE,
    MASTER_CAPABLE,
    VM_CAPABLE,
    POWERED,
    NDPARAMS,
    OWN_NDPARAMS,
    N_FIELDS,
};

static const char *const field_names[] = {
    [NAME] = "name",
    [PRIMARY_IP] = "pip",
    [SECONDARY_IP] = "sip",
    [PRIMARY_INSTANCES] = "pinst_list",
    [SECONDARY_INSTANCES] = "sinst_list",
    [MASTER_CANDIDATE] = "master_candidate",
    [DRAINED] = "drained",
    [OFFLINE] = "offline",
    [MASTER_CAPABLE] = "master_capable",
    [VM_CAPABLE] = "vm_capable",
    [POWERED] = "powered",
    [NDPARAMS] = "ndparams",
    [OWN_NDPARAMS] = "custom_ndparams",
    [N_FIELDS] = NULL,
};

static struct info *names_info(const struct json *names)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new_with_free_func(g_free);
    struct info *list = info_list();

    for (size_t i = 0; json_kind(names) == JSON_ARRAY && i < json_len(names); i++) {
        g_ptr_array_add(sorted, pyrepr_str(json_at(names, i)));
    }
    g_ptr_array_sort(sorted, text_nice_compare_slots);
    for (guint i = 0; i < sorted->len; i++) {
        info_append(list, info_text(g_ptr_array_index(sorted, i)));
    }
    return list;
}

static struct info *node_info(const struct json *node)
{
    static const struct {
        const char *label;
        enum field field;
    } rows[] = {
        {"Node name", NAME},
        {"primary ip", PRIMARY_IP},
        {"secondary ip", SECONDARY_IP},
        {"master candidate", MASTER_CANDIDATE},
        {"drained", DRAINED},
        {"offline", OFFLINE},
        {"powered", POWERED},
        {"master_capable", MASTER_CAPABLE},
        {"vm_capable", VM_CAPABLE},
    };
    const struct json *vm_capable = json_at(node, VM_CAPABLE);
    struct info *info = info_map();

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct json *value = json_at(node, rows[i].field);

        if (rows[i].field != POWERED || value != NULL) {
            info_add(info, rows[i].label, info_from_json(value));
        }
    }
    if (json_kind(vm_capable) == JSON_BOOL && json_boolean(vm_capable)) {
        info_add(info, "primary for instances", names_info(json_at(node, PRIMARY_INSTANCES)));
        info_add(info, "secondary for instances", names_info(json_at(node, SECONDARY_INSTANCES)));
    }
    info_add(info, "node parameters",
             params_info(json_at(node, OWN_NDPARAMS), json_at(node, NDPARAMS)));
    return info;
}

bool cmd_node_info(struct cli_run *run, GError **errp)
{
    CLEANUP(json_unrefp) struct json *nodes = NULL;
    CLEANUP(info_freep) struct info *list = info_list();

    if (!run_query_old(run, LUXI_query_nodes, run->args, field_names, &nodes, errp)) {
        return false;
    }
    for (size_t i = 0; i < json_len(nodes); i++) {
        info_append(list, node_info(json_at(nodes, i)));
    }
    run_print_info(run, list);
    return true;
}
