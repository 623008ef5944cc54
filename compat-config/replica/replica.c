#include "config.h"

#include "compat-config/replica/replica.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "compat-config/replica/wconfd-client-private.h"
#include "compat-config/store/store.h"
#include "compat-config/wconfd/core/changes.h"
#include "facts/codec.h"
#include "facts/errors.h"

struct cfg_replica {
    struct wconfd_client *client;
    const struct cfg *cfg; /* NULL: none yet */
};

/* Takes over the snapshot; NULL (an error) leaves the present one. */
static bool adopt(struct cfg_replica *replica, const struct cfg *next)
{
    if (next == NULL) {
        return false;
    }
    cfg_unref(replica->cfg);
    replica->cfg = next;
    return true;
}

struct cfg_replica *cfg_replica_new(const struct cfg *start, struct wconfd_client *client,
                                    GError **errp)
{
    struct cfg_replica *replica = g_new0(struct cfg_replica, 1);

    replica->client = client;
    replica->cfg = start == NULL ? NULL : cfg_ref(start);
    if (!cfg_replica_refresh(replica, errp)) {
        cfg_replica_free(replica);
        return NULL;
    }
    return replica;
}

void cfg_replica_free(struct cfg_replica *replica)
{
    cfg_unref(replica->cfg);
    g_free(replica);
}

const struct cfg *cfg_replica_get(struct cfg_replica *replica)
{
    return replica->cfg;
}

/* ---- reading ---- */

static bool refresh_from_changes(struct cfg_replica *replica, GError **errp)
{
    const struct method_wconfd_gantry_changes args = {
        .has = {.serial = true, .mtime = true},
        .serial = replica->cfg == NULL ? -1 : cfg_serial(replica->cfg),
        .mtime = replica->cfg == NULL ? 0 : cfg_mtime(replica->cfg),
    };
    CLEANUP(json_unrefp) struct json *answer = NULL;

    return wconfd_call(replica->client, METHOD_wconfd_gantry_changes, &args, &answer, errp) &&
           adopt(replica, cfg_changes_follow(replica->cfg, answer, errp));
}

/* Objects that did not change stay the same ones. */
static const struct cfg *parse_whole(const struct cfg_replica *replica, const struct json *whole,
                                     GError **errp)
{
    g_autofree char *text = json_to_string(whole, JSON_COMPACT);
    CLEANUP(cfg_unrefp) const struct cfg *given = cfg_parse(text, strlen(text), errp);

    if (given == NULL || replica->cfg == NULL) {
        return g_steal_pointer(&given);
    }
    return cfg_share(given, replica->cfg);
}

static bool refresh_whole(struct cfg_replica *replica, GError **errp)
{
    const struct method_wconfd_read_config args = {0};
    CLEANUP(json_unrefp) struct json *whole = NULL;

    return wconfd_call(replica->client, METHOD_wconfd_read_config, &args, &whole, errp) &&
           adopt(replica, parse_whole(replica, whole, errp));
}

bool cfg_replica_refresh(struct cfg_replica *replica, GError **errp)
{
    const struct cfg *local = wconfd_client_local_config(replica->client);
    GError *error = NULL;

    if (local != NULL) {
        return adopt(replica, cfg_ref(local));
    }
    if (!wconfd_client_is_reference(replica->client)) {
        if (refresh_from_changes(replica, &error)) {
            return true;
        }
        if (!wconfd_client_is_reference(replica->client)) {
            g_propagate_error(errp, error);
            return false;
        }
        g_clear_error(&error);
    }
    return refresh_whole(replica, errp);
}

/* ---- changing ---- */

struct cfg_txn *cfg_replica_begin(struct cfg_replica *replica, GError **errp)
{
    return cfg_replica_refresh(replica, errp) ? cfg_txn_begin(replica->cfg) : NULL;
}

bool cfg_replica_is_conflict(const GError *error)
{
    return err_class(error) == ERR_CONFIGURATION && err_ecode(error) == ECODE_STATE;
}

static struct json *changes_of(const struct cfg_txn *txn)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *changes = NULL;

    cfg_changes_write(txn, &w);
    if (!json_parse(text->str, (gssize)text->len, &changes, NULL)) {
        g_assert_not_reached();
    }
    return changes;
}

