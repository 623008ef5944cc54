#include "config.h"

#include "compat-config/replica/local.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "compat-config/store/store.h"
#include "compat-config/wconfd/core/core.h"
#include "facts/codec.h"
#include "facts/errors.h"

struct wconfd_local {
    char *path; /* NULL: nothing is written */
    struct wconfd_core *core;
};

struct local_call {
    struct wconfd_call call; /* first */
    bool finished;
    GError *error;
};

static void finish(struct wconfd_call *call, const GError *error)
{
    struct local_call *local = (struct local_call *)call;

    local->finished = true;
    local->error = error == NULL ? NULL : g_error_copy(error);
}

static bool save_config(const struct cfg *cfg, void *user, GError **errp)
{
    const struct wconfd_local *local = user;
    const struct fs_write_opts opts = {.mode = 0640, .flags = FS_WRITE_KEEP_PERMS};

    return local->path == NULL || cfg_save(cfg, local->path, &opts, errp);
}

struct wconfd_local *wconfd_local_new(const char *path, const struct cfg *cfg, GError **errp)
{
    CLEANUP(cfg_unrefp) const struct cfg *start = NULL;
    struct wconfd_host host = {.save_config = save_config};
    struct wconfd_local *local;

    start = cfg != NULL ? cfg_ref(cfg) : cfg_load(path, errp);
    if (start == NULL) {
        return NULL;
    }
    local = g_new0(struct wconfd_local, 1);
    local->path = g_strdup(path);
    host.user = local;
    local->core = wconfd_core_new(start, "", &host);
    return local;
}

void wconfd_local_free(struct wconfd_local *local)
{
    if (local != NULL) {
        wconfd_core_free(local->core);
        g_free(local->path);
        g_free(local);
    }
}

static struct json *args_to_json(const struct fact_object *object, const void *args)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *json = NULL;

    fact_object_encode(object, args, &w);
    if (!json_parse(text->str, (gssize)text->len, &json, NULL)) {
        g_assert_not_reached();
    }
    return json;
}

bool wconfd_local_call(struct wconfd_local *local, enum method_id method, const void *args,
                       struct json **ret, GError **errp)
{
    const struct method_row *row = &method_rows[method];
    CLEANUP(json_unrefp) struct json *list = args_to_json(row->args, args);
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct local_call call = {.call = {.result = &w, .finish = finish}};

    wconfd_core_begin(local->core, &call.call, row->wire, list);
    wconfd_core_settle(local->core);
    if (!call.finished) {
        wconfd_core_cancel(local->core, &call.call);
        return err_fail(errp, ERR_TIMEOUT, ECODE_NONE,
                        "%s would wait for ever: nobody else works on this configuration",
                        row->wire);
    }
    if (call.error != NULL) {
        g_propagate_error(errp, call.error);
        return false;
    }
    return ret == NULL || json_parse(text->str, (gssize)text->len, ret, errp);
}

const struct cfg *wconfd_local_config(const struct wconfd_local *local)
{
    return wconfd_core_config(local->core);
}
