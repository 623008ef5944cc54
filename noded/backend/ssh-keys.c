/* SSH keys of the cluster's nodes: only called on the master, which tells the other nodes
 * (backend.py AddNodeSshKeyBulk, RemoveNodeSshKeyBulk, RenewSshKeys).
 *
 * Nodes that can become master (potential master candidates) keep the list of all nodes' keys.
 * Master candidates may log in everywhere: their keys stand in everybody's authorized_keys. */
#include "config.h"

#include "noded/backend/ssh-keys.h"

#include <string.h>
#include <sys/socket.h>

#include "base/json.h"
#include "base/log.h"
#include "base/tls.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/ssh/files.h"
#include "noded/ssh/public-keys.h"
#include "noded/ssh/remote.h"
#include "noded/ssh/update.h"

/* --- What this node knows of the cluster --------------------------------------------------------
 */

void ssh_cluster_clear(struct ssh_cluster *cluster)
{
    g_free(cluster->name);
    g_free(cluster->master);
    g_free(cluster->certificate);
    g_strfreev(cluster->nodes);
    g_strfreev(cluster->online);
    g_clear_pointer(&cluster->ports, g_hash_table_unref);
    public_keys_free(cluster->keys);
}

bool ssh_cluster_load(struct ssh_cluster *ret, GError **errp)
{
    const char *dir = path_get(PATH_DATA_DIR);
    CLEANUP(tls_cert_freep) struct tls_cert *cert = NULL;
    g_autofree char *family = NULL;

    *ret = (struct ssh_cluster){.name = ssconf_read(dir, SSCONF_cluster_name, NULL, errp)};
    ret->master = ret->name == NULL ? NULL : ssconf_read(dir, SSCONF_master_node, NULL, errp);
    ret->nodes = ret->master == NULL ? NULL : ssconf_read_lines(dir, SSCONF_node_list, errp);
    ret->online = ret->nodes == NULL ? NULL : ssconf_read_lines(dir, SSCONF_online_nodes, errp);
    ret->ports = ret->online == NULL ? NULL : ssconf_read_table(dir, SSCONF_ssh_ports, '=', errp);
    family = ret->ports == NULL ? NULL : ssconf_read(dir, SSCONF_primary_ip_family, "", errp);
    cert = family == NULL ? NULL : tls_cert_read(path_get(PATH_NODED_CERT_FILE), errp);
    ret->keys = cert == NULL ? NULL : public_keys_load(errp);
    if (ret->keys == NULL) {
        ssh_cluster_clear(ret);
        return false;
    }
    ret->ipv6 = g_ascii_strtoll(family, NULL, 10) == AF_INET6;
    ret->certificate = tls_cert_pem(cert);
    return true;
}

struct ssh_host ssh_cluster_host(const struct ssh_cluster *cluster, const char *node)
{
    const char *port = g_hash_table_lookup(cluster->ports, node);

    return (struct ssh_host){.cluster = cluster->name,
                             .node = node,
                             .port = port != NULL ? g_ascii_strtoll(port, NULL, 10) : 0,
                             .ipv6 = cluster->ipv6};
}

/* --- Requests -----------------------------------------------------------------------------------
 */

static struct ssh_update *update_new(const struct ssh_cluster *cluster)
{
    struct ssh_update *update = fact_object_new(&fact_object_ssh_update);

    update->cluster_name = g_strdup(cluster->name);
    update->node_daemon_certificate = g_strdup(cluster->certificate);
    update->has.cluster_name = update->has.node_daemon_certificate = true;
    return update;
}

static void update_free(struct ssh_update *update)
{
    fact_object_free(&fact_object_ssh_update, update);
}
DEFINE_CLEANUP(struct ssh_update *, update_free)

