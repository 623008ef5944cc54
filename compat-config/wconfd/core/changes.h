/* Changes of single objects as they travel between our programs.
 *
 * A change is [verb, container, object], for a removal [verb, container, UUID, serial number]; in
 * what the daemon tells, a removal has no serial number. The serial number of an edited or removed
 * object is the one it was read with. */
#ifndef GANTRY_COMPAT_CONFIG_WCONFD_CORE_CHANGES_H
#define GANTRY_COMPAT_CONFIG_WCONFD_CORE_CHANGES_H

#include "base/json-writer.h"
#include "compat-config/model/txn.h"

struct json;

/* Writes the list of a transaction's changes. */
void cfg_changes_write(const struct cfg_txn *txn, struct json_writer *w);
/* A transaction with these changes; NULL with an error if one is malformed, or if an object is not
 * what it was when the client read it (ERR_CONFIGURATION, ECODE_STATE). */
struct cfg_txn *cfg_changes_take(const struct cfg *cfg, struct json *const *v, size_t n,
                                 GError **errp);
/* The snapshot that the daemon's answer (struct config_changes) makes of this one (NULL: none), as
 * a new reference. */
const struct cfg *cfg_changes_follow(const struct cfg *from, struct json *answer, GError **errp);

#endif
