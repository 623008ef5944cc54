/* Changes of disks and interfaces on the command line. */
#include "config.h"

#include "cli-compat/instance/device-mods.h"

#include <string.h>

#include "base/parse.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "facts/objects.h"

#define WORD(action) fact_enum_ddm_full.words[action]

static bool refuse(GError **errp, const char *text)
{
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "%s", text);
}

/* What comes without an index is meant for the end of the list: "add:size=1G". */
static bool action_is_ident(const char *ident, enum ddm_full *ret)
{
    int action = fact_enum_find(&fact_enum_ddm_full, ident);
    if (action < 0 || action == DDM_MODIFY) {
        return false;
    }
    *ret = (enum ddm_full)action;
    return true;
}

/* The action among the options, "2:remove"; none: it is modified. */
static bool take_action(struct json *params, enum ddm_full *ret, GError **errp)
{
    size_t found = 0;
    *ret = DDM_MODIFY;
    for (size_t i = 0; i < fact_enum_ddm_full.n; i++) {
        if (json_has(params, WORD(i))) {
            json_remove(params, WORD(i));
            *ret = (enum ddm_full)i;
            found++;
        }
    }
    return found <= 1 || refuse(errp, "A device can be added, attached, removed, detached or "
                                      "modified, but only one of these at a time");
}

static bool to_int(struct json *params, const char *key, bool size, GError **errp)
{
    const struct json *value = json_get(params, key);
    int64_t number;
    if (json_kind(value) != JSON_STRING) {
        return true;
    }
    const char *text = json_string(value);
    if (size ? !parse_size_mib(text, &number, NULL)
             : !parse_int64(text, INT64_MIN, INT64_MAX, &number, NULL)) {
        return err_fail(errp, size ? ERR_UNIT_PARSE : ERR_OP_PREREQ,
                        size ? ECODE_NONE : ECODE_INVAL, "'%s' is no good %s of a disk", text, key);
    }
    json_set(params, key, json_new_int(number));
    return true;
}

static bool read_sizes(struct json *params, enum ddm_full action, GError **errp)
{
    if (action == DDM_ADD && !json_has(params, "size")) {
        return refuse(errp, "A new disk needs a size");
    }
    return to_int(params, "spindles", false, errp) && to_int(params, "size", true, errp);
}

static struct json *read_one(const struct json *given, bool disks, GError **errp)
{
    const struct json *ident = json_at(given, 0), *values = json_at(given, 1);
    enum ddm_full action;
    const char *text = json_string(ident);
    if (json_kind(values) != JSON_OBJECT) {
        err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "'%s' needs options, name=value", text);
        return NULL;
    }
    CLEANUP(json_unrefp) struct json *params = json_copy(values);
    bool last = action_is_ident(text, &action);
    if (!last && !take_action(params, &action, errp)) {
        return NULL;
    }
    if ((action == DDM_REMOVE || action == DDM_DETACH) && json_len(params) > 0) {
        (void)refuse(errp, "A device that is removed or detached takes no parameters");
        return NULL;
    }
    if (disks && !read_sizes(params, action, errp)) {
        return NULL;
    }
    struct json *mod = json_new_array();
    json_append(mod, json_new_string(WORD(action)));
    json_append(mod, last ? json_new_int(-1) : json_new_string(text));
    json_append(mod, g_steal_pointer(&params));
    return mod;
}

struct json *device_mods_read(const struct json *given, bool disks, GError **errp)
{
    CLEANUP(json_unrefp) struct json *mods = json_new_array();
    for (size_t i = 0; i < json_len(given); i++) {
        struct json *mod = read_one(json_at(given, i), disks, errp);
        if (mod == NULL) {
            return NULL;
        }
        json_append(mods, mod);
    }
    return g_steal_pointer(&mods);
}

bool device_mods_modify(const struct json *mods)
{
    for (size_t i = 0; i < json_len(mods); i++) {
        if (strcmp(json_string(json_at(json_at(mods, i), 0)), WORD(DDM_MODIFY)) == 0) {
            return true;
        }
    }
    return false;
}
