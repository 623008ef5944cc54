#include "config.h"

#include "htools/backends/jobs/opcodes.h"

#include "base/json-writer.h"

/* The allocator that repairs ask for. */
static const char allocator[] = "hail";

/* Gives a parameter a value. */
#define SET(params, member, value)                                                                 \
    do {                                                                                           \
        (params)->member = (value);                                                                \
        (params)->has.member = true;                                                               \
    } while (0)

static void free_opcode(gpointer opcode)
{
    opcode_free(opcode);
}

GPtrArray *job_new(void)
{
    return g_ptr_array_new_with_free_func(free_opcode);
}

static void *add(GPtrArray *job, enum op_id id)
{
    struct opcode *op = opcode_new(id);

    g_ptr_array_add(job, op);
    return op->params;
}

void job_add_failover(GPtrArray *job, const char *instance)
{
    struct op_instance_failover *params = add(job, OP_ID_instance_failover);

    SET(params, instance_name, g_strdup(instance));
}

static void add_migration(GPtrArray *job, const char *instance, const char *target)
{
    struct op_instance_migrate *params = add(job, OP_ID_instance_migrate);

    SET(params, instance_name, g_strdup(instance));
    SET(params, allow_runtime_changes, false);
    SET(params, allow_failover, true);
    SET(params, ignore_hvversions, true);
    if (target != NULL) {
        SET(params, target_node, g_strdup(target));
    }
}

/* An instance that does not exist yet cannot be migrated. target: HT_NONE for its secondary node.
 */
static void add_switch(GPtrArray *job, const struct ht_cluster *cluster,
                       const struct ht_instance *inst, int target)
{
    const char *node = target != HT_NONE ? cluster->nodes[target].name : NULL;
    struct op_instance_failover *params;

    if (!inst->forthcoming) {
        add_migration(job, inst->name, node);
        return;
    }
    params = add(job, OP_ID_instance_failover);
    SET(params, instance_name, g_strdup(inst->name));
    if (node != NULL) {
        SET(params, target_node, g_strdup(node));
    }
}

static struct op_instance_replace_disks *add_replacement(GPtrArray *job, const char *instance)
{
    struct op_instance_replace_disks *params = add(job, OP_ID_instance_replace_disks);

    SET(params, instance_name, g_strdup(instance));
    SET(params, mode, REPLACE_DISKS_REPLACE_NEW_SECONDARY);
    return params;
}

void job_add_new_secondary(GPtrArray *job, const char *instance)
{
    struct op_instance_replace_disks *params = add_replacement(job, instance);

    SET(params, iallocator, g_strdup(allocator));
}

/* The steps of each kind of move: f is a failover, r new disks on the target, t a failover to it.
 */
static const char *const steps[] = {
    [HT_MOVE_FAILOVER] = "f",
    [HT_MOVE_FAILOVER_TO_ANY] = "t",
    [HT_MOVE_REPLACE_PRIMARY] = "frf",
    [HT_MOVE_REPLACE_SECONDARY] = "r",
    [HT_MOVE_REPLACE_AND_FAILOVER] = "rf",
    [HT_MOVE_FAILOVER_AND_REPLACE] = "fr",
};

void job_add_move(GPtrArray *job, const struct ht_cluster *cluster, int instance,
                  struct ht_move move)
{
    const struct ht_instance *inst = &cluster->instances[instance];

    for (const char *step = steps[move.kind]; *step != '\0'; step++) {
        if (*step == 'r') {
            struct op_instance_replace_disks *params = add_replacement(job, inst->name);

            SET(params, remote_node, g_strdup(cluster->nodes[move.target].name));
        } else {
            add_switch(job, cluster, inst, *step == 't' ? move.target : HT_NONE);
        }
    }
}

static void set_list(struct str_list *list, const char *const *texts)
{
    list->n = g_strv_length((char **)texts);
    list->v = g_strdupv((char **)texts);
}

void job_add_tags(GPtrArray *job, enum tag_kind kind, const char *name, const char *const *tags,
                  bool remove)
{
    if (remove) {
        struct op_tags_del *params = add(job, OP_ID_tags_del);

        SET(params, kind, kind);
        set_list(&params->tags, tags);
        params->has.tags = true;
        SET(params, name, g_strdup(name));
    } else {
        struct op_tags_set *params = add(job, OP_ID_tags_set);

        SET(params, kind, kind);
        set_list(&params->tags, tags);
        params->has.tags = true;
        SET(params, name, g_strdup(name));
    }
}

void job_add_power(GPtrArray *job, const struct ht_cluster *cluster, const int *nodes, unsigned n,
                   bool on)
{
    struct op_oob_command *params;

    for (unsigned i = 0; i < n; i++) {
        struct op_node_set_params *change = add(job, OP_ID_node_set_params);

        SET(change, node_name, g_strdup(cluster->nodes[nodes[i]].name));
        SET(change, offline, !on);
    }
    params = add(job, OP_ID_oob_command);
    params->node_names.v = g_renew(char *, params->node_names.v, n);
    params->node_names.n = n;
    params->has.node_names = true;
    for (unsigned i = 0; i < n; i++) {
        params->node_names.v[i] = g_strdup(cluster->nodes[nodes[i]].name);
    }
    SET(params, command, on ? OOB_POWER_ON : OOB_POWER_OFF);
}

void job_add_delay(GPtrArray *job, double seconds)
{
    struct op_test_delay *params = add(job, OP_ID_test_delay);

    SET(params, duration, seconds);
}

void job_add_reinstall(GPtrArray *job, const char *instance)
{
    struct op_instance_recreate_disks *disks = add(job, OP_ID_instance_recreate_disks);
    struct op_instance_reinstall *system;

    SET(disks, instance_name, g_strdup(instance));
    SET(disks, iallocator, g_strdup(allocator));
    system = add(job, OP_ID_instance_reinstall);
    SET(system, instance_name, g_strdup(instance));
}

void job_write(const GPtrArray *job, struct json_writer *w)
{
    json_write_array_begin(w);
    for (guint i = 0; i < job->len; i++) {
        opcode_encode(g_ptr_array_index(job, i), OPCODE_PLAIN, w);
    }
    json_write_array_end(w);
}
