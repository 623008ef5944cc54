/* The little of compat-config/replica and jobs/locking that the harness needs, until they are
 * there. */
#include "config.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"

#include <string.h>

#include "base/json.h"
#include "compat-config/replica/replica.h"
#include "facts/codec.h"

struct wconfd_client {
    struct client_id self;
    const struct cfg *cfg;
};

struct client_id *wconfd_identity(int64_t job_id, const char *name, const char *livelock)
{
    g_autofree char *text = g_strdup_printf("[%d, \"%s\", 1]", (int)job_id, livelock);
    struct json *json = NULL;
    if (!json_parse(text, -1, &json, NULL)) {
        abort();
    }
    struct client_id *id = fact_object_decode(&fact_object_client_id, json, NULL, NULL);
    json_unref(json);
    return id;
}

struct wconfd_client *wconfd_client_local(const char *path, const struct cfg *cfg,
                                          const struct client_id *self, GError **errp)
{
    struct wconfd_client *client = g_new0(struct wconfd_client, 1);
    client->cfg = cfg_ref(cfg);
    fact_object_copy_at(&fact_object_client_id, &client->self, self);
    return client;
}

struct wconfd_client *wconfd_client_connect(const char *path, const struct client_id *self,
                                            GError **errp)
{
    return NULL;
}

void wconfd_client_free(struct wconfd_client *client)
{
    cfg_unref(client->cfg);
    fact_object_clear(&fact_object_client_id, &client->self);
    g_free(client);
}

const struct client_id *wconfd_client_self(const struct wconfd_client *client)
{
    return &client->self;
}

bool wconfd_call(struct wconfd_client *client, enum method_id method, const void *args,
                 struct json **ret, GError **errp)
{
    if (ret != NULL) {
        *ret = NULL;
    }
    return true;
}

enum wconfd_grant wconfd_wait_locks(struct wconfd_client *client, int64_t priority,
                                    const struct lock_request *v, size_t n,
                                    const struct wconfd_wait *how, GError **errp)
{
    return WCONFD_GRANTED;
}

bool wconfd_take_opportunistically(struct wconfd_client *client, const struct lock_request *v,
                                   size_t n, size_t count, GPtrArray **ret_taken, GError **errp)
{
    *ret_taken = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < n; i++) {
        g_ptr_array_add(*ret_taken, g_strdup(v[i].lock));
    }
    return true;
}

struct cfg_replica {
    struct wconfd_client *client;
};

struct cfg_replica *cfg_replica_new(const struct cfg *start, struct wconfd_client *client,
                                    GError **errp)
{
    struct cfg_replica *replica = g_new0(struct cfg_replica, 1);
    replica->client = client;
    return replica;
}

void cfg_replica_free(struct cfg_replica *replica)
{
    g_free(replica);
}

const struct cfg *cfg_replica_get(struct cfg_replica *replica)
{
    return replica->client->cfg;
}

bool cfg_replica_refresh(struct cfg_replica *replica, GError **errp)
{
    return true;
}

struct cfg_txn *cfg_replica_begin(struct cfg_replica *replica, GError **errp)
{
    return cfg_txn_begin(replica->client->cfg);
}

bool cfg_replica_commit(struct cfg_replica *replica, struct cfg_txn *txn, GError **errp)
{
    const struct cfg *next = cfg_txn_commit(txn, 1234.5);
    cfg_unref(replica->client->cfg);
    replica->client->cfg = next;
    return true;
}
