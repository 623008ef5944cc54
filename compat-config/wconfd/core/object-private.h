/* What the methods on objects share; for the files of compat-config/wconfd/core alone. */
#ifndef GANTRY_COMPAT_CONFIG_WCONFD_CORE_OBJECT_PRIVATE_H
#define GANTRY_COMPAT_CONFIG_WCONFD_CORE_OBJECT_PRIVATE_H

#include "compat-config/wconfd/core/core-private.h"

enum wconfd_outcome done_bool(struct wconfd_call *call, bool value);
/* serial_no + 1, mtime now. */
void touch(const struct fact_object *object, void *value, double now);
void touch_cluster(struct cfg_txn *txn, double now);
/* NULL with an error if there is none. */
struct instance *edit_instance(struct cfg_txn *txn, const char *uuid, GError **errp);
/* Whether an object, a NIC or the cluster has this UUID. */
bool id_is_used(const struct cfg *cfg, const char *id);
/* A new object (replace: one that is there) must have a new UUID (one that is there). */
bool check_id(const struct cfg *cfg, const char *what, const char *name, const char *uuid,
              bool replace, GError **errp);

/* reservation-methods.c: puts an address, or all that a client has reserved, into the pools. */
bool commit_ip(struct cfg_txn *txn, const char *action, const char *network, const char *address,
               GError **errp);
bool commit_reserved_ips(struct wconfd_core *core, struct cfg_txn *txn,
                         const struct client_id *client, GError **errp);

#endif
