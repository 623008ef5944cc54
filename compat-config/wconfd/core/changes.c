/* Our own methods on the configuration: what changed, and changes of single objects. */
#include "config.h"

#include "compat-config/wconfd/core/changes.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/internal.h"
#include "compat-config/store/store.h"
#include "compat-config/verify/verify.h"
#include "compat-config/wconfd/core/methods.h"
#include "compat-config/wconfd/core/object-private.h"
#include "facts/codec.h"
#include "facts/errors.h"

/* ---- telling ---- */

static const char *container_of(enum cfg_kind kind)
{
    for (size_t i = 0; i < fact_object_config_data.n_members; i++) {
        if (cfg_kind_of_member(&fact_object_config_data.members[i]) == (int)kind) {
            return fact_object_config_data.members[i].name;
        }
    }
    g_assert_not_reached();
}

static int kind_of(const char *container)
{
    for (int kind = 0; kind < CFG_KIND_COUNT; kind++) {
        if (strcmp(container_of(kind), container) == 0) {
            return kind;
        }
    }
    return -1;
}

static void begin_change(struct json_writer *w, enum change_verb verb, const char *container)
{
    json_write_array_begin(w);
    json_write_string(w, fact_enum_change_verb.words[verb]);
    json_write_string(w, container);
}

static void write_change(enum cfg_kind kind, const char *uuid, const void *value, void *data)
{
    struct json_writer *w = data;

    begin_change(w, value == NULL ? CHANGE_REMOVE : CHANGE_EDIT, container_of(kind));
    if (value == NULL) {
        json_write_string(w, uuid);
    } else {
        cfg_write_object(w, cfg_kind_object(kind), value);
    }
    json_write_array_end(w);
}

enum { MEMBER_SERIAL, MEMBER_MTIME, MEMBER_EVERYTHING, MEMBER_CHANGES };

static void write_key(struct json_writer *w, int member)
{
    json_write_key(w, fact_object_config_changes.members[member].name);
}

static void write_changes(const struct cfg *from, const struct cfg *to, struct json_writer *w)
{
    json_write_object_begin(w);
    write_key(w, MEMBER_SERIAL);
    json_write_int(w, cfg_serial(to));
    write_key(w, MEMBER_MTIME);
    json_write_double(w, cfg_mtime(to));
    if (from == NULL) {
        g_autoptr(GString) text = g_string_new(NULL);

        cfg_encode(to, text);
        write_key(w, MEMBER_EVERYTHING);
        json_write_raw(w, text->str, text->len);
    } else {
        write_key(w, MEMBER_CHANGES);
        json_write_array_begin(w);
        if (cfg_cluster(from) != cfg_cluster(to)) {
            begin_change(w, CHANGE_EDIT, fact_object_cluster.name);
            cfg_write_object(w, &fact_object_cluster, cfg_cluster(to));
            json_write_array_end(w);
        }
        cfg_diff(from, to, write_change, w);
        json_write_array_end(w);
    }
    json_write_object_end(w);
}

enum wconfd_outcome do_wconfd_gantry_changes(struct wconfd_core *core, struct wconfd_call *call,
                                             const void *args, GError **errp)
{
    const struct method_wconfd_gantry_changes *a = args;

    (void)errp;
    write_changes(core_snapshot(core, a->serial, a->mtime), core->cfg, call->result);
    return WCONFD_DONE;
}

/* ---- taking ---- */

static bool fail_conflict(GError **errp, const char *container, const char *uuid, const char *what)
{
    return err_fail(errp, ERR_CONFIGURATION, ECODE_STATE,
                    "the configuration has changed since it was read: %s %s %s", container, uuid,
                    what);
}

static bool fail_shape(GError **errp, const char *what)
{
    return err_fail(errp, ERR_GENERIC, ECODE_NONE, "a change of the configuration: %s", what);
}

static const char *uuid_of(const struct fact_object *object, const void *value)
{
    return *(char *const *)(const void *)((const char *)value +
                                          fact_object_find(object, "uuid")->offset);
}

