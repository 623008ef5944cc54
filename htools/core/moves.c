#include "htools/core/moves.h"

#include "htools/core/move-trial.h"

int ht_location_score(const struct ht_node *pnode, const struct ht_node *snode)
{
    return snode == NULL ? 0 : (int)ht_set_common(&pnode->location_tags, &snode->location_tags);
}

struct saved_node {
    int index;
    struct ht_node node;
};
struct saved_instance {
    int index;
    struct ht_instance instance;
};
struct ht_undo {
    struct ht_cluster *cluster;
    unsigned n_instances;
    GArray *nodes, *instances;
};

struct ht_undo *ht_undo_new(struct ht_cluster *cluster)
{
    struct ht_undo *undo = g_new0(struct ht_undo, 1);

    undo->cluster = cluster;
    undo->n_instances = cluster->n_instances;
    undo->nodes = g_array_new(FALSE, TRUE, sizeof(struct saved_node));
    undo->instances = g_array_new(FALSE, FALSE, sizeof(struct saved_instance));
    return undo;
}

static void forget(struct ht_undo *undo)
{
    for (unsigned i = 0; i < undo->nodes->len; i++) {
        ht_node_clear(&g_array_index(undo->nodes, struct saved_node, i).node);
    }
    g_array_set_size(undo->nodes, 0);
    g_array_set_size(undo->instances, 0);
}

void ht_undo_free(struct ht_undo *undo)
{
    if (undo != NULL) {
        forget(undo);
        g_array_unref(undo->nodes);
        g_array_unref(undo->instances);
        g_free(undo);
    }
}

void ht_undo_rollback(struct ht_undo *undo)
{
    struct ht_cluster *cluster = undo->cluster;

    /* The oldest state of an element comes last and stays. */
    for (unsigned i = undo->nodes->len; i-- > 0;) {
        const struct saved_node *saved = &g_array_index(undo->nodes, struct saved_node, i);

        ht_node_copy(&cluster->nodes[saved->index], &saved->node);
    }
    for (unsigned i = undo->instances->len; i-- > 0;) {
        const struct saved_instance *saved =
            &g_array_index(undo->instances, struct saved_instance, i);

        cluster->instances[saved->index] = saved->instance;
    }
    cluster->n_instances = undo->n_instances;
    forget(undo);
}

void ht_undo_save_node(struct ht_undo *undo, int node)
{
    struct saved_node *saved;

    if (undo == NULL) {
        return;
    }
    g_array_set_size(undo->nodes, undo->nodes->len + 1);
    saved = &g_array_index(undo->nodes, struct saved_node, undo->nodes->len - 1);
    *saved = (struct saved_node){.index = node};
    ht_node_copy(&saved->node, &undo->cluster->nodes[node]);
}

void ht_undo_save_instance(struct ht_undo *undo, int instance)
{
    if (undo != NULL) {
        struct saved_instance saved = {instance, undo->cluster->instances[instance]};

        g_array_append_val(undo->instances, saved);
    }
}

enum ht_fail ht_move_try(const struct ht_cluster *cluster, const struct ht_instance *inst,
                         struct ht_move move, bool force, struct ht_move_trial *ret)
{
    const struct ht_node *pnode = &cluster->nodes[inst->pnode];
    const struct ht_node *snode = inst->snode == HT_NONE ? NULL : &cluster->nodes[inst->snode];
    const struct ht_node *target = move.target == HT_NONE ? NULL : &cluster->nodes[move.target];
    struct ht_trial *p = &ret->p, *s = &ret->s, *t = &ret->t;
    int old_score = inst->location_score;
    bool p_off = pnode->offline || force;
    enum ht_fail fail;

    if (snode == NULL && move.kind != HT_MOVE_FAILOVER_TO_ANY) {
        return HT_FAIL_INTERNAL;
    }
    ht_trial_init(p, pnode);
    ht_trial_remove_primary(p, inst, old_score);
    ret->location_score = old_score;
    ret->n = 2;

