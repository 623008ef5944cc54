/* OP_INSTANCE_REPLACE_DISKS: steps that both ways have. */
#include "config.h"

#include "base/json.h"
#include "facts/codec.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/replace.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/sync.h"

/* What a node says of a disk. */
static struct lu_answer *find_disk(struct lu *lu, const struct instance *instance,
                                   const struct disk *disk, const char *node_uuid)
{
    return lu_call_node(lu, node_uuid,
                        LU_CALL(blockdev_find, .disk = {.disk = disk, .instance = instance}));
}

static bool is_found(const struct lu_answer *answer)
{
    return answer->fail_msg == NULL && json_kind(answer->payload) == JSON_OBJECT &&
           json_len(answer->payload) > 0;
}

bool replace_is_active(struct lu *lu, const struct instance *instance)
{
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    for (size_t i = 0; i < disks.n; i++) {
        for (guint j = 0; j < nodes->len; j++) {
            lu_info(lu, "Checking disk/%zu on %s", i, replace_node_name(lu, nodes->pdata[j]));
            CLEANUP(lu_answer_freep)
            struct lu_answer *answer = find_disk(lu, instance, disks.v[i], nodes->pdata[j]);
            if (!answer->offline && !is_found(answer)) {
                return false;
            }
        }
    }
    return true;
}

bool replace_check_present(struct lu *lu, const char *node_uuid, GError **errp)
{
    const struct instance *instance = replace_instance(lu);
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    for (size_t i = 0; i < disks.n; i++) {
        if (!replace_has(lu->own, i)) {
            continue;
        }
        lu_info(lu, "Checking disk/%zu on %s", i, replace_node_name(lu, node_uuid));
        CLEANUP(lu_answer_freep)
        struct lu_answer *answer = find_disk(lu, instance, disks.v[i], node_uuid);
        if (!is_found(answer)) {
            bool active = replace_is_active(lu, instance);
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Disk %zu is not on node %s: %s%s", i,
                            answer->node_name,
                            answer->fail_msg != NULL ? answer->fail_msg : "not found",
                            active ? ""
                                   : ". The disks are not all active: 'gnt-instance "
                                     "activate-disks' may help");
        }
    }
    return true;
}

bool replace_check_vg(struct lu *lu, const char *const *nodes, size_t n, GError **errp)
{
    const char *vg = cfg_cluster(lu_cfg(lu))->volume_group_name;
    lu_info(lu, "Checking volume groups");
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = lu_call_nodes(lu, nodes, n, LU_CALL(vg_list, .whole = false));
    for (size_t i = 0; i < answers->n; i++) {
        const struct lu_answer *answer = &answers->v[i];
        if (!lu_answer_check(answer, errp, "Cannot ask node %s for its volume groups",
                             answer->node_name)) {
            return false;
        }
        if (vg == NULL || json_kind(answer->payload) != JSON_OBJECT ||
            !json_has(answer->payload, vg)) {
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Node %s has no volume group %s",
                            answer->node_name, vg != NULL ? vg : "(none)");
        }
    }
    return true;
}

bool replace_check_good(struct lu *lu, const char *node_uuid, bool data_only, GError **errp)
{
    const struct instance *instance = replace_instance(lu);
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    bool on_primary = g_strcmp0(node_uuid, instance->primary_node) == 0;
    for (size_t i = 0; i < disks.n; i++) {
        if (!replace_has(lu->own, i)) {
            continue;
        }
        lu_info(lu, "Checking disk/%zu consistency on node %s", i,
                replace_node_name(lu, node_uuid));
        if (!(data_only ? lu_disk_has_good_data : lu_disk_is_consistent)(lu, instance, disks.v[i],
                                                                         node_uuid, on_primary)) {
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                            "Node %s has degraded storage: the other half of the disks of instance "
                            "%s cannot be replaced safely",
                            replace_node_name(lu, node_uuid), instance->name);
        }
    }
    return true;
}

bool replace_wait(struct lu *lu, int step, GError **errp)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    const struct instance *instance = replace_instance(lu);
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);
    bool good; /* of all disks together; those that were replaced are looked at below */
    lu_step(lu, step, REPLACE_STEPS, "Sync devices");
    if (!lu_disks_wait_for_sync(lu, instance, disks.v, disks.n, false, &good, errp)) {
        return false;
    }
    for (size_t i = 0; i < disks.n; i++) {
        if (!replace_has(lu->own, i)) {
            continue;
        }
        CLEANUP(lu_answer_freep)
        struct lu_answer *answer = find_disk(lu, instance, disks.v[i], instance->primary_node);
        const struct json *degraded =
            is_found(answer) ? json_get(answer->payload, "is_degraded") : NULL;
        if (!is_found(answer)) {
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Disk %zu is not on node %s: %s", i,
                            answer->node_name,
                            answer->fail_msg != NULL ? answer->fail_msg : "not found");
        }
        if (json_kind(degraded) == JSON_BOOL && json_boolean(degraded)) {
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                            "Disk %zu of instance %s is degraded after its sync: the old storage "
                            "is still there",
                            i, instance->name);
        }
    }
    return true;
}

void replace_remove_volumes(struct lu *lu, const char *node_uuid, size_t index,
                            const struct disk *const *volumes, size_t n)
{
    const struct instance *instance = replace_instance(lu);
    lu_info(lu, "Remove logical volumes for disk/%zu", index);
    for (size_t i = 0; i < n; i++) {
        CLEANUP(lu_answer_freep)
        struct lu_answer *answer = lu_call_node(
            lu, node_uuid,
            LU_CALL(blockdev_remove, .bdev = {.disk = volumes[i], .instance = instance}));
        if (!lu_answer_warn(lu, answer, "Cannot remove an old volume on node %s",
                            answer->node_name)) {
            lu_hint(lu, "remove unused volumes by hand");
        }
    }
}
