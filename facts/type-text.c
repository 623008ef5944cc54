#include "config.h"

#include "facts/type-text.h"

#include <string.h>

#include "facts/codec.h"
#include "facts/kind.h"

/* A part of a longer description stands in parentheses if it has more than one word. */
static char *part(const struct fact_type *type)
{
    g_autofree char *text = fact_type_text(type);

    return strchr(text, ' ') != NULL ? g_strdup_printf("(%s)", text) : g_strdup(text);
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    gint64 left = g_ascii_strtoll(*(char *const *)a, NULL, 10);
    gint64 right = g_ascii_strtoll(*(char *const *)b, NULL, 10);

    return (left > right) - (left < right);
}

static char *words_text(const struct fact_type *type)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    g_autofree char *joined = NULL;

    for (size_t i = 0; i < type->words->n; i++) {
        if (fact_word_is_current(type->words, i)) {
            g_ptr_array_add(list, (gpointer)type->words->words[i]);
        }
    }
    g_ptr_array_sort(list, type->kind == &fact_kind_enum_int ? compare_numbers : compare_texts);
    g_ptr_array_add(list, NULL);
    joined = g_strjoinv(", ", (char **)list->pdata);
    return g_strdup_printf("OneOf %s", joined);
}

static char *tuple_text(const struct fact_object *object)
{
    g_autoptr(GString) parts = g_string_new(NULL);

    for (size_t i = 0; i < object->n_members; i++) {
        g_autofree char *text = fact_spec_text(object->members[i].spec);

        g_string_append_printf(parts, "%s%s", i > 0 ? ", " : "", text);
    }
    return g_strdup_printf(strchr(parts->str, ' ') != NULL ? "Tuple of (%s)" : "Tuple of %s",
                           parts->str);
}

static char *object_text(const struct fact_object *object)
{
    g_autoptr(GString) parts = g_string_new(NULL);

    if (object->unknown == FACT_UNKNOWN_TUPLE) {
        return tuple_text(object);
    }
    for (size_t i = 0; i < object->n_members; i++) {
        g_autofree char *text = fact_spec_text(object->members[i].spec);

        g_string_append_printf(parts, "%s\"%s\" (value %s)", i > 0 ? ", " : "",
                               object->members[i].name, text);
    }
    return g_strdup_printf("Dictionary containing none but the required key%s %s",
                           object->n_members == 1 ? "" : "s", parts->str);
}

static char *dict_key_text(const struct fact_type *type)
{
    if (type->words != NULL) {
        g_autofree char *words = words_text(type);

        return g_strdup_printf("(%s)", words);
    }
    return type->key == NULL ? g_strdup("Anything") : part(type->key);
}

char *fact_type_text(const struct fact_type *type)
{
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;

    if (type->text != NULL) {
        return g_strdup(type->text);
    }
    if (type->words != NULL && type->elem == NULL) {
        return words_text(type);
    }
    if (type->object != NULL) {
        return object_text(type->object);
    }
    if (type->kind == &fact_kind_union) {
        first = part(type->either);
        second = part(type->other);
        return g_strdup_printf("%s or %s", first, second);
    }
    second = part(type->elem);
    if (type->kind == &fact_kind_dict) {
        first = dict_key_text(type);
        return g_strdup_printf("Dictionary with keys of %s and values of %s", first, second);
    }
    return g_strdup_printf("%s of %s", type->kind == &fact_kind_word_set ? "Set" : "List", second);
}

char *fact_spec_text(const struct fact_spec *spec)
{
    g_autofree char *text = part(spec->type);

    if (spec->presence == FACT_OPTIONAL || spec->presence == FACT_NULLABLE) {
        return g_strdup_printf("None or %s", text);
    }
    return fact_type_text(spec->type);
}
