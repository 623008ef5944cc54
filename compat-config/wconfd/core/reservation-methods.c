/* Methods on reservations (src/Ganeti/WConfd/TempRes.hs). */
#include "config.h"

#include <string.h>

#include "base/random.h"
#include "compat-config/model/disk.h"
#include "compat-config/model/pool.h"
#include "compat-config/wconfd/core/methods.h"
#include "compat-config/wconfd/core/object-private.h"
#include "facts/constants.h"
#include "facts/errors.h"

enum {
    /* Tries to find a random value that nobody has. */
    RETRIES = 64,
    MAC_RANDOM_BYTES = 3,
};

enum wconfd_outcome do_wconfd_drop_all_reservations(struct wconfd_core *core,
                                                    struct wconfd_call *call, const void *args,
                                                    GError **errp)
{
    const struct method_wconfd_drop_all_reservations *a = args;

    (void)errp;
    if (reservations_drop(core->reservations, &a->client)) {
        core_reservations_changed(core, NULL);
    }
    return core_done(call);
}

static bool reserve(struct wconfd_core *core, enum reserved_kind kind,
                    const struct client_id *client, const char *value, GError **errp)
{
    if (!reservations_add(core->reservations, kind, client, value, errp)) {
        return false;
    }
    core_reservations_changed(core, client);
    return true;
}

/* ---- what the configuration has ---- */

static bool mac_is_used(const struct cfg *cfg, const char *mac)
{
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = cfg_instance_at(cfg, i);

        for (size_t k = 0; k < instance->nics.n; k++) {
            if (strcmp(instance->nics.v[k].mac, mac) == 0) {
                return true;
            }
        }
    }
    return false;
}

struct search {
    const char *value;
    bool found;
};

static void match_secret(const struct disk *disk, void *data)
{
    struct search *search = data;
    struct cfg_drbd drbd;

    if (cfg_disk_drbd(disk, &drbd) && g_strcmp0(drbd.secret, search->value) == 0) {
        search->found = true;
    }
}

static void match_lv(const struct disk *disk, void *data)
{
    struct search *search = data;
    const char *vg, *lv;

    if (cfg_disk_lv(disk, &vg, &lv)) {
        size_t len = strlen(vg);

        if (strncmp(search->value, vg, len) == 0 && search->value[len] == '/' &&
            strcmp(search->value + len + 1, lv) == 0) {
            search->found = true;
        }
    }
}

static bool any_disk(const struct cfg *cfg, void (*match)(const struct disk *disk, void *data),
                     const char *value)
{
    struct search search = {.value = value};

    for (size_t i = 0; !search.found && i < cfg_disk_count(cfg); i++) {
        cfg_disk_walk(cfg_disk_at(cfg, i), match, &search);
    }
    return search.found;
}

static bool is_used(const struct cfg *cfg, enum reserved_kind kind, const char *value)
{
    switch (kind) {
    case RESERVED_MAC:
        return mac_is_used(cfg, value);
    case RESERVED_DRBD_SECRET:
        return any_disk(cfg, match_secret, value);
    case RESERVED_LV:
        return any_disk(cfg, match_lv, value);
    case RESERVED_IPV4:
    case RESERVED_COUNT:
    default:
        return false;
    }
}

/* ---- MAC addresses, secrets, volumes ---- */

enum wconfd_outcome do_wconfd_reserve_mac(struct wconfd_core *core, struct wconfd_call *call,
                                          const void *args, GError **errp)
{
    const struct method_wconfd_reserve_mac *a = args;

    if (is_used(core->cfg, RESERVED_MAC, a->mac)) {
        err_set(errp, ERR_RESERVATION, ECODE_NONE, "MAC already in use");
        return WCONFD_ERROR;
    }
    return reserve(core, RESERVED_MAC, &a->client, a->mac, errp) ? core_done(call) : WCONFD_ERROR;
}

enum wconfd_outcome do_wconfd_reserve_lv(struct wconfd_core *core, struct wconfd_call *call,
                                         const void *args, GError **errp)
{
    const struct method_wconfd_reserve_lv *a = args;

    if (is_used(core->cfg, RESERVED_LV, a->volume)) {
        err_set(errp, ERR_RESERVATION, ECODE_NONE, "logical volume %s already in use", a->volume);
        return WCONFD_ERROR;
    }
    return reserve(core, RESERVED_LV, &a->client, a->volume, errp) ? core_done(call) : WCONFD_ERROR;
}

/* "PREFIX:xx:xx:xx". */
static char *random_mac(const char *prefix)
{
    GString *text = g_string_new(prefix);

    for (size_t i = 0; i < MAC_RANDOM_BYTES; i++) {
        g_autofree char *byte = random_hex(1);

        g_string_append_printf(text, ":%s", byte);
    }
    return g_string_free(text, FALSE);
}

