#include "config.h"

#include "compat-config/tools/pretty.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"

enum { INDENT = 2 };

static void append(GString *out, const struct json *value, unsigned depth);

static void new_line(GString *out, unsigned depth)
{
    g_string_append_printf(out, "\n%*s", (int)(depth * INDENT), "");
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void append_scalar(GString *out, const struct json *value)
{
    g_autofree char *text = json_to_string(value, JSON_PYTHON);

    g_string_append(out, text);
}

static void append_name(GString *out, const char *name)
{
    struct json_writer w = json_writer_init(out, JSON_PYTHON);

    json_write_string(&w, name);
    g_string_append(out, ": ");
}

static void append_object(GString *out, const struct json *object, unsigned depth)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    struct json_iter it = json_iter_begin(object);

    while (json_iter_next(&it)) {
        g_ptr_array_add(names, (void *)it.key);
    }
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);

        g_string_append(out, i == 0 ? "{" : ",");
        new_line(out, depth + 1);
        append_name(out, name);
        append(out, json_get(object, name), depth + 1);
    }
    new_line(out, depth);
    g_string_append_c(out, '}');
}

static void append_array(GString *out, const struct json *array, unsigned depth)
{
    for (size_t i = 0; i < json_len(array); i++) {
        g_string_append(out, i == 0 ? "[" : ",");
        new_line(out, depth + 1);
        append(out, json_at(array, i), depth + 1);
    }
    new_line(out, depth);
    g_string_append_c(out, ']');
}

/* Depth is bounded by JSON_MAX_DEPTH, which json_parse() enforces. */
static void append(GString *out, const struct json *value, unsigned depth)
{
    enum json_kind kind = json_kind(value);
    bool container = kind == JSON_OBJECT || kind == JSON_ARRAY;

    if (!container || json_len(value) == 0) {
        append_scalar(out, value);
    } else if (kind == JSON_OBJECT) {
        append_object(out, value, depth);
    } else {
        append_array(out, value, depth);
    }
}

GString *json_pretty(const struct json *value)
{
    GString *out = g_string_new(NULL);

    append(out, value, 0);
    return out;
}
