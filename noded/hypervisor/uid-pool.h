/* User ids for guests, one each, so that one that breaks out of its hypervisor can touch no other
 * (lib/uidpool.py). An id in use has a file below PATH_UIDPOOL_LOCKDIR. */
#ifndef GANTRY_NODED_HYPERVISOR_UID_POOL_H
#define GANTRY_NODED_HYPERVISOR_UID_POOL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

struct uid_claim; /* nobody else gets the id */

/* ranges: lines "1000-1999" or "1234" (ssconf's uid_pool). An id that no process has. */
struct uid_claim *uid_pool_take(const char *const *ranges, GError **errp);
uint32_t uid_claim_id(const struct uid_claim *claim);
/* The id stays in use: a process has it now. */
void uid_claim_keep(struct uid_claim *claim);
/* Back to the pool. */
void uid_claim_cancel(struct uid_claim *claim);

/* When the process is gone. */
bool uid_pool_release(uint32_t id, GError **errp);

#endif
