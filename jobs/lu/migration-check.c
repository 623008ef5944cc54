/* Whether and where an instance can go. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "jobs/lu/allocate.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/ipolicy-fit.h"
#include "jobs/lu/migration.h"
#include "jobs/lu/rpc.h"

void migration_clear(void *data)
{
    struct migration *migration = data;
    g_free(migration->target);
    g_free(migration->source);
    json_unref(migration->info);
}

const struct instance *migration_instance(struct lu *lu, const struct migration *migration)
{
    return cfg_instance_get(lu_cfg(lu), migration->uuid);
}

/* --- Locks --------------------------------------------------------------------------------------
 */
bool migration_names(struct lu *lu, struct migration *migration, GError **errp)
{
    if (*migration->target_slot.name != NULL &&
        lu_expand_node_slot(lu, migration->target_slot, errp) == NULL) {
        return false;
    }
    lu_need_apart(lu, LOCK_LEVEL_NODE);
    lu_need_apart(lu, LOCK_LEVEL_NODE_RES);
    return true;
}

bool migration_locks(struct lu *lu, struct migration *migration, enum lock_level level)
{
    const struct instance *instance = migration_instance(lu, migration);
    if ((level != LOCK_LEVEL_NODE && level != LOCK_LEVEL_NODE_RES) || instance == NULL) {
        return true;
    }
    if (!lu_disks_any_in(cfg_instance_disks(lu_cfg(lu), instance), C_DTS_EXT_MIRROR)) {
        lu_need_instances_nodes(lu, level, false);
    } else if (*migration->target_slot.uuid == NULL) {
        lu_need_all(lu, level);
    } else {
        lu_need(lu, level, instance->primary_node);
        lu_need(lu, level, *migration->target_slot.uuid);
    }
    return true;
}

/* --- Target -------------------------------------------------------------------------------------
 */
static bool ask_allocator(struct lu *lu, struct migration *migration,
                          const struct instance *instance, GError **errp)
{
    const struct ia_request request = {
        .mode = IALLOCATOR_MODE_RELOCATE,
        .instance_uuid = migration->uuid,
        .relocate_from = (const char *const *)&instance->primary_node,
        .n_relocate_from = 1,
    };
    struct ia_answer answer = {0};
    if (!lu_allocate(lu, &request, *migration->allocator, &answer, errp)) {
        return false;
    }
    const struct json *first = json_kind(answer.result) == JSON_ARRAY && json_len(answer.result) > 0
                                   ? json_at(answer.result, 0)
                                   : NULL;
    const struct node *node =
        json_kind(first) == JSON_STRING ? cfg_node_named(lu_cfg(lu), json_string(first)) : NULL;
    bool ok = node != NULL ||
              err_fail(errp, ERR_OP_PREREQ, ECODE_NORES,
                       "Allocator %s chose no node of this cluster", *migration->allocator);
    if (ok) {
        lu_text_set(&migration->target, node->uuid);
        lu_info(lu, "Allocator %s chose node %s for instance %s", *migration->allocator, node->name,
                instance->name);
    }
    ia_answer_clear(&answer);
    return ok;
}

static bool find_shared_target(struct lu *lu, struct migration *migration,
                               const struct instance *instance, GError **errp)
{
    if (!lu_allocator_or_node(lu, migration->allocator, migration->has_allocator,
                              *migration->target_slot.name, errp)) {
        return false;
    }
    if (*migration->allocator != NULL) {
        return ask_allocator(lu, migration, instance, errp);
    }
    lu_text_set(&migration->target, *migration->target_slot.uuid);
    return true;
}

static bool find_mirror_target(struct lu *lu, struct migration *migration,
                               const struct instance *instance, GError **errp)
{
    struct cfg_nodes secondaries = cfg_instance_secondaries(lu_cfg(lu), instance);
    if (secondaries.n == 0) {
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                        "Instance %s has mirrored disks, but no secondary node", instance->name);
    }
    lu_text_set(&migration->target, secondaries.v[0]->uuid);
    const char *given = *migration->target_slot.uuid;
    if (*migration->allocator != NULL || (given != NULL && strcmp(given, migration->target) != 0)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Instance %s can only go to its secondary node %s: neither an allocator "
                        "nor another node can be given",
                        instance->name, secondaries.v[0]->name);
    }
    return true;
}

