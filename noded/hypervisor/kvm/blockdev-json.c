#include "config.h"

#include "noded/hypervisor/kvm/blockdev-json.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "base/json.h"

static struct json *value_of(const char *text)
{
    if (strcmp(text, "on") == 0 || strcmp(text, "off") == 0) {
        return json_new_bool(strcmp(text, "on") == 0);
    }
    return json_new_string(text);
}

/* The object that stands at the name, made if it is not there. */
static struct json *child(struct json *object, const char *name)
{
    if (json_kind(json_get(object, name)) != JSON_OBJECT) {
        json_set(object, name, json_new_object());
    }
    return json_get(object, name);
}

static void set(struct json *object, const char *path, const char *value)
{
    g_auto(GStrv) names = g_strsplit(path, ".", -1);
    guint n = g_strv_length(names);

    for (guint i = 0; i + 1 < n; i++) {
        object = child(object, names[i]);
    }
    json_set(object, names[n - 1], value_of(value));
}

/* Objects whose members are numbers are lists. */
static struct json *with_lists(const struct json *value)
{
    struct json_iter it = json_iter_begin(value);
    bool list = json_has(value, "0");
    struct json *out = list ? json_new_array() : json_new_object();

    while (json_iter_next(&it)) {
        struct json *item =
            json_kind(it.value) == JSON_OBJECT ? with_lists(it.value) : json_ref(it.value);

        if (list) {
            json_append(out, item);
        } else {
            json_set(out, it.key, item);
        }
    }
    return out;
}

struct json *kvm_blockdev_to_json(const char *flat)
{
    struct json *nested = json_new_object();
    g_auto(GStrv) parts = g_strsplit(flat, ",", -1);
    struct json *out;

    for (char **part = parts; *part != NULL; part++) {
        char *value = strchr(*part, '=');

        if (value != NULL) {
            *value++ = '\0';
            set(nested, *part, value);
        }
    }
    out = with_lists(nested);
    json_unref(nested);
    return out;
}
