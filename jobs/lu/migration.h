/* An instance goes to another node that has its disks already: migration and failover (reference:
 * lib/cmdlib/instance_migration.py TLMigrateInstance). */
#ifndef GANTRY_JOBS_LU_MIGRATION_H
#define GANTRY_JOBS_LU_MIGRATION_H

#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"

/* The own data of the units. */
struct migration {
    /* Set before the check. */
    const char *uuid; /* of the opcode */
    const char *name;
    bool cleanup;  /* put right what a failed migration left */
    bool failover; /* stop and start; the check may turn a migration into that */
    bool fallback; /* ... if this says so */
    bool ignore_consistency;
    bool allow_runtime_changes; /* the guest may be shrunk to fit */
    int64_t shutdown_timeout;   /* seconds */
    bool ignore_ipolicy;
    bool ignore_hvversions;
    struct lu_name_slot target_slot; /* of the opcode */
    char **allocator;
    bool *has_allocator;
    struct op_instance_migrate *op; /* for its mode; NULL: a failover */

    /* Found by the check. */
    char *target; /* UUID */
    bool live;
    int64_t free_mib;    /* on the target */
    int64_t current_mib; /* of the guest */

    /* While it runs. */
    char *source;      /* UUID */
    struct json *info; /* what the source says the target must know */
};
void migration_clear(void *data);

/* --- Phases of the units ------------------------------------------------------------------------
 */
bool migration_names(struct lu *lu, struct migration *migration, GError **errp);
bool migration_locks(struct lu *lu, struct migration *migration, enum lock_level level);
bool migration_prereq(struct lu *lu, struct migration *migration, GError **errp);

/* --- Steps --------------------------------------------------------------------------------------
 */
const struct instance *migration_instance(struct lu *lu, const struct migration *migration);
/* The target is the primary node from now on; durable when it returns true. */
bool migration_record(struct lu *lu, const struct migration *migration, GError **errp);

/* Disks on a node: closed, or open for it alone or for both. */
bool migration_disks_close(struct lu *lu, const struct migration *migration, const char *node_uuid,
                           GError **errp);
bool migration_disks_open(struct lu *lu, const struct migration *migration, const char *node_uuid,
                          bool exclusive, GError **errp);
/* Mirrors on both nodes. */
bool migration_disks_standalone(struct lu *lu, const struct migration *migration, GError **errp);
bool migration_disks_connect(struct lu *lu, const struct migration *migration, bool both_primary,
                             GError **errp);
bool migration_disks_wait(struct lu *lu, const struct migration *migration, GError **errp);
/* Standalone, connected with one primary, in sync. */
bool migration_disks_single(struct lu *lu, const struct migration *migration, GError **errp);
/* RBD and external disks are unmapped where the guest is no more; warns of failures. */
void migration_disks_unmap(struct lu *lu, const struct migration *migration, const char *node_uuid);

bool migration_failover(struct lu *lu, struct migration *migration, GError **errp);
bool migration_migrate(struct lu *lu, struct migration *migration, GError **errp);
bool migration_cleanup(struct lu *lu, struct migration *migration, GError **errp);

#endif
