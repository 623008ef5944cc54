#include "config.h"

#include "luxi/query/query.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/cfg.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "luxi/query/elements.h"
#include "luxi/query/query-private.h"

/* ---- values ---- */

static void set_member(const struct fact_object *object, const void *value,
                       const struct fact_member *member, enum qfield_status absent,
                       struct query_value *ret_value)
{
    if (fact_member_is_set(object, value, member)) {
        query_set_fact(ret_value, member->spec->type, (const char *)value + member->offset);
    } else {
        query_set_status(ret_value, absent);
    }
}

static void get_value(const struct query *query, const struct query_item *item, size_t column,
                      struct query_value *ret_value)
{
    const struct qfield *field = query->columns[column];
    const struct qfield_row *row = field->row;
    const void *element;

    switch (row->how) {
    case QF_HOW_MEMBER:
        set_member(query->ops->object, item->object, query->members[column], row->absent,
                   ret_value);
        break;
    case QF_HOW_ELEM:
        element = query_element(query, item, row->list, field->index);
        if (element == NULL) {
            query_set_status(ret_value, row->absent);
        } else {
            set_member(query_element_object(row->list), element, query->members[column],
                       row->absent, ret_value);
        }
        break;
    case QF_HOW_CODE:
    case QF_HOW_ELEM_CODE:
    case QF_HOW_PARAM:
        if (query->given != NULL) {
            query->given->value(query->given->data, GPOINTER_TO_SIZE(item->extra), field,
                                ret_value);
        } else {
            query_getter_of(row->getter)(query, item, field, ret_value);
        }
        break;
    }
}

static void get_column(const struct query *query, const struct query_item *item, size_t column,
                       struct query_value *ret_value)
{
    if (query->columns[column] == NULL) {
        query_set_status(ret_value, QF_UNKNOWN);
    } else {
        get_value(query, item, column, ret_value);
    }
}

bool query_uses_source(const struct query *query, enum qfield_source source)
{
    for (size_t i = 0; i < query->n_columns; i++) {
        if (query->columns[i] != NULL && query->columns[i]->row->source == source) {
            return true;
        }
    }
    return false;
}

/* ---- columns ---- */

/* The member that a column shows, NULL for those that a getter computes. */
static const struct fact_member *member_of(const struct query *query, const struct qfield *field)
{
    const struct fact_member *member;

    if (field == NULL || (field->row->how != QF_HOW_MEMBER && field->row->how != QF_HOW_ELEM)) {
        return NULL;
    }
    member =
        fact_object_find(field->row->how == QF_HOW_MEMBER ? query->ops->object
                                                          : query_element_object(field->row->list),
                         field->row->member);
    g_assert(member != NULL); /* the rows' unit test looks at every field */
    return member;
}

static void append_column(struct query *query, GPtrArray *names, const char *name)
{
    const struct qfield *field = query_field_find(query->kind, name);

    query->columns = g_renew(const struct qfield *, query->columns, query->n_columns + 1);
    query->members = g_renew(const struct fact_member *, query->members, query->n_columns + 1);
    query->members[query->n_columns] = member_of(query, field);
    query->columns[query->n_columns++] = field;
    query->is_live |= field != NULL && qfield_is_live(field);
    g_ptr_array_add(names, g_strdup(name));
}

struct resolving {
    struct query *query;
    GPtrArray *names;
    const char *unknown;
};

static void resolve_leaf(struct query_filter *leaf, void *data)
{
    struct resolving *r = data;
    const struct qfield *field = query_field_find(r->query->kind, leaf->field);

    if (field == NULL) {
        r->unknown = leaf->field;
        return;
    }
    leaf->flags = field->row->flags;
    for (leaf->column = 0; leaf->column < r->query->n_columns; leaf->column++) {
        if (r->query->columns[leaf->column] == field) {
            return;
        }
    }
    append_column(r->query, r->names, leaf->field);
}

static bool resolve(struct query *query, const char *const *fields, GError **errp)
{
    struct resolving r = {.query = query, .names = g_ptr_array_new()};

    for (size_t i = 0; fields[i] != NULL; i++) {
        append_column(query, r.names, fields[i]);
    }
    query->n_requested = query->n_columns;
    query_filter_walk(query->filter, resolve_leaf, &r);
    g_ptr_array_add(r.names, NULL);
    query->names = (char **)g_ptr_array_free(r.names, FALSE);
    if (r.unknown != NULL) {
        return err_fail(errp, ERR_PARAMETER, ECODE_NONE, "Can't find field named '%s'", r.unknown);
    }
    return true;
}

/* ---- judging items ---- */

struct judged {
    struct query_filter_item item;
    const struct query *query;
    const struct query_item *subject;
};

