/* Waiting for locks: by a late answer of our daemon, by SIGHUP from the reference's. */
#include "config.h"

#include <glib-unix.h>
#include <signal.h>

#include "base/json.h"
#include "compat-config/replica/client-state.h"
#include "facts/codec.h"
#include "facts/errors.h"

/* What ends a turn of the main loop. */
struct turn {
    bool timed_out;
};

/* SIGHUP came since this was last looked at. */
static bool woken;

static gboolean on_timeout(gpointer data)
{
    ((struct turn *)data)->timed_out = true;
    return G_SOURCE_CONTINUE; /* removed by who made it */
}

static GSource *attach(GSource *source, GSourceFunc function, void *data)
{
    g_source_set_callback(source, function, data, NULL);
    (void)g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

static void detach(GSource *source)
{
    if (source != NULL) {
        g_source_destroy(source);
        g_source_unref(source);
    }
}

static GSource *add_timeout(double seconds, struct turn *turn)
{
    return seconds < 0 ? NULL
                       : attach(g_timeout_source_new((guint)MIN(seconds * 1000, G_MAXINT)),
                                on_timeout, turn);
}

static bool should_stop(const struct wconfd_wait *how)
{
    return how->should_stop != NULL && how->should_stop(how->data);
}

/* ---- our daemon ---- */

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd;
    (void)condition;
    (void)data;
    return G_SOURCE_CONTINUE;
}

/* Tells the daemon, over another connection, that we do not want to wait any longer; the answer to
 * the waiting call follows from that. */
static bool stop_waiting(struct wconfd_client *client, GError **errp)
{
    struct method_wconfd_gantry_stop_waiting args = {.has.client = true};
    struct luxi_client *other = client_open(client, errp);
    const struct method_row *row = &method_rows[METHOD_wconfd_gantry_stop_waiting];
    CLEANUP(json_unrefp) struct json *result = NULL;
    bool good;

    if (other == NULL) {
        return false;
    }
    fact_object_copy_at(&fact_object_client_id, &args.client, client->self);
    good = luxi_client_call(other, row->wire, row->args, &args, &result, errp);
    fact_object_clear(row->args, &args);
    luxi_client_free(other);
    return good;
}

/* Runs the main loop until the answer is there. */
static enum wconfd_grant await_answer(struct wconfd_client *client, const struct wconfd_wait *how,
                                      GError **errp)
{
    GSource *readable = g_unix_fd_source_new(luxi_client_fd(client->luxi), G_IO_IN | G_IO_HUP);
    GMainContext *context = g_main_context_get_thread_default();
    CLEANUP(json_unrefp) struct json *result = NULL;
    bool there = false, stopped = false, good;

    (void)attach(readable, G_SOURCE_FUNC(on_readable), NULL);
    while ((good = luxi_client_try_receive(client->luxi, &there, &result, errp)) && !there) {
        if (!stopped && should_stop(how)) {
            stopped = true;
            good = stop_waiting(client, errp);
            if (!good) {
                break;
            }
            continue;
        }
        (void)g_main_context_iteration(context, TRUE);
    }
    detach(readable);
    if (!good) {
        return WCONFD_FAILED;
    }
    if (json_kind(result) != JSON_BOOL) {
        (void)err_fail(errp, ERR_PROTOCOL, ECODE_NONE,
                       "configuration daemon: expected whether locks were granted");
        return WCONFD_FAILED;
    }
    return json_boolean(result) ? WCONFD_GRANTED : stopped ? WCONFD_STOPPED : WCONFD_TIMED_OUT;
}

static bool send_wait(struct wconfd_client *client,
                      const struct method_wconfd_gantry_wait_locks *args, GError **errp)
{
    const struct method_row *row = &method_rows[METHOD_wconfd_gantry_wait_locks];

    return (client->luxi != NULL || client_connect(client, errp)) &&
           luxi_client_send(client->luxi, row->wire, row->args, args, errp);
}

static enum wconfd_grant wait_answer(struct wconfd_client *client, int64_t priority,
                                     const struct lock_request *v, size_t n,
                                     const struct wconfd_wait *how, GError **errp)
{
    struct method_wconfd_gantry_wait_locks args = {.priority = priority};
    enum wconfd_grant grant = WCONFD_FAILED;
    GError *error = NULL;

    fact_object_copy_at(&fact_object_client_id, &args.client, client->self);
    args.request = client_requests(v, n);
    args.has.client = args.has.priority = args.has.request = true;
    if (how->timeout >= 0) {
        args.timeout = how->timeout;
        args.has.timeout = true;
    }
    /* A daemon that is restarted knows what waits, and the same request may come again. */
    for (int attempt = 0; attempt < 2; attempt++) {
        g_clear_error(&error);
        grant =
            send_wait(client, &args, &error) ? await_answer(client, how, &error) : WCONFD_FAILED;
        if (grant != WCONFD_FAILED || !err_is(error, ERR_CONNECTION_CLOSED)) {
            break;
        }
        g_clear_pointer(&client->luxi, luxi_client_free);
    }
    fact_object_clear(&fact_object_method_wconfd_gantry_wait_locks, &args);
    if (error != NULL) {
        client_note_error(client, error);
        g_propagate_error(errp, error);
    }
    return grant;
}

/* ---- the reference's ---- */

static gboolean on_signal(gpointer data)
{
    (void)data;
    woken = true;
    return G_SOURCE_CONTINUE;
}

void client_survive_wakes(void)
{
    static GSource *signals; /* for as long as the process lives */

    if (signals == NULL) {
        signals = attach(g_unix_signal_source_new(SIGHUP), on_signal, NULL);
    }
}

