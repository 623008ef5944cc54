/* Interfaces of instances (reference: lib/cmdlib/instance_utils.py ComputeNics and the parts
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

/* --- One interface ------------------------------------------------------------------------------
 *
 * index: its place, for texts. */
/* A MAC address of one interface, not of a group of them. */
bool lu_mac_is_good(const char *text);
/* The MAC address that is wanted, reserved; NULL, "auto", "generate": a new one as its network has
 * them. */
bool lu_nic_set_mac(struct lu *lu, struct nic *nic, const char *wanted, size_t index,
                    GError **errp);
/* An address from the pool of its network; or the one it has, reserved there (check: else even one
 * that the administrator has taken out of the pool). */
bool lu_nic_take_ip(struct lu *lu, struct nic *nic, size_t index, GError **errp);
bool lu_nic_reserve_ip(struct lu *lu, const struct nic *nic, size_t index, bool check,
                       GError **errp);
/* Its address belongs to no network of the group. */
bool lu_nic_check_foreign(struct lu *lu, const struct node_group *group, const struct nic *nic,
                          GError **errp);

#endif
