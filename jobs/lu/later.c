/* Opcodes without a logical unit yet: the one place. A line goes when its LU() comes. */
#include "config.h"

#include "jobs/lu/lu.h"

static bool not_yet(struct lu *lu, GError **errp)
{
    return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                    "%s is not available yet in this version; nothing was changed. Run it on a "
                    "master with the other implementation of the cluster",
                    lu->op->row->wire_id);
}

#define LU_LATER(name) LU(name, .check_arguments = not_yet)

LU_LATER(cluster_destroy)
LU_LATER(cluster_query)
LU_LATER(cluster_config_query)
LU_LATER(cluster_rename)
LU_LATER(cluster_set_params)
LU_LATER(cluster_renew_crypto)
LU_LATER(query)
LU_LATER(query_fields)
LU_LATER(oob_command)
LU_LATER(restricted_command)
LU_LATER(node_remove)
LU_LATER(node_add)
LU_LATER(node_queryvols)
LU_LATER(node_query_storage)
LU_LATER(node_modify_storage)
LU_LATER(repair_node_storage)
LU_LATER(node_set_params)
LU_LATER(node_powercycle)
LU_LATER(node_migrate)
LU_LATER(node_evacuate)
LU_LATER(instance_create)
LU_LATER(instance_multi_alloc)
LU_LATER(instance_reinstall)
LU_LATER(instance_remove)
LU_LATER(instance_rename)
LU_LATER(instance_replace_disks)
LU_LATER(instance_failover)
LU_LATER(instance_migrate)
LU_LATER(instance_move)
LU_LATER(instance_console)
LU_LATER(instance_activate_disks)
LU_LATER(instance_deactivate_disks)
LU_LATER(instance_recreate_disks)
LU_LATER(instance_query_data)
LU_LATER(instance_set_params)
LU_LATER(instance_grow_disk)
LU_LATER(instance_change_group)
LU_LATER(group_assign_nodes)
LU_LATER(group_set_params)
LU_LATER(group_rename)
LU_LATER(group_evacuate)
LU_LATER(os_diagnose)
LU_LATER(ext_storage_diagnose)
LU_LATER(backup_prepare)
LU_LATER(backup_export)
LU_LATER(backup_remove)
LU_LATER(network_add)
LU_LATER(network_remove)
LU_LATER(network_rename)
LU_LATER(network_set_params)
LU_LATER(network_connect)
LU_LATER(network_disconnect)
