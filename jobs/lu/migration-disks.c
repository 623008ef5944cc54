/* Disks of an instance that goes to another node. */
#include "config.h"

#include "base/json.h"
#include "facts/constants.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/migration.h"
#include "jobs/lu/rpc.h"

enum { SYNC_POLL_SECONDS = 2 };

/* The disks as they are recorded now. */
static struct lu_arg_disks all_disks(struct lu *lu, const struct migration *migration)
{
    const struct instance *instance = migration_instance(lu, migration);
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    return (struct lu_arg_disks){.v = disks.v, .n = disks.n, .instance = instance};
}

static const char *node_name(struct lu *lu, const char *uuid)
{
    const struct node *node = cfg_node_get(lu_cfg(lu), uuid);
    return node != NULL ? node->name : uuid;
}

bool migration_disks_close(struct lu *lu, const struct migration *migration, const char *node_uuid,
                           GError **errp)
{
    struct lu_arg_disks disks = all_disks(lu, migration);
    lu_log(lu, "* closing the disks on node %s", node_name(lu, node_uuid));
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, node_uuid,
        LU_CALL(blockdev_close, .instance_name = disks.instance->name, .disks = disks));
    if (answer->fail_msg != NULL && (answer->offline || migration->ignore_consistency)) {
        lu_warn(lu, "Could not close the disks on node %s, which is ignored", answer->node_name);
        return true;
    }
    return lu_answer_check(answer, errp, "Could not close the disks of instance %s on node %s",
                           migration->name, answer->node_name);
}

bool migration_disks_open(struct lu *lu, const struct migration *migration, const char *node_uuid,
                          bool exclusive, GError **errp)
{
    struct lu_arg_disks disks = all_disks(lu, migration);
    lu_log(lu, "* opening the disks on node %s, %s", node_name(lu, node_uuid),
           exclusive ? "for it alone" : "shared");
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, node_uuid,
                     LU_CALL(blockdev_open, .instance_name = disks.instance->name, .disks = disks,
                             .exclusive = exclusive));
    return lu_answer_check(answer, errp, "Could not open the disks of instance %s on node %s",
                           migration->name, answer->node_name);
}

/* The same call on source and target. */
static struct lu_answers *call_both(struct lu *lu, const struct migration *migration,
                                    struct lu_call call)
{
    const char *const nodes[] = {migration->source, migration->target};
    return lu_call_nodes(lu, nodes, G_N_ELEMENTS(nodes), call);
}

static bool check_both(const struct migration *migration, const struct lu_answers *answers,
                       const char *what, GError **errp)
{
    for (size_t i = 0; i < answers->n; i++) {
        if (!lu_answer_check(&answers->v[i], errp, "Could not %s of instance %s on node %s", what,
                             migration->name, answers->v[i].node_name)) {
            return false;
        }
    }
    return true;
}

bool migration_disks_standalone(struct lu *lu, const struct migration *migration, GError **errp)
{
    lu_log(lu, "* disconnecting the mirrors");
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers =
        call_both(lu, migration, LU_CALL(drbd_disconnect_net, .disks = all_disks(lu, migration)));
    return check_both(migration, answers, "disconnect the mirrors", errp);
}

bool migration_disks_connect(struct lu *lu, const struct migration *migration, bool both_primary,
                             GError **errp)
{
    lu_log(lu, "* connecting the mirrors with %s", both_primary ? "two primaries" : "one primary");
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = call_both(
        lu, migration,
        LU_CALL(drbd_attach_net, .disks = all_disks(lu, migration), .multimaster = both_primary));
    return check_both(migration, answers, "connect the mirrors", errp);
}

/* [in sync, percent or null] */
static bool read_progress(const struct lu_answer *answer, bool *ret_done, double *percent,
                          GError **errp)
{
    const struct json *payload = answer->payload;
    if (json_kind(payload) != JSON_ARRAY || json_len(payload) != 2 ||
        json_kind(json_at(payload, 0)) != JSON_BOOL) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "Node %s does not tell how far its mirrors are", answer->node_name);
    }
    const struct json *value = json_at(payload, 1);
    *ret_done = *ret_done && json_boolean(json_at(payload, 0));
    if (json_kind(value) == JSON_INT || json_kind(value) == JSON_FLOAT) {
        *percent = MIN(*percent, json_double(value));
    }
    return true;
}

bool migration_disks_wait(struct lu *lu, const struct migration *migration, GError **errp)
{
    bool done = false;
    lu_log(lu, "* waiting for the mirrors to be in sync");
    while (true) {
        double percent = 100;
        CLEANUP(lu_answers_freep)
        struct lu_answers *answers =
            call_both(lu, migration, LU_CALL(drbd_wait_sync, .disks = all_disks(lu, migration)));
        if (!check_both(migration, answers, "sync the mirrors", errp)) {
            return false;
        }
        done = true;
        for (size_t i = 0; i < answers->n; i++) {
            if (!read_progress(&answers->v[i], &done, &percent, errp)) {
                return false;
            }
        }
        if (done) {
            return true;
        }
        if (percent < 100) {
            lu_log(lu, "   - progress: %.1f%%", percent);
        }
        g_usleep(SYNC_POLL_SECONDS * G_USEC_PER_SEC);
    }
}

bool migration_disks_single(struct lu *lu, const struct migration *migration, GError **errp)
{
    return migration_disks_standalone(lu, migration, errp) &&
           migration_disks_connect(lu, migration, false, errp) &&
           migration_disks_wait(lu, migration, errp);
}

void migration_disks_unmap(struct lu *lu, const struct migration *migration, const char *node_uuid)
{
    struct lu_arg_disks disks = all_disks(lu, migration);
    for (size_t i = 0; i < disks.n; i++) {
        enum disk_template type = disks.v[i]->dev_type;
        if (type != DISK_TEMPLATE_RBD && type != DISK_TEMPLATE_EXT) {
            continue;
        }
        lu_log(lu, "* unmapping %s from node %s", disks.v[i]->iv_name, node_name(lu, node_uuid));
        CLEANUP(lu_answer_freep)
        struct lu_answer *answer = lu_call_node(
            lu, node_uuid,
            LU_CALL(blockdev_shutdown, .disk = {.disk = disks.v[i], .instance = disks.instance}));
        lu_answer_warn(lu, answer, "Could not unmap %s from node %s; it must be done by hand there",
                       disks.v[i]->iv_name, answer->node_name);
    }
}
