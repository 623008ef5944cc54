/* New SSH keys for all nodes (backend.py RenewSshKeys). The master comes last: until all others
 * know its new key, it logs in with the old one. */
#include "config.h"

#include <string.h>

#include <glib/gstdio.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/backend/ssh-keys.h"
#include "noded/ssh/files.h"

enum { MAX_KEY = 64 * 1024 };

struct renewal {
    const struct rpc_call_node_ssh_keys_renew *args;
    struct ssh_cluster cluster;
    const char *master_uuid;
    GPtrArray *candidates;        /* names of nodes with the list; borrowed, ends with NULL */
    GPtrArray *master_candidates; /* UUIDs; the same */
    struct json *failures;
};

static const char *const *words(const GPtrArray *list)
{
    return (const char *const *)list->pdata;
}

static GPtrArray *borrow(const struct str_list *list)
{
    GPtrArray *result = g_ptr_array_new();

    for (size_t i = 0; i < list->n; i++) {
        g_ptr_array_add(result, list->v[i]);
    }
    g_ptr_array_add(result, NULL);
    return result;
}

static bool is_master(const struct renewal *renewal, size_t index)
{
    return strcmp(renewal->args->node_names.v[index], renewal->cluster.master) == 0;
}

/* Calls fn for each node but the master, until one fails. */
static bool each_other(struct renewal *renewal,
                       bool (*fn)(struct renewal *renewal, const struct ssh_member *node,
                                  void *data, GError **errp),
                       void *data, GError **errp)
{
    for (size_t i = 0; i < renewal->args->node_names.n; i++) {
        const char *uuid = renewal->args->node_uuids.v[i];
        const char *name = renewal->args->node_names.v[i];
        bool is_candidate = g_strv_contains(words(renewal->master_candidates), uuid);
        bool has_list = g_strv_contains(words(renewal->candidates), name);
        const struct ssh_member member = {.uuid = uuid,
                                          .name = name,
                                          .flags = SSH_ADD_GET_LIST |
                                                   (is_candidate ? SSH_ADD_AUTHORIZED : 0u) |
                                                   (has_list ? SSH_ADD_PUBLIC : 0u)};

        if (!is_master(renewal, i) && !fn(renewal, &member, data, errp)) {
            return false;
        }
    }
    return true;
}

/* --- The other nodes ----------------------------------------------------------------------------
 */

struct old_keys {
    char *of_master; /* content of its public file */
    GArray *own;     /* struct ssh_member: nodes with a key of their own */
};

/* A node that still has the master's key (before 2.13 all had) keeps it until the end: taking it
 * away would cut the master off. */
static bool note_old_key(struct renewal *renewal, const struct ssh_member *node, void *data,
                         GError **errp)
{
    struct old_keys *old = data;
    const struct ssh_host host = ssh_cluster_host(&renewal->cluster, node->name);
    g_autoptr(GPtrArray) known = public_keys_of(renewal->cluster.keys, node->uuid);
    g_autofree char *path = ssh_public_key_path(renewal->args->old_key_type);
    g_autofree char *key = NULL;

    if (known->len == 0) {
        return err_fail(errp, ERR_SSH_UPDATE, ECODE_NONE,
                        "%s has no key of node %s (UUID %s); no new one is made",
                        path_get(PATH_SSH_PUB_KEYS), node->name, node->uuid);
    }
    if (!(node->flags & SSH_ADD_AUTHORIZED)) {
        return true;
    }
    key = ssh_read_file(&host, path, errp);
    if (key == NULL) {
        return false;
    }
    if (strcmp(key, old->of_master) != 0) {
        const struct ssh_member member = {
            .uuid = node->uuid, .name = node->name, .flags = SSH_REMOVE_AUTHORIZED};

        g_array_append_val(old->own, member);
    }
    return true;
}

