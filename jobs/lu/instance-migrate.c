/* OP_INSTANCE_MIGRATE and OP_INSTANCE_FAILOVER (reference: lib/cmdlib/instance_migration.py). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/instance-run.h"
#include "jobs/lu/migration.h"
#include "jobs/lu/rpc.h"

static bool both_locks(struct lu *lu, enum lock_level level, GError **errp G_GNUC_UNUSED)
{
    return migration_locks(lu, lu->own, level);
}

static bool both_prereq(struct lu *lu, GError **errp)
{
    return migration_prereq(lu, lu->own, errp);
}

static bool both_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    struct migration *migration = lu->own;
    lu_text_set(&migration->source, migration_instance(lu, migration)->primary_node);
    lu_log(lu, "%s instance %s", migration->failover ? "Failing over" : "Migrating",
           migration->name);
    return (migration->failover  ? migration_failover
            : migration->cleanup ? migration_cleanup
                                 : migration_migrate)(lu, migration, errp);
}

/* --- Failover -----------------------------------------------------------------------------------
 */
static const char *node_name(struct lu *lu, const char *uuid)
{
    const struct node *node = uuid != NULL ? cfg_node_get(lu_cfg(lu), uuid) : NULL;
    return node != NULL ? node->name : "";
}

static bool is_source_offline(struct lu *lu, const struct migration *migration)
{
    const struct node *node = cfg_node_get(lu_cfg(lu), migration->source);
    return node != NULL && node->offline;
}

static bool check_disks(struct lu *lu, const struct migration *migration, GError **errp)
{
    const struct instance *instance = migration_instance(lu, migration);
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    if (!instance->disks_active) {
        lu_log(lu, "* the disks are not in use, so their state is not checked");
        return true;
    }
    lu_log(lu, "* checking the disks on the target node");
    for (size_t i = 0; i < disks.n; i++) {
        if (lu_disk_is_consistent(lu, instance, disks.v[i], migration->target, false)) {
            continue;
        }
        if (is_source_offline(lu, migration)) {
            lu_log(lu, "Disk %zu is degraded on node %s; node %s is offline, so it must do", i,
                   node_name(lu, migration->target), node_name(lu, migration->source));
        } else if (!migration->ignore_consistency) {
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                            "Disk %zu of instance %s is degraded on node %s: the instance is not "
                            "failed over",
                            i, instance->name, node_name(lu, migration->target));
        }
    }
    return true;
}

static bool stop_guest(struct lu *lu, const struct migration *migration, GError **errp)
{
    const struct instance *instance = migration_instance(lu, migration);
    lu_log(lu, "* shutting the guest down on the source node");
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_guest_shutdown(lu, instance, migration->source, migration->shutdown_timeout);
    if (migration->ignore_consistency || is_source_offline(lu, migration)) {
        lu_answer_warn(lu, answer,
                       "Could not shut down instance %s on node %s, which is ignored; make sure "
                       "that the node is down",
                       instance->name, answer->node_name);
        return true;
    }
    return lu_answer_check(answer, errp, "Could not shut down instance %s on node %s",
                           instance->name, answer->node_name);
}

static bool stop_disks(struct lu *lu, const struct migration *migration, GError **errp)
{
    const struct instance *instance = migration_instance(lu, migration);
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    bool clean;
    if (lu_disks_all_in(disks, C_DTS_EXT_MIRROR) &&
        !migration_disks_close(lu, migration, migration->source, errp)) {
        return false;
    }
    lu_log(lu, "* shutting the disks down on the source node");
    if (!lu_disks_shutdown(lu, migration->uuid, true, &clean, errp)) {
        return false;
    }
    return clean || err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                             "Could not shut down the disks of instance %s; see the warnings above",
                             migration->name);
}

static bool start_again(struct lu *lu, const struct migration *migration, GError **errp)
{
    if (migration_instance(lu, migration)->admin_state != ADMIN_UP) {
        return true;
    }
    lu_log(lu, "* making the disks usable on the target node %s", node_name(lu, migration->target));
    if (!lu_disks_assemble(lu, migration->uuid, LU_ASSEMBLE_IGNORE_SECONDARIES, NULL, errp)) {
        g_autoptr(GError) error = NULL;
        if (!lu_disks_shutdown(lu, migration->uuid, false, NULL, &error)) {
            lu_warn(lu, "Cannot shut the disks down again: %s", error->message);
        }
        return false;
    }
    lu_log(lu, "* starting the guest on the target node %s", node_name(lu, migration->target));
    return lu_instance_start(lu, migration->uuid, NULL, NULL, false, errp);
}

bool migration_failover(struct lu *lu, struct migration *migration, GError **errp)
{
    if (cfg_instance_is_forthcoming(migration_instance(lu, migration))) {
        lu_log(lu, "The instance is forthcoming: only its record is changed");
        return migration_record(lu, migration, errp);
    }
    return check_disks(lu, migration, errp) && stop_guest(lu, migration, errp) &&
           stop_disks(lu, migration, errp) && migration_record(lu, migration, errp) &&
           start_again(lu, migration, errp);
}

/* --- Hooks --------------------------------------------------------------------------------------
 */