/* Keys of a node into a request's dictionary. */
static void put_keys(struct ssh_keys_dict *dict, const char *uuid, const struct public_keys *keys)
{
    g_autoptr(GPtrArray) lines = public_keys_of(keys, uuid);
    struct nonempty_str_list *list = fact_dict_add(&type_ssh_keys_dict, dict, uuid);

    for (guint i = 0; i < lines->len; i++) {
        char **slot = fact_list_add(&type_nonempty_str_list, list);

        *slot = g_strdup(g_ptr_array_index(lines, i));
    }
}

static void change_with(struct ssh_file_change *change, bool *has, const char *action)
{
    g_free(change->action);
    change->action = g_strdup(action);
    change->has.action = change->has.keys = *has = true;
}

/* --- Telling nodes ------------------------------------------------------------------------------
 */

struct round {
    const struct ssh_cluster *cluster;
    GArray *pushes; /* struct ssh_push */
};

static void round_add(struct round *round, const char *node, const struct ssh_update *update)
{
    const struct ssh_push push = {.host = ssh_cluster_host(round->cluster, node), .update = update};

    g_array_append_val(round->pushes, push);
}

/* Every online node but the master and the nodes named: the second request for those that have the
 * list of keys, the first (NULL: nothing) for the rest. */
static void round_add_others(struct round *round, const struct ssh_member *members, size_t n,
                             const char *const *candidates, const struct ssh_update *normal,
                             const struct ssh_update *candidate)
{
    const struct ssh_cluster *cluster = round->cluster;

    for (char **node = cluster->nodes; *node != NULL; node++) {
        bool skip = strcmp(*node, cluster->master) == 0 ||
                    !g_strv_contains((const char *const *)cluster->online, *node);
        const struct ssh_update *update = g_strv_contains(candidates, *node) ? candidate : normal;

        for (size_t i = 0; i < n; i++) {
            skip = skip || strcmp(members[i].name, *node) == 0;
        }
        if (!skip && update != NULL) {
            round_add(round, *node, update);
        }
    }
}

/* Nodes that cannot be told do not keep the others from it. */
static void round_run(struct round *round, struct json *failures)
{
    struct ssh_push *pushes = (struct ssh_push *)(void *)round->pushes->data;

    ssh_push_updates(pushes, round->pushes->len);
    for (guint i = 0; i < round->pushes->len; i++) {
        struct json *failure;

        if (pushes[i].error == NULL) {
            continue;
        }
        log_error("%s", pushes[i].error->message);
        failure = json_new_array();
        json_append(failure, json_new_string(pushes[i].host.node));
        json_append(failure, json_new_string(pushes[i].error->message));
        json_append(failures, failure);
        g_clear_error(&pushes[i].error);
    }
    g_array_set_size(round->pushes, 0);
}

static bool any_has(const struct ssh_member *members, size_t n, unsigned flags)
{
    for (size_t i = 0; i < n; i++) {
        if (members[i].flags & flags) {
            return true;
        }
    }
    return false;
}

/* --- Adding -------------------------------------------------------------------------------------
 */

/* A node that was prepared stands in the list by its name; from now on by its UUID. */
static bool settle(struct ssh_cluster *cluster, const struct ssh_member *member, GError **errp)
{
    g_autoptr(GPtrArray) by_name = public_keys_of(cluster->keys, member->name);
    g_autoptr(GPtrArray) by_uuid = public_keys_of(cluster->keys, member->uuid);

    if (by_name->len == 0 && by_uuid->len == 0) {
        return err_fail(errp, ERR_SSH_UPDATE, ECODE_NONE,
                        "%s has no key of node %s (UUID %s); prepare the node first",
                        path_get(PATH_SSH_PUB_KEYS), member->name, member->uuid);
    }
    public_keys_rename(cluster->keys, member->name, member->uuid);
    return true;
}