static bool make_key_there(struct renewal *renewal, const struct ssh_member *node, void *data,
                           GError **errp)
{
    const struct ssh_host host = ssh_cluster_host(&renewal->cluster, node->name);
    struct ssh_key_wanted wanted = {.type = renewal->args->new_key_type,
                                    .bits = renewal->args->new_key_bits,
                                    .suffix = (char *)"",
                                    .has = {.type = true, .bits = true, .suffix = true}};
    const struct ssh_update update = {
        .cluster_name = renewal->cluster.name,
        .node_daemon_certificate = renewal->cluster.certificate,
        .generate = wanted,
        .has = {.cluster_name = true, .node_daemon_certificate = true, .generate = true}};
    struct ssh_push push = {.host = host, .update = &update};
    g_autofree char *path = ssh_public_key_path(renewal->args->new_key_type);
    g_autofree char *key = NULL;

    ssh_push_updates(&push, 1);
    if (push.error != NULL) {
        g_propagate_error(errp, push.error);
        return false;
    }
    key = ssh_read_file(&host, path, errp);
    if (key == NULL) {
        g_prefix_error(errp, "the new key of node %s cannot be read: ", node->name);
        return false;
    }
    if (node->flags & SSH_ADD_PUBLIC) {
        (void)public_keys_remove(renewal->cluster.keys, node->uuid);
        public_keys_add(renewal->cluster.keys, node->uuid, key);
    }
    g_array_append_vals(data, node, 1);
    return true;
}

static const struct ssh_member *members(const GArray *list)
{
    return (const struct ssh_member *)(const void *)list->data;
}

static struct public_keys *keys_of_master(const struct renewal *renewal)
{
    g_autoptr(GPtrArray) lines = public_keys_of(renewal->cluster.keys, renewal->master_uuid);
    struct public_keys *keys = public_keys_new();

    for (guint i = 0; i < lines->len; i++) {
        public_keys_add(keys, renewal->master_uuid, g_ptr_array_index(lines, i));
    }
    return keys;
}

static bool renew_others(struct renewal *renewal, GError **errp)
{
    g_autofree char *path = ssh_public_key_path(renewal->args->old_key_type);
    g_autofree char *of_master = fs_read_file(path, MAX_KEY, NULL, errp);
    g_autoptr(GArray) own = g_array_new(FALSE, FALSE, sizeof(struct ssh_member));
    g_autoptr(GArray) renewed = g_array_new(FALSE, FALSE, sizeof(struct ssh_member));
    CLEANUP(public_keys_freep) struct public_keys *spared = keys_of_master(renewal);
    struct old_keys old = {.of_master = of_master, .own = own};
    const struct ssh_removal removal = {.master_candidates = words(renewal->master_candidates),
                                        .candidates = words(renewal->candidates),
                                        .spared = spared};

    if (of_master == NULL || !each_other(renewal, note_old_key, &old, errp)) {
        return false;
    }
    if (own->len > 0 && !ssh_members_remove(&renewal->cluster, members(own), own->len, &removal,
                                            renewal->failures, errp)) {
        return false;
    }
    if (!each_other(renewal, make_key_there, renewed, errp)) {
        return false;
    }
    return renewed->len == 0 ||
           ssh_members_add(&renewal->cluster, members(renewed), renewed->len,
                           words(renewal->candidates), renewal->failures, errp);
}

/* --- The master ---------------------------------------------------------------------------------
 */

/* The new key, made beside the old one, takes its place; old ones of all types become backups. */
static bool put_in_place(enum ssh_key_type new_type, GError **errp)
{
    for (size_t type = 0; type < fact_enum_ssh_key_type.n; type++) {
        g_autofree char *private_key = ssh_private_key_path((enum ssh_key_type)type);
        g_autofree char *public_key = ssh_public_key_path((enum ssh_key_type)type);
        const char *const paths[] = {private_key, public_key};

        for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
            g_autofree char *backup = NULL;

            if (!g_file_test(paths[i], G_FILE_TEST_EXISTS)) {
                continue;
            }
            backup = fs_backup(paths[i], errp);
            if (backup == NULL || !fs_remove_file(paths[i], errp)) {
                return false;
            }
        }
        if (type == new_type) {
            g_autofree char *fresh = g_strconcat(private_key, C_SSHS_MASTER_SUFFIX, NULL);
            g_autofree char *fresh_public = g_strconcat(fresh, ".pub", NULL);

            if (!fs_rename(fresh_public, public_key, errp) ||
                !fs_rename(fresh, private_key, errp)) {
                return false;
            }
        }
    }
    return true;
}