static bool judged_value(const struct query_filter_item *item, size_t column,
                         struct query_value *ret_value)
{
    const struct judged *judged = (const struct judged *)item;
    const struct qfield *field = judged->query->columns[column];

    if (judged->subject->live == NULL && qfield_is_live(field)) {
        return false;
    }
    get_value(judged->query, judged->subject, column, ret_value);
    return true;
}

static bool passes(const struct query *query, const struct query_item *item, bool *ret_pass,
                   GError **errp)
{
    const struct judged judged = {.item = {.value = judged_value}, .query = query, .subject = item};

    return query_filter_match(query->filter, &judged.item, ret_pass, errp);
}

/* Keeps the items that pass by what is known before anything is fetched. */
static bool first_pass(struct query *query, GError **errp)
{
    guint kept = 0;

    if (query->filter == NULL) {
        return true;
    }
    for (guint i = 0; i < query->items->len; i++) {
        struct query_item *item = &g_array_index(query->items, struct query_item, i);
        bool pass;

        if (!passes(query, item, &pass, errp)) {
            return false;
        }
        if (pass) {
            struct query_item moved = *item;

            *item = g_array_index(query->items, struct query_item, kept);
            g_array_index(query->items, struct query_item, kept++) = moved;
        }
    }
    /* What did not pass stays behind the end for clear() to free. */
    query->n_passed = kept;
    return true;
}

/* ---- life ---- */

static void query_clear(struct query *query)
{
    if (query->ops->clear != NULL) {
        query->ops->clear(query);
    }
    g_array_free(query->items, TRUE);
    g_free(query->columns);
    g_free(query->members);
    g_strfreev(query->names);
    g_clear_pointer(&query->filter, query_filter_free);
    cfg_unref(query->cfg);
}

static void query_free(struct query *query)
{
    query_clear(query);
    g_free(query);
}

static void finish(struct query *query, const GError *error)
{
    query->done(query, error, query->data);
    query_free(query);
}

void query_collected(struct query *query)
{
    query->collecting = false;
    if (!query->starting) {
        finish(query, NULL);
    }
}

void query_cancel(struct query *query)
{
    if (query->ops->cancel != NULL) {
        query->ops->cancel(query);
    }
    query_free(query);
}

/* Lists the items; the names that the filter asks for, if it asks for nothing else, spare looking
 * at all others. */
static bool list_items(struct query *query, GError **errp)
{
    GArray *names = query_filter_names(query->filter, query_rows[query->kind].name_field);
    bool good;

    if (names != NULL && names->len > 0) {
        good = query->ops->list(query, (const struct query_operand *)(void *)names->data,
                                names->len, errp);
    } else {
        good = query->ops->list(query, NULL, 0, errp);
    }
    if (names != NULL) {
        g_array_free(names, TRUE);
    }
    query->n_passed = query->items->len;
    return good;
}

struct query *query_start(const struct query_env *env, const struct cfg *cfg,
                          const struct query_request *request, query_done *done, void *data)
{
    struct query *query = g_new0(struct query, 1);
    g_autoptr(GError) error = NULL;

    query->env = env;
    query->cfg = cfg_ref(cfg);
    query->kind = request->kind;
    query->ops = query_ops_of(request->kind);
    query->filter = request->filter;
    query->items = g_array_new(FALSE, TRUE, sizeof(struct query_item));
    query->done = done;
    query->data = data;
    if (!resolve(query, request->fields, &error) || !list_items(query, &error) ||
        !first_pass(query, &error)) {
        finish(query, error);
        return NULL;
    }
    if (query->is_live && query->ops->collect != NULL && query->n_passed > 0) {
        query->starting = query->collecting = true;
        query->ops->collect(query);
        query->starting = false;
        if (query->collecting) {
            return query;
        }
    }
    finish(query, NULL);
    return NULL;
}

/* ---- writing ---- */

static void write_definition(struct json_writer *w, const char *name, const struct qfield *field)
{
    struct query_field_definition definition = {
        .has = {.name = true, .title = true, .kind = true, .doc = true},
        .name = (char *)name,
    };
    g_autofree char *unknown = NULL;

    if (field == NULL) {
        unknown = g_strdup_printf("Unknown field '%s'", name);
        definition.title = definition.name;
        definition.kind = (char *)qfield_type_word(QF_TYPE_UNKNOWN);
        definition.doc = unknown;
    } else {
        definition.title = (char *)field->title;
        definition.kind = (char *)qfield_type_word(field->type);
        definition.doc = (char *)field->doc;
    }
    fact_object_encode(&fact_object_query_field_definition, &definition, w);
}

static const char *result_word(size_t i)
{
    return fact_object_query_result.members[i].name;
}