/* The node itself gets the whole list; without it, it is no use to go on. */
static bool give_list(struct ssh_cluster *cluster, const struct ssh_member *member, GError **errp)
{
    CLEANUP(update_freep) struct ssh_update *update = update_new(cluster);
    struct ssh_push push = {.host = ssh_cluster_host(cluster, member->name), .update = update};
    g_autoptr(GPtrArray) nodes = public_keys_nodes(cluster->keys);

    change_with(&update->public_keys, &update->has.public_keys, C_SSHS_OVERRIDE);
    for (guint i = 0; i < nodes->len; i++) {
        put_keys(&update->public_keys.keys, g_ptr_array_index(nodes, i), cluster->keys);
    }
    ssh_push_updates(&push, 1);
    if (push.error == NULL) {
        return true;
    }
    if (member->flags & SSH_ADD_PUBLIC) {
        (void)public_keys_remove(cluster->keys, member->uuid);
        (void)!public_keys_save(cluster->keys, NULL);
    }
    g_propagate_error(errp, push.error);
    return false;
}

static bool authorize_here(const struct ssh_cluster *cluster, const struct ssh_member *member,
                           GError **errp)
{
    g_autoptr(GPtrArray) keys = public_keys_of(cluster->keys, member->uuid);

    return ssh_authorize((const char *const *)keys->pdata, keys->len, errp);
}

bool ssh_members_add(struct ssh_cluster *cluster, const struct ssh_member *members, size_t n,
                     const char *const *candidates, struct json *failures, GError **errp)
{
    CLEANUP(update_freep) struct ssh_update *normal = update_new(cluster);
    CLEANUP(update_freep) struct ssh_update *candidate = update_new(cluster);
    g_autoptr(GArray) pushes = g_array_new(FALSE, FALSE, sizeof(struct ssh_push));
    struct round round = {.cluster = cluster, .pushes = pushes};
    bool to_authorized = any_has(members, n, SSH_ADD_AUTHORIZED);

    for (size_t i = 0; i < n; i++) {
        if ((members[i].flags & SSH_ADD_PUBLIC) && !settle(cluster, &members[i], errp)) {
            return false;
        }
    }
    if (!public_keys_save(cluster->keys, errp)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const struct ssh_member *member = &members[i];

        if ((member->flags & SSH_ADD_AUTHORIZED) && !authorize_here(cluster, member, errp)) {
            return false;
        }
        if ((member->flags & SSH_ADD_GET_LIST) && !give_list(cluster, member, errp)) {
            return false;
        }
        if (member->flags & SSH_ADD_AUTHORIZED) {
            put_keys(&normal->authorized_keys.keys, member->uuid, cluster->keys);
            put_keys(&candidate->authorized_keys.keys, member->uuid, cluster->keys);
        }
        if (member->flags & SSH_ADD_PUBLIC) {
            put_keys(&candidate->public_keys.keys, member->uuid, cluster->keys);
        }
    }
    if (to_authorized) {
        change_with(&normal->authorized_keys, &normal->has.authorized_keys, C_SSHS_ADD);
        change_with(&candidate->authorized_keys, &candidate->has.authorized_keys, C_SSHS_ADD);
    }
    if (any_has(members, n, SSH_ADD_PUBLIC)) {
        change_with(&candidate->public_keys, &candidate->has.public_keys, C_SSHS_REPLACE_OR_ADD);
    }
    /* The nodes that are added hear it too: they are in the cluster already. */
    round_add_others(&round, NULL, 0, candidates, to_authorized ? normal : NULL, candidate);
    round_run(&round, failures);
    return true;
}

/* --- Removing -----------------------------------------------------------------------------------
 */

static void spare(struct public_keys *keys, const char *uuid, const struct public_keys *spared)
{
    g_autoptr(GPtrArray) nodes = public_keys_nodes(spared);

    for (guint i = 0; i < nodes->len; i++) {
        g_autoptr(GPtrArray) lines = public_keys_of(spared, g_ptr_array_index(nodes, i));

        for (guint k = 0; k < lines->len; k++) {
            public_keys_remove_key(keys, uuid, g_ptr_array_index(lines, k));
        }
    }
}

