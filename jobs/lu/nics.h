/* Interfaces of a new instance (reference: lib/cmdlib/instance_utils.py ComputeNics and the parts
 * on addresses in lib/cmdlib/instance_create.py). OpPrereqErrors. */
#ifndef GANTRY_JOBS_LU_NICS_H
#define GANTRY_JOBS_LU_NICS_H

#include "jobs/lu/lu.h"

/* Interface objects from what a client wants, with MAC addresses reserved or generated, but with
 * addresses as they were given ("pool" included): into ret, zeroed memory. default_ip: what "auto"
 * stands for, NULL if names are not checked. */
bool lu_nics_compute(struct lu *lu, const struct inic *wanted, size_t n, const char *default_ip,
                     struct nic_list *ret, GError **errp);
/* With the primary node known: takes addresses from pools or reserves those given, and copies the
 * parameters that the group has for the networks. conflicts_check: an address of a network needs
 * an interface in it. */
bool lu_nics_place(struct lu *lu, struct nic_list *nics, const char *node_uuid,
                   bool conflicts_check, GError **errp);

#endif