static bool find_target(struct lu *lu, struct migration *migration, const struct instance *instance,
                        GError **errp)
{
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    bool shared = lu_disks_all_in(disks, C_DTS_EXT_MIRROR);
    if (!lu_disks_all_in(disks, C_DTS_MIRRORED)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "The disks of instance %s are on its primary node only: it can be moved, "
                        "but not %s",
                        instance->name, migration->failover ? "failed over" : "migrated");
    }
    if (!shared && !lu_disks_all_in(disks, C_DTS_INT_MIRROR)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_NONE,
                        "Instance %s has both mirrored and shared disks, which is not supported",
                        instance->name);
    }
    if (!(shared ? find_shared_target : find_mirror_target)(lu, migration, instance, errp)) {
        return false;
    }
    const struct node *target = cfg_node_get(lu_cfg(lu), migration->target);
    if (target == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_NOENT, "The target node has gone meanwhile");
    }
    if (!lu_check_target_ipolicy(lu, instance, target, migration->ignore_ipolicy, errp)) {
        return false;
    }
    if (!shared) {
        return true;
    }
    if (g_strcmp0(migration->target, instance->primary_node) == 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "Node %s is the primary node of instance %s already", target->name,
                        instance->name);
    }
    const char *const keep[] = {instance->primary_node, migration->target};
    return lu_release_all_but(lu, LOCK_LEVEL_NODE, keep, G_N_ELEMENTS(keep), errp);
}

/* --- The guest ----------------------------------------------------------------------------------
 */
static bool check_memory(struct lu *lu, struct migration *migration,
                         const struct instance *instance, int64_t minmem, GError **errp)
{
    if (migration->cleanup || (migration->failover && instance->admin_state != ADMIN_UP)) {
        lu_info(lu, "The memory of the target node is not checked, as nothing will be started");
        return true;
    }
    g_autofree char *what = g_strdup_printf("migrating instance %s", instance->name);
    return lu_find_free_memory(lu, migration->target, what, minmem, instance->hypervisor,
                               &migration->free_mib, errp);
}

/* A guest that cannot migrate may fail over instead. */
static bool check_migratable(struct lu *lu, struct migration *migration,
                             const struct instance *instance, GError **errp)
{
    if (migration->failover) {
        return true;
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, instance->primary_node,
                     LU_CALL(instance_migratable, .instance = {.instance = instance}));
    if (answer->fail_msg != NULL && migration->fallback) {
        lu_info(lu, "Instance %s cannot migrate (%s): it is failed over instead", instance->name,
                answer->fail_msg);
        migration->failover = true;
        return true;
    }
    return lu_answer_check_prereq(answer, ECODE_STATE, errp,
                                  "Instance %s cannot migrate; try a failover", instance->name);
}

static bool find_mode(struct lu *lu, struct migration *migration, const struct instance *instance,
                      GError **errp)
{
    struct op_instance_migrate *op = migration->op;
    migration->live = false;
    if (migration->failover) {
        return true;
    }
    if (op->has.live && op->has.mode) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Either 'live' or 'mode' can be given, not both");
    }
    if (op->has.live) {
        op->mode = op->live ? MIGRATION_LIVE : MIGRATION_NON_LIVE;
        op->has.live = false;
    } else if (!op->has.mode) {
        const struct fact_value *usual =
            cfg_hvparam(lu_cfg(lu), instance, hv_names[HV_NAME_migration_mode].name);
        const char *word = usual != NULL ? fact_value_text(usual) : NULL;
        int index = word != NULL ? fact_enum_find(&fact_enum_migration_mode, word) : -1;
        if (index < 0) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "The hypervisor of instance %s has no migration mode: give one",
                            instance->name);
        }
        op->mode = (enum migration_mode)index;
    }
    op->has.mode = true;
    migration->live = op->mode == MIGRATION_LIVE;
    return true;
}

static bool find_current_memory(struct lu *lu, struct migration *migration,
                                const struct instance *instance, GError **errp)
{
    CLEANUP(json_unrefp) struct json *info = NULL;
    if (migration->failover || migration->cleanup) {
        return true;
    }
    if (!lu_instance_info(lu, instance, true, &info, errp)) {
        return false;
    }
    const struct json *memory = info != NULL ? json_get(info, "memory") : NULL;
    migration->current_mib = json_kind(memory) == JSON_INT ? json_int(memory) : 0;
    return true;
}

bool migration_prereq(struct lu *lu, struct migration *migration, GError **errp)
{
    const struct instance *instance =
        lu_locked_instance(lu, migration->uuid, migration->name, errp);
    if (instance == NULL) {
        return false;
    }
    if (migration->cleanup && migration->failover) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Only migrations can be cleaned up");
    }
    if (!migration->cleanup && instance->admin_state != ADMIN_UP && !migration->failover &&
        migration->fallback) {
        lu_info(lu, "Instance %s is not marked to run: it is failed over instead", instance->name);
        migration->failover = true;
    }
    struct beparams beparams = cfg_beparams(lu_cfg(lu), instance);
    if (!find_target(lu, migration, instance, errp) ||
        !check_memory(lu, migration, instance, beparams.minmem, errp)) {
        return false;
    }
    if (!migration->cleanup && !migration->failover && beparams.always_failover) {
        lu_info(lu, "Instance %s is set up to be failed over always", instance->name);
        migration->failover = true;
    }
    return lu_check_bridges(lu, instance, migration->target, errp) &&
           (migration->cleanup || (lu_check_node_not_drained(lu, migration->target, errp) &&
                                   check_migratable(lu, migration, instance, errp))) &&
           find_mode(lu, migration, instance, errp) &&
           find_current_memory(lu, migration, instance, errp);
}
