#include "config.h"

#include "facts/queryfields.h"

#include <string.h>

#include "base/text.h"
#include "facts/constants.h"

const struct query_row query_rows[QUERY_COUNT] = {
#define QUERY(kind_, word_, name_field_, uuid_field_, via_, doc_)                                  \
    [QUERY_##kind_] = {.kind = QUERY_##kind_,                                                      \
                       .word = word_,                                                              \
                       .name_field = name_field_,                                                  \
                       .uuid_field = uuid_field_,                                                  \
                       .via = QUERY_VIA_##via_,                                                    \
                       .doc = doc_},
#include "facts/queryfields.def"
};

#define ROW(kind_, name_, title_, type_, flags_, how_, doc_, ...)                                  \
    {.kind = QUERY_##kind_,                                                                        \
     .name = name_,                                                                                \
     .title = title_,                                                                              \
     .type = QF_TYPE_##type_,                                                                      \
     .flags = flags_,                                                                              \
     .how = QF_HOW_##how_,                                                                         \
     .doc = doc_,                                                                                  \
     __VA_ARGS__},

static const struct qfield_row rows[] = {
#define QF_MEMBER(kind, name, title, type, flags, member_, absent_, doc)                           \
    ROW(kind, name, title, type, flags, MEMBER, doc, .source = QF_SOURCE_CONFIG,                   \
        .getter = QF_GET_COUNT, .member = #member_, .absent = QF_##absent_)
#define QF_CODE(kind, name, title, type, flags, source_, getter_, doc)                             \
    ROW(kind, name, title, type, flags, CODE, doc, .source = QF_SOURCE_##source_,                  \
        .getter = QF_GET_##kind##_##getter_)
#define QF_JOB(kind, name, title, type, flags, getter_, doc)                                       \
    ROW(kind, name, title, type, flags, CODE, doc, .source = QF_SOURCE_OPCODE,                     \
        .getter = QF_GET_##kind##_##getter_)
#define QF_ELEM(kind, name, title, type, flags, list_, member_, doc)                               \
    ROW(kind, name, title, type, flags, ELEM, doc, .source = QF_SOURCE_CONFIG,                     \
        .getter = QF_GET_COUNT, .list = QF_LIST_##list_, .member = #member_, .absent = QF_UNAVAIL)
#define QF_ELEM_CODE(kind, name, title, type, flags, list_, getter_, doc)                          \
    ROW(kind, name, title, type, flags, ELEM_CODE, doc, .source = QF_SOURCE_CONFIG,                \
        .getter = QF_GET_##kind##_##getter_, .list = QF_LIST_##list_)
#define QF_PARAMS(kind, prefix, set, getter_, doc)                                                 \
    ROW(kind, prefix, prefix, UNKNOWN, 0, PARAM, doc, .source = QF_SOURCE_CONFIG,                  \
        .getter = QF_GET_##kind##_##getter_, .params = QF_PARAMS_##set)
#include "facts/queryfields.def"
};

static const struct {
    enum query_kind kind;
    const char *name, *field;
} aliases[] = {
#define QF_ALIAS(kind, name, field) {QUERY_##kind, name, field},
#include "facts/queryfields.def"
};

static const struct {
    enum qfield_params set;
    const char *name;
    enum qfield_type type;
    const char *title;
} params[] = {
#define QPARAM(set, name, type, title) {QF_PARAMS_##set, name, QF_TYPE_##type, title},
#include "facts/queryparams.def"
};

/* How many elements of a list have fields. */
static const size_t list_sizes[] = {
    [QF_LIST_DISKS] = C_MAX_DISKS,
    [QF_LIST_NICS] = C_MAX_NICS,
};

struct field_table {
    GArray *fields;      /* struct qfield */
    GHashTable *by_name; /* borrowed name -> struct qfield * */
};

static void add_plain(GArray *fields, const struct qfield_row *row)
{
    const struct qfield field = {
        .name = row->name, .title = row->title, .doc = row->doc, .type = row->type, .row = row};

    g_array_append_val(fields, field);
}

static const char *ordinal_suffix(size_t n)
{
    static const char *const suffixes[] = {"th", "st", "nd", "rd"};

    return n % 10 < G_N_ELEMENTS(suffixes) && n % 100 / 10 != 1 ? suffixes[n % 10] : suffixes[0];
}

/* The doc of a pattern with %s replaced. */
static char *fill_doc(const char *doc, const char *word)
{
    const char *at = strstr(doc, "%s");

    g_assert(at != NULL);
    return g_strdup_printf("%.*s%s%s", (int)(at - doc), doc, word, at + strlen("%s"));
}

static void add_elements(GArray *fields, const struct qfield_row *row)
{
    for (size_t i = 0; i < list_sizes[row->list]; i++) {
        g_autofree char *ordinal = g_strdup_printf("%zu%s", i + 1, ordinal_suffix(i + 1));
        const struct qfield field = {.name = g_strdup_printf("%s%zu", row->name, i),
                                     .title = g_strdup_printf("%s%zu", row->title, i),
                                     .doc = fill_doc(row->doc, ordinal),
                                     .type = row->type,
                                     .row = row,
                                     .index = i};

        g_array_append_val(fields, field);
    }
}

static void add_params(GArray *fields, const struct qfield_row *row)
{
    for (size_t i = 0; i < G_N_ELEMENTS(params); i++) {
        if (params[i].set == row->params) {
            char *name = g_strconcat(row->name, params[i].name, NULL);
            const struct qfield field = {.name = name,
                                         .title = params[i].title != NULL ? params[i].title : name,
                                         .doc = fill_doc(row->doc, params[i].name),
                                         .type = params[i].type,
                                         .row = row,
                                         .param = params[i].name};

            g_array_append_val(fields, field);
        }
    }
}

static void add_row(GArray *fields, const struct qfield_row *row)
{
    switch (row->how) {
    case QF_HOW_MEMBER:
    case QF_HOW_CODE:
        add_plain(fields, row);
        break;
    case QF_HOW_ELEM:
    case QF_HOW_ELEM_CODE:
        add_elements(fields, row);
        break;
    case QF_HOW_PARAM:
        add_params(fields, row);
        break;
    }
}

static void add_alias(GArray *fields, const char *name, const char *of)
{
    for (guint i = 0; i < fields->len; i++) {
        struct qfield field = g_array_index(fields, struct qfield, i);

        if (strcmp(field.name, of) == 0) {
            field.name = name;
            g_array_append_val(fields, field);
            return;
        }
    }
    g_assert_not_reached();
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    const struct qfield *field_a = a, *field_b = b;

    return text_nice_compare(field_a->name, field_b->name);
}

static void make_table(enum query_kind kind, struct field_table *table)
{
    table->fields = g_array_new(FALSE, FALSE, sizeof(struct qfield));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].kind == kind) {
            add_row(table->fields, &rows[i]);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++) {
        if (aliases[i].kind == kind) {
            add_alias(table->fields, aliases[i].name, aliases[i].field);
        }
    }
    g_array_sort(table->fields, compare_names);
    table->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < table->fields->len; i++) {
        struct qfield *field = &g_array_index(table->fields, struct qfield, i);

        g_hash_table_insert(table->by_name, (char *)field->name, field);
    }
}

static const struct field_table *get_table(enum query_kind kind)
{
    static struct field_table tables[QUERY_COUNT];

    if (tables[kind].fields == NULL) {
        make_table(kind, &tables[kind]);
    }
    return &tables[kind];
}

const struct query_row *query_row_find(const char *word)
{
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        if (strcmp(query_rows[i].word, word) == 0) {
            return &query_rows[i];
        }
    }
    return NULL;
}

const struct qfield *query_fields(enum query_kind kind, size_t *ret_n)
{
    const struct field_table *table = get_table(kind);

    *ret_n = table->fields->len;
    return (const struct qfield *)(void *)table->fields->data;
}

const struct qfield *query_field_find(enum query_kind kind, const char *name)
{
    return g_hash_table_lookup(get_table(kind)->by_name, name);
}

const char *qfield_type_word(enum qfield_type type)
{
    static const char *const words[] = {
        [QF_TYPE_UNKNOWN] = "unknown",     [QF_TYPE_TEXT] = "text",   [QF_TYPE_BOOL] = "bool",
        [QF_TYPE_NUMBER] = "number",       [QF_TYPE_FLOAT] = "float", [QF_TYPE_UNIT] = "unit",
        [QF_TYPE_TIMESTAMP] = "timestamp", [QF_TYPE_OTHER] = "other",
    };

    return words[type];
}

bool qfield_is_live(const struct qfield *field)
{
    return field->row->source > QF_SOURCE_CONFIG;
}
