/* Files beside the configuration, from the master to the other nodes (reference:
 * lib/cmdlib/common.py RedistributeAncillaryFiles). */
#ifndef GANTRY_JOBS_LU_REDISTRIBUTE_H
#define GANTRY_JOBS_LU_REDISTRIBUTE_H

#include "jobs/lu/lu.h"

/* To all nodes that are online; warns of those that did not take a file. */
void lu_redistribute_files(struct lu *lu);

#endif
