/* Runs queries: which items, which fields, filtered how.
 *
 * A query goes through these steps (reference: genericQuery in src/Ganeti/Query/Query.hs): the
 * filter is judged by what the configuration alone tells; for what remains live data is fetched, if
 * a field or the filter needs it; the filter is judged again; the fields of what remains are
 * written. Fetching is asynchronous: nodes are asked in parallel while the daemon goes on.
 *
 * Adding a kind of resource: a row QUERY and its fields in facts/queryfields.def, a struct
 * query_ops in a file of its own, a line in ops.c. Adding a field: a row, and a getter if the row
 * asks for one. */
#ifndef GANTRY_LUXI_QUERY_QUERY_H
#define GANTRY_LUXI_QUERY_QUERY_H

#include <glib.h>
#include <stdbool.h>

#include "base/json-writer.h"
#include "facts/queryfields.h"
#include "luxi/query/filter.h"
#include "luxi/query/value.h"

struct cfg;
struct query;
struct rpc_client;

/* What queries look at; outlives them. */
struct query_env {
    /* Calls nodes; NULL: live data is refused. */
    struct rpc_client *rpc;
    /* Directory of the job queue. */
    const char *queue_dir;
    /* Socket of the daemon that knows the locks. */
    const char *wconfd_socket;
};

struct query_request {
    enum query_kind kind;
    /* NULL-terminated; copied. */
    const char *const *fields;
    /* Taken over; NULL: everything. */
    struct query_filter *filter;
};

/* Called once, unless the query is cancelled: with error NULL, query_write() may be called now;
 * afterwards the query is gone. */
typedef void query_done(struct query *query, const GError *error, void *data);

/* Starts a query on a snapshot of the configuration, which it holds until it is done. `done` may be
 * called before this returns; the result is then NULL. Otherwise the query is there to be
 * cancelled. */
struct query *query_start(const struct query_env *env, const struct cfg *cfg,
                          const struct query_request *request, query_done *done, void *data);
void query_cancel(struct query *query);

/* {"fields": [...], "data": [[[status, value], ...], ...]}. The error is that of a filter that
 * meets a value it cannot take; nothing useful is written then. */
bool query_write(struct query *query, struct json_writer *w, GError **errp);
/* [[value, ...], ...] for the old calls; an unknown field is an error (queryCompat there). */
bool query_write_old(struct query *query, struct json_writer *w, GError **errp);

/* {"fields": [...]}: the definitions of the named fields, or of all if fields is empty. Errors:
 * ERR_GENERIC for a resource that only jobs can answer. */
bool query_write_fields(enum query_kind kind, const char *const *fields, struct json_writer *w,
                        GError **errp);
/* The same, of any resource. */
void query_write_definitions(enum query_kind kind, const char *const *fields,
                             struct json_writer *w);

/* --- Resources that jobs answer (VIA JOB) -------------------------------------------------------
 */
struct fact_object;

/* Items that were fetched before. Their order is that of the answer, unless the filter asks for
 * names and for nothing else. */
struct query_items {
    const char *const *names;
    size_t n;
    /* What QF_MEMBER rows are members of: the type, and the object of each item (NULL: there are no
     * such rows). */
    const struct fact_object *type;
    const void *const *objects;
    /* The value of a QF_JOB row. */
    void (*value)(void *data, size_t item, const struct qfield *field,
                  struct query_value *ret_value);
    void *data;
};

/* Writes the answer as query_write() does, or as query_write_old(). A name that the filter asks for
 * and that no item has is an ERR_OP_EXEC (QueryBase._GetNames in lib/cmdlib/base.py). */
bool query_answer_items(const struct query_items *items, const struct query_request *request,
                        bool old, struct json_writer *w, GError **errp);

/* A filter for items by name or UUID, as the old calls want it; no names: NULL, everything. */
struct query_filter *query_filter_for_names(const char *const *names, const char *const *fields);

#endif
