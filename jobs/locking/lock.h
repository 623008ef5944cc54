/* Names of locks and requests for them (src/Ganeti/Locking/Locks.hs).
 *
 * A lock is "LEVEL/NAME" on the wire and here: "node/<UUID>", "instance/<name>"; "LEVEL/[lockset]"
 * stands for all locks of the level, those of objects to come included; "cluster/BGL" is the big
 * lock and "cluster/config" that of the configuration. */
#ifndef GANTRY_JOBS_LOCKING_LOCK_H
#define GANTRY_JOBS_LOCKING_LOCK_H

#include <glib.h>
#include <stdbool.h>

#include "facts/objects.h"

struct json;
struct json_writer;

/* Instead of a name: all locks of a level; the big lock, of LOCK_LEVEL_CLUSTER. */
#define LOCK_NAME_ALL "[lockset]"
#define LOCK_NAME_BGL "BGL"

/* "LEVEL/NAME"; owned by the caller. */
char *lock_name(enum lock_level level, const char *name);
/* The lock of the configuration; static. Its level on the wire is LOCK_LEVEL_CONFIG, its name
 * begins with "cluster/" nevertheless. */
const char *lock_name_of_config(void);
/* False if the text names no lock. *ret_name (may be NULL) points into the text, behind the level.
 */
bool lock_name_parse(const char *lock, enum lock_level *ret_level, const char **ret_name);
/* The order in which an owner must take locks: by level, the whole level before its members,
 * members by bytes. Negative: a before b. Both must be names of locks. */
int lock_name_compare(const char *a, const char *b);

/* One lock to be taken, changed or given back; requests are lists of these, granted as a whole. */
struct lock_request {
    const char *lock; /* "LEVEL/NAME", borrowed */
    enum lock_mode mode;
};

/* [["node/<UUID>", "shared"], ...] */
void lock_requests_encode(const struct lock_request *v, size_t n, struct json_writer *w);
/* The caller owns the array; the names in it are borrowed from the values. *ret_n is 0 and the
 * result not NULL for an empty list. */
struct lock_request *lock_requests_decode(struct json *const *v, size_t n, GError **errp);

#endif
