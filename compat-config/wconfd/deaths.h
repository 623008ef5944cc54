/* Notices that clients are gone: by the kernel's word on their process, and then by their lock
 * file, which decides (src/Ganeti/WConfd/DeathDetection.hs, which looks every five minutes).
 *
 * Whoever is gone loses locks and reservations; its lock file is removed. */
#ifndef GANTRY_COMPAT_CONFIG_WCONFD_DEATHS_H
#define GANTRY_COMPAT_CONFIG_WCONFD_DEATHS_H

#include "base/cleanup.h"
#include "compat-config/wconfd/core/core.h"

struct deaths;

/* own: our own livelock file, which is never looked at. */
struct deaths *deaths_new(struct wconfd_core *core, const char *own);
void deaths_free(struct deaths *deaths);
DEFINE_CLEANUP(struct deaths *, deaths_free)

/* From now on; again and again is allowed. */
void deaths_watch(struct deaths *deaths, const struct client_id *client);
/* Looks at all clients now, and removes lock files that nobody holds. */
void deaths_find(struct deaths *deaths);

#endif