static enum wconfd_outcome generate(struct wconfd_core *core, struct wconfd_call *call,
                                    enum reserved_kind kind, const struct client_id *client,
                                    const char *prefix, GError **errp)
{
    for (int i = 0; i < RETRIES; i++) {
        g_autofree char *value =
            kind == RESERVED_MAC ? random_mac(prefix) : random_hex(C_DRBD_SECRET_LENGTH);

        if (!reservations_has(core->reservations, kind, value) &&
            !is_used(core->cfg, kind, value)) {
            (void)reserve(core, kind, client, value, NULL);
            json_write_string(call->result, value);
            return WCONFD_DONE;
        }
    }
    err_set(errp, ERR_RESERVATION, ECODE_NONE, "Not able generate new resource");
    return WCONFD_ERROR;
}

static const struct network *find_network(const struct cfg *cfg, const char *uuid, GError **errp)
{
    const struct network *network = cfg_network_get(cfg, uuid);

    if (network == NULL) {
        err_set(errp, ERR_RESERVATION, ECODE_NONE, "Network '%s' not found", uuid);
    }
    return network;
}

enum wconfd_outcome do_wconfd_generate_mac(struct wconfd_core *core, struct wconfd_call *call,
                                           const void *args, GError **errp)
{
    const struct method_wconfd_generate_mac *a = args;
    const char *prefix = cfg_cluster(core->cfg)->mac_prefix;

    if (a->has.network) {
        const struct network *network = find_network(core->cfg, a->network, errp);

        if (network == NULL) {
            return WCONFD_ERROR;
        }
        prefix = network->has.mac_prefix ? network->mac_prefix : prefix;
    }
    return generate(core, call, RESERVED_MAC, &a->client, prefix, errp);
}

enum wconfd_outcome do_wconfd_generate_drbd_secret(struct wconfd_core *core,
                                                   struct wconfd_call *call, const void *args,
                                                   GError **errp)
{
    const struct method_wconfd_generate_drbd_secret *a = args;

    return generate(core, call, RESERVED_DRBD_SECRET, &a->client, "", errp);
}

/* ---- addresses ---- */

enum wconfd_outcome do_wconfd_reserve_ip(struct wconfd_core *core, struct wconfd_call *call,
                                         const void *args, GError **errp)
{
    const struct method_wconfd_reserve_ip *a = args;
    const struct network *network = find_network(core->cfg, a->network, errp);
    g_autofree char *value = NULL;
    uint32_t index;

    if (network == NULL) {
        return WCONFD_ERROR;
    }
    if (!cfg_pool_index(network, a->ip, &index)) {
        err_set(errp, ERR_RESERVATION, ECODE_NONE, "%s does not belong to network %s", a->ip,
                network->name);
        return WCONFD_ERROR;
    }
    if (cfg_pool_is_reserved(network, index, true)) {
        if (a->check) {
            err_set(errp, ERR_RESERVATION, ECODE_NONE, "IP is externally reserved");
            return WCONFD_ERROR;
        }
    } else if (cfg_pool_is_reserved(network, index, false)) {
        err_set(errp, ERR_RESERVATION, ECODE_NONE, "IP address already in use");
        return WCONFD_ERROR;
    }
    value = reserved_ip_value(C_RESERVE_ACTION, a->ip, a->network);
    return reserve(core, RESERVED_IPV4, &a->client, value, errp) ? core_done(call) : WCONFD_ERROR;
}

enum wconfd_outcome do_wconfd_release_ip(struct wconfd_core *core, struct wconfd_call *call,
                                         const void *args, GError **errp)
{
    const struct method_wconfd_release_ip *a = args;
    g_autofree char *value = reserved_ip_value(C_RELEASE_ACTION, a->ip, a->network);

    return reserve(core, RESERVED_IPV4, &a->client, value, errp) ? core_done(call) : WCONFD_ERROR;
}

static bool is_wanted(const struct wconfd_core *core, const char *address, const char *network)
{
    g_autofree char *reserved = reserved_ip_value(C_RESERVE_ACTION, address, network);
    g_autofree char *released = reserved_ip_value(C_RELEASE_ACTION, address, network);

    return reservations_has(core->reservations, RESERVED_IPV4, reserved) ||
           reservations_has(core->reservations, RESERVED_IPV4, released);
}

