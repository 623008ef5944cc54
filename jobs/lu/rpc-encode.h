/* What node daemons get to see of the configuration's objects; for jobs/lu/rpc.c and the test that
 * compares with the reference's own calls. */
#ifndef GANTRY_JOBS_LU_RPC_ENCODE_H
#define GANTRY_JOBS_LU_RPC_ENCODE_H

#include "base/json-writer.h"
#include "facts/rpccalls.h"

struct cfg;
struct disk;
struct instance;

/* One member of a struct lu_call_<name>. */
struct lu_call_arg {
    size_t offset;
    const struct fact_type *type; /* PLAIN, WHOLE */
    enum rpc_encoding encoding;
};
struct lu_call_args {
    const struct lu_call_arg *v;
    size_t n;
};
extern const struct lu_call_args lu_call_args[RPC_COUNT];

/* Appends the body of a call to the node with this UUID. False if what it is about cannot be
 * encoded, such as a file that cannot be read. */
bool lu_call_encode(const struct cfg *cfg, const char *node_uuid, enum rpc_id call,
                    const void *args, struct json_writer *w, GError **errp);
/* A copy of a disk with the parameters in force, its children's included (AnnotateDiskParams);
 * fact_object_free(). */
struct disk *lu_disk_annotated(const struct cfg *cfg, const struct disk *disk,
                               const struct instance *instance);
/* Whether each node gets a body of its own. */
bool lu_call_is_per_node(enum rpc_id call);

#endif
