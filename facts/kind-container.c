#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/kind.h"

static char *list_item(const struct fact_list *list, size_t i, size_t size)
{
    return (char *)list->v + i * size;
}

static bool list_decode(const struct fact_type *type, struct json *json, void *value,
                        const struct fact_path *path, GError **errp)
{
    struct fact_list *list = value;

    if (json_kind(json) != JSON_ARRAY) {
        return fact_fail(errp, FACT_ERROR_KIND, path, "expected a list, found %s",
                         json_kind_name(json_kind(json)));
    }
    list->v = g_malloc0_n(json_len(json), type->elem->size);
    for (size_t i = 0; i < json_len(json); i++) {
        const struct fact_path here = {.up = path, .index = i};

        if (!fact_decode(type->elem, json_at(json, i), list_item(list, i, type->elem->size), &here,
                         errp)) {
            fact_clear(type, value);
            return false;
        }
        list->n = i + 1;
    }
    return true;
}

/* Nothing is what most of them hold. */
static bool empty_list_decode_text(const struct fact_type *type, const char *text, size_t len,
                                   void *value)
{
    (void)type;
    (void)value;
    return len == 2 && memcmp(text, "[]", 2) == 0;
}

static void list_encode(const struct fact_type *type, const void *value, struct json_writer *w)
{
    const struct fact_list *list = value;

    json_write_array_begin(w);
    for (size_t i = 0; i < list->n; i++) {
        fact_encode(type->elem, list_item(list, i, type->elem->size), w);
    }
    json_write_array_end(w);
}

static void list_clear(const struct fact_type *type, void *value)
{
    struct fact_list *list = value;

    for (size_t i = 0; i < list->n; i++) {
        fact_clear(type->elem, list_item(list, i, type->elem->size));
    }
    g_free(list->v);
}

static void list_copy(const struct fact_type *type, void *dst, const void *src)
{
    const struct fact_list *from = src;
    struct fact_list *to = dst;

    to->v = g_malloc0_n(from->n, type->elem->size);
    to->n = from->n;
    for (size_t i = 0; i < from->n; i++) {
        fact_copy(type->elem, list_item(to, i, type->elem->size),
                  list_item(from, i, type->elem->size));
    }
}

static bool list_equal(const struct fact_type *type, const void *a, const void *b)
{
    const struct fact_list *left = a;
    const struct fact_list *right = b;

    if (left->n != right->n) {
        return false;
    }
    for (size_t i = 0; i < left->n; i++) {
        if (!fact_equal(type->elem, list_item(left, i, type->elem->size),
                        list_item(right, i, type->elem->size))) {
            return false;
        }
    }
    return true;
}

const struct fact_kind fact_kind_list = {
    .name = "list",
    .decode = list_decode,
    .decode_text = empty_list_decode_text,
    .encode = list_encode,
    .clear = list_clear,
    .copy = list_copy,
    .equal = list_equal,
};

size_t fact_dict_value_offset(const struct fact_type *type)
{
    (void)type;
    /* All C forms align to at most a pointer, and so does the value behind the key. */
    return sizeof(char *);
}

size_t fact_dict_entry_size(const struct fact_type *type)
{
    size_t size = fact_dict_value_offset(type) + type->elem->size;

    return (size + sizeof(char *) - 1) / sizeof(char *) * sizeof(char *);
}

static char **dict_key(const struct fact_type *type, const struct fact_list *dict, size_t i)
{
    return (char **)(void *)list_item(dict, i, fact_dict_entry_size(type));
}

static void *dict_value(const struct fact_type *type, const struct fact_list *dict, size_t i)
{
    return list_item(dict, i, fact_dict_entry_size(type)) + fact_dict_value_offset(type);
}

static bool dict_decode(const struct fact_type *type, struct json *json, void *value,
                        const struct fact_path *path, GError **errp)
{
    struct fact_list *dict = value;
    struct json_iter it;

    if (json_kind(json) != JSON_OBJECT) {
        return fact_fail(errp, FACT_ERROR_KIND, path, "expected an object, found %s",
                         json_kind_name(json_kind(json)));
    }
    dict->v = g_malloc0_n(json_len(json), fact_dict_entry_size(type));
    it = json_iter_begin(json);
    while (json_iter_next(&it)) {
        const struct fact_path here = {.up = path, .member = it.key};

        if (type->words != NULL && fact_enum_find(type->words, it.key) < 0) {
            (void)fact_fail(errp, FACT_ERROR_VALUE, path, "\"%s\" is not a known name here",
                            it.key);
            fact_clear(type, value);
            return false;
        }
        if (!fact_decode(type->elem, it.value, dict_value(type, dict, dict->n), &here, errp)) {
            fact_clear(type, value);
            return false;
        }
        *dict_key(type, dict, dict->n) = g_strdup(it.key);
        dict->n++;
    }
    return true;
}

