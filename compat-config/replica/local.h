/* The methods of the configuration daemon inside this process, on a file or on nothing. */
#ifndef GANTRY_COMPAT_CONFIG_REPLICA_LOCAL_H
#define GANTRY_COMPAT_CONFIG_REPLICA_LOCAL_H

#include "base/cleanup.h"
#include "compat-config/model/cfg.h"
#include "facts/wconfdcalls.h"

struct wconfd_local;

/* See wconfd_client_local(). */
struct wconfd_local *wconfd_local_new(const char *path, const struct cfg *cfg, GError **errp);
void wconfd_local_free(struct wconfd_local *local);
/* What would wait for ever fails. */
bool wconfd_local_call(struct wconfd_local *local, enum method_id method, const void *args,
                       struct json **ret, GError **errp);
const struct cfg *wconfd_local_config(const struct wconfd_local *local);

#endif
