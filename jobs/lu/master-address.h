/* The address of the cluster on its master. */
#ifndef GANTRY_JOBS_LU_MASTER_ADDRESS_H
#define GANTRY_JOBS_LU_MASTER_ADDRESS_H

#include "jobs/lu/rpc.h"

/* Asks the master node to set the address as the configuration has it now, or to take it away. */
struct lu_answer *lu_master_address_call(struct lu *lu, bool set);

#endif