static struct any_list list_of(struct json *array)
{
    struct any_list list = {.n = json_len(array)};

    list.v = g_new0(struct json *, list.n + 1);
    for (size_t i = 0; i < list.n; i++) {
        list.v[i] = json_ref(json_at(array, i));
    }
    return list;
}

static bool send_changes(struct cfg_replica *replica, struct json *changes, GError **errp)
{
    struct method_wconfd_gantry_commit args = {
        .has = {.client = true, .serial = true, .mtime = true, .changes = true},
        .serial = cfg_serial(replica->cfg),
        .mtime = cfg_mtime(replica->cfg),
        .changes = list_of(changes),
    };
    CLEANUP(json_unrefp) struct json *answer = NULL;
    bool good;

    fact_object_copy_at(&fact_object_client_id, &args.client, wconfd_client_self(replica->client));
    good = wconfd_call(replica->client, METHOD_wconfd_gantry_commit, &args, &answer, errp);
    fact_object_clear(&fact_object_method_wconfd_gantry_commit, &args);
    return good && adopt(replica, cfg_changes_follow(replica->cfg, answer, errp));
}

/* Whether the changes of a transaction are in the configuration as this transaction makes them. */
struct done {
    const struct cfg *cfg;
    bool all;
};

/* Equal but for what the commit itself sets. */
static bool is_same_but_stamp(const struct fact_object *object, const void *wanted,
                              const void *present)
{
    static const char *const stamps[] = {"serial_no", "ctime", "mtime"};
    void *copy = fact_object_copy(object, wanted);
    bool same;

    for (size_t i = 0; i < G_N_ELEMENTS(stamps); i++) {
        const struct fact_member *member = fact_object_find(object, stamps[i]);

        if (member != NULL) {
            memcpy((char *)copy + member->offset, (const char *)present + member->offset,
                   member->spec->type->size);
            fact_member_mark_set(object, copy, member, fact_member_is_set(object, present, member));
        }
    }
    same = fact_object_equal(object, copy, present);
    fact_object_free(object, copy);
    return same;
}

static void look_for(enum cfg_kind kind, const char *uuid, const void *value, bool added,
                     void *data)
{
    struct done *done = data;
    const void *present = cfg_get(done->cfg, kind, uuid);

    (void)added;
    done->all = done->all &&
                (value == NULL
                     ? present == NULL
                     : present != NULL && is_same_but_stamp(cfg_kind_object(kind), value, present));
}

static bool is_done(const struct cfg *cfg, const struct cfg_txn *txn)
{
    struct done done = {.cfg = cfg, .all = true};
    const struct cluster *cluster = cfg_txn_edited_cluster(txn);

    if (cluster != NULL) {
        done.all = is_same_but_stamp(&fact_object_cluster, cluster, cfg_cluster(cfg));
    }
    cfg_txn_each_change(txn, look_for, &done);
    return done.all;
}

/* A daemon that went away in the middle has made the change or not; the configuration tells. */
static bool commit_changes(struct cfg_replica *replica, const struct cfg_txn *txn,
                           struct json *changes, GError **errp)
{
    GError *error = NULL;

    if (send_changes(replica, changes, &error)) {
        return true;
    }
    if (!err_is(error, ERR_CONNECTION_CLOSED)) {
        g_propagate_error(errp, error);
        return false;
    }
    g_clear_error(&error);
    if (!cfg_replica_refresh(replica, errp)) {
        return false;
    }
    return is_done(replica->cfg, txn) || send_changes(replica, changes, errp);
}

/* ---- with the reference's daemon ---- */

static struct json *encode_whole(const struct cfg *cfg)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json *whole = NULL;

    cfg_encode(cfg, text);
    if (!json_parse(text->str, (gssize)text->len, &whole, NULL)) {
        g_assert_not_reached();
    }
    return whole;
}

/* Methods that need nothing but who we are. */
static bool call_as_self(struct cfg_replica *replica, enum method_id method, GError **errp)
{
    const struct fact_object *object = method_rows[method].args;
    const struct fact_member *client = fact_object_find(object, "client");
    void *args = fact_object_new(object);
    bool good;

    fact_object_copy_at(&fact_object_client_id, (char *)args + client->offset,
                        wconfd_client_self(replica->client));
    fact_member_mark_set(object, args, client, true);
    good = wconfd_call(replica->client, method, args, NULL, errp);
    fact_object_free(object, args);
    return good;
}