static bool empty_dict_decode_text(const struct fact_type *type, const char *text, size_t len,
                                   void *value)
{
    (void)type;
    (void)value;
    return len == 2 && memcmp(text, "{}", 2) == 0;
}

static void dict_encode(const struct fact_type *type, const void *value, struct json_writer *w)
{
    const struct fact_list *dict = value;

    json_write_object_begin(w);
    for (size_t i = 0; i < dict->n; i++) {
        json_write_key(w, *dict_key(type, dict, i));
        fact_encode(type->elem, dict_value(type, dict, i), w);
    }
    json_write_object_end(w);
}

static void dict_clear(const struct fact_type *type, void *value)
{
    struct fact_list *dict = value;

    for (size_t i = 0; i < dict->n; i++) {
        g_free(*dict_key(type, dict, i));
        fact_clear(type->elem, dict_value(type, dict, i));
    }
    g_free(dict->v);
}

static void dict_copy(const struct fact_type *type, void *dst, const void *src)
{
    const struct fact_list *from = src;
    struct fact_list *to = dst;

    to->v = g_malloc0_n(from->n, fact_dict_entry_size(type));
    to->n = from->n;
    for (size_t i = 0; i < from->n; i++) {
        *dict_key(type, to, i) = g_strdup(*dict_key(type, from, i));
        fact_copy(type->elem, dict_value(type, to, i), dict_value(type, from, i));
    }
}

void *fact_list_add(const struct fact_type *type, void *value)
{
    struct fact_list *list = value;

    list->v = g_realloc_n(list->v, list->n + 1, type->elem->size);
    memset(list_item(list, list->n, type->elem->size), 0, type->elem->size);
    return list_item(list, list->n++, type->elem->size);
}

void fact_list_remove(const struct fact_type *type, void *value, size_t index)
{
    struct fact_list *list = value;

    g_assert(index < list->n);
    fact_clear(type->elem, list_item(list, index, type->elem->size));
    memmove(list_item(list, index, type->elem->size), list_item(list, index + 1, type->elem->size),
            (list->n - index - 1) * type->elem->size);
    list->n--;
}

/* ---- maps: dictionaries in the order of their keys ---- */

/* Keys that are words of an enum stand in its order, as the reference's maps over such a type. */
static int key_compare(const struct fact_type *type, const char *a, const char *b)
{
    if (type->words != NULL) {
        return fact_enum_find(type->words, a) - fact_enum_find(type->words, b);
    }
    return strcmp(a, b);
}

static int entry_compare(const void *a, const void *b, void *type)
{
    return key_compare(type, *(char *const *)a, *(char *const *)b);
}

static bool map_decode(const struct fact_type *type, struct json *json, void *value,
                       const struct fact_path *path, GError **errp)
{
    struct fact_list *map = value;

    if (!dict_decode(type, json, value, path, errp)) {
        return false;
    }
    for (size_t i = 1; i < map->n; i++) {
        if (key_compare(type, *dict_key(type, map, i - 1), *dict_key(type, map, i)) > 0) {
            g_qsort_with_data(map->v, (int)map->n, fact_dict_entry_size(type), entry_compare,
                              (void *)type);
            break;
        }
    }
    return true;
}

