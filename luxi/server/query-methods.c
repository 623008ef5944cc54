/* The methods that ask for items of a resource. */
#include "config.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/errors.h"
#include "facts/queryfields.h"
#include "luxi/server/methods.h"

/* ---- running a query for a call ---- */

struct asked {
    struct luxi_call *call;
    struct query *query; /* NULL: done */
    bool old_form;
};

static void is_done(struct query *query, const GError *error, void *data)
{
    struct asked *asked = data;
    g_autoptr(GError) late = NULL;
    struct json_writer *w = luxi_call_result(asked->call);

    luxi_call_on_cancel(asked->call, NULL, NULL);
    if (error != NULL) {
        luxi_call_fail(asked->call, error);
    } else if (asked->old_form ? query_write_old(query, w, &late) : query_write(query, w, &late)) {
        luxi_call_answer(asked->call);
    } else {
        luxi_call_fail(asked->call, late);
    }
    g_free(asked);
}

static void is_cancelled(void *data)
{
    struct asked *asked = data;

    query_cancel(asked->query);
    g_free(asked);
}

static void run(struct luxid *luxid, struct luxi_call *call, const struct query_request *request,
                bool old_form)
{
    const struct cfg *cfg = luxid_config(luxid, call);
    struct asked *asked;
    struct query *query;

    if (cfg == NULL) {
        g_clear_pointer((struct query_filter **)&request->filter, query_filter_free);
        return;
    }
    asked = g_new0(struct asked, 1);
    asked->call = call;
    asked->old_form = old_form;
    query = query_start(&luxid->env, cfg, request, is_done, asked);
    cfg_unref(cfg);
    if (query != NULL) {
        asked->query = query;
        luxi_call_on_cancel(call, is_cancelled, asked);
    }
}

/* A list of texts as the query engine wants it; the strings are borrowed. */
static const char *const *strv(const struct str_list *list, GPtrArray **ret_array)
{
    *ret_array = g_ptr_array_sized_new((guint)list->n + 1);
    for (size_t i = 0; i < list->n; i++) {
        g_ptr_array_add(*ret_array, list->v[i]);
    }
    g_ptr_array_add(*ret_array, NULL);
    return (const char *const *)(*ret_array)->pdata;
}

/* ---- Query, QueryFields ---- */

/* The resource, or the request is refused. Providers of external storage are unknown to the
 * reference's daemon: only jobs tell about them. */
static const struct query_row *resource(struct luxi_call *call, const char *what)
{
    const struct query_row *row = query_row_find(what);

    if (row == NULL || row->kind == QUERY_extstorage) {
        g_autofree char *reason = g_strdup_printf("there is no resource '%s'", what);

        luxi_call_refuse(call, reason);
        return NULL;
    }
    return row;
}

static void fail_via_job(struct luxi_call *call, const struct query_row *row)
{
    g_autoptr(GError) error = NULL;

    err_set(&error, ERR_GENERIC, ECODE_NONE, "'%s' can only be asked for by a job",
            query_word(row->kind));
    luxi_call_fail(call, error);
}

void luxi_do_query(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_query *query = args;
    const struct query_row *row = resource(call, query->what);
    g_autoptr(GPtrArray) fields = NULL;
    g_autoptr(GError) error = NULL;
    struct query_request request = {0};

    if (row == NULL) {
        return;
    }
    if (!query_filter_parse(query->qfilter, &request.filter, &error)) {
        luxi_call_refuse(call, error->message);
        return;
    }
    if (row->via != QUERY_VIA_LUXI) {
        g_clear_pointer(&request.filter, query_filter_free);
        fail_via_job(call, row);
        return;
    }
    request.kind = row->kind;
    request.fields = strv(&query->fields, &fields);
    run(luxid, call, &request, false);
}

void luxi_do_query_fields(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_query_fields *query = args;
    const struct query_row *row = resource(call, query->what);
    g_autoptr(GPtrArray) fields = NULL;
    g_autoptr(GError) error = NULL;

    (void)luxid;
    if (row == NULL) {
        return;
    }
    if (query_write_fields(row->kind, strv(&query->fields, &fields), luxi_call_result(call),
                           &error)) {
        luxi_call_answer(call);
    } else {
        luxi_call_fail(call, error);
    }
}

