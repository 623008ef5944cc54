/* Methods on the configuration as a whole. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/store/store.h"
#include "compat-config/verify/verify.h"
#include "compat-config/wconfd/core/methods.h"
#include "facts/codec.h"
#include "facts/errors.h"

enum wconfd_outcome do_wconfd_echo(struct wconfd_core *core, struct wconfd_call *call,
                                   const void *args, GError **errp)
{
    const struct method_wconfd_echo *a = args;

    (void)core;
    (void)errp;
    json_write_string(call->result, a->text);
    return WCONFD_DONE;
}

static enum wconfd_outcome tell_config(struct wconfd_core *core, struct wconfd_call *call)
{
    g_autoptr(GString) text = g_string_new(NULL);

    cfg_encode(core->cfg, text);
    json_write_raw(call->result, text->str, text->len);
    return WCONFD_DONE;
}

enum wconfd_outcome do_wconfd_read_config(struct wconfd_core *core, struct wconfd_call *call,
                                          const void *args, GError **errp)
{
    (void)args;
    (void)errp;
    return tell_config(core, call);
}

/* The list of problems is the error's second argument. */
static void set_verify_error(GError **errp, const GPtrArray *problems)
{
    CLEANUP(json_unrefp) struct json *error = json_new_array();
    struct json *list = json_new_array(), *args = json_new_array();

    for (guint i = 0; i < problems->len; i++) {
        json_append(list, json_new_string(g_ptr_array_index(problems, i)));
    }
    json_append(args, json_new_string("Validation failed"));
    json_append(args, list);
    json_append(error, json_new_string(err_class_word(ERR_CONFIG_VERIFY)));
    json_append(error, args);
    g_propagate_error(errp, err_decode(error));
}

enum wconfd_outcome do_wconfd_verify_config(struct wconfd_core *core, struct wconfd_call *call,
                                            const void *args, GError **errp)
{
    g_autoptr(GPtrArray) problems = cfg_verify_references(core->cfg);

    (void)args;
    if (problems->len > 0) {
        set_verify_error(errp, problems);
        return WCONFD_ERROR;
    }
    return core_done(call);
}

/* A configuration that came whole: what it shares with the present one stays. Its serial number
 * goes up unless nothing changed (Monad.hs unpackConfigResult). */
static bool take_config(struct wconfd_core *core, struct json *config, GError **errp)
{
    g_autofree char *text = json_to_string(config, JSON_COMPACT);
    CLEANUP(cfg_unrefp) const struct cfg *given = cfg_parse(text, strlen(text), errp);
    CLEANUP(cfg_unrefp) const struct cfg *shared = NULL;
    struct cfg_txn *txn;

    if (given == NULL) {
        return false;
    }
    shared = cfg_share(given, core->cfg);
    if (cfg_equal(shared, core->cfg)) {
        return true;
    }
    txn = cfg_txn_begin(shared);
    cfg_txn_set_silent(txn);
    cfg_txn_set_head(txn, cfg_serial(given) + 1, core_now());
    core_publish(core, cfg_txn_commit(txn, 0));
    return true;
}

static bool holds_config(const struct wconfd_core *core, const struct client_id *client,
                         enum lock_mode mode)
{
    return locking_mode(core->locking, client, lock_name_of_config()) >= mode;
}

enum wconfd_outcome do_wconfd_write_config(struct wconfd_core *core, struct wconfd_call *call,
                                           const void *args, GError **errp)
{
    const struct method_wconfd_write_config *a = args;

    if (!holds_config(core, &a->client, LOCK_EXCLUSIVE)) {
        err_set(errp, ERR_GENERIC, ECODE_NONE,
                "Requested exclusive lock on the configuration missing");
        return WCONFD_ERROR;
    }
    if (!take_config(core, a->config, errp)) {
        return WCONFD_ERROR;
    }
    return core_done(call);
}

static void unlock(struct wconfd_core *core, const struct client_id *client)
{
    locking_free_level(core->locking, client, LOCK_LEVEL_CONFIG);
    core_locks_changed(core, client);
}

enum wconfd_outcome do_wconfd_write_config_and_unlock(struct wconfd_core *core,
                                                      struct wconfd_call *call, const void *args,
                                                      GError **errp)
{
    const struct method_wconfd_write_config_and_unlock *a = args;
    bool holds = holds_config(core, &a->client, LOCK_EXCLUSIVE);

    if (!holds) {
        g_warning("a client (process %" G_GINT64_FORMAT ") that does not hold the lock of the "
                  "configuration tried to write it and give the lock back",
                  a->client.pid);
    } else if (!take_config(core, a->config, errp)) {
        return WCONFD_ERROR;
    } else {
        unlock(core, &a->client);
    }
    json_write_bool(call->result, holds);
    return WCONFD_DONE;
}

enum wconfd_outcome do_wconfd_lock_config(struct wconfd_core *core, struct wconfd_call *call,
                                          const void *args, GError **errp)
{
    const struct method_wconfd_lock_config *a = args;
    enum lock_mode mode = a->shared ? LOCK_SHARED : LOCK_EXCLUSIVE;
    const struct lock_request request = {lock_name_of_config(), mode};

    if (holds_config(core, &a->client, mode)) {
        g_warning("a client (process %" G_GINT64_FORMAT ") asks for the lock of the configuration, "
                  "which it has",
                  a->client.pid);
        return tell_config(core, call);
    }
    switch (locking_try(core->locking, &a->client, &request, 1, NULL, errp)) {
    case LOCKING_DONE:
        core_locks_changed(core, &a->client);
        return tell_config(core, call);
    case LOCKING_BLOCKED:
        json_write_null(call->result);
        return WCONFD_DONE;
    case LOCKING_REFUSED:
    default:
        return WCONFD_ERROR;
    }
}

enum wconfd_outcome do_wconfd_unlock_config(struct wconfd_core *core, struct wconfd_call *call,
                                            const void *args, GError **errp)
{
    const struct method_wconfd_unlock_config *a = args;

    (void)errp;
    unlock(core, &a->client);
    return core_done(call);
}

/* group NULL: everywhere, which wins. */
static enum wconfd_outcome flush(struct wconfd_core *core, struct wconfd_call *call,
                                 const char *group)
{
    bool first = !core->write_forced;

    if (first) {
        core->flush_group = g_strdup(group);
    } else if (g_strcmp0(core->flush_group, group) != 0) {
        g_clear_pointer(&core->flush_group, g_free);
    }
    core->write_forced = true;
    return core_done(call);
}

enum wconfd_outcome do_wconfd_flush_config(struct wconfd_core *core, struct wconfd_call *call,
                                           const void *args, GError **errp)
{
    (void)args;
    (void)errp;
    return flush(core, call, NULL);
}

enum wconfd_outcome do_wconfd_flush_config_group(struct wconfd_core *core, struct wconfd_call *call,
                                                 const void *args, GError **errp)
{
    const struct method_wconfd_flush_config_group *a = args;

    (void)errp;
    return flush(core, call, a->group);
}