/* The keys that shall go, by UUID; NULL and *errp if a node's are not known. */
static struct public_keys *keys_to_remove(const struct ssh_cluster *cluster,
                                          const struct ssh_member *members, size_t n,
                                          const struct ssh_removal *how, GError **errp)
{
    CLEANUP(public_keys_freep) struct public_keys *gone = public_keys_new();

    for (size_t i = 0; i < n; i++) {
        const char *uuid = members[i].uuid;
        g_autoptr(GPtrArray) keys =
            public_keys_of(how->keys != NULL ? how->keys : cluster->keys, uuid);

        if (!(members[i].flags & (SSH_REMOVE_AUTHORIZED | SSH_REMOVE_PUBLIC))) {
            continue;
        }
        if (how->keys == NULL && strcmp(members[i].name, cluster->master) == 0) {
            err_set(errp, ERR_SSH_UPDATE, ECODE_NONE,
                    "the keys of the master, %s, cannot be removed", cluster->master);
            return NULL;
        }
        if (keys->len == 0 && !how->readd) {
            err_set(errp, ERR_SSH_UPDATE, ECODE_NONE, "%s has no key of node %s (UUID %s)",
                    path_get(PATH_SSH_PUB_KEYS), members[i].name, uuid);
            return NULL;
        }
        for (guint k = 0; k < keys->len; k++) {
            public_keys_add(gone, uuid, g_ptr_array_index(keys, k));
        }
        if (how->spared != NULL) {
            spare(gone, uuid, how->spared);
        }
    }
    return g_steal_pointer(&gone);
}

static bool deauthorize_here(const struct public_keys *gone, const char *uuid, GError **errp)
{
    g_autoptr(GPtrArray) keys = public_keys_of(gone, uuid);

    return keys->len == 0 || ssh_deauthorize((const char *const *)keys->pdata, keys->len, errp);
}

/* What a node that goes is told about its own files; false if there is nothing to tell. */
static bool farewell(const struct ssh_cluster *cluster, const struct ssh_member *member,
                     const struct ssh_removal *how, const struct public_keys *gone,
                     struct ssh_update *update)
{
    if (member->flags & SSH_REMOVE_OWN_AUTHORIZED) {
        change_with(&update->authorized_keys, &update->has.authorized_keys, C_SSHS_REMOVE);
        for (const char *const *uuid = how->master_candidates; *uuid != NULL; uuid++) {
            if (strcmp(*uuid, member->uuid) != 0) {
                put_keys(&update->authorized_keys.keys, *uuid, cluster->keys);
            }
        }
    }
    if (member->flags & SSH_REMOVE_OWN_LIST) {
        change_with(&update->public_keys, &update->has.public_keys, C_SSHS_CLEAR);
    } else if (member->flags & SSH_REMOVE_PUBLIC) {
        change_with(&update->public_keys, &update->has.public_keys, C_SSHS_REMOVE);
        put_keys(&update->public_keys.keys, member->uuid, gone);
    }
    return update->has.authorized_keys || update->has.public_keys;
}

