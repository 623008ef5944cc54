/* OP_QUERY, OP_QUERY_FIELDS, OP_CLUSTER_QUERY, OP_CLUSTER_CONFIG_QUERY (reference:
 * lib/cmdlib/query.py, lib/cmdlib/cluster/__init__.py ClusterQuery). None of them takes locks. */
#include "config.h"

#include "jobs/lu/query.h"

#include <stdarg.h>
#include <string.h>

#include "base/json.h"
#include "jobs/lu/names.h"
#include "jobs/lu/params.h"
#include "jobs/lu/rpc.h"
#include "jobs/queue/store.h"
#include "luxi/query/cluster-info.h"

/* --- Filters ------------------------------------------------------------------------------------
 */
struct json *lu_filter_list(enum query_op op, size_t n, ...)
{
    struct json *list = json_new_array();
    va_list args;
    va_start(args, n);
    json_append(list, json_new_string(fact_enum_query_op.words[op]));
    for (size_t i = 0; i < n; i++) {
        json_append(list, va_arg(args, struct json *));
    }
    va_end(args);
    return list;
}

struct json *lu_filter_names(const char *const *names, size_t n)
{
    struct json *any = n > 0 ? lu_filter_list(QUERY_OP_OR, 0) : NULL;
    for (size_t i = 0; i < n; i++) {
        json_append(any, lu_filter_list(QUERY_OP_EQUAL, 2, json_new_string("name"),
                                        json_new_string(names[i])));
    }
    return any;
}

bool lu_query_run(struct lu *lu, lu_query_fn *fn, enum query_kind kind, const char *const *fields,
                  size_t n_fields, struct json *filter, bool old, struct json_writer *result,
                  GError **errp)
{
    CLEANUP(json_unrefp) struct json *owned = filter;
    g_autofree const char **terminated = g_new0(const char *, n_fields + 1);
    struct query_request request = {.kind = kind, .fields = terminated};
    for (size_t i = 0; i < n_fields; i++) {
        terminated[i] = fields[i];
    }
    return query_filter_parse(owned, &request.filter, errp) && fn(lu, &request, old, result, errp);
}

/* --- The cluster --------------------------------------------------------------------------------
 */
struct cluster_state {
    const struct cfg *cfg;
    struct json *watcher_pause; /* borrowed; NULL: it does not pause */
};

static void set_info(const struct cluster_state *state, const char *name,
                     struct query_value *ret_value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = query_set_begin(text);
    if (cluster_info_write_one(state->cfg, name, &w)) {
        query_set_end(ret_value, g_steal_pointer(&text));
    } else {
        query_set_status(ret_value, QF_UNKNOWN);
    }
}

static void cluster_value(void *data, size_t item G_GNUC_UNUSED, const struct qfield *field,
                          struct query_value *ret_value)
{
    const struct cluster_state *state = data;
    if (field->row->getter == QF_GET_cluster_drain_flag) {
        query_set_bool(ret_value, job_store_is_drained());
    } else if (field->row->getter == QF_GET_cluster_master_node) {
        set_info(state, "master", ret_value);
    } else if (field->row->getter != QF_GET_cluster_watcher_pause) {
        set_info(state, field->name, ret_value);
    } else if (state->watcher_pause == NULL) {
        query_set_status(ret_value, QF_UNAVAIL);
    } else {
        query_set_json(ret_value, json_ref(state->watcher_pause));
    }
}

bool lu_query_cluster(struct lu *lu, const struct query_request *request, bool old,
                      struct json_writer *result, GError **errp)
{
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    const char *names[] = {cluster->cluster_name};
    const void *objects[] = {cluster};
    struct cluster_state state = {.cfg = lu_cfg(lu)};
    CLEANUP(lu_answer_freep) struct lu_answer *pause = NULL;
    const struct query_items items = {.names = names,
                                      .n = 1,
                                      .type = &fact_object_cluster,
                                      .objects = objects,
                                      .value = cluster_value,
                                      .data = &state};
    if (request->filter != NULL || g_strv_contains(request->fields, "watcher_pause")) {
        pause = lu_call_node(lu, cluster->master_node, LU_CALL(get_watcher_pause, .whole = true));
        if (!lu_answer_check(pause, errp, "Node %s does not tell whether the watcher pauses",
                             pause->node_name)) {
            query_filter_free(request->filter);
            return false;
        }
        state.watcher_pause = pause->payload;
    }
    return query_answer_items(&items, request, old, result, errp);
}

