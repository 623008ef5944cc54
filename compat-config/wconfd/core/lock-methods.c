/* Methods on locks. */
#include "config.h"

#include "compat-config/wconfd/core/methods.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

static struct lock_request *decode(const struct any_list *list, GError **errp)
{
    return lock_requests_decode(list->v, list->n, errp);
}

static void write_clients(struct json_writer *w, const struct locking_blockers *blockers)
{
    json_write_array_begin(w);
    for (size_t i = 0; i < blockers->n; i++) {
        fact_object_encode(&fact_object_client_id, blockers->v[i], w);
    }
    json_write_array_end(w);
}

/* priority NULL: do not wait. */
static enum wconfd_outcome update(struct wconfd_core *core, struct wconfd_call *call,
                                  const struct client_id *client, const int64_t *priority,
                                  const struct any_list *request, GError **errp)
{
    struct locking_blockers blockers = {0};
    g_autofree struct lock_request *v = decode(request, errp);
    enum locking_result result;

    if (v == NULL) {
        return WCONFD_ERROR;
    }
    if (priority == NULL) {
        result = locking_try(core->locking, client, v, request->n, &blockers, errp);
    } else {
        result = locking_wait(core->locking, *priority, client, v, request->n, &blockers, errp);
    }
    if (result == LOCKING_REFUSED) {
        return WCONFD_ERROR;
    }
    if (result == LOCKING_DONE || priority != NULL) {
        core_locks_changed(core, client);
    }
    write_clients(call->result, &blockers);
    g_free(blockers.v);
    return WCONFD_DONE;
}

enum wconfd_outcome do_wconfd_try_update_locks(struct wconfd_core *core, struct wconfd_call *call,
                                               const void *args, GError **errp)
{
    const struct method_wconfd_try_update_locks *a = args;

    return update(core, call, &a->client, NULL, &a->request, errp);
}

enum wconfd_outcome do_wconfd_update_locks_waiting(struct wconfd_core *core,
                                                   struct wconfd_call *call, const void *args,
                                                   GError **errp)
{
    const struct method_wconfd_update_locks_waiting *a = args;

    return update(core, call, &a->client, &a->priority, &a->request, errp);
}

/* ---- waiting with a late answer ---- */

static struct wconfd_call *find_waiter(struct wconfd_core *core, const struct client_id *client)
{
    for (guint i = 0; i < core->lock_waiters->len; i++) {
        struct wconfd_call *call = g_ptr_array_index(core->lock_waiters, i);
        const struct method_wconfd_gantry_wait_locks *args = call->args;

        if (fact_object_equal(&fact_object_client_id, &args->client, client)) {
            return call;
        }
    }
    return NULL;
}

static bool answer(struct wconfd_core *core, const struct client_id *client, bool granted)
{
    struct wconfd_call *call = find_waiter(core, client);

    if (call == NULL) {
        return false;
    }
    core_locks_changed(core, client);
    json_write_bool(call->result, granted);
    core_resume(core, call, NULL);
    return true;
}

bool core_answer_waiter(struct wconfd_core *core, const struct client_id *client)
{
    return answer(core, client, true);
}

struct timeout {
    struct wconfd_core *core;
    struct wconfd_call *call;
};

static gboolean on_timeout(gpointer data)
{
    struct timeout *timeout = data;
    struct wconfd_core *core = timeout->core;
    struct wconfd_call *call = timeout->call;
    const struct method_wconfd_gantry_wait_locks *args = call->args;

    call->timer = 0;
    (void)locking_stop_waiting(core->locking, &args->client);
    (void)answer(core, &args->client, false);
    return G_SOURCE_REMOVE;
}