/* ---- the old form: names and fields ---- */

/* A filter that takes items with one of these values in the name field or the UUID field
 * (handleClassicQuery). */
static struct query_filter *filter_for(const struct query_row *row, const struct json *values,
                                       bool uuid_only)
{
    CLEANUP(json_unrefp) struct json *filter = json_new_array();
    const char *const fields[] = {uuid_only ? row->uuid_field : row->name_field, row->uuid_field};
    struct query_filter *parsed = NULL;

    if (json_len(values) == 0) {
        return NULL;
    }
    json_append(filter, json_new_string(fact_enum_query_op.words[QUERY_OP_OR]));
    for (size_t i = 0; i < json_len(values); i++) {
        for (size_t f = 0; f < (g_str_equal(fields[0], fields[1]) ? 1 : 2); f++) {
            struct json *part = json_new_array();

            json_append(part, json_new_string(fact_enum_query_op.words[QUERY_OP_EQUAL]));
            json_append(part, json_new_string(fields[f]));
            json_append(part, json_ref(json_at(values, i)));
            json_append(filter, part);
        }
    }
    if (!query_filter_parse(filter, &parsed, NULL)) {
        g_assert_not_reached(); /* made right here */
    }
    return parsed;
}

struct old_query {
    enum query_kind kind;
    struct json *values; /* taken over */
    const struct str_list *fields;
    bool lock, uuid_only;
};

static void run_old(struct luxid *luxid, struct luxi_call *call, const struct old_query *old)
{
    CLEANUP(json_unrefp) struct json *values = old->values;
    g_autoptr(GPtrArray) fields = NULL;
    struct query_request request = {.kind = old->kind};

    if (old->lock) {
        g_autoptr(GError) error = NULL;

        err_set(&error, ERR_OP_PREREQ, ECODE_INVAL, "Sync queries are not allowed");
        luxi_call_fail(call, error);
        return;
    }
    request.fields = strv(old->fields, &fields);
    request.filter = filter_for(&query_rows[old->kind], values, old->uuid_only);
    run(luxid, call, &request, true);
}

static struct json *texts(const struct str_list *list)
{
    struct json *array = json_new_array();

    for (size_t i = 0; i < list->n; i++) {
        json_append(array, json_new_string(list->v[i]));
    }
    return array;
}

/* The methods with the same three arguments. */
#define OLD_METHOD(method, of_kind)                                                                \
    void luxi_do_##method(struct luxid *luxid, struct luxi_call *call, const void *args)           \
    {                                                                                              \
        const struct luxi_args_##method *old = args;                                               \
        const struct old_query query = {.kind = of_kind,                                           \
                                        .values = texts(&old->names),                              \
                                        .fields = &old->fields,                                    \
                                        .lock = old->lock};                                        \
                                                                                                   \
        run_old(luxid, call, &query);                                                              \
    }
OLD_METHOD(query_instances, QUERY_instance)
OLD_METHOD(query_nodes, QUERY_node)
OLD_METHOD(query_groups, QUERY_group)
OLD_METHOD(query_networks, QUERY_network)

void luxi_do_query_filters(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_query_filters *old = args;
    const struct old_query query = {.kind = QUERY_filter,
                                    .values = texts(&old->uuids),
                                    .fields = &old->fields,
                                    .uuid_only = true};

    run_old(luxid, call, &query);
}

void luxi_do_query_jobs(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_query_jobs *old = args;
    const struct old_query query = {
        .kind = QUERY_job, .values = json_new_array(), .fields = &old->fields};

    for (size_t i = 0; i < old->ids.n; i++) {
        json_append(query.values, json_new_int(old->ids.v[i]));
    }
    run_old(luxid, call, &query);
}

void luxi_do_query_exports(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    static char node[] = "node", name[] = "export";
    static char *fields[] = {node, name};
    static const struct str_list both = {.v = fields, .n = G_N_ELEMENTS(fields)};
    const struct luxi_args_query_exports *old = args;
    const struct old_query query = {
        .kind = QUERY_export, .values = texts(&old->nodes), .fields = &both, .lock = old->lock};

    run_old(luxid, call, &query);
}
