#include "config.h"

#include <glib.h>
#include <string.h>

#include "base/json-writer.h"
#include "facts/constants.h"
#include "facts/factdump.h"
#include "facts/level.h"

static int compare_words(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sets have no order: the reference's facts are sorted. */
static void dump_set(struct json_writer *w, const struct const_row *row)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    for (size_t i = 0; i < row->words->n; i++) {
        if (const_has((int)row->number, (int)i)) {
            g_ptr_array_add(words, (char *)row->words->words[i]);
        }
    }
    g_ptr_array_sort(words, compare_words);
    json_write_array_begin(w);
    for (guint i = 0; i < words->len; i++) {
        json_write_string(w, g_ptr_array_index(words, i));
    }
    json_write_array_end(w);
}

static void dump_list(struct json_writer *w, const struct const_row *row)
{
    json_write_array_begin(w);
    for (size_t i = 0; row->kind == CONST_KIND_TEXTS && row->texts[i] != NULL; i++) {
        json_write_string(w, row->texts[i]);
    }
    for (size_t i = 0; row->kind == CONST_KIND_INTS && i < row->n; i++) {
        json_write_int(w, row->ints[i]);
    }
    for (size_t i = 0; row->kind == CONST_KIND_WORDS && i < row->n; i++) {
        json_write_string(w, row->words->words[row->ints[i]]);
    }
    json_write_array_end(w);
}

static void dump_row(struct json_writer *w, const struct const_row *row)
{
    bool old = fact_level() == LEVEL_3_0;

    switch (row->kind) {
    case CONST_KIND_INT:
        json_write_int(w, old ? row->number_30 : row->number);
        break;
    case CONST_KIND_BOOL:
        json_write_bool(w, row->number != 0);
        break;
    case CONST_KIND_REAL:
        json_write_double(w, row->real);
        break;
    case CONST_KIND_TEXT:
        json_write_string(w, old ? row->text_30 : row->text);
        break;
    case CONST_KIND_TEXTS:
    case CONST_KIND_INTS:
    case CONST_KIND_WORDS:
        dump_list(w, row);
        break;
    case CONST_KIND_SET:
        dump_set(w, row);
        break;
    }
}

void dump_constants(struct json_writer *w)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < n_const_rows; i++) {
        json_write_key(w, const_rows[i].name);
        dump_row(w, &const_rows[i]);
    }
    json_write_object_end(w);
}
