/* The network by which instances talk to the metadata daemon of their node (reference:
 * lib/cmdlib/common.py AddInstanceCommunicationNetworkOp,
 * ConnectInstanceCommunicationNetworkOp). */
#ifndef GANTRY_JOBS_LU_COMMUNICATION_H
#define GANTRY_JOBS_LU_COMMUNICATION_H

#include "facts/opcode.h"

/* Opcodes that make the network and connect a group with it; the caller's. */
struct opcode *lu_op_add_communication(const char *network);
struct opcode *lu_op_connect_communication(const char *group_uuid, const char *network);

#endif
