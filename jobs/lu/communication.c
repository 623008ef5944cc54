#include "config.h"

#include "jobs/lu/communication.h"

#include "facts/constants.h"

struct opcode *lu_op_add_communication(const char *network)
{
    struct opcode *op = opcode_new(OP_ID_network_add);
    struct op_network_add *params = op->params;
    OP_SET_TEXT(params, network_name, network);
    OP_SET_TEXT(params, network, C_INSTANCE_COMMUNICATION_NETWORK4);
    OP_SET_TEXT(params, network6, C_INSTANCE_COMMUNICATION_NETWORK6);
    OP_SET_TEXT(params, mac_prefix, C_INSTANCE_COMMUNICATION_MAC_PREFIX);
    OP_SET(params, conflicts_check, true);
    return op;
}

struct opcode *lu_op_connect_communication(const char *group_uuid, const char *network)
{
    struct opcode *op = opcode_new(OP_ID_network_connect);
    struct op_network_connect *params = op->params;
    OP_SET_TEXT(params, group_name, group_uuid);
    OP_SET_TEXT(params, network_name, network);
    OP_SET(params, network_mode, NIC_MODE_ROUTED);
    OP_SET_TEXT(params, network_link, C_INSTANCE_COMMUNICATION_NETWORK_LINK);
    OP_SET(params, conflicts_check, true);
    return op;
}