/* Whether all that was asked for is held as it was asked for. */
static bool is_fulfilled(const struct wconfd_held *held, const struct lock_request *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum lock_mode mode = LOCK_RELEASE;

        for (size_t k = 0; k < held->n; k++) {
            if (lock_name_compare(held->v[k].lock, v[i].lock) == 0) {
                mode = held->v[k].mode;
            }
        }
        if (mode != v[i].mode) {
            return false;
        }
    }
    return true;
}

static bool is_pending(struct wconfd_client *client, bool *ret_pending, GError **errp)
{
    struct method_wconfd_has_pending_request args = {.has.client = true};
    CLEANUP(json_unrefp) struct json *result = NULL;
    bool good;

    fact_object_copy_at(&fact_object_client_id, &args.client, client->self);
    good = wconfd_call(client, METHOD_wconfd_has_pending_request, &args, &result, errp);
    fact_object_clear(&fact_object_method_wconfd_has_pending_request, &args);
    *ret_pending = good && json_kind(result) == JSON_BOOL && json_boolean(result);
    return good;
}

/* The reference has no method to take a request back; each that frees locks of a level does it on
 * the way, and at this level jobs hold none. */
static enum wconfd_grant give_up(struct wconfd_client *client, const struct lock_request *v,
                                 size_t n, enum wconfd_grant why, GError **errp)
{
    struct method_wconfd_free_locks_level args = {.level = LOCK_LEVEL_CONFIG};
    struct wconfd_held held;
    bool good, fulfilled;

    fact_object_copy_at(&fact_object_client_id, &args.client, client->self);
    args.has.client = args.has.level = true;
    good = wconfd_call(client, METHOD_wconfd_free_locks_level, &args, NULL, errp) &&
           wconfd_list_locks(client, &held, errp);
    fact_object_clear(&fact_object_method_wconfd_free_locks_level, &args);
    if (!good) {
        return WCONFD_FAILED;
    }
    fulfilled = is_fulfilled(&held, v, n);
    wconfd_held_free(&held);
    return fulfilled ? WCONFD_GRANTED : why;
}

static enum wconfd_grant await_signal(struct wconfd_client *client, const struct lock_request *v,
                                      size_t n, const struct wconfd_wait *how, struct turn *turn,
                                      GError **errp)
{
    GMainContext *context = g_main_context_get_thread_default();
    bool pending = true;

    woken = true; /* it may have come before we asked */
    while (pending) {
        if (woken) {
            woken = false;
            if (!is_pending(client, &pending, errp)) {
                return WCONFD_FAILED;
            }
            continue;
        }
        if (should_stop(how)) {
            return give_up(client, v, n, WCONFD_STOPPED, errp);
        }
        if (turn->timed_out) {
            return give_up(client, v, n, WCONFD_TIMED_OUT, errp);
        }
        (void)g_main_context_iteration(context, TRUE);
    }
    return WCONFD_GRANTED;
}

static enum wconfd_grant wait_signal(struct wconfd_client *client, int64_t priority,
                                     const struct lock_request *v, size_t n,
                                     const struct wconfd_wait *how, GError **errp)
{
    struct method_wconfd_update_locks_waiting args = {.priority = priority};
    struct turn turn = {0};
    GSource *timeout = add_timeout(how->timeout, &turn);
    CLEANUP(json_unrefp) struct json *blockers = NULL;
    enum wconfd_grant grant = WCONFD_FAILED;

    fact_object_copy_at(&fact_object_client_id, &args.client, client->self);
    args.request = client_requests(v, n);
    args.has.client = args.has.priority = args.has.request = true;
    if (wconfd_call(client, METHOD_wconfd_update_locks_waiting, &args, &blockers, errp)) {
        grant = json_kind(blockers) == JSON_ARRAY && json_len(blockers) == 0
                    ? WCONFD_GRANTED
                    : await_signal(client, v, n, how, &turn, errp);
    }
    fact_object_clear(&fact_object_method_wconfd_update_locks_waiting, &args);
    detach(timeout);
    return grant;
}

/* ---- no daemon ---- */

/* Nobody else could give a lock back, so it is there or never. */
static enum wconfd_grant wait_local(struct wconfd_client *client, const struct lock_request *v,
                                    size_t n, GError **errp)
{
    struct method_wconfd_try_update_locks args = {0};
    CLEANUP(json_unrefp) struct json *blockers = NULL;
    bool good;

    fact_object_copy_at(&fact_object_client_id, &args.client, client->self);
    args.request = client_requests(v, n);
    args.has.client = args.has.request = true;
    good = wconfd_call(client, METHOD_wconfd_try_update_locks, &args, &blockers, errp);
    fact_object_clear(&fact_object_method_wconfd_try_update_locks, &args);
    return !good ? WCONFD_FAILED : json_len(blockers) == 0 ? WCONFD_GRANTED : WCONFD_TIMED_OUT;
}

enum wconfd_grant wconfd_wait_locks(struct wconfd_client *client, int64_t priority,
                                    const struct lock_request *v, size_t n,
                                    const struct wconfd_wait *how, GError **errp)
{
    static const struct wconfd_wait for_ever = {.timeout = -1};
    GError *error = NULL;
    enum wconfd_grant grant;

    how = how == NULL ? &for_ever : how;
    if (client->local != NULL) {
        return wait_local(client, v, n, errp);
    }
    if (!client->is_reference) {
        grant = wait_answer(client, priority, v, n, how, &error);
        if (grant != WCONFD_FAILED || !client->is_reference) {
            if (error != NULL) {
                g_propagate_error(errp, error);
            }
            return grant;
        }
        g_clear_error(&error);
    }
    return wait_signal(client, priority, v, n, how, errp);
}
