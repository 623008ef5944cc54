/* The pool of IPv4 addresses of a network (lib/network.py AddressPool, src/Ganeti/Network.hs).
 *
 * Address i is the network's own plus i. An address is reserved if an instance has it
 * ("reservations") or if the administrator took it out ("ext_reservations"). */
#ifndef GANTRY_COMPAT_CONFIG_MODEL_POOL_H
#define GANTRY_COMPAT_CONFIG_MODEL_POOL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "facts/objects.h"

/* Networks from /30 to /16, as the reference allows. */
enum { CFG_POOL_MIN_BITS = 16, CFG_POOL_MAX_BITS = 30 };

/* All read the network in place; nothing is allocated. */
uint32_t cfg_pool_size(const struct network *network);
uint32_t cfg_pool_reserved(const struct network *network);
uint32_t cfg_pool_free(const struct network *network);
/* One letter for each address: 'X' reserved, '.' free. Owned by the caller. */
char *cfg_pool_map(const struct network *network);
/* The addresses out of the pool by the administrator's word, as "192.0.2.0, 192.0.2.255". Owned by
 * the caller. */
char *cfg_pool_external(const struct network *network);

/* Position of an address in the network; false if it lies outside. */
bool cfg_pool_index(const struct network *network, const char *address, uint32_t *ret_index);
/* Address at a position, "192.0.2.7"; owned by the caller. */
char *cfg_pool_address(const struct network *network, uint32_t index);
bool cfg_pool_is_reserved(const struct network *network, uint32_t index, bool external_only);

/* Changes on a network that a transaction edits. The errors are the reference's (AddressPoolError);
 * external: the administrator's reservations instead of the instances'. */
bool cfg_pool_reserve(struct network *network, const char *address, bool external, GError **errp);
bool cfg_pool_release(struct network *network, const char *address, bool external, GError **errp);
/* The first free address, reserved at once; NULL with an error if the pool is full. */
char *cfg_pool_take(struct network *network, GError **errp);
/* Gives a new network its empty maps and takes network, broadcast and gateway address out. */
bool cfg_pool_init(struct network *network, GError **errp);

#endif