/* The lock of the configuration is held: what others did is in whole. */
static const struct cfg *apply_to_whole(struct cfg_replica *replica, struct json *whole,
                                        struct json *changes, GError **errp)
{
    CLEANUP(cfg_unrefp) const struct cfg *now = parse_whole(replica, whole, errp);
    struct any_list list;
    struct cfg_txn *txn;

    if (now == NULL) {
        return NULL;
    }
    list = list_of(changes);
    txn = cfg_changes_take(now, list.v, list.n, errp);
    fact_clear(&type_any_list, &list);
    return txn == NULL ? NULL : cfg_txn_commit(txn, (double)g_get_real_time() / G_USEC_PER_SEC);
}

static bool write_whole(struct cfg_replica *replica, const struct cfg *next, GError **errp)
{
    struct method_wconfd_write_config_and_unlock args = {.has = {.client = true, .config = true},
                                                         .config = encode_whole(next)};
    CLEANUP(json_unrefp) struct json *held = NULL;
    bool good;

    fact_object_copy_at(&fact_object_client_id, &args.client, wconfd_client_self(replica->client));
    good = wconfd_call(replica->client, METHOD_wconfd_write_config_and_unlock, &args, &held, errp);
    fact_object_clear(&fact_object_method_wconfd_write_config_and_unlock, &args);
    return good && (json_kind(held) != JSON_BOOL || json_boolean(held) ||
                    err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                             "the lock of the configuration was lost while it was changed; the "
                             "change may not have been made"));
}

struct reserved {
    struct cfg_replica *replica;
    bool instances;
    bool good;
    GError **errp;
};

/* As ours does on its own. */
static void settle_object(enum cfg_kind kind, const char *uuid, const void *value, bool added,
                          void *data)
{
    struct reserved *reserved = data;
    struct method_wconfd_release_drbd_minors args = {.has.disk = true, .disk = (char *)uuid};

    (void)added;
    reserved->instances = reserved->instances || (kind == CFG_KIND_instance && value != NULL);
    if (kind == CFG_KIND_disk && reserved->good) {
        reserved->good = wconfd_call(reserved->replica->client, METHOD_wconfd_release_drbd_minors,
                                     &args, NULL, reserved->errp);
    }
}

static bool settle_reservations(struct cfg_replica *replica, const struct cfg_txn *txn,
                                GError **errp)
{
    struct reserved reserved = {.replica = replica, .good = true, .errp = errp};

    cfg_txn_each_change(txn, settle_object, &reserved);
    return reserved.good &&
           (!reserved.instances || call_as_self(replica, METHOD_wconfd_commit_temporary_ips, errp));
}

static bool commit_whole(struct cfg_replica *replica, const struct cfg_txn *txn,
                         struct json *changes, GError **errp)
{
    struct method_wconfd_lock_config args = {.has = {.client = true, .shared = true}};
    CLEANUP(json_unrefp) struct json *whole = NULL;
    CLEANUP(cfg_unrefp) const struct cfg *next = NULL;
    bool good;

    fact_object_copy_at(&fact_object_client_id, &args.client, wconfd_client_self(replica->client));
    good = wconfd_call(replica->client, METHOD_wconfd_lock_config, &args, &whole, errp);
    fact_object_clear(&fact_object_method_wconfd_lock_config, &args);
    if (!good) {
        return false;
    }
    next = apply_to_whole(replica, whole, changes, errp);
    if (next == NULL || !write_whole(replica, next, errp)) {
        (void)call_as_self(replica, METHOD_wconfd_unlock_config, NULL);
        return false;
    }
    return settle_reservations(replica, txn, errp) && refresh_whole(replica, errp);
}

bool cfg_replica_commit(struct cfg_replica *replica, struct cfg_txn *txn, GError **errp)
{
    CLEANUP(json_unrefp) struct json *changes = changes_of(txn);
    bool reference = wconfd_client_is_reference(replica->client), good;

    if (!cfg_txn_is_changed(txn)) {
        cfg_txn_abort(txn);
        return true;
    }
    good = reference ? commit_whole(replica, txn, changes, errp)
                     : commit_changes(replica, txn, changes, errp);
    cfg_txn_abort(txn);
    return good;
}
