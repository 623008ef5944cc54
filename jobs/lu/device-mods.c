/* Changes of lists of devices. */
#include "config.h"

#include "jobs/lu/device-mods.h"

#include <string.h>

#include "base/parse.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

static void clear_mod(void *data)
{
    struct lu_mod *mod = data;
    g_free(mod->device);
    json_unref(mod->params);
}

void lu_mods_add(GArray *mods, enum ddm_full action, const char *device, struct json *params)
{
    const struct lu_mod mod = {.action = action, .device = g_strdup(device), .params = params};
    g_array_append_val(mods, mod);
}

struct lu_mod *lu_mods_at(const GArray *mods, guint index)
{
    return &g_array_index(mods, struct lu_mod, index);
}

/* --- Reading them -------------------------------------------------------------------------------
 */
static char *device_text(const struct json *device)
{
    return json_kind(device) == JSON_INT
               ? g_strdup_printf("%" G_GINT64_FORMAT, (gint64)json_int(device))
               : g_strdup(json_string(device));
}

static struct json *params_of(const struct json *mod)
{
    const struct json *params = json_at(mod, json_len(mod) - 1);
    return json_kind(params) == JSON_OBJECT ? json_copy(params) : json_new_object();
}

/* An index in the place of the action is one to be modified. */
static void read_old(const struct json *mod, GArray *out)
{
    const struct json *what = json_at(mod, 0);
    g_autofree char *text = device_text(what);
    if (json_kind(what) == JSON_INT) {
        lu_mods_add(out, DDM_MODIFY, text, params_of(mod));
    } else {
        lu_mods_add(out, (enum ddm_full)fact_enum_find(&fact_enum_ddm_full, text), "-1",
                    params_of(mod));
    }
}

static size_t count_others(const GArray *mods)
{
    size_t n = 0;
    for (guint i = 0; i < mods->len; i++) {
        n += lu_mods_at(mods, i)->action != DDM_MODIFY ? 1 : 0;
    }
    return n;
}

GArray *lu_mods_read(const struct json *mods, const char *kind, GError **errp)
{
    g_autoptr(GArray) out = g_array_new(FALSE, FALSE, sizeof(struct lu_mod));
    g_array_set_clear_func(out, clear_mod);
    size_t n = json_kind(mods) == JSON_ARRAY ? json_len(mods) : 0;
    bool old = n > 0 && json_len(json_at(mods, 0)) == 2;
    for (size_t i = 0; i < n; i++) {
        const struct json *mod = json_at(mods, i);
        if (old) {
            read_old(mod, out);
            continue;
        }
        g_autofree char *device = device_text(json_at(mod, 1));
        int action = fact_enum_find(&fact_enum_ddm_full, json_string(json_at(mod, 0)));
        lu_mods_add(out, (enum ddm_full)action, device, params_of(mod));
    }
    if (old && count_others(out) > 1) {
        err_set(errp, ERR_OP_PREREQ, ECODE_INVAL,
                "In the form of old clients only one %s can be added, attached, removed or "
                "detached at a time",
                kind);
        return NULL;
    }
    return g_steal_pointer(&out);
}

/* --- Which one is meant -------------------------------------------------------------------------
 *
 * Numbers that are out of range end the job with OpExecError, as what the reference raises there is
 * no error of its own. */
static bool check_range(int64_t index, const char *kind, size_t n, GError **errp)
{
    if (index < 0) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "%s: of all negative numbers only -1 means something", kind);
    }
    return (uint64_t)index <= n ||
           err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                    "There is no %s %" G_GINT64_FORMAT ": the instance has %zu", kind,
                    (gint64)index, n);
}

static bool is_number(const char *text, int64_t *ret)
{
    return parse_int64(text, INT64_MIN, INT64_MAX, ret, NULL);
}

bool lu_mod_place(const struct lu_mod *mod, const char *kind, size_t n, size_t *ret, GError **errp)
{
    int64_t index = 0;
    if (!is_number(mod->device, &index)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "'%s' is no place for a new %s: it needs a number, or -1 for the end",
                        mod->device, kind);
    }
    if (index == -1) {
        *ret = n;
        return true;
    }
    *ret = (size_t)index;
    return check_range(index, kind, n, errp);
}

static bool find_named(const char *text, const struct lu_device_id *v, size_t n, size_t *ret)
{
    for (size_t i = 0; v != NULL && i < n; i++) {
        if (g_strcmp0(v[i].uuid, text) == 0 || g_strcmp0(v[i].name, text) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

bool lu_mod_find(const struct lu_mod *mod, const char *kind, const struct lu_device_id *v, size_t n,
                 size_t *ret, GError **errp)
{
    int64_t index = 0;
    if (!is_number(mod->device, &index)) {
        return find_named(mod->device, v, n, ret) ||
               err_fail(errp, ERR_OP_PREREQ, ECODE_NOENT, "The instance has no %s '%s'", kind,
                        mod->device);
    }
    if (index == -1) {
        index = (int64_t)n - 1;
    } else if (!check_range(index, kind, n, errp)) {
        return false;
    }
    if (index < 0 || (uint64_t)index >= n) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "There is no %s '%s': the instance has %zu",
                        kind, mod->device, n);
    }
    *ret = (size_t)index;
    return true;
}

/* --- Names --------------------------------------------------------------------------------------
 */
static bool is_taken(const struct lu_device_id *v, size_t upto, const char *name)
{
    for (size_t i = 0; i <= upto; i++) {
        if (g_strcmp0(v[i].uuid, name) == 0 || (i < upto && g_strcmp0(v[i].name, name) == 0)) {
            return true;
        }
    }
    return false;
}

bool lu_device_names_check(const struct lu_device_id *v, size_t n, const char *kind, GError **errp)
{
    int64_t number;
    for (size_t i = 0; i < n; i++) {
        const char *name = v[i].name;
        if (name == NULL || g_ascii_strcasecmp(name, C_VALUE_NONE) == 0) {
            continue;
        }
        if (is_number(name, &number)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "'%s' cannot be the name of a %s: it is a number", name, kind);
        }
        if (is_taken(v, i, name)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_NOTUNIQUE,
                            "Another %s of the instance is named '%s'", kind, name);
        }
    }
    return true;
}

/* --- Parameters and results ---------------------------------------------------------------------
 */
bool lu_mod_text(const struct lu_mod *mod, const char *key, const char **ret)
{
    const struct json *value = json_get(mod->params, key);
    if (ret != NULL) {
        *ret = json_kind(value) == JSON_STRING ? json_string(value) : NULL;
    }
    return json_has(mod->params, key);
}

void lu_mod_take_none(struct lu_mod *mod, const char *key)
{
    const char *value;
    if (lu_mod_text(mod, key, &value) && value != NULL &&
        g_ascii_strcasecmp(value, C_VALUE_NONE) == 0) {
        json_set(mod->params, key, NULL);
    }
}

void lu_change_add(struct json *changes, struct json *value, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *name = g_strdup_vprintf(format, args);
    va_end(args);
    struct json *change = json_new_array();
    json_append(change, json_new_string(name));
    json_append(change, value);
    json_append(changes, change);
}
