/* Migrations, and putting right what failed ones left. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/migration.h"
#include "jobs/lu/rpc.h"

enum {
    STATUS_POLL_SECONDS = 1,
    PROGRESS_SECONDS = 10, /* between two messages */
};

static const char *node_name(struct lu *lu, const char *uuid)
{
    const struct node *node = cfg_node_get(lu_cfg(lu), uuid);
    return node != NULL ? node->name : uuid;
}

static struct cfg_disks disks_of(struct lu *lu, const struct migration *migration)
{
    return cfg_instance_disks(lu_cfg(lu), migration_instance(lu, migration));
}

bool migration_record(struct lu *lu, const struct migration *migration, GError **errp)
{
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    struct instance *instance = cfg_txn_edit_instance(txn, migration->uuid);
    if (instance == NULL) {
        cfg_txn_abort(txn);
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE, "Instance %s has gone",
                        migration->name);
    }
    lu_text_set(&instance->primary_node, migration->target);
    return lu_commit(lu, txn, errp);
}

/* --- Before -------------------------------------------------------------------------------------
 */
/* Xen takes the next minor version too; KVM's machine versions care for themselves. */
static bool are_safe(enum hypervisor hypervisor, const struct json *from, const struct json *to)
{
    if (hypervisor == HYPERVISOR_KVM) {
        return true;
    }
    if (hypervisor != HYPERVISOR_XEN_PVM && hypervisor != HYPERVISOR_XEN_HVM) {
        return false;
    }
    const struct json *const both[] = {from, to};
    for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
        if (json_kind(both[i]) != JSON_ARRAY || json_len(both[i]) < 2 ||
            json_kind(json_at(both[i], 1)) != JSON_INT) {
            return false;
        }
    }
    int64_t step = json_int(json_at(to, 1)) - json_int(json_at(from, 1));
    return json_equal(json_at(from, 0), json_at(to, 0)) && (step == 0 || step == 1);
}

static bool check_versions(struct lu *lu, const struct migration *migration, GError **errp)
{
    enum hypervisor hypervisor = migration_instance(lu, migration)->hypervisor;
    const char *const nodes[] = {migration->source, migration->target};
    const struct json *versions[G_N_ELEMENTS(nodes)];
    CLEANUP(json_unrefp) struct json *specs = lu_hv_specs(lu, hypervisor);
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers =
        lu_call_nodes(lu, nodes, G_N_ELEMENTS(nodes), LU_CALL(node_info, .hv_specs = specs));
    for (size_t i = 0; i < answers->n; i++) {
        if (!lu_answer_check(&answers->v[i], errp, "Cannot ask node %s for its hypervisor",
                             answers->v[i].node_name)) {
            return false;
        }
        const struct json *hv = lu_node_info_hv(answers->v[i].payload);
        versions[i] = json_kind(hv) == JSON_OBJECT ? json_get(hv, C_HV_NODEINFO_KEY_VERSION) : NULL;
    }
    if (versions[0] == NULL || versions[1] == NULL || json_equal(versions[0], versions[1])) {
        return true;
    }
    g_autofree char *from = json_to_string(versions[0], JSON_PYTHON);
    g_autofree char *to = json_to_string(versions[1], JSON_PYTHON);
    bool safe = are_safe(hypervisor, versions[0], versions[1]);
    lu_log(lu,
           "* warning: the hypervisor of the source has version %s, that of the target %s; "
           "that %s",
           from, to, safe ? "should do" : "is likely not to work");
    return safe || migration->ignore_hvversions ||
           err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                    "A migration from hypervisor version %s to %s is not supported", from, to);
}

static bool check_disks(struct lu *lu, const struct migration *migration, GError **errp)
{
    const struct instance *instance = migration_instance(lu, migration);
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    lu_log(lu, "* checking the disks on the target node");
    for (size_t i = 0; i < disks.n; i++) {
        if (!lu_disk_is_consistent(lu, instance, disks.v[i], migration->target, false)) {
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                            "Disk %zu of instance %s is degraded or not in sync on node %s: the "
                            "instance is not migrated",
                            i, instance->name, node_name(lu, migration->target));
        }
    }
    return true;
}