static void write_row(struct query *query, const struct query_item *item, struct json_writer *w,
                      void (*encode)(const struct query_value *value, struct json_writer *w))
{
    json_write_array_begin(w);
    for (size_t i = 0; i < query->n_requested; i++) {
        struct query_value value = {0};

        get_column(query, item, i, &value);
        encode(&value, w);
        query_value_clear(&value);
    }
    json_write_array_end(w);
}

static bool write_rows(struct query *query, struct json_writer *w,
                       void (*encode)(const struct query_value *value, struct json_writer *w),
                       GError **errp)
{
    json_write_array_begin(w);
    for (guint i = 0; i < query->n_passed; i++) {
        struct query_item *item = &g_array_index(query->items, struct query_item, i);
        bool pass = true, good;

        if (query->is_live && query->ops->open_item != NULL) {
            query->ops->open_item(query, item);
        }
        good = !query->is_live || passes(query, item, &pass, errp);
        if (good && pass) {
            write_row(query, item, w, encode);
        }
        if (query->is_live && query->ops->close_item != NULL) {
            query->ops->close_item(query, item);
        }
        if (!good) {
            return false;
        }
    }
    json_write_array_end(w);
    return true;
}

bool query_write(struct query *query, struct json_writer *w, GError **errp)
{
    json_write_object_begin(w);
    json_write_key(w, result_word(0));
    json_write_array_begin(w);
    for (size_t i = 0; i < query->n_requested; i++) {
        write_definition(w, query->names[i], query->columns[i]);
    }
    json_write_array_end(w);
    json_write_key(w, result_word(1));
    if (!write_rows(query, w, query_value_encode, errp)) {
        return false;
    }
    json_write_object_end(w);
    return true;
}

bool query_write_old(struct query *query, struct json_writer *w, GError **errp)
{
    g_autoptr(GString) unknown = g_string_new(NULL);

    for (size_t i = 0; i < query->n_requested; i++) {
        if (query->columns[i] == NULL) {
            g_string_append_printf(unknown, "%s%s", unknown->len > 0 ? ", " : "", query->names[i]);
        }
    }
    if (unknown->len > 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Unknown output fields selected: %s",
                        unknown->str);
    }
    return write_rows(query, w, query_value_encode_bare, errp);
}

void query_write_definitions(enum query_kind kind, const char *const *fields, struct json_writer *w)
{
    json_write_object_begin(w);
    json_write_key(w, result_word(0));
    json_write_array_begin(w);
    if (fields == NULL || fields[0] == NULL) {
        size_t n;
        const struct qfield *all = query_fields(kind, &n);

        for (size_t i = 0; i < n; i++) {
            write_definition(w, all[i].name, &all[i]);
        }
    } else {
        for (size_t i = 0; fields[i] != NULL; i++) {
            write_definition(w, fields[i], query_field_find(kind, fields[i]));
        }
    }
    json_write_array_end(w);
    json_write_object_end(w);
}

bool query_write_fields(enum query_kind kind, const char *const *fields, struct json_writer *w,
                        GError **errp)
{
    if (query_rows[kind].via != QUERY_VIA_LUXI) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE,
                        "fields of '%s' can only be asked for by a job", query_word(kind));
    }
    query_write_definitions(kind, fields, w);
    return true;
}

/* ---- items that were fetched before ---- */

static void add_given(struct query *query, size_t index)
{
    const struct query_items *given = query->given;
    const struct query_item item = {
        .object = given->objects != NULL ? given->objects[index] : NULL,
        .extra = GSIZE_TO_POINTER(index),
        .live = (void *)given, /* it is all there */
    };

    g_array_append_val(query->items, item);
}

static bool list_given(struct query *query, const struct query_operand *names, size_t n_names,
                       GError **errp)
{
    const struct query_items *given = query->given;

    for (size_t i = 0; names == NULL && i < given->n; i++) {
        add_given(query, i);
    }
    for (size_t i = 0; i < n_names; i++) {
        size_t at = 0;

        while (at < given->n && g_strcmp0(names[i].text, given->names[at]) != 0) {
            at++;
        }
        if (at == given->n) {
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "There is no %s '%s'",
                            query_word(query->kind), names[i].text != NULL ? names[i].text : "?");
        }
        add_given(query, at);
    }
    return true;
}

bool query_answer_items(const struct query_items *items, const struct query_request *request,
                        bool old, struct json_writer *w, GError **errp)
{
    const struct query_ops ops = {.object = items->type, .list = list_given};
    struct query query = {
        .kind = request->kind,
        .ops = &ops,
        .filter = request->filter,
        .items = g_array_new(FALSE, TRUE, sizeof(struct query_item)),
        .given = items,
    };
    bool ok = resolve(&query, request->fields, errp) && list_items(&query, errp) &&
              first_pass(&query, errp) &&
              (old ? query_write_old(&query, w, errp) : query_write(&query, w, errp));

    query_clear(&query);
    return ok;
}
