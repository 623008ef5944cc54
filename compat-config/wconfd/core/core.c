#include "config.h"

#include "compat-config/wconfd/core/core.h"

#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#define WCONFD_METHODS_TABLE
#include "compat-config/wconfd/core/methods.h"

/* Our own name among the owners of locks. */
#define SELF_NAME "wconfd"

static void on_granted(const struct client_id *client, void *data)
{
    struct wconfd_core *core = data;

    if (!core_answer_waiter(core, client) && core->host.wake != NULL) {
        core->host.wake(client, core->host.user);
    }
}

static void remember(struct wconfd_core *core, const struct cfg *cfg)
{
    cfg_unref(core->history[core->history_next]);
    core->history[core->history_next] = cfg_ref(cfg);
    core->history_next = (core->history_next + 1) % HISTORY;
}

struct wconfd_core *wconfd_core_new(const struct cfg *cfg, const char *livelock,
                                    const struct wconfd_host *host)
{
    struct wconfd_core *core = g_new0(struct wconfd_core, 1);

    core->host = *host;
    core->cfg = cfg_ref(cfg);
    core->saved = cfg_ref(cfg);
    remember(core, cfg);
    core->locking = locking_new(on_granted, core);
    core->reservations = reservations_new();
    core->self = (struct client_id){.client = json_new_string(SELF_NAME),
                                    .lock_file = g_strdup(livelock),
                                    .pid = (int64_t)getpid(),
                                    .has = {.client = true, .lock_file = true, .pid = true}};
    core->batch = g_ptr_array_new();
    core->distributing = g_ptr_array_new();
    core->lock_waiters = g_ptr_array_new();
    core->committers = g_ptr_array_new();
    return core;
}

void wconfd_core_free(struct wconfd_core *core)
{
    GPtrArray *const lists[] = {core->batch, core->distributing, core->lock_waiters,
                                core->committers};

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        while (lists[i]->len > 0) {
            wconfd_core_cancel(core, g_ptr_array_index(lists[i], 0));
        }
        g_ptr_array_free(lists[i], TRUE);
    }
    for (size_t i = 0; i < HISTORY; i++) {
        cfg_unref(core->history[i]);
    }
    locking_free(core->locking);
    reservations_free(core->reservations);
    fact_object_clear(&fact_object_client_id, &core->self);
    g_free(core->flush_group);
    cfg_unref(core->saved);
    cfg_unref(core->cfg);
    g_free(core);
}

const struct cfg *wconfd_core_config(const struct wconfd_core *core)
{
    return core->cfg;
}

bool wconfd_core_load_locks(struct wconfd_core *core, const char *text, size_t len, GError **errp)
{
    if (!locking_load(core->locking, text, len, errp)) {
        return false;
    }
    core->locks_dirty = true; /* what waited may have been granted by now */
    return true;
}

bool wconfd_core_load_reservations(struct wconfd_core *core, const char *text, size_t len,
                                   GError **errp)
{
    return reservations_load(core->reservations, text, len, errp);
}

void wconfd_core_each_client(struct wconfd_core *core,
                             void (*fn)(const struct client_id *client, void *data), void *data)
{
    locking_each_owner(core->locking, fn, data);
    reservations_each_client(core->reservations, fn, data);
}

/* ---- the configuration ---- */

double core_now(void)
{
    return (double)g_get_real_time() / G_USEC_PER_SEC;
}

bool core_is_config_locked(const struct wconfd_core *core)
{
    return locking_is_held(core->locking, lock_name_of_config());
}

void core_publish(struct wconfd_core *core, const struct cfg *next)
{
    cfg_unref(core->cfg);
    core->cfg = next;
}

void core_commit_as_is(struct wconfd_core *core, struct cfg_txn *txn)
{
    if (cfg_txn_is_changed(txn)) {
        cfg_txn_set_silent(txn);
        cfg_txn_set_head(txn, cfg_serial(core->cfg) + 1, core_now());
    }
    core_publish(core, cfg_txn_commit(txn, 0));
}

const struct cfg *core_snapshot(const struct wconfd_core *core, int64_t serial, double mtime)
{
    if (cfg_serial(core->cfg) == serial && cfg_mtime(core->cfg) == mtime) {
        return core->cfg;
    }
    for (size_t i = 0; i < HISTORY; i++) {
        const struct cfg *cfg = core->history[i];

        if (cfg != NULL && cfg_serial(cfg) == serial && cfg_mtime(cfg) == mtime) {
            return cfg;
        }
    }
    return NULL;
}

/* ---- locks and reservations ---- */

void core_locks_changed(struct wconfd_core *core, const struct client_id *client)
{
    core->locks_dirty = true;
    if (core->host.watch != NULL) {
        core->host.watch(client, core->host.user);
    }
}

