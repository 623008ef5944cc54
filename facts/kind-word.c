#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/kind.h"

/* Kinds whose values are words of an enum. */

static bool equal_index(const struct fact_type *type, const void *a, const void *b)
{
    (void)type;
    return *(const int *)a == *(const int *)b;
}

bool fact_word_is_current(const struct fact_enum *words, size_t index)
{
    enum fact_level level = fact_level();

    return words->words[index] != NULL && words->spans[index].since <= level &&
           level <= words->spans[index].until;
}

int fact_enum_find(const struct fact_enum *words, const char *word)
{
    for (size_t i = 0; i < words->n; i++) {
        if (fact_word_is_current(words, i) && strcmp(words->words[i], word) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool take_word(const struct fact_type *type, const char *word, void *value,
                      const struct fact_path *path, GError **errp)
{
    int index = fact_enum_find(type->words, word);

    if (index < 0) {
        g_autoptr(GString) list = g_string_new(NULL);

        for (size_t i = 0; i < type->words->n; i++) {
            if (fact_word_is_current(type->words, i)) {
                g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "",
                                       type->words->words[i]);
            }
        }
        return fact_fail(errp, FACT_ERROR_VALUE, path, "\"%s\" is none of: %s", word, list->str);
    }
    *(int *)value = index;
    return true;
}

static bool enum_decode(const struct fact_type *type, struct json *json, void *value,
                        const struct fact_path *path, GError **errp)
{
    if (json_kind(json) != JSON_STRING) {
        return fact_wrong_kind("a string", json, path, errp);
    }
    return take_word(type, json_string(json), value, path, errp);
}

static void enum_encode(const struct fact_type *type, const void *value, struct json_writer *w)
{
    json_write_string(w, type->words->words[*(const int *)value]);
}

const struct fact_kind fact_kind_enum = {
    .name = "enum",
    .decode = enum_decode,
    .encode = enum_encode,
    .equal = equal_index,
};

/* Words that are numbers on the wire. */
static bool enum_int_decode(const struct fact_type *type, struct json *json, void *value,
                            const struct fact_path *path, GError **errp)
{
    char word[32];

    if (json_kind(json) != JSON_INT) {
        return fact_wrong_kind("an integer", json, path, errp);
    }
    g_snprintf(word, sizeof(word), "%" G_GINT64_FORMAT, json_int(json));
    return take_word(type, word, value, path, errp);
}

int64_t fact_enum_number(const struct fact_enum *words, int index)
{
    return g_ascii_strtoll(words->words[index], NULL, 10);
}

static void enum_int_encode(const struct fact_type *type, const void *value, struct json_writer *w)
{
    json_write_int(w, fact_enum_number(type->words, *(const int *)value));
}

const struct fact_kind fact_kind_enum_int = {
    .name = "enum_int",
    .decode = enum_int_decode,
    .encode = enum_int_encode,
    .equal = equal_index,
};

static int compare_words(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Words come in any order and repeated; they are kept, and so written, in the order of the enum, as
 * Data.Set keeps the reference's. */
static bool word_set_decode(const struct fact_type *type, struct json *json, void *value,
                            const struct fact_path *path, GError **errp)
{
    struct fact_list *list = value;
    int *words;
    size_t kept = 0;

    if (!fact_kind_list.decode(type, json, value, path, errp)) {
        return false;
    }
    words = list->v;
    if (list->n > 1) {
        qsort(words, list->n, sizeof(int), compare_words);
    }
    for (size_t i = 0; i < list->n; i++) {
        if (kept == 0 || words[i] != words[kept - 1]) {
            words[kept++] = words[i];
        }
    }
    list->n = kept;
    return true;
}

static void word_set_encode(const struct fact_type *type, const void *value, struct json_writer *w)
{
    fact_kind_list.encode(type, value, w);
}

static void word_set_clear(const struct fact_type *type, void *value)
{
    fact_kind_list.clear(type, value);
}

static void word_set_copy(const struct fact_type *type, void *dst, const void *src)
{
    fact_kind_list.copy(type, dst, src);
}

static bool word_set_equal(const struct fact_type *type, const void *a, const void *b)
{
    return fact_kind_list.equal(type, a, b);
}

const struct fact_kind fact_kind_word_set = {
    .name = "word_set",
    .decode = word_set_decode,
    .encode = word_set_encode,
    .clear = word_set_clear,
    .copy = word_set_copy,
    .equal = word_set_equal,
};
