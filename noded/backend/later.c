/* Calls without a function yet: the one place. A line goes when its NODED_CALL comes. */
#include "config.h"

#include "noded/backend/call.h"

NODED_CALL_LATER(etc_hosts_modify)
NODED_CALL_LATER(node_activate_master_ip)
NODED_CALL_LATER(node_configure_ovs)
NODED_CALL_LATER(node_deactivate_master_ip)
NODED_CALL_LATER(node_leave_cluster)
NODED_CALL_LATER(node_ssh_key_add)
NODED_CALL_LATER(node_ssh_key_remove)
NODED_CALL_LATER(node_ssh_keys_renew)