void core_reservations_changed(struct wconfd_core *core, const struct client_id *client)
{
    core->reservations_dirty = true;
    if (client != NULL && core->host.watch != NULL) {
        core->host.watch(client, core->host.user);
    }
}

bool wconfd_core_client_died(struct wconfd_core *core, const struct client_id *client)
{
    g_autoptr(GString) before = g_string_new(NULL);
    struct json_writer w = json_writer_init(before, JSON_COMPACT);
    bool locks, reserved;

    locking_write_locks_of(core->locking, client, &w);
    locks = strcmp(before->str, "[]") != 0 || locking_is_waiting(core->locking, client);
    locking_free_all(core->locking, client);
    reserved = reservations_drop(core->reservations, client);
    core->locks_dirty = core->locks_dirty || locks;
    core->reservations_dirty = core->reservations_dirty || reserved;
    if ((locks || reserved) && core->host.settle_soon != NULL) {
        core->host.settle_soon(core->host.user);
    }
    return locks || reserved;
}

/* ---- calls ---- */

void core_park(struct wconfd_call *call, GPtrArray *list)
{
    call->list = list;
    g_ptr_array_add(list, call);
}

static void leave_list(struct wconfd_call *call)
{
    if (call->list != NULL) {
        (void)g_ptr_array_remove(call->list, call);
        call->list = NULL;
    }
    if (call->timer != 0) {
        g_source_remove(call->timer);
        call->timer = 0;
    }
}

static void release_args(struct wconfd_call *call)
{
    if (call->args != NULL) {
        fact_object_free(method_rows[call->method].args, call->args);
        call->args = NULL;
    }
}

static void finish(struct wconfd_call *call)
{
    GError *error = g_steal_pointer(&call->error);

    leave_list(call);
    release_args(call);
    call->finish(call, error);
    g_clear_error(&error);
}

/* The rows have the methods on locks one after the other. */
static bool is_about_locks(enum method_id method)
{
    return (method >= METHOD_wconfd_list_locks && method <= METHOD_wconfd_has_pending_request) ||
           method == METHOD_wconfd_gantry_wait_locks || method == METHOD_wconfd_gantry_stop_waiting;
}

static bool is_dirty(const struct wconfd_core *core)
{
    return core->cfg != core->saved || core->write_forced || core->locks_dirty ||
           core->reservations_dirty;
}

enum wconfd_outcome core_done(struct wconfd_call *call)
{
    json_write_array_begin(call->result);
    json_write_array_end(call->result);
    return WCONFD_DONE;
}

void core_resume(struct wconfd_core *core, struct wconfd_call *call, GError *error)
{
    leave_list(call);
    call->error = error;
    /* What a call saw or did is true only when it is on disk. */
    call->uses_config = !is_about_locks(call->method);
    if (!is_dirty(core)) {
        finish(call);
        return;
    }
    core_park(call, core->batch);
    if (core->host.settle_soon != NULL) {
        core->host.settle_soon(core->host.user);
    }
}

void core_resume_committers(struct wconfd_core *core)
{
    while (core->committers->len > 0 && !core_is_config_locked(core)) {
        struct wconfd_call *call = g_ptr_array_index(core->committers, 0);
        GError *error = NULL;

        leave_list(call);
        (void)wconfd_methods[call->method](core, call, call->args, &error);
        core_resume(core, call, error);
    }
}

static void begin_decoded(struct wconfd_core *core, struct wconfd_call *call)
{
    GError *error = NULL;

    switch (wconfd_methods[call->method](core, call, call->args, &error)) {
    case WCONFD_LATER:
        break;
    case WCONFD_DONE:
    case WCONFD_ERROR:
        core_resume(core, call, error);
        break;
    }
}

void wconfd_core_begin(struct wconfd_core *core, struct wconfd_call *call, const char *method,
                       struct json *args)
{
    const struct method_row *row = method_row_find(METHOD_SERVER_WCONFD, method);

    if (row == NULL) {
        err_set(&call->error, ERR_GENERIC, ECODE_NONE, "No such method: %s", method);
        finish(call);
        return;
    }
    call->method = (enum method_id)(row - method_rows);
    /* A method without arguments takes whatever comes, as the reference does. */
    call->args = row->args->n_members == 0
                     ? fact_object_new(row->args)
                     : fact_object_decode(row->args, args, NULL, &call->error);
    if (call->args == NULL) {
        g_prefix_error(&call->error, "arguments of %s: ", method);
        finish(call);
        return;
    }
    begin_decoded(core, call);
}

void wconfd_core_cancel(struct wconfd_core *core, struct wconfd_call *call)
{
    if (call->list == core->lock_waiters && call->args != NULL) {
        const struct method_wconfd_gantry_wait_locks *args = call->args;

        leave_list(call);
        if (locking_stop_waiting(core->locking, &args->client)) {
            core_locks_changed(core, &args->client);
            if (core->host.settle_soon != NULL) {
                core->host.settle_soon(core->host.user);
            }
        }
    }
    leave_list(call);
    release_args(call);
    g_clear_error(&call->error);
}

