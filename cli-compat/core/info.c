#include "config.h"

#include "cli-compat/core/info.h"

#include <string.h>

#include "base/json.h"
#include "cli-compat/core/pyrepr.h"

enum info_kind {
    INFO_TEXT,
    INFO_MAP,
    INFO_SORTED_MAP,
    INFO_LIST,
    INFO_INLINE,
};

struct info {
    enum info_kind kind;
    char *text;      /* of INFO_TEXT */
    GArray *entries; /* struct entry, of the others */
};

struct entry {
    char *key; /* NULL in lists */
    bool aligned;
    struct info *value;
};

static struct info *info_new(enum info_kind kind)
{
    struct info *info = g_new0(struct info, 1);

    info->kind = kind;
    if (kind != INFO_TEXT) {
        info->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
    }
    return info;
}

static struct info *take_text(char *text)
{
    struct info *info = info_new(INFO_TEXT);

    info->text = text;
    return info;
}

struct info *info_text(const char *text)
{
    return take_text(g_strdup(text != NULL ? text : "None"));
}

struct info *info_format(const char *format, ...)
{
    struct info *info;
    va_list args;

    va_start(args, format);
    info = take_text(g_strdup_vprintf(format, args));
    va_end(args);
    return info;
}

struct info *info_bool(bool value)
{
    return info_text(value ? "True" : "False");
}

struct info *info_map(void)
{
    return info_new(INFO_MAP);
}

struct info *info_sorted_map(void)
{
    return info_new(INFO_SORTED_MAP);
}

struct info *info_list(void)
{
    return info_new(INFO_LIST);
}

struct info *info_inline(void)
{
    return info_new(INFO_INLINE);
}

static void add_entry(struct info *info, const char *key, bool aligned, struct info *value)
{
    const struct entry entry = {.key = g_strdup(key), .aligned = aligned, .value = value};

    g_array_append_val(info->entries, entry);
}

void info_add(struct info *map, const char *key, struct info *value)
{
    g_assert(map->kind == INFO_MAP || map->kind == INFO_SORTED_MAP);
    add_entry(map, key, false, value);
}

void info_add_aligned(struct info *map, const char *key, struct info *value)
{
    g_assert(map->kind == INFO_MAP);
    add_entry(map, key, true, value);
}

void info_append(struct info *list, struct info *item)
{
    g_assert(list->kind == INFO_LIST || list->kind == INFO_INLINE);
    add_entry(list, NULL, false, item);
}

guint info_len(const struct info *info)
{
    return info->entries != NULL ? info->entries->len : 0;
}

struct info *info_from_json(const struct json *value)
{
    struct info *info;

    if (json_kind(value) == JSON_OBJECT) {
        struct json_iter it = json_iter_begin(value);

        info = info_sorted_map();
        while (json_iter_next(&it)) {
            info_add(info, it.key, info_from_json(it.value));
        }
        return info;
    }
    if (json_kind(value) == JSON_ARRAY) {
        info = info_list();
        for (size_t i = 0; i < json_len(value); i++) {
            info_append(info, info_from_json(json_at(value, i)));
        }
        return info;
    }
    return take_text(pyrepr_str(value));
}

void info_free(struct info *info)
{
    for (guint i = 0; i < info_len(info); i++) {
        struct entry *entry = &g_array_index(info->entries, struct entry, i);

        g_free(entry->key);
        info_free(entry->value);
    }
    if (info->entries != NULL) {
        g_array_free(info->entries, TRUE);
    }
    g_free(info->text);
    g_free(info);
}

/* ---- printing ---- */

static const struct entry *entry_at(const struct info *info, guint i)
{
    return &g_array_index(info->entries, struct entry, i);
}

static void indent(GString *out, int level)
{
    for (int i = 0; i < level; i++) {
        g_string_append(out, "  ");
    }
}

static gint compare_keys(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const struct entry *const *)a)->key, (*(const struct entry *const *)b)->key);
}

/* The entries in the order of printing. */
static GPtrArray *in_order(const struct info *info)
{
    GPtrArray *order = g_ptr_array_sized_new(info_len(info));

    for (guint i = 0; i < info_len(info); i++) {
        g_ptr_array_add(order, (gpointer)entry_at(info, i));
    }
    if (info->kind == INFO_SORTED_MAP) {
        g_ptr_array_sort(order, compare_keys);
    }
    return order;
}

static glong aligned_width(const struct info *info)
{
    glong width = 0;

    for (guint i = 0; i < info_len(info); i++) {
        if (entry_at(info, i)->aligned) {
            width = MAX(width, g_utf8_strlen(entry_at(info, i)->key, -1));
        }
    }
    return width;
}

static void print_inline(const struct info *info, GString *out)
{
    g_string_append_c(out, '[');
    for (guint i = 0; i < info_len(info); i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", entry_at(info, i)->value->text);
    }
    g_string_append(out, "]\n");
}

static void print(const struct info *info, GString *out, int level, bool after_key)
{
    g_autoptr(GPtrArray) order = NULL;
    glong width;

    if (info->kind == INFO_TEXT) {
        g_string_append_printf(out, "%s\n", info->text);
        return;
    }
    if (info->kind == INFO_INLINE) {
        print_inline(info, out);
        return;
    }
    if (after_key || info_len(info) == 0) {
        g_string_append_c(out, '\n');
    }
    order = in_order(info);
    width = aligned_width(info);
    for (guint i = 0; i < order->len; i++) {
        const struct entry *entry = g_ptr_array_index(order, i);

        /* Behind "- " the first line stands in place already. */
        indent(out, i > 0 || after_key ? level : 0);
        if (entry->key == NULL) {
            g_string_append(out, "- ");
            print(entry->value, out, level + 1, false);
            continue;
        }
        g_string_append_printf(out, "%s: ", entry->key);
        for (glong n = g_utf8_strlen(entry->key, -1); entry->aligned && n < width; n++) {
            g_string_append_c(out, ' ');
        }
        print(entry->value, out, level + 1, true);
    }
}

void info_print(const struct info *info, GString *out)
{
    print(info, out, 0, false);
    while (out->len > 0 && out->str[out->len - 1] == '\n') {
        g_string_truncate(out, out->len - 1);
    }
    g_string_append_c(out, '\n');
}