/* Index of the first entry whose key is not below this one. */
static size_t map_place(const struct fact_type *type, const struct fact_list *map, const char *key)
{
    size_t low = 0, high = map->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (key_compare(type, *dict_key(type, map, mid), key) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

/* Index of a key, dict->n if it is not there. */
static size_t dict_find(const struct fact_type *type, const struct fact_list *dict, const char *key)
{
    size_t i = type->kind == &fact_kind_map ? map_place(type, dict, key) : 0;

    while (i < dict->n && strcmp(*dict_key(type, dict, i), key) != 0) {
        i = type->kind == &fact_kind_map ? dict->n : i + 1;
    }
    return i;
}

const char *fact_dict_key(const struct fact_type *type, const void *value, size_t index)
{
    const struct fact_list *dict = value;

    g_assert(index < dict->n);
    return *dict_key(type, dict, index);
}

void *fact_dict_get(const struct fact_type *type, const void *value, const char *key)
{
    const struct fact_list *dict = value;
    size_t i = dict_find(type, dict, key);

    return i == dict->n ? NULL : dict_value(type, dict, i);
}

void *fact_dict_add(const struct fact_type *type, void *value, const char *key)
{
    struct fact_list *dict = value;
    size_t size = fact_dict_entry_size(type);
    size_t at = dict_find(type, dict, key);

    if (at < dict->n) {
        fact_clear(type->elem, dict_value(type, dict, at));
        return dict_value(type, dict, at);
    }
    if (type->kind == &fact_kind_map) {
        at = map_place(type, dict, key);
    }
    dict->v = g_realloc_n(dict->v, dict->n + 1, size);
    memmove(list_item(dict, at + 1, size), list_item(dict, at, size), (dict->n - at) * size);
    memset(list_item(dict, at, size), 0, size);
    *dict_key(type, dict, at) = g_strdup(key);
    dict->n++;
    return dict_value(type, dict, at);
}

bool fact_dict_remove(const struct fact_type *type, void *value, const char *key)
{
    struct fact_list *dict = value;
    size_t size = fact_dict_entry_size(type);
    size_t at = dict_find(type, dict, key);

    if (at == dict->n) {
        return false;
    }
    g_free(*dict_key(type, dict, at));
    fact_clear(type->elem, dict_value(type, dict, at));
    memmove(list_item(dict, at, size), list_item(dict, at + 1, size), (dict->n - at - 1) * size);
    dict->n--;
    return true;
}

/* ---- sets of texts ---- */

static int text_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts and drops what stands there twice. */
static bool set_decode(const struct fact_type *type, struct json *json, void *value,
                       const struct fact_path *path, GError **errp)
{
    struct fact_list *set = value;
    char **texts;
    size_t kept = 0;

    if (!list_decode(type, json, value, path, errp)) {
        return false;
    }
    texts = set->v;
    if (set->n > 1) {
        qsort(texts, set->n, sizeof(*texts), text_compare);
    }
    for (size_t i = 0; i < set->n; i++) {
        if (kept > 0 && strcmp(texts[kept - 1], texts[i]) == 0) {
            g_free(texts[i]);
        } else {
            texts[kept++] = texts[i];
        }
    }
    set->n = kept;
    return true;
}

/* Index of the first text that is not below this one. */
static size_t set_place(const struct fact_list *set, const char *text)
{
    char *const *texts = set->v;
    size_t i = 0;

    while (i < set->n && strcmp(texts[i], text) < 0) {
        i++;
    }
    return i;
}

bool fact_set_has(const struct fact_list *set, const char *text)
{
    size_t at = set_place(set, text);

    return at < set->n && strcmp(((char *const *)set->v)[at], text) == 0;
}

bool fact_set_add(struct fact_list *set, const char *text)
{
    size_t at = set_place(set, text);
    char **texts;

    if (fact_set_has(set, text)) {
        return false;
    }
    texts = set->v = g_realloc_n(set->v, set->n + 1, sizeof(char *));
    memmove(&texts[at + 1], &texts[at], (set->n - at) * sizeof(*texts));
    texts[at] = g_strdup(text);
    set->n++;
    return true;
}

bool fact_set_remove(struct fact_list *set, const char *text)
{
    size_t at = set_place(set, text);
    char **texts = set->v;

    if (!fact_set_has(set, text)) {
        return false;
    }
    g_free(texts[at]);
    memmove(&texts[at], &texts[at + 1], (set->n - at - 1) * sizeof(*texts));
    set->n--;
    return true;
}

const struct fact_kind fact_kind_set = {
    .name = "set",
    .decode = set_decode,
    .decode_text = empty_list_decode_text,
    .encode = list_encode,
    .clear = list_clear,
    .copy = list_copy,
    .equal = list_equal,
};

/* The order of names does not count. */
static bool dict_equal(const struct fact_type *type, const void *a, const void *b)
{
    const struct fact_list *left = a;
    const struct fact_list *right = b;

    if (left->n != right->n) {
        return false;
    }
    for (size_t i = 0; i < left->n; i++) {
        const void *other = fact_dict_get(type, b, *dict_key(type, left, i));

        if (other == NULL || !fact_equal(type->elem, dict_value(type, left, i), other)) {
            return false;
        }
    }
    return true;
}

const struct fact_kind fact_kind_dict = {
    .name = "dict",
    .decode = dict_decode,
    .decode_text = empty_dict_decode_text,
    .encode = dict_encode,
    .clear = dict_clear,
    .copy = dict_copy,
    .equal = dict_equal,
};

const struct fact_kind fact_kind_map = {
    .name = "map",
    .decode = map_decode,
    .decode_text = empty_dict_decode_text,
    .encode = dict_encode,
    .clear = dict_clear,
    .copy = dict_copy,
    .equal = dict_equal,
};