enum wconfd_outcome do_wconfd_gantry_wait_locks(struct wconfd_core *core, struct wconfd_call *call,
                                                const void *args, GError **errp)
{
    const struct method_wconfd_gantry_wait_locks *a = args;
    g_autofree struct lock_request *v = decode(&a->request, errp);
    enum locking_result result;
    struct timeout *timeout;

    if (v == NULL) {
        return WCONFD_ERROR;
    }
    if (find_waiter(core, &a->client) != NULL) {
        err_set(errp, ERR_GENERIC, ECODE_NONE, "this client waits for locks already");
        return WCONFD_ERROR;
    }
    result = locking_wait(core->locking, a->priority, &a->client, v, a->request.n, NULL, errp);
    if (result == LOCKING_REFUSED) {
        return WCONFD_ERROR;
    }
    core_locks_changed(core, &a->client);
    if (result == LOCKING_DONE) {
        json_write_bool(call->result, true);
        return WCONFD_DONE;
    }
    core_park(call, core->lock_waiters);
    if (a->has.timeout) {
        timeout = g_new(struct timeout, 1);
        *timeout = (struct timeout){.core = core, .call = call};
        call->timer =
            g_timeout_add_full(G_PRIORITY_DEFAULT, (guint)CLAMP(a->timeout * 1000, 0, G_MAXINT),
                               on_timeout, timeout, g_free);
    }
    if (core->host.settle_soon != NULL) {
        core->host.settle_soon(core->host.user);
    }
    return WCONFD_LATER;
}

enum wconfd_outcome do_wconfd_gantry_stop_waiting(struct wconfd_core *core,
                                                  struct wconfd_call *call, const void *args,
                                                  GError **errp)
{
    const struct method_wconfd_gantry_stop_waiting *a = args;
    bool stopped = locking_stop_waiting(core->locking, &a->client);

    (void)errp;
    if (stopped) {
        core_locks_changed(core, &a->client);
        (void)answer(core, &a->client, false);
    }
    json_write_bool(call->result, stopped);
    return WCONFD_DONE;
}

/* ---- giving back ---- */

/* Whoever waits with a late answer is told that it got nothing. */
static enum wconfd_outcome gave_back(struct wconfd_core *core, struct wconfd_call *call,
                                     const struct client_id *client)
{
    (void)answer(core, client, false);
    core_locks_changed(core, client);
    return core_done(call);
}

enum wconfd_outcome do_wconfd_free_locks(struct wconfd_core *core, struct wconfd_call *call,
                                         const void *args, GError **errp)
{
    const struct method_wconfd_free_locks *a = args;

    (void)errp;
    locking_free_all(core->locking, &a->client);
    return gave_back(core, call, &a->client);
}

enum wconfd_outcome do_wconfd_free_locks_level(struct wconfd_core *core, struct wconfd_call *call,
                                               const void *args, GError **errp)
{
    const struct method_wconfd_free_locks_level *a = args;

    (void)errp;
    locking_free_level(core->locking, &a->client, a->level);
    return gave_back(core, call, &a->client);
}

enum wconfd_outcome do_wconfd_down_grade_locks_level(struct wconfd_core *core,
                                                     struct wconfd_call *call, const void *args,
                                                     GError **errp)
{
    const struct method_wconfd_down_grade_locks_level *a = args;

    (void)errp;
    locking_downgrade_level(core->locking, &a->client, a->level);
    return gave_back(core, call, &a->client);
}

enum wconfd_outcome do_wconfd_intersect_locks(struct wconfd_core *core, struct wconfd_call *call,
                                              const void *args, GError **errp)
{
    const struct method_wconfd_intersect_locks *a = args;

    (void)errp;
    locking_intersect(core->locking, &a->client, (const char *const *)a->locks.v, a->locks.n);
    return gave_back(core, call, &a->client);
}

/* ---- what is free ---- */

static enum wconfd_outcome take_free(struct wconfd_core *core, struct wconfd_call *call,
                                     const struct client_id *client, const struct any_list *locks,
                                     int64_t count, GError **errp)
{
    g_autofree struct lock_request *v = decode(locks, errp);
    g_autoptr(GPtrArray) taken = NULL;

    if (v == NULL) {
        return WCONFD_ERROR;
    }
    taken = locking_opportunistic(core->locking, client, v, locks->n, (size_t)MAX(count, 0));
    if (taken->len > 0) {
        core_locks_changed(core, client);
    }
    json_write_array_begin(call->result);
    for (guint i = 0; i < taken->len; i++) {
        json_write_string(call->result, g_ptr_array_index(taken, i));
    }
    json_write_array_end(call->result);
    return WCONFD_DONE;
}