/* Shrinks the guest to what is free on the target. */
static bool make_fit(struct lu *lu, const struct migration *migration, GError **errp)
{
    const struct instance *instance = migration_instance(lu, migration);
    if (migration->current_mib <= migration->free_mib) {
        return true;
    }
    if (!migration->allow_runtime_changes) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "Instance %s has %" G_GINT64_FORMAT " MiB, node %s only %" G_GINT64_FORMAT
                        " MiB free, and the guest may not be shrunk",
                        instance->name, (gint64)migration->current_mib,
                        node_name(lu, migration->target), (gint64)migration->free_mib);
    }
    lu_log(lu, "* shrinking the guest to %" G_GINT64_FORMAT " MiB", (gint64)migration->free_mib);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, migration->source,
                     LU_CALL(instance_balloon_memory, .instance = {.instance = instance},
                             .memory = migration->free_mib));
    return lu_answer_check(answer, errp, "Could not change the memory of instance %s",
                           instance->name);
}

static bool fetch_info(struct lu *lu, struct migration *migration, GError **errp)
{
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, migration->source,
        LU_CALL(migration_info, .instance = {.instance = migration_instance(lu, migration)}));
    if (!lu_answer_check(answer, errp,
                         "Node %s does not tell what is needed to migrate instance %s",
                         answer->node_name, migration->name)) {
        return false;
    }
    json_unref(migration->info);
    migration->info = json_ref(answer->payload);
    return true;
}

/* --- The end of the transfer --------------------------------------------------------------------
 */
static struct lu_answer *finish_source(struct lu *lu, const struct migration *migration,
                                       bool success)
{
    return lu_call_node(lu, migration->source,
                        LU_CALL(instance_finalize_migration_src,
                                .instance = {.instance = migration_instance(lu, migration)},
                                .success = success, .live = migration->live));
}

static struct lu_answer *finish_target(struct lu *lu, const struct migration *migration,
                                       bool success)
{
    return lu_call_node(lu, migration->target,
                        LU_CALL(instance_finalize_migration_dst,
                                .instance = {.instance = migration_instance(lu, migration)},
                                .info = migration->info, .success = success));
}

/* Warns of failures: what follows must be tried all the same. */
static bool abort_transfer(struct lu *lu, const struct migration *migration)
{
    CLEANUP(lu_answer_freep) struct lu_answer *target = finish_target(lu, migration, false);
    bool ok = lu_answer_warn(lu, target, "Could not abort the migration on its target node %s",
                             target->node_name);
    CLEANUP(lu_answer_freep) struct lu_answer *source = finish_source(lu, migration, false);
    return lu_answer_warn(lu, source, "Could not abort the migration on its source node %s",
                          source->node_name) &&
           ok;
}

static bool revert_disks(struct lu *lu, const struct migration *migration, GError **errp)
{
    if (!migration_disks_close(lu, migration, migration->target, errp)) {
        return false;
    }
    migration_disks_unmap(lu, migration, migration->target);
    if (lu_disks_all_in(disks_of(lu, migration), C_DTS_EXT_MIRROR)) {
        return migration_disks_open(lu, migration, migration->source, true, errp);
    }
    g_autoptr(GError) error = NULL;
    if (!migration_disks_single(lu, migration, &error)) {
        lu_warn(lu,
                "The mirrors of instance %s could not be connected again, which must be done "
                "by hand: %s",
                migration->name, error->message);
    }
    return true;
}

/* Sets the error, or that of the way back if even that is barred. Always false. */
static bool give_up(struct lu *lu, const struct migration *migration, const char *what,
                    const char *why, GError **errp)
{
    lu_log(lu, "%s failed, aborting", what);
    abort_transfer(lu, migration);
    return revert_disks(lu, migration, errp) &&
           err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "%s of instance %s: %s", what, migration->name,
                    why);
}

/* --- The transfer -------------------------------------------------------------------------------
 */
static bool start_transfer(struct lu *lu, const struct migration *migration, GError **errp)
{
    const struct instance *instance = migration_instance(lu, migration);
    char *address = cfg_node_get(lu_cfg(lu), migration->target)->secondary_ip;
    lu_log(lu, "* preparing node %s", node_name(lu, migration->target));
    CLEANUP(lu_answer_freep)
    struct lu_answer *accepted =
        lu_call_node(lu, migration->target,
                     LU_CALL(accept_instance, .instance = {.instance = instance},
                             .info = migration->info, .target = address));
    if (accepted->fail_msg != NULL) {
        return give_up(lu, migration, "Preparing the migration", accepted->fail_msg, errp);
    }
    lu_log(lu, "* migrating to node %s", node_name(lu, migration->target));
    CLEANUP(lu_answer_freep)
    struct lu_answer *started = lu_call_node(
        lu, migration->source,
        LU_CALL(instance_migrate, .cluster_name = cfg_cluster(lu_cfg(lu))->cluster_name,
                .instance = {.instance = instance}, .target = address, .live = migration->live));
    return started->fail_msg == NULL ||
           give_up(lu, migration, "The migration", started->fail_msg, errp);
}