/* Filter rules have no serial number: their changes never conflict but by coming and going. */
static const int64_t *serial_of(const struct fact_object *object, const void *value)
{
    const struct fact_member *member = fact_object_find(object, "serial_no");

    return member == NULL ? NULL
                          : (const int64_t *)(const void *)((const char *)value + member->offset);
}

static bool check_present(const struct cfg *cfg, enum cfg_kind kind, const char *uuid,
                          const int64_t *serial, GError **errp)
{
    const void *present = cfg_get(cfg, kind, uuid);
    const int64_t *present_serial;

    if (present == NULL) {
        return fail_conflict(errp, container_of(kind), uuid, "is gone");
    }
    present_serial = serial_of(cfg_kind_object(kind), present);
    if (serial != NULL && present_serial != NULL && *serial != *present_serial) {
        return fail_conflict(errp, container_of(kind), uuid, "was edited by another");
    }
    return true;
}

/* Moves what is in the new object over the transaction's clone, so that the usual rules of serial
 * numbers apply. */
static void overwrite(const struct fact_object *object, void *clone, void *value)
{
    fact_object_clear(object, clone);
    memcpy(clone, value, object->size);
    g_free(value);
}

static bool take_cluster(const struct cfg *cfg, struct cfg_txn *txn, struct json *json,
                         GError **errp)
{
    struct cluster *cluster = cfg_read_cluster(json, errp);

    if (cluster == NULL) {
        return false;
    }
    if (cluster->serial_no != cfg_cluster(cfg)->serial_no) {
        fact_object_free(&fact_object_cluster, cluster);
        return fail_conflict(errp, fact_object_cluster.name, cfg_cluster(cfg)->uuid,
                             "was edited by another");
    }
    overwrite(&fact_object_cluster, cfg_txn_edit_cluster(txn), cluster);
    return true;
}

static bool take_object(const struct cfg *cfg, struct cfg_txn *txn, enum change_verb verb,
                        enum cfg_kind kind, struct json *json, GError **errp)
{
    const struct fact_object *object = cfg_kind_object(kind);
    void *value = cfg_read_object(kind, json, errp);

    if (value == NULL) {
        return false;
    }
    if (verb == CHANGE_EDIT) {
        if (!check_present(cfg, kind, uuid_of(object, value), serial_of(object, value), errp)) {
            fact_object_free(object, value);
            return false;
        }
        overwrite(object, cfg_txn_edit(txn, kind, uuid_of(object, value)), value);
        return true;
    }
    if (!cfg_txn_add(txn, kind, value)) {
        (void)fail_conflict(errp, container_of(kind), uuid_of(object, value), "is there already");
        fact_object_free(object, value);
        return false;
    }
    return true;
}

static bool take_removal(const struct cfg *cfg, struct cfg_txn *txn, enum cfg_kind kind,
                         const struct json *change, GError **errp)
{
    const struct json *uuid = json_at(change, 2);
    int64_t serial;

    if (json_kind(uuid) != JSON_STRING || json_len(change) != 4 ||
        json_kind(json_at(change, 3)) != JSON_INT) {
        return fail_shape(errp, "a removal needs UUID and serial number");
    }
    serial = json_int(json_at(change, 3));
    return check_present(cfg, kind, json_string(uuid), &serial, errp) &&
           cfg_txn_remove(txn, kind, json_string(uuid));
}

