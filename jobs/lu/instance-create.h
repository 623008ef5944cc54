/* What the two halves of OP_INSTANCE_CREATE share: what is checked (instance-create.c) and what is
 * done (instance-create-run.c). */
#ifndef GANTRY_JOBS_LU_INSTANCE_CREATE_H
#define GANTRY_JOBS_LU_INSTANCE_CREATE_H

#include "jobs/iallocator/iallocator.h"
#include "jobs/lu/lu.h"

struct create_own {
    char *check_ip; /* what the name resolves to; NULL without a check of the name */
    bool adopt;
    struct idisk_list disks;   /* what is wanted, complete */
    struct instance *instance; /* what it will be; without disks */
    struct value_map osparams_secret;
    char *file_dir;
    GPtrArray *nodes; /* UUIDs: the primary, then the secondary if there is one */
    /* Import only. */
    char *old_name;    /* of the instance that was exported */
    GPtrArray *images; /* paths on the source node by disk; NULL where there is none */
    GPtrArray *macs;   /* as exported, by interface */
    char *source_ca;   /* remote: the other cluster's certificate (PEM) */
};

/* Parameters of its own for a new instance. */
bool create_beparams(const struct op_instance_create *op, struct instance *instance, GError **errp);
/* What an allocator is asked for an instance; borrows from all of these. The lists become the
 * caller's, json_unref(). */
struct ia_instance create_wanted(struct lu *lu, const struct op_instance_create *op,
                                 const struct instance *instance, const struct idisk_list *disks);
void create_wanted_clear(struct ia_instance *wanted);
/* Names of the nodes that are locked at both levels. */
GPtrArray *create_whitelist(struct lu *lu);

/* Own parameters that are those in force anyway are none (_RevertToDefaults). */
void create_drop_defaults(struct lu *lu, struct instance *instance);

/* --- The operating system: instance-create-os.c -------------------------------------------------
 */
bool create_os_arguments(struct lu *lu, GError **errp);
/* Its scripts may run on the node. */
bool create_os_check(struct lu *lu, GError **errp);
/* An image instead of scripts, onto the first disk; what goes wrong is only warned of. */
bool create_os_image(struct lu *lu, const struct instance *instance);
bool create_os_install(struct lu *lu, const struct instance *instance, GError **errp);

bool create_exec(struct lu *lu, struct json_writer *result, GError **errp);

/* Sizes of volumes or devices to be adopted, into own->disks; reserves them. */
bool create_check_adoption(struct lu *lu, GError **errp);
/* Asks the allocator and puts its answer into the opcode. */
bool create_allocate(struct lu *lu, GError **errp);

/* --- Import -------------------------------------------------------------------------------------
 *
 * Arguments, locks and the description of what is imported, which fills in what the opcode leaves
 * open (instance-import.c); with all checks done, its data (instance-import-run.c). Each does
 * nothing for instances that are made empty. */
bool create_import_arguments(struct lu *lu, GError **errp);
bool create_import_names(struct lu *lu, GError **errp);
bool create_import_read(struct lu *lu, GError **errp);
/* Keeps the MAC addresses of an instance that comes back under its name. */
void create_import_adjust(struct lu *lu);
bool create_import_exec(struct lu *lu, const struct instance *instance, GError **errp);

#endif
