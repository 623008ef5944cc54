/* Answers of the resources that jobs are asked for (facts/queryfields.def, VIA JOB). */
#ifndef GANTRY_JOBS_LU_QUERY_H
#define GANTRY_JOBS_LU_QUERY_H

#include "jobs/lu/lu.h"
#include "luxi/query/query.h"

/* Asks the nodes what the query needs and writes the answer; takes over the request's filter. old:
 * rows of values alone. */
typedef bool lu_query_fn(struct lu *lu, const struct query_request *request, bool old,
                         struct json_writer *result, GError **errp);
lu_query_fn lu_query_cluster, lu_query_os, lu_query_extstorage;

/* [operator, ...] of texts and values, for filters; n values (struct json *) are taken over. */
struct json *lu_filter_list(enum query_op op, size_t n, ...);
/* The filter for items of these names (lib/qlang.py MakeSimpleFilter); NULL: no names. The
 * caller's. */
struct json *lu_filter_names(const char *const *names, size_t n);
/* Runs the query for fields of an opcode, with a filter of JSON (taken over, NULL: everything). */
bool lu_query_run(struct lu *lu, lu_query_fn *fn, enum query_kind kind, const char *const *fields,
                  size_t n_fields, struct json *filter, bool old, struct json_writer *result,
                  GError **errp);

#endif