static bool renew_master(struct renewal *renewal, GError **errp)
{
    struct ssh_cluster *cluster = &renewal->cluster;
    CLEANUP(public_keys_freep) struct public_keys *old = keys_of_master(renewal);
    g_autoptr(GPtrArray) old_lines = public_keys_of(old, renewal->master_uuid);
    g_autofree char *path = ssh_private_key_path(renewal->args->new_key_type);
    g_autofree char *fresh = g_strconcat(path, C_SSHS_MASTER_SUFFIX, ".pub", NULL);
    g_autofree char *key = NULL;
    struct ssh_member master = {.uuid = renewal->master_uuid,
                                .name = cluster->master,
                                .flags = SSH_ADD_AUTHORIZED | SSH_ADD_PUBLIC};
    const struct ssh_removal removal = {.master_candidates = words(renewal->master_candidates),
                                        .candidates = words(renewal->candidates),
                                        .keys = old};

    if (old_lines->len == 0) {
        return err_fail(errp, ERR_SSH_UPDATE, ECODE_NONE,
                        "%s has no key of the master (UUID %s); no new one is made",
                        path_get(PATH_SSH_PUB_KEYS), renewal->master_uuid);
    }
    if (!ssh_make_key(renewal->args->new_key_type, renewal->args->new_key_bits,
                      C_SSHS_MASTER_SUFFIX, errp)) {
        return false;
    }
    key = fs_read_file(fresh, MAX_KEY, NULL, errp);
    if (key == NULL) {
        return false;
    }
    (void)public_keys_remove(cluster->keys, renewal->master_uuid);
    public_keys_add(cluster->keys, renewal->master_uuid, key);
    if (!ssh_members_add(cluster, &master, 1, words(renewal->candidates), renewal->failures,
                         errp) ||
        !put_in_place(renewal->args->new_key_type, errp)) {
        return false;
    }
    master.flags = SSH_REMOVE_AUTHORIZED;
    return ssh_members_remove(cluster, &master, 1, &removal, renewal->failures, errp);
}

static bool renew(struct renewal *renewal, GError **errp)
{
    for (size_t i = 0; i < renewal->args->node_names.n; i++) {
        if (is_master(renewal, i)) {
            renewal->master_uuid = renewal->args->node_uuids.v[i];
        }
    }
    if (renewal->master_uuid == NULL) {
        return err_fail(errp, ERR_SSH_UPDATE, ECODE_NONE,
                        "the master, %s, is not among the nodes whose keys shall be renewed",
                        renewal->cluster.master);
    }
    return renew_others(renewal, errp) && renew_master(renewal, errp);
}

NODED_CALL(node_ssh_keys_renew, NODED_WORKER)
{
    g_autoptr(GPtrArray) candidates = borrow(&args->potential_master_candidates);
    g_autoptr(GPtrArray) master_candidates = borrow(&args->master_candidate_uuids);
    CLEANUP(json_unrefp) struct json *failures = json_new_array();
    struct renewal renewal = {.args = args,
                              .candidates = candidates,
                              .master_candidates = master_candidates,
                              .failures = failures};
    bool ok;

    if (args->node_uuids.n != args->node_names.n) {
        return noded_fail(errp, "%zu UUIDs but %zu names of nodes were given", args->node_uuids.n,
                          args->node_names.n);
    }
    if (!ssh_cluster_load(&renewal.cluster, errp)) {
        return false;
    }
    ok = renew(&renewal, errp);
    ssh_cluster_clear(&renewal.cluster);
    if (ok) {
        json_write_value(result, failures);
    }
    return ok;
}