static bool take_change(const struct cfg *cfg, struct cfg_txn *txn, const struct json *change,
                        GError **errp)
{
    const char *container;
    int verb, kind;

    if (json_kind(change) != JSON_ARRAY || json_len(change) < 3 ||
        json_kind(json_at(change, 0)) != JSON_STRING ||
        json_kind(json_at(change, 1)) != JSON_STRING) {
        return fail_shape(errp, "expected verb, container and object");
    }
    verb = fact_enum_find(&fact_enum_change_verb, json_string(json_at(change, 0)));
    container = json_string(json_at(change, 1));
    kind = kind_of(container);
    if (verb == CHANGE_EDIT && strcmp(container, fact_object_cluster.name) == 0) {
        return take_cluster(cfg, txn, json_at(change, 2), errp);
    }
    if (verb < 0 || kind < 0) {
        return fail_shape(errp, verb < 0 ? "there is no such verb" : "there is no such container");
    }
    if (verb == CHANGE_REMOVE) {
        return take_removal(cfg, txn, (enum cfg_kind)kind, change, errp);
    }
    return take_object(cfg, txn, (enum change_verb)verb, (enum cfg_kind)kind, json_at(change, 2),
                       errp);
}

struct cfg_txn *cfg_changes_take(const struct cfg *cfg, struct json *const *v, size_t n,
                                 GError **errp)
{
    struct cfg_txn *txn = cfg_txn_begin(cfg);

    for (size_t i = 0; i < n; i++) {
        if (!take_change(cfg, txn, v[i], errp)) {
            cfg_txn_abort(txn);
            return NULL;
        }
    }
    return txn;
}

/* Problems that were there before must not make a change impossible that may mend them. */
static bool check_no_worse(const struct cfg *before, const struct cfg *after, GError **errp)
{
    g_autoptr(GPtrArray) now = cfg_verify_references(after), then = NULL;

    if (now->len == 0) {
        return true;
    }
    then = cfg_verify_references(before);
    for (guint i = 0; i < now->len; i++) {
        if (!g_ptr_array_find_with_equal_func(then, g_ptr_array_index(now, i), g_str_equal, NULL)) {
            return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                            "the change would leave a broken configuration: %s",
                            (const char *)g_ptr_array_index(now, i));
        }
    }
    return true;
}

/* ---- at the other end ---- */

static void note_change(enum cfg_kind kind, const char *uuid, const void *value, bool added,
                        void *data)
{
    const struct cfg_txn *txn = ((void **)data)[0];
    struct json_writer *w = ((void **)data)[1];
    const struct fact_object *object = cfg_kind_object(kind);

    begin_change(w,
                 value == NULL ? CHANGE_REMOVE
                 : added       ? CHANGE_ADD
                               : CHANGE_EDIT,
                 container_of(kind));
    if (value != NULL) {
        fact_object_encode(object, value, w);
    } else {
        const int64_t *serial = serial_of(object, cfg_get(cfg_txn_base(txn), kind, uuid));

        json_write_string(w, uuid);
        json_write_int(w, serial == NULL ? 0 : *serial);
    }
    json_write_array_end(w);
}

void cfg_changes_write(const struct cfg_txn *txn, struct json_writer *w)
{
    void *data[] = {(void *)txn, w};

    json_write_array_begin(w);
    if (cfg_txn_edited_cluster(txn) != NULL) {
        begin_change(w, CHANGE_EDIT, fact_object_cluster.name);
        fact_object_encode(&fact_object_cluster, cfg_txn_edited_cluster(txn), w);
        json_write_array_end(w);
    }
    cfg_txn_each_change(txn, note_change, data);
    json_write_array_end(w);
}

static bool follow_change(struct cfg_txn *txn, const struct json *change, GError **errp)
{
    const char *container;
    int verb, kind;
    void *value;

    if (json_kind(change) != JSON_ARRAY || json_len(change) != 3 ||
        json_kind(json_at(change, 0)) != JSON_STRING ||
        json_kind(json_at(change, 1)) != JSON_STRING) {
        return fail_shape(errp, "expected verb, container and object");
    }
    verb = fact_enum_find(&fact_enum_change_verb, json_string(json_at(change, 0)));
    container = json_string(json_at(change, 1));
    kind = kind_of(container);
    if (kind < 0 && strcmp(container, fact_object_cluster.name) == 0) {
        value = cfg_read_cluster(json_at(change, 2), errp);
        if (value != NULL) {
            cfg_txn_replace_cluster(txn, value);
        }
        return value != NULL;
    }
    if (verb < 0 || kind < 0) {
        return fail_shape(errp, verb < 0 ? "there is no such verb" : "there is no such container");
    }
    if (verb == CHANGE_REMOVE) {
        if (json_kind(json_at(change, 2)) != JSON_STRING) {
            return fail_shape(errp, "a removal needs a UUID");
        }
        (void)cfg_txn_remove(txn, (enum cfg_kind)kind, json_string(json_at(change, 2)));
        return true;
    }
    value = cfg_read_object((enum cfg_kind)kind, json_at(change, 2), errp);
    if (value != NULL) {
        cfg_txn_replace(txn, (enum cfg_kind)kind, value);
    }
    return value != NULL;
}

