#include "config.h"

#include "htools/backends/iallocator/iallocator.h"

#include "facts/opcodes.h"

/* One opcode of a job being written; members with a default of null are left out, as the reference
 * does. */
struct opcode_writer {
    struct json_writer *w;
    const struct ht_cluster *cluster;
    const struct ht_instance *inst;
};

static void write_text(struct json_writer *w, const char *key, const char *value)
{
    json_write_key(w, key);
    json_write_string(w, value);
}

static void write_flag(struct json_writer *w, const char *key, bool value)
{
    json_write_key(w, key);
    json_write_bool(w, value);
}

static void begin_opcode(struct opcode_writer *o, enum op_id id)
{
    json_write_object_begin(o->w);
    write_text(o->w, "OP_ID", op_rows[id].wire_id);
    write_text(o->w, "instance_name", o->inst->name);
}

static void write_target(struct opcode_writer *o, const char *key, int node)
{
    if (node != HT_NONE) {
        write_text(o->w, key, o->cluster->nodes[node].name);
    }
}

/* Matches iMoveToJob in Cluster/Utils.hs: an instance that does not exist yet cannot be migrated.
 * target: HT_NONE for the instance's own secondary node. */
static void write_failover(struct opcode_writer *o, int target)
{
    bool failover = o->inst->forthcoming;

    begin_opcode(o, failover ? OP_ID_instance_failover : OP_ID_instance_migrate);
    if (failover) {
        json_write_key(o->w, "shutdown_timeout");
        json_write_int(o->w, 120);
        write_flag(o->w, "ignore_consistency", false);
    }
    write_target(o, "target_node", target);
    if (!failover) {
        write_flag(o->w, "allow_runtime_changes", false);
    }
    write_flag(o->w, "ignore_ipolicy", false);
    write_flag(o->w, "cleanup", false);
    if (!failover) {
        write_flag(o->w, "allow_failover", true);
        write_flag(o->w, "ignore_hvversions", true);
    }
    json_write_object_end(o->w);
}

static void write_replace(struct opcode_writer *o, int target)
{
    begin_opcode(o, OP_ID_instance_replace_disks);
    write_flag(o->w, "early_release", false);
    write_flag(o->w, "ignore_ipolicy", false);
    write_text(o->w, "mode", "replace_new_secondary");
    json_write_key(o->w, "disks");
    json_write_array_begin(o->w);
    json_write_array_end(o->w);
    write_target(o, "remote_node", target);
    json_write_object_end(o->w);
}

static void write_move(struct opcode_writer *o, struct ht_move move)
{
    switch (move.kind) {
    case HT_MOVE_FAILOVER:
        write_failover(o, HT_NONE);
        break;
    case HT_MOVE_FAILOVER_TO_ANY:
        write_failover(o, move.target);
        break;
    case HT_MOVE_REPLACE_PRIMARY:
        write_failover(o, HT_NONE);
        write_replace(o, move.target);
        write_failover(o, HT_NONE);
        break;
    case HT_MOVE_REPLACE_SECONDARY:
        write_replace(o, move.target);
        break;
    case HT_MOVE_REPLACE_AND_FAILOVER:
        write_replace(o, move.target);
        write_failover(o, HT_NONE);
        break;
    case HT_MOVE_FAILOVER_AND_REPLACE:
        write_failover(o, HT_NONE);
        write_replace(o, move.target);
        break;
    }
}

void iallocator_write_jobs(struct json_writer *w, const struct ht_cluster *cluster,
                           const GArray *jobs)
{
    json_write_array_begin(w);
    for (guint i = 0; i < jobs->len; i++) {
        const struct ht_evac_job *job = &g_array_index(jobs, struct ht_evac_job, i);
        struct opcode_writer opcode = {w, cluster, &cluster->instances[job->instance]};

        json_write_array_begin(w);
        for (unsigned m = 0; m < job->n_moves; m++) {
            write_move(&opcode, job->moves[m]);
        }
        json_write_array_end(w);
    }
    json_write_array_end(w);
}

char *iallocator_answer(bool success, const char *info, const char *result)
{
    GString *out = g_string_new(NULL);
    struct json_writer w = json_writer_init(out, JSON_COMPACT);

    json_write_object_begin(&w);
    write_flag(&w, "success", success);
    write_text(&w, "info", info);
    json_write_key(&w, "result");
    json_write_raw(&w, result != NULL ? result : "[]", strlen(result != NULL ? result : "[]"));
    json_write_object_end(&w);
    return g_string_free(out, FALSE);
}
