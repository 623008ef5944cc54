/* What the two halves of OP_INSTANCE_CREATE share: what is checked (instance-create.c) and what is
 * done (instance-create-run.c). */
#ifndef GANTRY_JOBS_LU_INSTANCE_CREATE_H
#define GANTRY_JOBS_LU_INSTANCE_CREATE_H

#include "jobs/lu/lu.h"

struct create_own {
    char *check_ip; /* what the name resolves to; NULL without a check of the name */
    bool adopt;
    struct idisk_list disks;   /* what is wanted, complete */
    struct instance *instance; /* what it will be; without disks */
    struct value_map osparams_secret;
    char *file_dir;
    GPtrArray *nodes; /* UUIDs: the primary, then the secondary if there is one */
};

bool create_exec(struct lu *lu, struct json_writer *result, GError **errp);

/* Sizes of volumes or devices to be adopted, into own->disks; reserves them. */
bool create_check_adoption(struct lu *lu, GError **errp);
/* Asks the allocator and puts its answer into the opcode. */
bool create_allocate(struct lu *lu, GError **errp);

#endif