/* ---- settling ---- */

static void diff_node(enum cfg_kind kind, const char *uuid, const void *value, void *data)
{
    struct {
        const struct cfg *from;
        bool differs;
    } *search = data;
    const struct node *now = value, *before;

    if (kind != CFG_KIND_node) {
        return;
    }
    before = cfg_node_get(search->from, uuid);
    if (now == NULL || before == NULL || now->master_candidate || before->master_candidate ||
        now->vm_capable != before->vm_capable) {
        search->differs = true;
    }
}

/* Whether the others must have the new configuration before the change counts as done
 * (ConfigState.hs needsFullDist). */
static bool needs_distribution(const struct cfg *from, const struct cfg *to)
{
    const struct cluster *a = cfg_cluster(from), *b = cfg_cluster(to);
    struct {
        const struct cfg *from;
        bool differs;
    } search = {.from = from};

    if (a != b &&
        (strcmp(a->master_node, b->master_node) != 0 ||
         a->enabled_user_shutdown != b->enabled_user_shutdown ||
         !fact_equal(&type_hypervisor_list, &a->enabled_hypervisors, &b->enabled_hypervisors) ||
         !fact_equal(&type_str_map, &a->candidate_certs, &b->candidate_certs))) {
        return true;
    }
    cfg_diff(from, to, diff_node, &search);
    return search.differs;
}

/* Fails what the batch did to the configuration and goes back to what is on disk. */
static void undo_config(struct wconfd_core *core, const GError *error)
{
    cfg_unref(core->cfg);
    core->cfg = cfg_ref(core->saved);
    for (guint i = 0; i < core->batch->len; i++) {
        struct wconfd_call *call = g_ptr_array_index(core->batch, i);

        if (call->uses_config && call->error == NULL) {
            call->error = g_error_copy(error);
            err_wrap(&call->error, ERR_CONFIGURATION, ECODE_NONE);
            g_prefix_error(&call->error, "the configuration could not be written, nothing was "
                                         "changed: ");
        }
    }
}

/* Writes the configuration if that is due; the ticket of its distribution if calls must wait for
 * that, else 0. */
static uint64_t write_config(struct wconfd_core *core)
{
    bool forced = core->write_forced;
    bool wait = forced || needs_distribution(core->saved, core->cfg);
    g_autofree char *group = g_steal_pointer(&core->flush_group);
    g_autoptr(GError) error = NULL;

    if (core->cfg == core->saved && !forced) {
        return 0;
    }
    core->write_forced = false;
    if (core->host.save_config != NULL &&
        !core->host.save_config(core->cfg, core->host.user, &error)) {
        undo_config(core, error);
        return 0;
    }
    if (core->cfg != core->saved) {
        remember(core, core->cfg);
        cfg_unref(core->saved);
        core->saved = cfg_ref(core->cfg);
    }
    if (core->host.distribute == NULL) {
        return 0;
    }
    core->tickets++;
    core->host.distribute(core->saved, group, core->tickets, core->host.user);
    return wait ? core->tickets : 0;
}

static void write_state(struct wconfd_core *core, bool *dirty,
                        void (*save)(const GString *text, void *user), bool locks)
{
    g_autoptr(GString) text = NULL;

    if (!*dirty) {
        return;
    }
    *dirty = false;
    if (save == NULL) {
        return;
    }
    text = g_string_new(NULL);
    if (locks) {
        locking_save(core->locking, text);
    } else {
        reservations_save(core->reservations, text);
    }
    save(text, core->host.user);
}

void wconfd_core_settle(struct wconfd_core *core)
{
    uint64_t ticket;
    GPtrArray *done;

    core_resume_committers(core);
    write_state(core, &core->locks_dirty, core->host.save_locks, true);
    write_state(core, &core->reservations_dirty, core->host.save_reservations, false);
    ticket = write_config(core);
    /* Finishing a call may begin the next one. */
    done = core->batch;
    core->batch = g_ptr_array_new();
    while (done->len > 0) {
        struct wconfd_call *call = g_ptr_array_index(done, 0);

        if (ticket > core->finished_ticket && call->uses_config && call->error == NULL) {
            leave_list(call);
            call->ticket = ticket;
            core_park(call, core->distributing);
        } else {
            finish(call);
        }
    }
    g_ptr_array_free(done, TRUE);
}

void wconfd_core_distributed(struct wconfd_core *core, uint64_t ticket)
{
    core->finished_ticket = MAX(core->finished_ticket, ticket);
    for (guint i = 0; i < core->distributing->len;) {
        struct wconfd_call *call = g_ptr_array_index(core->distributing, i);

        if (call->ticket <= ticket) {
            finish(call);
        } else {
            i++;
        }
    }
}
