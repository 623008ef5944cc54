#include "config.h"

#include "compat-config/replica/wconfd-client.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "compat-config/paths/paths.h"
#include "compat-config/replica/client-state.h"
#include "compat-config/replica/wconfd-client-private.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

enum {
    /* Seconds until a daemon that served us must be back: the watcher may have to start it, or an
       administrator (the reference's client tries for nine minutes). */
    RECONNECT_TIMEOUT = 300,
    /* Seconds for an answer: a change of the candidates waits for its distribution. */
    ANSWER_TIMEOUT = 600,
    /* While the configuration is locked (SimpleRetry in config/__init__.py). */
    LOCKED_RETRY_MS = 100,
    LOCKED_RETRY_SECONDS = 30,
};

struct client_id *wconfd_identity(int64_t job_id, const char *name, const char *livelock)
{
    struct client_id *id = fact_object_new(&fact_object_client_id);

    id->client = name != NULL ? json_new_string(name) : json_new_int(job_id);
    id->lock_file = g_strdup(livelock);
    id->pid = (int64_t)getpid();
    id->has.client = id->has.lock_file = id->has.pid = true;
    return id;
}

static struct wconfd_client *client_new(const struct client_id *self)
{
    struct wconfd_client *client = g_new0(struct wconfd_client, 1);

    if (self != NULL) {
        client->self = fact_object_copy(&fact_object_client_id, self);
    }
    return client;
}

struct luxi_client *client_open(const struct wconfd_client *client, GError **errp)
{
    const struct luxi_client_options options = {
        .connect_timeout = client->served ? RECONNECT_TIMEOUT : C_WCONFD_DEF_CTMO,
        .read_timeout = ANSWER_TIMEOUT};

    return luxi_client_connect(client->path, &options, errp);
}

bool client_connect(struct wconfd_client *client, GError **errp)
{
    g_clear_pointer(&client->luxi, luxi_client_free);
    client->luxi = client_open(client, errp);
    client->served = client->served || client->luxi != NULL;
    /* It may be another daemon now. */
    client->is_reference = false;
    return client->luxi != NULL;
}

struct wconfd_client *wconfd_client_connect(const char *path, const struct client_id *self,
                                            GError **errp)
{
    struct wconfd_client *client = client_new(self);

    if (self != NULL) {
        client_survive_wakes();
    }
    client->path = g_strdup(path != NULL ? path : path_get(PATH_WCONFD_SOCKET));
    if (!client_connect(client, errp)) {
        g_prefix_error(errp, "configuration daemon: ");
        wconfd_client_free(client);
        return NULL;
    }
    return client;
}

struct wconfd_client *wconfd_client_local(const char *path, const struct cfg *cfg,
                                          const struct client_id *self, GError **errp)
{
    struct wconfd_local *local = wconfd_local_new(path, cfg, errp);
    struct wconfd_client *client;

    if (local == NULL) {
        return NULL;
    }
    client = client_new(self);
    client->local = local;
    return client;
}

void wconfd_client_free(struct wconfd_client *client)
{
    g_clear_pointer(&client->luxi, luxi_client_free);
    wconfd_local_free(client->local);
    fact_object_free(&fact_object_client_id, client->self);
    g_free(client->path);
    g_free(client);
}

const struct client_id *wconfd_client_self(const struct wconfd_client *client)
{
    return client->self;
}

const struct cfg *wconfd_client_local_config(const struct wconfd_client *client)
{
    return client->local == NULL ? NULL : wconfd_local_config(client->local);
}

bool wconfd_client_is_reference(const struct wconfd_client *client)
{
    return client->is_reference;
}

/* ---- calls ---- */

/* Methods whose second run would do more, or fail, where the first one was carried out and only its
 * answer got lost. */
static bool is_repeatable(enum method_id method)
{
    switch (method) { /* NOLINT(bugprone-switch-missing-default-case) */
    case METHOD_wconfd_reserve_mac:
    case METHOD_wconfd_reserve_lv:
    case METHOD_wconfd_reserve_ip:
    case METHOD_wconfd_release_ip:
    case METHOD_wconfd_add_instance:
    case METHOD_wconfd_add_instance_disk:
    case METHOD_wconfd_attach_instance_disk:
    case METHOD_wconfd_allocate_port:
    case METHOD_wconfd_allocate_drbd_minor:
    case METHOD_wconfd_gantry_commit:
        return false;
    default:
        return true;
    }
}

/* The methods that change single objects say "not now" while the configuration is locked. */
static bool is_refusable(enum method_id method)
{
    return method == METHOD_wconfd_lock_config ||
           (method >= METHOD_wconfd_add_instance && method <= METHOD_wconfd_update_node_group);
}

static bool says_not_now(const struct json *result)
{
    return result == NULL || (json_kind(result) == JSON_BOOL && !json_boolean(result));
}

void client_note_error(struct wconfd_client *client, const GError *error)
{
    /* The text is that of the reference's dispatcher (THH/RPC.hs). */
    if (err_class(error) == ERR_GENERIC && strstr(error->message, "No such method") != NULL) {
        client->is_reference = true;
    }
}

static bool call_once(struct wconfd_client *client, enum method_id method, const void *args,
                      struct json **ret, GError **errp)
{
    const struct method_row *row = &method_rows[method];
    GError *error = NULL;