bool ssh_members_remove(struct ssh_cluster *cluster, const struct ssh_member *members, size_t n,
                        const struct ssh_removal *how, struct json *failures, GError **errp)
{
    CLEANUP(update_freep) struct ssh_update *update = update_new(cluster);
    CLEANUP(public_keys_freep) struct public_keys *gone = NULL;
    g_autoptr(GPtrArray) farewells = g_ptr_array_new_with_free_func((GDestroyNotify)update_free);
    g_autoptr(GArray) pushes = g_array_new(FALSE, FALSE, sizeof(struct ssh_push));
    struct round round = {.cluster = cluster, .pushes = pushes};
    bool from_authorized = any_has(members, n, SSH_REMOVE_AUTHORIZED);

    gone = keys_to_remove(cluster, members, n, how, errp);
    if (gone == NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (members[i].flags & SSH_REMOVE_AUTHORIZED) {
            change_with(&update->authorized_keys, &update->has.authorized_keys, C_SSHS_REMOVE);
            put_keys(&update->authorized_keys.keys, members[i].uuid, gone);
            if (!deauthorize_here(gone, members[i].uuid, errp)) {
                return false;
            }
        }
        if (members[i].flags & SSH_REMOVE_PUBLIC) {
            change_with(&update->public_keys, &update->has.public_keys, C_SSHS_REMOVE);
            put_keys(&update->public_keys.keys, members[i].uuid, gone);
        }
    }
    if (update->has.authorized_keys || update->has.public_keys) {
        round_add_others(&round, members, n, how->candidates, from_authorized ? update : NULL,
                         update);
    }
    for (size_t i = 0; i < n; i++) {
        struct ssh_update *last = update_new(cluster);

        g_ptr_array_add(farewells, last);
        if (farewell(cluster, &members[i], how, gone, last)) {
            round_add(&round, members[i].name, last);
        }
    }
    round_run(&round, failures);
    for (size_t i = 0; i < n; i++) {
        if (members[i].flags & SSH_REMOVE_PUBLIC) {
            (void)public_keys_remove(cluster->keys, members[i].uuid);
        }
    }
    return public_keys_save(cluster->keys, errp);
}

/* --- Calls --------------------------------------------------------------------------------------
 */

static char **copy_strv(const struct str_list *list)
{
    char **copy = g_new0(char *, list->n + 1);

    for (size_t i = 0; i < list->n; i++) {
        copy[i] = g_strdup(list->v[i]);
    }
    return copy;
}

NODED_CALL(node_ssh_key_add, NODED_WORKER)
{
    const struct ssh_member member = {.uuid = args->node_uuid,
                                      .name = args->node_name,
                                      .flags =
                                          (args->to_authorized_keys ? SSH_ADD_AUTHORIZED : 0u) |
                                          (args->to_public_keys ? SSH_ADD_PUBLIC : 0u) |
                                          (args->get_public_keys ? SSH_ADD_GET_LIST : 0u)};
    g_auto(GStrv) candidates = copy_strv(&args->potential_master_candidates);
    CLEANUP(json_unrefp) struct json *failures = json_new_array();
    CLEANUP(ssh_cluster_clear) struct ssh_cluster cluster = {0};

    if (!ssh_cluster_load(&cluster, errp) ||
        !ssh_members_add(&cluster, &member, 1, (const char *const *)candidates, failures, errp)) {
        return false;
    }
    json_write_value(result, failures);
    return true;
}

NODED_CALL(node_ssh_key_remove, NODED_WORKER)
{
    const struct ssh_member member = {
        .uuid = args->node_uuid,
        .name = args->node_name,
        .flags = (args->from_authorized_keys ? SSH_REMOVE_AUTHORIZED : 0u) |
                 (args->from_public_keys ? SSH_REMOVE_PUBLIC : 0u) |
                 (args->clear_authorized_keys ? SSH_REMOVE_OWN_AUTHORIZED : 0u) |
                 (args->clear_public_keys ? SSH_REMOVE_OWN_LIST : 0u)};
    g_auto(GStrv) master_candidates = copy_strv(&args->master_candidate_uuids);
    g_auto(GStrv) candidates = copy_strv(&args->potential_master_candidates);
    const struct ssh_removal how = {.master_candidates = (const char *const *)master_candidates,
                                    .candidates = (const char *const *)candidates,
                                    .readd = args->readd};
    CLEANUP(json_unrefp) struct json *failures = json_new_array();
    CLEANUP(ssh_cluster_clear) struct ssh_cluster cluster = {0};

    if (member.flags == 0) {
        return noded_fail(errp, "no file was named from which the key of %s shall go",
                          args->node_name);
    }
    if (!ssh_cluster_load(&cluster, errp) ||
        !ssh_members_remove(&cluster, &member, 1, &how, failures, errp)) {
        return false;
    }
    json_write_value(result, failures);
    return true;
}