enum wconfd_outcome do_wconfd_generate_ip(struct wconfd_core *core, struct wconfd_call *call,
                                          const void *args, GError **errp)
{
    const struct method_wconfd_generate_ip *a = args;
    const struct network *network = find_network(core->cfg, a->network, errp);

    for (uint32_t i = 0; network != NULL && i < cfg_pool_size(network); i++) {
        g_autofree char *address = NULL;

        if (cfg_pool_is_reserved(network, i, false)) {
            continue;
        }
        address = cfg_pool_address(network, i);
        if (!is_wanted(core, address, a->network)) {
            g_autofree char *value = reserved_ip_value(C_RESERVE_ACTION, address, a->network);

            (void)reserve(core, RESERVED_IPV4, &a->client, value, NULL);
            json_write_string(call->result, address);
            return WCONFD_DONE;
        }
    }
    if (network != NULL) {
        err_set(errp, ERR_RESERVATION, ECODE_NONE, "Cannot generate IP. Network is full");
    }
    return WCONFD_ERROR;
}

bool commit_ip(struct cfg_txn *txn, const char *action, const char *uuid, const char *address,
               GError **errp)
{
    struct network *network = cfg_txn_edit_network(txn, uuid);
    bool good;

    if (network == NULL) {
        return err_fail(errp, ERR_RESERVATION, ECODE_NONE, "Network '%s' not found", uuid);
    }
    good = strcmp(action, C_RESERVE_ACTION) == 0 ? cfg_pool_reserve(network, address, false, errp)
                                                 : cfg_pool_release(network, address, false, errp);
    if (!good) {
        err_wrap(errp, ERR_RESERVATION, ECODE_NONE);
    }
    return good;
}

/* A job may commit more than once; what is in the pool already is done. */
static bool is_committed(const struct cfg_txn *txn, const struct reserved_ip *ip)
{
    const struct network *network = cfg_txn_get(txn, CFG_KIND_network, ip->network);
    bool wanted = strcmp(ip->action, C_RESERVE_ACTION) == 0;
    uint32_t index;

    return network != NULL && cfg_pool_index(network, ip->address, &index) &&
           cfg_pool_is_reserved(network, index, false) == wanted;
}

bool commit_reserved_ips(struct wconfd_core *core, struct cfg_txn *txn,
                         const struct client_id *client, GError **errp)
{
    g_autoptr(GPtrArray) values = reservations_of(core->reservations, RESERVED_IPV4, client);
    bool good = true;

    for (guint i = 0; good && i < values->len; i++) {
        struct reserved_ip ip = {0};

        good = reserved_ip_parse(g_ptr_array_index(values, i), &ip) &&
               (is_committed(txn, &ip) || commit_ip(txn, ip.action, ip.network, ip.address, errp));
        reserved_ip_clear(&ip);
    }
    return good;
}

static enum wconfd_outcome end(struct wconfd_core *core, struct wconfd_call *call,
                               struct cfg_txn *txn, bool good)
{
    if (!good) {
        cfg_txn_abort(txn);
        return WCONFD_ERROR;
    }
    core_commit_as_is(core, txn);
    return core_done(call);
}

enum wconfd_outcome do_wconfd_commit_temporary_ips(struct wconfd_core *core,
                                                   struct wconfd_call *call, const void *args,
                                                   GError **errp)
{
    const struct method_wconfd_commit_temporary_ips *a = args;
    struct cfg_txn *txn = cfg_txn_begin(core->cfg);

    return end(core, call, txn, commit_reserved_ips(core, txn, &a->client, errp));
}

enum wconfd_outcome do_wconfd_commit_release_temporary_ip(struct wconfd_core *core,
                                                          struct wconfd_call *call,
                                                          const void *args, GError **errp)
{
    const struct method_wconfd_commit_release_temporary_ip *a = args;
    struct cfg_txn *txn = cfg_txn_begin(core->cfg);

    return end(core, call, txn, commit_ip(txn, C_RELEASE_ACTION, a->network, a->ip, errp));
}

enum wconfd_outcome do_wconfd_list_reserved_ips(struct wconfd_core *core, struct wconfd_call *call,
                                                const void *args, GError **errp)
{
    const struct method_wconfd_list_reserved_ips *a = args;
    g_autoptr(GPtrArray) values = reservations_of(core->reservations, RESERVED_IPV4, &a->client);

    (void)errp;
    json_write_array_begin(call->result);
    for (guint i = 0; i < values->len; i++) {
        reserved_ip_write(g_ptr_array_index(values, i), call->result);
    }
    json_write_array_end(call->result);
    return WCONFD_DONE;
}

/* ---- DRBD minors ---- */

static int compare_minors(const void *a, const void *b)
{
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;

    return (first > second) - (first < second);
}