    if (client->local != NULL) {
        return wconfd_local_call(client->local, method, args, ret, errp);
    }
    if (client->luxi == NULL && !client_connect(client, errp)) {
        return false;
    }
    if (luxi_client_call(client->luxi, row->wire, row->args, args, ret, &error)) {
        return true;
    }
    if (err_is(error, ERR_CONNECTION_CLOSED)) {
        g_clear_pointer(&client->luxi, luxi_client_free);
        if (is_repeatable(method)) {
            g_clear_error(&error);
            return client_connect(client, errp) &&
                   luxi_client_call(client->luxi, row->wire, row->args, args, ret, errp);
        }
    }
    client_note_error(client, error);
    g_propagate_error(errp, error);
    return false;
}

bool wconfd_call(struct wconfd_client *client, enum method_id method, const void *args,
                 struct json **ret, GError **errp)
{
    gint64 deadline = g_get_monotonic_time() + LOCKED_RETRY_SECONDS * G_TIME_SPAN_SECOND;
    struct json *result = NULL;

    for (;;) {
        if (!call_once(client, method, args, &result, errp)) {
            return false;
        }
        if (!is_refusable(method) || !says_not_now(result)) {
            break;
        }
        g_clear_pointer(&result, json_unref);
        if (g_get_monotonic_time() > deadline) {
            return err_fail(errp, ERR_TIMEOUT, ECODE_NONE,
                            "the configuration has been locked by another job for %d seconds; "
                            "\"gnt-debug locks\" shows by which",
                            LOCKED_RETRY_SECONDS);
        }
        (void)poll(NULL, 0, LOCKED_RETRY_MS);
    }
    if (ret != NULL) {
        *ret = result;
    } else {
        json_unref(result);
    }
    return true;
}

/* ---- locks ---- */

struct any_list client_requests(const struct lock_request *v, size_t n)
{
    struct any_list list = {.v = g_new0(struct json *, n + 1), .n = n};

    for (size_t i = 0; i < n; i++) {
        list.v[i] = json_new_array();
        json_append(list.v[i], json_new_string(v[i].lock));
        json_append(list.v[i], json_new_string(fact_enum_lock_mode.words[v[i].mode]));
    }
    return list;
}

static bool take_names(const struct json *result, GPtrArray *names)
{
    for (size_t i = 0; json_kind(result) == JSON_ARRAY && i < json_len(result); i++) {
        if (json_kind(json_at(result, i)) != JSON_STRING) {
            return false;
        }
        g_ptr_array_add(names, g_strdup(json_string(json_at(result, i))));
    }
    return json_kind(result) == JSON_ARRAY;
}

bool wconfd_take_opportunistically(struct wconfd_client *client, const struct lock_request *v,
                                   size_t n, size_t count, GPtrArray **ret_taken, GError **errp)
{
    struct method_wconfd_guarded_opportunistic_lock_union args = {.count = (int64_t)count};
    CLEANUP(json_unrefp) struct json *result = NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    bool good;

    fact_object_copy_at(&fact_object_client_id, &args.client, client->self);
    args.locks = client_requests(v, n);
    args.has.count = args.has.client = args.has.locks = true;
    good =
        wconfd_call(client, METHOD_wconfd_guarded_opportunistic_lock_union, &args, &result, errp);
    fact_object_clear(&fact_object_method_wconfd_guarded_opportunistic_lock_union, &args);
    if (!good) {
        return false;
    }
    if (!take_names(result, names)) {
        return err_fail(errp, ERR_PROTOCOL, ECODE_NONE,
                        "configuration daemon: expected a list of locks");
    }
    *ret_taken = g_steal_pointer(&names);
    return true;
}

static bool take_held(const struct json *pair, struct wconfd_held_lock *held)
{
    int mode;

    if (json_kind(pair) != JSON_ARRAY || json_len(pair) != 2 ||
        json_kind(json_at(pair, 0)) != JSON_STRING || json_kind(json_at(pair, 1)) != JSON_STRING) {
        return false;
    }
    mode = fact_enum_find(&fact_enum_lock_mode, json_string(json_at(pair, 1)));
    if (mode < 0) {
        return false;
    }
    held->lock = g_strdup(json_string(json_at(pair, 0)));
    held->mode = (enum lock_mode)mode;
    return true;
}

bool wconfd_list_locks(struct wconfd_client *client, struct wconfd_held *ret, GError **errp)
{
    struct method_wconfd_list_locks args = {.has.client = true};
    CLEANUP(json_unrefp) struct json *result = NULL;
    bool good;

    *ret = (struct wconfd_held){0};
    fact_object_copy_at(&fact_object_client_id, &args.client, client->self);
    good = wconfd_call(client, METHOD_wconfd_list_locks, &args, &result, errp);
    fact_object_clear(&fact_object_method_wconfd_list_locks, &args);
    if (!good) {
        return false;
    }
    good = json_kind(result) == JSON_ARRAY;
    ret->v = g_new0(struct wconfd_held_lock, good ? json_len(result) + 1 : 1);
    for (size_t i = 0; good && i < json_len(result); i++) {
        good = take_held(json_at(result, i), &ret->v[i]);
        ret->n += good;
    }
    if (!good) {
        wconfd_held_free(ret);
        return err_fail(errp, ERR_PROTOCOL, ECODE_NONE,
                        "configuration daemon: expected locks and how they are held");
    }
    return true;
}

void wconfd_held_free(struct wconfd_held *held)
{
    for (size_t i = 0; i < held->n; i++) {
        g_free(held->v[i].lock);
    }
    g_free(held->v);
    *held = (struct wconfd_held){0};
}
