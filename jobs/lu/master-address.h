/* The address of the cluster (reference: config GetMasterNetworkParameters). */
#ifndef GANTRY_JOBS_LU_MASTER_ADDRESS_H
#define GANTRY_JOBS_LU_MASTER_ADDRESS_H

#include "compat-config/model/cfg.h"

/* What node calls are told of it; all texts are borrowed. */
struct master_network_parameters lu_master_params(const struct cfg *cfg);

#endif
