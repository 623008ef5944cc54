/* Opcodes that verify the cluster by submitting jobs for its parts (reference:
 * lib/cmdlib/cluster/verify.py LUClusterVerify, LUClusterVerifyDisks). */
#include "config.h"

#include "base/log.h"
#include "facts/codec.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"

/* Gives a new opcode the parameter that the submitting one has, if both know it. */
static void hand_down(const struct opcode *from, struct opcode *to, const char *name)
{
    const struct fact_member *source = fact_object_find(from->row->params, name);
    const struct fact_member *target = fact_object_find(to->row->params, name);
    if (source == NULL || target == NULL ||
        !fact_member_is_set(from->row->params, from->params, source)) {
        return;
    }
    void *slot = (char *)to->params + target->offset;
    fact_clear(target->spec->type, slot);
    fact_copy(target->spec->type, slot, (const char *)from->params + source->offset);
    fact_member_mark_set(to->row->params, to->params, target, true);
}

/* Wherever these exist, the parts are verified as the whole was asked for. */
static const char *const handed_down[] = {
    "debug_simulate_errors", "error_codes", "skip_checks",
    "ignore_errors",         "verbose",     "verify_clutter",
};

static struct opcode *new_part(const struct lu *lu, enum op_id id)
{
    struct opcode *op = opcode_new(id);
    for (size_t i = 0; i < G_N_ELEMENTS(handed_down); i++) {
        hand_down(lu->op, op, handed_down[i]);
    }
    return op;
}

/* The job waits for the first one of those submitted with it, however that one ends. */
static void depend_on_first(struct lu *lu, struct opcode *op)
{
    struct job_dependency *dependency =
        fact_list_add(&type_job_dependency_list, &op->common->depends);
    dependency->job = -(int64_t)lu->jobs->len;
    dependency->has.job = dependency->has.states = true;
    op->common->has.depends = true;
}

/* --- OP_CLUSTER_VERIFY --------------------------------------------------------------------------
 */
static void add_group(struct lu *lu, const char *group, bool after_first)
{
    struct opcode *op = new_part(lu, OP_ID_cluster_verify_group);
    struct op_cluster_verify_group *params = op->params;
    lu_text_set(&params->group_name, group);
    params->has.group_name = true;
    if (after_first) {
        depend_on_first(lu, op);
    }
    lu_jobs_add(lu, &op, 1);
}

static bool verify_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED,
                        GError **errp G_GNUC_UNUSED)
{
    const struct op_cluster_verify *op = lu_params(lu);
    const struct cfg *cfg = lu_cfg(lu);
    lu_jobs_begin(lu);
    if (op->has.group_name && op->group_name != NULL) {
        add_group(lu, op->group_name, false);
        return true;
    }
    struct opcode *config = new_part(lu, OP_ID_cluster_verify_config);
    lu_jobs_add(lu, &config, 1);
    for (size_t i = 0; i < cfg_group_count(cfg); i++) {
        add_group(lu, cfg_group_at(cfg, i)->uuid, true);
    }
    return true;
}

LU(cluster_verify, .exec = verify_exec)

/* --- OP_CLUSTER_VERIFY_DISKS --------------------------------------------------------------------
 */
static bool disks_names(struct lu *lu, GError **errp)
{
    const struct op_cluster_verify_disks *op = lu_params(lu);
    lu_need_all_shared(lu);
    if (!op->has.group_name || op->group_name == NULL) {
        lu_need_all(lu, LOCK_LEVEL_NODEGROUP);
        return true;
    }
    const struct node_group *group = lu_expand_group(lu, op->group_name, errp);
    if (group == NULL) {
        return false;
    }
    lu_need(lu, LOCK_LEVEL_NODEGROUP, group->uuid);
    return true;
}

/* Storage providers cannot tell whether their disks are well. */
static bool only_ext(const struct cfg *cfg)
{
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        bool mixed;
        if (cfg_instance_disk_template(cfg, cfg_instance_at(cfg, i), &mixed) != DISK_TEMPLATE_EXT ||
            mixed) {
            return false;
        }
    }
    return true;
}

static bool disks_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED,
                       GError **errp G_GNUC_UNUSED)
{
    const struct op_cluster_verify_disks *op = lu_params(lu);
    lu_jobs_begin(lu);
    if (only_ext(lu_cfg(lu))) {
        log_info("all instances have external storage: their disks cannot be verified");
        return true;
    }
    g_autoptr(GPtrArray) groups = lu_owned(lu, LOCK_LEVEL_NODEGROUP);
    for (guint i = 0; i < groups->len; i++) {
        struct opcode *part = opcode_new(OP_ID_group_verify_disks);
        struct op_group_verify_disks *params = part->params;
        lu_text_set(&params->group_name, groups->pdata[i]);
        params->is_strict = op->is_strict;
        params->has.group_name = params->has.is_strict = true;
        lu_jobs_add(lu, &part, 1);
    }
    return true;
}

LU(cluster_verify_disks, .expand_names = disks_names, .exec = disks_exec)