/* What an answer says; the reason of a failure (owned by the caller), else NULL. */
static char *judge(const struct lu_answer *answer, struct migration_status *status)
{
    g_autoptr(GError) error = NULL;
    if (answer->fail_msg != NULL) {
        return g_strdup(answer->fail_msg);
    }
    if (!fact_object_decode_at(&fact_object_migration_status, answer->payload, status, NULL,
                               &error)) {
        return g_strdup(error->message);
    }
    return g_strv_contains(C_HV_MIGRATION_FAILED_STATUSES, status->status)
               ? g_strdup("the hypervisor reports that it failed")
               : NULL;
}

static void tell_progress(struct lu *lu, const struct migration_status *status, gint64 *told)
{
    if (g_strcmp0(status->postcopy_status, C_HV_KVM_MIGRATION_POSTCOPY_ACTIVE) == 0) {
        lu_log(lu, "* the guest runs on the target, memory follows");
    }
    if (g_get_monotonic_time() - *told > PROGRESS_SECONDS * G_USEC_PER_SEC &&
        status->has.transferred_ram && status->total_ram > 0) {
        lu_log(lu, "* memory transfer progress: %.2f %%",
               100 * (double)status->transferred_ram / (double)status->total_ram);
        *told = g_get_monotonic_time();
    }
}

static bool wait_for_transfer(struct lu *lu, const struct migration *migration, GError **errp)
{
    gint64 told = g_get_monotonic_time();
    bool active = true;
    lu_log(lu, "* starting memory transfer");
    while (active) {
        struct migration_status status = {0};
        CLEANUP(lu_answer_freep)
        struct lu_answer *answer =
            lu_call_node(lu, migration->source,
                         LU_CALL(instance_get_migration_status,
                                 .instance = {.instance = migration_instance(lu, migration)}));
        g_autofree char *why = judge(answer, &status);
        if (why == NULL) {
            tell_progress(lu, &status, &told);
            active = g_strv_contains(C_HV_KVM_MIGRATION_ACTIVE_STATUSES, status.status);
        }
        fact_object_clear(&fact_object_migration_status, &status);
        if (why != NULL) {
            return give_up(lu, migration, "The migration", why, errp);
        }
        if (active) {
            g_usleep(STATUS_POLL_SECONDS * G_USEC_PER_SEC);
        }
    }
    lu_log(lu, "* memory transfer complete");
    return true;
}

/* Both are always told; only then the instance counts as moved. */
static bool finish(struct lu *lu, const struct migration *migration, GError **errp)
{
    CLEANUP(lu_answer_freep) struct lu_answer *source = finish_source(lu, migration, true);
    CLEANUP(lu_answer_freep) struct lu_answer *target = finish_target(lu, migration, true);
    return lu_answer_check(source, errp, "Could not finish the migration on node %s",
                           source->node_name) &&
           lu_answer_check(target, errp, "Could not finish the migration on node %s",
                           target->node_name);
}

static bool prepare_disks(struct lu *lu, const struct migration *migration, GError **errp)
{
    if (!migration_disks_close(lu, migration, migration->target, errp)) {
        return false;
    }
    if (lu_disks_any_in(disks_of(lu, migration), C_DTS_INT_MIRROR) &&
        !(migration_disks_standalone(lu, migration, errp) &&
          migration_disks_connect(lu, migration, true, errp) &&
          migration_disks_wait(lu, migration, errp))) {
        return false;
    }
    return migration_disks_open(lu, migration, migration->source, false, errp) &&
           migration_disks_open(lu, migration, migration->target, false, errp);
}

static bool finish_disks(struct lu *lu, const struct migration *migration, GError **errp)
{
    if (!migration_disks_close(lu, migration, migration->source, errp)) {
        return false;
    }
    if (lu_disks_any_in(disks_of(lu, migration), C_DTS_INT_MIRROR)) {
        return migration_disks_wait(lu, migration, errp) &&
               migration_disks_single(lu, migration, errp);
    }
    return migration_disks_open(lu, migration, migration->target, true, errp);
}

bool migration_migrate(struct lu *lu, struct migration *migration, GError **errp)
{
    if (!check_versions(lu, migration, errp) || !check_disks(lu, migration, errp) ||
        !make_fit(lu, migration, errp) || !fetch_info(lu, migration, errp) ||
        !prepare_disks(lu, migration, errp) || !start_transfer(lu, migration, errp) ||
        !wait_for_transfer(lu, migration, errp) || !finish(lu, migration, errp) ||
        !migration_record(lu, migration, errp) || !finish_disks(lu, migration, errp)) {
        return false;
    }
    migration_disks_unmap(lu, migration, migration->source);
    lu_log(lu, "* done");
    return true;
}