    if (move.kind == HT_MOVE_FAILOVER_TO_ANY) {
        ret->pnode = move.target;
        ret->snode = inst->snode;
        if (!ht_node_may_migrate(pnode, target)) {
            return HT_FAIL_MIG;
        }
        ht_trial_init(s, target);
        return ht_trial_add_primary(s, inst, old_score, p_off);
    }
    ht_trial_init(s, snode);
    ht_trial_remove_secondary(s, inst, inst->pnode);
    if (move.kind == HT_MOVE_FAILOVER) {
        ret->pnode = inst->snode;
        ret->snode = inst->pnode;
        if (!ht_node_may_migrate(pnode, snode)) {
            return HT_FAIL_MIG;
        }
        fail = ht_trial_add_primary(s, inst, old_score, p_off);
        return fail != HT_OK ? fail
                             : ht_trial_add_secondary(p, inst, inst->snode, p_off, pnode->offline);
    }
    ret->n = 3;
    ht_trial_init(t, target);
    switch (move.kind) {
    case HT_MOVE_REPLACE_PRIMARY:
        ret->pnode = move.target;
        ret->snode = inst->snode;
        ret->location_score = ht_location_score(target, snode);
        if (!ht_node_may_migrate(pnode, snode) || !ht_node_may_migrate(snode, target)) {
            return HT_FAIL_MIG;
        }
        /* The secondary must be able to run the instance meanwhile. */
        fail = ht_trial_add_primary(s, inst, ret->location_score, p_off);
        if (fail != HT_OK) {
            return fail;
        }
        ht_trial_remove_primary(s, inst, ret->location_score);
        fail = ht_trial_add_primary(t, inst, ret->location_score, p_off);
        return fail != HT_OK ? fail : ht_trial_add_secondary(s, inst, move.target, p_off, false);
    case HT_MOVE_REPLACE_SECONDARY:
        ret->pnode = inst->pnode;
        ret->snode = move.target;
        ret->location_score = ht_location_score(pnode, target);
        fail = ht_trial_add_secondary(t, inst, inst->pnode, snode->offline || force, false);
        return fail != HT_OK ? fail : ht_trial_add_primary(p, inst, ret->location_score, true);
    case HT_MOVE_REPLACE_AND_FAILOVER:
        ret->pnode = move.target;
        ret->snode = inst->pnode;
        ret->location_score = ht_location_score(target, pnode);
        if (!ht_node_may_migrate(pnode, target)) {
            return HT_FAIL_MIG;
        }
        fail = ht_trial_add_primary(t, inst, ret->location_score, force);
        return fail != HT_OK
                   ? fail
                   : ht_trial_add_secondary(p, inst, move.target, snode->offline || force, false);
    case HT_MOVE_FAILOVER_AND_REPLACE:
        ret->pnode = inst->snode;
        ret->snode = move.target;
        ret->location_score = ht_location_score(snode, target);
        if (!ht_node_may_migrate(pnode, snode)) {
            return HT_FAIL_MIG;
        }
        fail = ht_trial_add_primary(s, inst, ret->location_score, p_off);
        return fail != HT_OK ? fail : ht_trial_add_secondary(t, inst, inst->snode, p_off, false);
    default:
        return HT_FAIL_INTERNAL;
    }
}

/* The same changes for good; they have been tried and cannot fail. */
static void execute(struct ht_cluster *cluster, struct ht_instance *inst, struct ht_move move,
                    const struct ht_move_trial *trial)
{
    struct ht_node *pnode = &cluster->nodes[inst->pnode];
    struct ht_node *snode = inst->snode == HT_NONE ? NULL : &cluster->nodes[inst->snode];
    struct ht_node *target = move.target == HT_NONE ? NULL : &cluster->nodes[move.target];
    int new_score = trial->location_score;

    ht_node_remove_primary(cluster, pnode, inst);
    if (move.kind != HT_MOVE_FAILOVER_TO_ANY) {
        ht_node_remove_secondary(snode, inst);
    }
    inst->location_score = new_score;
    switch (move.kind) {
    case HT_MOVE_FAILOVER:
        ht_node_add_primary(cluster, snode, inst, true);
        ht_node_add_secondary(pnode, inst, inst->snode, true, true);
        break;
    case HT_MOVE_FAILOVER_TO_ANY:
        ht_node_add_primary(cluster, target, inst, true);
        break;
    case HT_MOVE_REPLACE_PRIMARY:
        /* Running there meanwhile leaves its traces in the last bits of the load. */
        ht_node_add_primary(cluster, snode, inst, true);
        ht_node_remove_primary(cluster, snode, inst);
        ht_node_add_primary(cluster, target, inst, true);
        ht_node_add_secondary(snode, inst, move.target, true, false);
        break;
    case HT_MOVE_REPLACE_SECONDARY:
        ht_node_add_secondary(target, inst, inst->pnode, true, false);
        ht_node_add_primary(cluster, pnode, inst, true);
        break;
    case HT_MOVE_REPLACE_AND_FAILOVER:
        ht_node_add_primary(cluster, target, inst, true);
        ht_node_add_secondary(pnode, inst, move.target, true, false);
        break;
    case HT_MOVE_FAILOVER_AND_REPLACE:
        ht_node_add_primary(cluster, snode, inst, true);
        ht_node_add_secondary(target, inst, inst->snode, true, false);
        break;
    }
    inst->pnode = trial->pnode;
    inst->snode = trial->snode;
}

