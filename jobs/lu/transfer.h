/* Disks going over the network: pairs of import and export daemons on nodes, started, watched and
 * cleared away (reference: lib/masterd/instance.py ImportExportLoop, TransferInstanceData). */
#ifndef GANTRY_JOBS_LU_TRANSFER_H
#define GANTRY_JOBS_LU_TRANSFER_H

#include "jobs/lu/lu.h"
#include "jobs/lu/rpc.h"

/* --- Between two nodes of the cluster -----------------------------------------------------------
 */
struct lu_transfer_part {
    const char *name; /* for people: "disk/0"; NULL: nothing to do, which counts as failed */
    struct lu_arg_impexp source, target;
};
struct lu_transfer_plan {
    const struct instance *instance;
    const char *source_node, *target_node; /* UUIDs */
    const char *compress;                  /* tool */
    const struct lu_transfer_part *parts;
    size_t n;
    /* Called when the sending of a part has ended, either way; NULL: nothing to do then. */
    void (*sent)(struct lu *lu, size_t index, void *data);
    void *data;
};
/* Sends all parts at the same time. results[i]: part i has arrived whole. What fails is told in the
 * log. */
void lu_transfer(struct lu *lu, const struct lu_transfer_plan *plan, bool *results);

/* --- Single daemons, for transfers between clusters ---------------------------------------------
 */
struct transfer;
struct transfer_end {
    /* What is asked for; all is borrowed while the transfer lives. */
    bool import;
    const char *node_uuid;
    size_t index; /* of the disk */
    struct import_export_options options;
    struct lu_arg_impexp io;
    const char *host; /* export: where to, with the port */
    int64_t port;
    struct transfer_end *peer; /* stopped if this one fails; NULL: none here */

    /* What became of it. */
    struct import_export_status status;
    bool ended, success;
    char *error; /* if it failed */

    struct transfer_end_private *private;
};
/* What may be wanted when something happens to an end; each may be NULL. */
struct transfer_events {
    void (*listening)(struct transfer *transfer, struct transfer_end *end, void *data);
    void (*connected)(struct transfer *transfer, struct transfer_end *end, void *data);
    void (*progress)(struct transfer *transfer, struct transfer_end *end, const char *text,
                     void *data);
    void (*ended)(struct transfer *transfer, struct transfer_end *end, void *data);
};

/* connect: seconds until both sides must have found each other. */
struct transfer *transfer_new(struct lu *lu, const struct instance *instance, int64_t connect,
                              const struct transfer_events *events, void *data);
struct lu *transfer_lu(struct transfer *transfer);
/* One more daemon, a copy of what is asked for; started by transfer_run(). Lives as long as the
 * transfer. */
struct transfer_end *transfer_add(struct transfer *transfer, const struct transfer_end *end);
/* Until all daemons have ended. */
void transfer_run(struct transfer *transfer);
/* Stops what still runs. */
void transfer_free(struct transfer *transfer);
DEFINE_CLEANUP(struct transfer *, transfer_free)
/* The last output of the daemon as one text, owned by the caller. */
char *transfer_output(const struct transfer_end *end);

/* n random bytes in hexadecimal digits. */
char *transfer_secret(size_t n);
/* What both daemons of a disk must know; secret: the same for all disks. */
char *transfer_magic(const char *secret, const char *instance_name, size_t index);

#endif