static bool cluster_query(struct lu *lu, struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    cluster_info_write(lu_cfg(lu), true, result);
    return true;
}

LU(cluster_query, .exec = cluster_query)

/* The only row. */
static bool config_query(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_cluster_config_query *op = lu_params(lu);
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    CLEANUP(json_unrefp) struct json *rows = NULL;
    if (!lu_query_run(lu, lu_query_cluster, QUERY_cluster, LU_TEXTS(op->output_fields), NULL, true,
                      &w, errp) ||
        !json_parse(text->str, (gssize)text->len, &rows, errp)) {
        return false;
    }
    json_write_value(result, json_at(rows, 0));
    return true;
}

LU(cluster_config_query, .exec = config_query)

/* --- OP_QUERY, OP_QUERY_FIELDS ------------------------------------------------------------------
 */
static lu_query_fn *implementation(enum query_type what, enum query_kind *ret_kind, GError **errp)
{
    switch (what) {
    case QUERY_TYPE_CLUSTER:
        *ret_kind = QUERY_cluster;
        return lu_query_cluster;
    case QUERY_TYPE_OS:
        *ret_kind = QUERY_os;
        return lu_query_os;
    case QUERY_TYPE_EXTSTORAGE:
        *ret_kind = QUERY_extstorage;
        return lu_query_extstorage;
    case QUERY_TYPE_INSTANCE:
    case QUERY_TYPE_NODE:
    case QUERY_TYPE_LOCK:
    case QUERY_TYPE_GROUP:
    case QUERY_TYPE_JOB:
    case QUERY_TYPE_EXPORT:
    case QUERY_TYPE_NETWORK:
    case QUERY_TYPE_FILTER:
        break;
    }
    err_set(errp, ERR_OP_PREREQ, ECODE_INVAL,
            "Jobs do not answer queries for '%s': ask the queue daemon",
            fact_enum_query_type.words[what]);
    return NULL;
}

static bool query_arguments(struct lu *lu, GError **errp)
{
    const struct op_query *op = lu_params(lu);
    enum query_kind kind;
    return implementation(op->what, &kind, errp) != NULL &&
           (op->what != QUERY_TYPE_CLUSTER || !op->use_locking ||
            err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "The cluster is queried without locks"));
}

static bool query_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_query *op = lu_params(lu);
    enum query_kind kind;
    lu_query_fn *fn = implementation(op->what, &kind, errp);
    struct json *filter =
        op->has.qfilter && op->qfilter.n > 0 ? lu_json_of(&type_any_list, &op->qfilter) : NULL;
    return lu_query_run(lu, fn, kind, LU_TEXTS(op->fields), filter, false, result, errp);
}

LU(query, .check_arguments = query_arguments, .exec = query_exec)

static bool fields_arguments(struct lu *lu, GError **errp)
{
    const struct op_query_fields *op = lu_params(lu);
    enum query_kind kind;
    return implementation(op->what, &kind, errp) != NULL;
}

static bool fields_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_query_fields *op = lu_params(lu);
    g_autofree const char **fields = g_new0(const char *, op->fields.n + 1);
    enum query_kind kind;
    if (implementation(op->what, &kind, errp) == NULL) {
        return false;
    }
    for (size_t i = 0; i < op->fields.n; i++) {
        fields[i] = op->fields.v[i];
    }
    query_write_definitions(kind, fields, result);
    return true;
}

LU(query_fields, .check_arguments = fields_arguments, .exec = fields_exec)