/* --- Cleaning up --------------------------------------------------------------------------------
 */
/* While Xen migrates, it names both sides of the guest in its own way. */
static bool runs_it(const struct json *list, const char *name)
{
    static const char *const tails[] = {"", "--incoming", "--migratedaway"};
    for (size_t i = 0; i < G_N_ELEMENTS(tails); i++) {
        g_autofree char *whole = g_strconcat(name, tails[i], NULL);
        if (lu_list_has(list, whole)) {
            return true;
        }
    }
    return false;
}

struct places {
    bool source, target;
    size_t n;
    char *last; /* UUID, owned */
};

static bool find_places(struct lu *lu, const struct migration *migration, struct places *ret,
                        GError **errp)
{
    g_autoptr(GPtrArray) online = g_ptr_array_new();
    for (size_t i = 0; i < cfg_node_count(lu_cfg(lu)); i++) {
        const struct node *node = cfg_node_at(lu_cfg(lu), i);
        if (!node->offline && node->vm_capable) {
            g_ptr_array_add(online, node->uuid);
        }
    }
    lu_log(lu, "* finding out where the guest runs (if this hangs, a hypervisor may be stuck)");
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers =
        lu_call_instance_list(lu, (const char *const *)online->pdata, online->len,
                              migration_instance(lu, migration)->hypervisor);
    g_free(ret->last);
    *ret = (struct places){0};
    for (size_t i = 0; i < answers->n; i++) {
        const struct lu_answer *answer = &answers->v[i];
        if (!lu_answer_check(answer, errp, "Cannot ask node %s what runs there",
                             answer->node_name)) {
            return false;
        }
        if (runs_it(answer->payload, migration->name)) {
            lu_log(lu, "* it runs on node %s", answer->node_name);
            ret->source = ret->source || strcmp(answer->node_uuid, migration->source) == 0;
            ret->target = ret->target || strcmp(answer->node_uuid, migration->target) == 0;
            ret->n++;
            lu_text_set(&ret->last, answer->node_uuid);
        }
    }
    return true;
}

/* The migration was cut off in its middle. */
static bool abort_half(struct lu *lu, struct migration *migration, struct places *places,
                       GError **errp)
{
    lu_log(lu, "* aborting the migration that was cut off");
    if (!fetch_info(lu, migration, errp)) {
        return false;
    }
    if (!abort_transfer(lu, migration)) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "The migration of instance %s could not be aborted; see the warnings above",
                        migration->name);
    }
    return find_places(lu, migration, places, errp);
}

/* It runs on exactly one node afterwards, which is one of the two, or is made the target. */
static bool settle(struct lu *lu, struct migration *migration, struct places *places, GError **errp)
{
    if (places->source && places->target && !abort_half(lu, migration, places, errp)) {
        return false;
    }
    if (places->source && places->target) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "Instance %s seems to run on two nodes: see to it by hand that it runs on "
                        "one only, and try again",
                        migration->name);
    }
    if (places->source || places->target) {
        return true;
    }
    if (places->n != 1) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "Instance %s does not seem to run at all: gnt-instance stop makes sure of "
                        "its disks, then start it",
                        migration->name);
    }
    lu_log(lu, "* that is neither source nor target: it becomes the new primary node");
    lu_text_set(&migration->target, places->last);
    places->target = true;
    return true;
}

static bool cleanup_disks(struct lu *lu, const struct migration *migration, bool moved,
                          GError **errp)
{
    const char *left = moved ? migration->source : migration->target;
    const char *runs = moved ? migration->target : migration->source;
    if (!migration_disks_close(lu, migration, left, errp)) {
        return false;
    }
    if (!lu_disks_any_in(disks_of(lu, migration), C_DTS_INT_MIRROR)) {
        return migration_disks_open(lu, migration, runs, true, errp);
    }
    /* Mirrors without a connection cannot get in sync before they have one. */
    g_autoptr(GError) error = NULL;
    if (!migration_disks_wait(lu, migration, &error)) {
        lu_log(lu, "   - %s", error->message);
    }
    return migration_disks_single(lu, migration, errp);
}

bool migration_cleanup(struct lu *lu, struct migration *migration, GError **errp)
{
    struct places places = {0};
    bool ok = find_places(lu, migration, &places, errp) && settle(lu, migration, &places, errp) &&
              (!places.target || migration_record(lu, migration, errp)) &&
              cleanup_disks(lu, migration, places.target, errp);
    g_free(places.last);
    if (ok) {
        lu_log(lu, "* done");
    }
    return ok;
}