/* The smallest minor that neither the configuration nor a reservation uses on the node. */
static int64_t free_minor(const struct wconfd_core *core, const char *uuid)
{
    const struct node *node = cfg_node_get(core->cfg, uuid);
    struct cfg_minors used = {0};
    struct reserved_minors reserved = reservations_minors(core->reservations, uuid);
    g_autofree int64_t *all = NULL;
    size_t n = 0;
    int64_t minor = 0;

    if (node != NULL) {
        used = cfg_node_minors(core->cfg, node);
    }
    all = g_new(int64_t, used.n + reserved.n + 1);
    for (size_t i = 0; i < used.n; i++) {
        all[n++] = used.v[i].minor;
    }
    for (size_t i = 0; i < reserved.n; i++) {
        all[n++] = reserved.v[i].minor;
    }
    qsort(all, n, sizeof(*all), compare_minors);
    for (size_t i = 0; i < n && all[i] <= minor; i++) {
        minor = all[i] == minor ? minor + 1 : minor;
    }
    return minor;
}

enum wconfd_outcome do_wconfd_allocate_drbd_minor(struct wconfd_core *core,
                                                  struct wconfd_call *call, const void *args,
                                                  GError **errp)
{
    const struct method_wconfd_allocate_drbd_minor *a = args;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < a->nodes.n; i++) {
        if (!g_hash_table_add(seen, a->nodes.v[i])) {
            err_set(errp, ERR_RESERVATION, ECODE_NONE, "Duplicate nodes detected in list: %s",
                    a->nodes.v[i]);
            return WCONFD_ERROR;
        }
    }
    json_write_array_begin(call->result);
    for (size_t i = 0; i < a->nodes.n; i++) {
        int64_t minor = free_minor(core, a->nodes.v[i]);

        reservations_add_minor(core->reservations, a->nodes.v[i], minor, a->disk);
        json_write_int(call->result, minor);
    }
    json_write_array_end(call->result);
    core_reservations_changed(core, NULL);
    return WCONFD_DONE;
}

enum wconfd_outcome do_wconfd_release_drbd_minors(struct wconfd_core *core,
                                                  struct wconfd_call *call, const void *args,
                                                  GError **errp)
{
    const struct method_wconfd_release_drbd_minors *a = args;

    (void)errp;
    if (reservations_drop_minors(core->reservations, a->disk)) {
        core_reservations_changed(core, NULL);
    }
    return core_done(call);
}

/* minor -> disk, of the configuration and of reservations; false if two disks have one. */
static bool add_minor(GTree *minors, int64_t minor, const char *disk, const char *node,
                      GError **errp)
{
    void *key = GSIZE_TO_POINTER((gsize)minor);
    const char *there = g_tree_lookup(minors, key);

    if (there != NULL) {
        return err_fail(errp, ERR_RESERVATION, ECODE_NONE,
                        "Duplicate DRBD ports detected: minor %" G_GINT64_FORMAT
                        " of node %s by the disks %s and %s",
                        minor, node, there, disk);
    }
    g_tree_insert(minors, key, (void *)disk);
    return true;
}

static int compare_keys(const void *a, const void *b, void *unused)
{
    gsize first = GPOINTER_TO_SIZE(a), second = GPOINTER_TO_SIZE(b);

    (void)unused;
    return (first > second) - (first < second);
}

static bool write_minors(struct wconfd_core *core, const struct node *node, struct json_writer *w,
                         GError **errp)
{
    struct cfg_minors used = cfg_node_minors(core->cfg, node);
    struct reserved_minors reserved = reservations_minors(core->reservations, node->uuid);
    GTree *minors = g_tree_new_full(compare_keys, NULL, NULL, NULL);
    bool good = true;

    for (size_t i = 0; good && i < used.n; i++) {
        good = add_minor(minors, used.v[i].minor, used.v[i].disk->uuid, node->name, errp);
    }
    for (size_t i = 0; good && i < reserved.n; i++) {
        good = add_minor(minors, reserved.v[i].minor, reserved.v[i].disk, node->name, errp);
    }
    json_write_array_begin(w);
    json_write_string(w, node->uuid);
    json_write_array_begin(w);
    for (GTreeNode *at = g_tree_node_first(minors); at != NULL; at = g_tree_node_next(at)) {
        json_write_array_begin(w);
        json_write_int(w, (int64_t)GPOINTER_TO_SIZE(g_tree_node_key(at)));
        json_write_string(w, g_tree_node_value(at));
        json_write_array_end(w);
    }
    json_write_array_end(w);
    json_write_array_end(w);
    g_tree_unref(minors);
    return good;
}

enum wconfd_outcome do_wconfd_compute_drbd_map(struct wconfd_core *core, struct wconfd_call *call,
                                               const void *args, GError **errp)
{
    (void)args;
    json_write_array_begin(call->result);
    for (size_t i = 0; i < cfg_node_count(core->cfg); i++) {
        if (!write_minors(core, cfg_node_at(core->cfg, i), call->result, errp)) {
            return WCONFD_ERROR;
        }
    }
    json_write_array_end(call->result);
    return WCONFD_DONE;
}