static void nodes_env(struct lu *lu, const struct migration *migration, struct hooks_env *env)
{
    const struct instance *instance = migration_instance(lu, migration);
    struct cfg_nodes secondaries = cfg_instance_secondaries(lu_cfg(lu), instance);
    bool mirrored = secondaries.n > 0;
    const char *old = node_name(lu, instance->primary_node);
    hooks_env_set(env, "OLD_PRIMARY", old);
    hooks_env_set(env, "NEW_PRIMARY", node_name(lu, migration->target));
    hooks_env_set(env, "OLD_SECONDARY", mirrored ? secondaries.v[0]->name : "");
    hooks_env_set(env, "NEW_SECONDARY", mirrored ? old : "");
    lu_instance_env(lu, instance, env);
}

static void add_node(GPtrArray *nodes, const char *uuid)
{
    if (uuid != NULL && !g_ptr_array_find_with_equal_func(nodes, uuid, g_str_equal, NULL)) {
        g_ptr_array_add(nodes, g_strdup(uuid));
    }
}

static bool migrate_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_migrate *op = lu_params(lu);
    const struct migration *migration = lu->own;
    hooks_env_set_bool(env, "MIGRATE_LIVE", migration->live);
    hooks_env_set_bool(env, "MIGRATE_CLEANUP", op->cleanup);
    hooks_env_set_bool(env, "ALLOW_RUNTIME_CHANGES", op->allow_runtime_changes);
    nodes_env(lu, migration, env);
    return true;
}

static bool migrate_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post,
                          GError **errp G_GNUC_UNUSED)
{
    const struct migration *migration = lu->own;
    lu_instance_hooks_nodes(lu, migration_instance(lu, migration), pre, post);
    add_node(pre, migration->target);
    add_node(post, migration->target);
    return true;
}

static bool failover_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_failover *op = lu_params(lu);
    hooks_env_set_bool(env, "IGNORE_CONSISTENCY", op->ignore_consistency);
    hooks_env_set_int(env, "SHUTDOWN_TIMEOUT", op->shutdown_timeout);
    hooks_env_set_bool(env, "FAILOVER_CLEANUP", op->cleanup);
    nodes_env(lu, lu->own, env);
    return true;
}

/* The primary node may be dead: its hooks run afterwards only. */
static bool failover_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post,
                           GError **errp G_GNUC_UNUSED)
{
    const struct migration *migration = lu->own;
    const struct instance *instance = migration_instance(lu, migration);
    const struct node *master = cfg_master(lu_cfg(lu));
    struct cfg_nodes secondaries = cfg_instance_secondaries(lu_cfg(lu), instance);
    GPtrArray *const both[] = {pre, post};
    for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
        add_node(both[i], master != NULL ? master->uuid : NULL);
        for (size_t j = 0; j < secondaries.n; j++) {
            add_node(both[i], secondaries.v[j]->uuid);
        }
        add_node(both[i], migration->target);
    }
    add_node(post, instance->primary_node);
    return true;
}

/* --- The units ----------------------------------------------------------------------------------
 */
#define TARGET_SLOT(op)                                                                            \
    ((struct lu_name_slot){&(op)->target_node, &(op)->target_node_uuid,                            \
                           &(op)->has.target_node_uuid})

static bool migrate_names(struct lu *lu, GError **errp)
{
    struct op_instance_migrate *op = lu_params(lu);
    if (lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) == NULL) {
        return false;
    }
    *(struct migration *)lu->own = (struct migration){
        .uuid = op->instance_uuid,
        .name = op->instance_name,
        .cleanup = op->cleanup,
        .fallback = op->allow_failover,
        .allow_runtime_changes = op->allow_runtime_changes,
        .shutdown_timeout = C_DEFAULT_SHUTDOWN_TIMEOUT,
        .ignore_ipolicy = op->ignore_ipolicy,
        .ignore_hvversions = op->ignore_hvversions,
        .target_slot = TARGET_SLOT(op),
        .allocator = &op->iallocator,
        .has_allocator = &op->has.iallocator,
        .op = op,
    };
    return migration_names(lu, lu->own, errp);
}

static bool failover_names(struct lu *lu, GError **errp)
{
    struct op_instance_failover *op = lu_params(lu);
    if (lu_lock_any_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) == NULL) {
        return false;
    }
    *(struct migration *)lu->own = (struct migration){
        .uuid = op->instance_uuid,
        .name = op->instance_name,
        .cleanup = op->cleanup,
        .failover = true,
        .ignore_consistency = op->ignore_consistency,
        .allow_runtime_changes = true,
        .shutdown_timeout = op->shutdown_timeout,
        .ignore_ipolicy = op->ignore_ipolicy,
        .ignore_hvversions = true,
        .target_slot = TARGET_SLOT(op),
        .allocator = &op->iallocator,
        .has_allocator = &op->has.iallocator,
    };
    return migration_names(lu, lu->own, errp);
}

LU(instance_migrate, .own_size = sizeof(struct migration), .clear = migration_clear,
   .expand_names = migrate_names, .declare_locks = both_locks, .check_prereq = both_prereq,
   .exec = both_exec, .hooks_env = migrate_env, .hooks_nodes = migrate_nodes)

LU(instance_failover, .own_size = sizeof(struct migration), .clear = migration_clear,
   .expand_names = failover_names, .declare_locks = both_locks, .check_prereq = both_prereq,
   .exec = both_exec, .hooks_env = failover_env, .hooks_nodes = failover_nodes)
