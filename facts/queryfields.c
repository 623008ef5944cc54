#include "config.h"

#include "facts/queryfields.h"

#include <string.h>

#include "base/text.h"
#include "facts/constants.h"
#include "facts/params.h"

const struct query_row query_rows[QUERY_COUNT] = {
#define QUERY(kind_, type_, name_field_, uuid_field_, via_, doc_)                                  \
    [QUERY_##kind_] = {.kind = QUERY_##kind_,                                                      \
                       .type = type_,                                                              \
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

static enum qfield_type type_of(enum vtype vtype)
{
    static const enum qfield_type types[] = {
        [VTYPE_BOOL] = QF_TYPE_BOOL,          [VTYPE_FLOAT] = QF_TYPE_FLOAT,
        [VTYPE_INT] = QF_TYPE_NUMBER,         [VTYPE_SIZE] = QF_TYPE_UNIT,
        [VTYPE_MAYBE_STRING] = QF_TYPE_OTHER, [VTYPE_STRING] = QF_TYPE_OTHER,
    };

    return types[vtype];
}

static void add_param(GArray *fields, const struct qfield_row *row, const char *param,
                      enum vtype vtype, const char *title)
{
    char *name = g_strconcat(row->name, param, NULL);
    const struct qfield field = {.name = name,
                                 .title = title != NULL ? title : name,
                                 .doc = fill_doc(row->doc, param),
                                 .type = type_of(vtype),
                                 .row = row,
                                 .param = param};

    g_array_append_val(fields, field);
}

static void add_param_rows(GArray *fields, const struct qfield_row *row,
                           const struct param_rows *params)
{
    for (size_t i = 0; i < params->n; i++) {
        add_param(fields, row, params->v[i].name, params->v[i].vtype, params->v[i].title);
    }
}

/* Parameters that only the cluster has are no fields of an instance. */
static void add_hv_params(GArray *fields, const struct qfield_row *row)
{
    for (size_t i = 0; i < hv_names_n; i++) {
        if (hv_name_is_current(&hv_names[i]) && !hv_names[i].global) {
            add_param(fields, row, hv_names[i].name, hv_names[i].vtype, hv_names[i].title);
        }
    }
}

static void add_params(GArray *fields, const struct qfield_row *row)
{
    switch (row->params) {
    case QF_PARAMS_BE:
        add_param_rows(fields, row, &be_params);
        break;
    case QF_PARAMS_ND:
        add_param_rows(fields, row, &nd_params);
        break;
    case QF_PARAMS_HV:
        add_hv_params(fields, row);
        break;
    case QF_PARAMS_NONE:
        break;
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

const char *query_word(enum query_kind kind)
{
    return fact_enum_query_type.words[query_rows[kind].type];
}

const struct query_row *query_row_find(const char *word)
{
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        if (strcmp(query_word((enum query_kind)i), word) == 0) {
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
    return fact_enum_query_field_type.words[type];
}

bool qfield_is_live(const struct qfield *field)
{
    return field->row->source > QF_SOURCE_CONFIG;
}