const struct cfg *cfg_changes_follow(const struct cfg *from, struct json *answer, GError **errp)
{
    struct config_changes *changes =
        fact_object_decode(&fact_object_config_changes, answer, NULL, errp);
    const struct cfg *next = NULL;
    struct cfg_txn *txn;
    bool good = true;

    if (changes == NULL) {
        return NULL;
    }
    if (changes->has.everything) {
        g_autofree char *text = json_to_string(changes->everything, JSON_COMPACT);

        next = cfg_parse(text, strlen(text), errp);
    } else if (from == NULL) {
        (void)fail_shape(errp, "the answer must have the whole configuration");
    } else {
        txn = cfg_txn_begin(from);
        cfg_txn_set_silent(txn);
        cfg_txn_set_head(txn, changes->serial_no, changes->mtime);
        for (size_t i = 0; good && i < changes->changes.n; i++) {
            good = follow_change(txn, changes->changes.v[i], errp);
        }
        if (good) {
            next = cfg_txn_commit(txn, 0);
        } else {
            cfg_txn_abort(txn);
        }
    }
    fact_object_free(&fact_object_config_changes, changes);
    return next;
}

/* ---- the commit ---- */

/* What was reserved for a disk or by a client is in the configuration now (ConfigModifications.hs
 * addInstance, updateDisk). */
struct settle {
    struct wconfd_core *core;
    bool instances;
};

static void settle_minors(enum cfg_kind kind, const char *uuid, const void *value, bool added,
                          void *data)
{
    struct settle *settle = data;

    (void)added;
    settle->instances = settle->instances || (kind == CFG_KIND_instance && value != NULL);
    if (kind == CFG_KIND_disk && reservations_drop_minors(settle->core->reservations, uuid)) {
        core_reservations_changed(settle->core, NULL);
    }
}

static bool settle_reservations(struct wconfd_core *core, struct cfg_txn *txn,
                                const struct client_id *client, GError **errp)
{
    struct settle settle = {.core = core};

    cfg_txn_each_change(txn, settle_minors, &settle);
    return !settle.instances || commit_reserved_ips(core, txn, client, errp);
}

enum wconfd_outcome do_wconfd_gantry_commit(struct wconfd_core *core, struct wconfd_call *call,
                                            const void *args, GError **errp)
{
    const struct method_wconfd_gantry_commit *a = args;
    const struct cfg *from, *next;
    struct cfg_txn *txn;

    if (core_is_config_locked(core)) {
        core_park(call, core->committers);
        return WCONFD_LATER;
    }
    txn = cfg_changes_take(core->cfg, a->changes.v, a->changes.n, errp);
    if (txn == NULL) {
        return WCONFD_ERROR;
    }
    if (!settle_reservations(core, txn, &a->client, errp)) {
        cfg_txn_abort(txn);
        return WCONFD_ERROR;
    }
    next = cfg_txn_commit(txn, core_now());
    if (!check_no_worse(core->cfg, next, errp)) {
        cfg_unref(next);
        return WCONFD_ERROR;
    }
    from = core_snapshot(core, a->serial, a->mtime);
    write_changes(from, next, call->result);
    core_publish(core, next);
    return WCONFD_DONE;
}