enum ht_fail ht_move_apply(struct ht_cluster *cluster, int instance, struct ht_move move,
                           bool force, struct ht_undo *undo)
{
    struct ht_instance *inst = &cluster->instances[instance];
    struct ht_move_trial trial;
    enum ht_fail fail = ht_move_try(cluster, inst, move, force, &trial);

    if (fail != HT_OK) {
        return fail;
    }
    ht_undo_save_instance(undo, instance);
    ht_undo_save_node(undo, trial.p.node->idx);
    ht_undo_save_node(undo, trial.s.node->idx);
    if (trial.n == 3) {
        ht_undo_save_node(undo, trial.t.node->idx);
    }
    execute(cluster, inst, move, &trial);
    return HT_OK;
}

void ht_move_describe(const struct ht_cluster *cluster, const struct ht_placement *placement,
                      const char *instance_name, GString *actions, GPtrArray *commands)
{
    const struct ht_instance *inst = &cluster->instances[placement->instance];
    const char *pnode = cluster->nodes[placement->pnode].alias;
    const char *snode = placement->snode == HT_NONE ? "" : cluster->nodes[placement->snode].alias;
    const char *how = ht_instance_running(inst) ? "migrate" : "failover";
    g_autofree char *migrate = g_strdup_printf("%s -f %s", how, instance_name);
    g_autofree char *replace_with_p =
        g_strdup_printf("replace-disks -n %s %s", pnode, instance_name);
    g_autofree char *replace_with_s =
        g_strdup_printf("replace-disks -n %s %s", snode, instance_name);
    const char *steps[3] = {NULL, NULL, NULL};
    g_autofree char *migrate_to = NULL;

    switch (placement->move.kind) {
    case HT_MOVE_FAILOVER:
        g_string_append(actions, "f");
        steps[0] = migrate;
        break;
    case HT_MOVE_FAILOVER_TO_ANY:
        g_string_append_printf(actions, "fa:%s", pnode);
        migrate_to = g_strdup_printf("%s -f -n %s %s", how, pnode, instance_name);
        steps[0] = migrate_to;
        break;
    case HT_MOVE_REPLACE_PRIMARY:
        g_string_append_printf(actions, "f r:%s f", pnode);
        steps[0] = steps[2] = migrate;
        steps[1] = replace_with_p;
        break;
    case HT_MOVE_REPLACE_SECONDARY:
        g_string_append_printf(actions, "r:%s", snode);
        steps[0] = replace_with_s;
        break;
    case HT_MOVE_REPLACE_AND_FAILOVER:
        g_string_append_printf(actions, "r:%s f", pnode);
        steps[0] = replace_with_p;
        steps[1] = migrate;
        break;
    case HT_MOVE_FAILOVER_AND_REPLACE:
        g_string_append_printf(actions, "f r:%s", snode);
        steps[0] = migrate;
        steps[1] = replace_with_s;
        break;
    }
    for (int i = 0; commands != NULL && i < 3 && steps[i] != NULL; i++) {
        g_ptr_array_add(commands, g_strdup(steps[i]));
    }
}