enum wconfd_outcome do_wconfd_opportunistic_lock_union(struct wconfd_core *core,
                                                       struct wconfd_call *call, const void *args,
                                                       GError **errp)
{
    const struct method_wconfd_opportunistic_lock_union *a = args;

    return take_free(core, call, &a->client, &a->locks, 0, errp);
}

enum wconfd_outcome do_wconfd_guarded_opportunistic_lock_union(struct wconfd_core *core,
                                                               struct wconfd_call *call,
                                                               const void *args, GError **errp)
{
    const struct method_wconfd_guarded_opportunistic_lock_union *a = args;

    return take_free(core, call, &a->client, &a->locks, a->count, errp);
}

/* ---- telling ---- */

enum wconfd_outcome do_wconfd_list_locks(struct wconfd_core *core, struct wconfd_call *call,
                                         const void *args, GError **errp)
{
    const struct method_wconfd_list_locks *a = args;

    (void)errp;
    locking_write_locks_of(core->locking, &a->client, call->result);
    return WCONFD_DONE;
}

enum wconfd_outcome do_wconfd_list_all_locks(struct wconfd_core *core, struct wconfd_call *call,
                                             const void *args, GError **errp)
{
    (void)args;
    (void)errp;
    locking_write_all(core->locking, call->result);
    return WCONFD_DONE;
}

enum wconfd_outcome do_wconfd_list_all_locks_owners(struct wconfd_core *core,
                                                    struct wconfd_call *call, const void *args,
                                                    GError **errp)
{
    (void)args;
    (void)errp;
    locking_write_owners(core->locking, call->result);
    return WCONFD_DONE;
}

enum wconfd_outcome do_wconfd_list_locks_waiting_status(struct wconfd_core *core,
                                                        struct wconfd_call *call, const void *args,
                                                        GError **errp)
{
    (void)args;
    (void)errp;
    json_write_array_begin(call->result);
    locking_write_owners(core->locking, call->result);
    locking_write_pending(core->locking, call->result);
    json_write_array_end(call->result);
    return WCONFD_DONE;
}

enum wconfd_outcome do_wconfd_has_pending_request(struct wconfd_core *core,
                                                  struct wconfd_call *call, const void *args,
                                                  GError **errp)
{
    const struct method_wconfd_has_pending_request *a = args;

    (void)errp;
    json_write_bool(call->result, locking_is_waiting(core->locking, &a->client));
    return WCONFD_DONE;
}

enum wconfd_outcome do_wconfd_cleanup_locks(struct wconfd_core *core, struct wconfd_call *call,
                                            const void *args, GError **errp)
{
    (void)args;
    (void)errp;
    if (core->host.find_dead != NULL) {
        core->host.find_dead(core->host.user);
    }
    return core_done(call);
}

/* The requester must have the big lock for itself; it passes to us, so that nobody does anything
 * any more, and the configuration names no master, so that nothing is started again (Core.hs). */
enum wconfd_outcome do_wconfd_prepare_cluster_destruction(struct wconfd_core *core,
                                                          struct wconfd_call *call,
                                                          const void *args, GError **errp)
{
    const struct method_wconfd_prepare_cluster_destruction *a = args;
    g_autofree char *bgl = lock_name(LOCK_LEVEL_CLUSTER, LOCK_NAME_BGL);
    const struct lock_request take = {bgl, LOCK_EXCLUSIVE}, leave = {bgl, LOCK_RELEASE};
    struct cfg_txn *txn;
    struct cluster *cluster;

    if (locking_mode(core->locking, &a->client, bgl) != LOCK_EXCLUSIVE) {
        err_set(errp, ERR_GENERIC, ECODE_NONE,
                "Cluster destruction requested without owning BGL exclusively");
        return WCONFD_ERROR;
    }
    (void)locking_wait(core->locking, C_OP_PRIO_HIGHEST - 1, &core->self, &take, 1, NULL, NULL);
    (void)locking_try(core->locking, &a->client, &leave, 1, NULL, NULL);
    core_locks_changed(core, &a->client);
    txn = cfg_txn_begin(core->cfg);
    cluster = cfg_txn_edit_cluster(txn);
    g_free(cluster->master_node);
    cluster->master_node = g_strdup("");
    core_commit_as_is(core, txn);
    return core_done(call);
}
