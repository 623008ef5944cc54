#include "config.h"

#include "jobs/file/job.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "base/parse.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "facts/opcode.h"
#include "jobs/file/queue-dir.h"
#include "luxi/query/getters.h"
#include "luxi/query/ops.h"

/* query_item.live: a job's file, read when the item is judged and dropped behind it. */
struct job_live {
    struct queued_job *job; /* NULL: it cannot be read */
    bool archived;
};

/* query_item.extra is the job's number. */
static int64_t *new_id(int64_t id)
{
    int64_t *slot = g_new(int64_t, 1);

    *slot = id;
    return slot;
}

static void append(struct query *query, int64_t id)
{
    const struct query_item item = {.extra = new_id(id)};

    g_array_append_val(query->items, item);
}

static bool wanted_id(const struct query_operand *name, int64_t *ret_id, GError **errp)
{
    if (name->text == NULL) {
        *ret_id = (int64_t)name->number;
        return true;
    }
    if (!parse_int64(name->text, 0, INT64_MAX, ret_id, NULL)) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE, "'%s' is not the number of a job",
                        name->text);
    }
    return true;
}

static bool list_named(struct query *query, const struct query_operand *names, size_t n_names,
                       GError **errp)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

    for (size_t i = 0; i < n_names; i++) {
        int64_t id;

        if (!wanted_id(&names[i], &id, errp)) {
            return false;
        }
        if (g_hash_table_add(seen, new_id(id))) {
            append(query, id);
        }
    }
    return true;
}

/* Archived jobs are looked for only if a column says whether a job is archived (wantArchived in
 * Query/Job.hs). */
static bool wants_archived(const struct query *query)
{
    for (size_t i = 0; i < query->n_requested; i++) {
        if (query->columns[i] != NULL && query->columns[i]->row->getter == QF_GET_job_archived) {
            return true;
        }
    }
    return false;
}

static bool list(struct query *query, const struct query_operand *names, size_t n_names,
                 GError **errp)
{
    g_autoptr(GArray) ids = NULL;

    if (n_names > 0) {
        return list_named(query, names, n_names, errp);
    }
    ids = queue_dir_list(query->env->queue_dir, wants_archived(query), errp);
    if (ids == NULL) {
        return false;
    }
    for (guint i = 0; i < ids->len; i++) {
        append(query, g_array_index(ids, int64_t, i));
    }
    return true;
}

static void open_item(struct query *query, struct query_item *item)
{
    struct job_live *live = g_new0(struct job_live, 1);
    g_autoptr(GError) error = NULL;

    live->job =
        job_load(query->env->queue_dir, *(int64_t *)item->extra, true, &live->archived, &error);
    if (live->job == NULL && !err_is(error, ERR_JOB_LOST)) {
        g_warning("%s", error->message);
    }
    item->live = live;
}

static void close_item(struct query *query, struct query_item *item)
{
    struct job_live *live = item->live;

    (void)query;
    g_clear_pointer(&live->job, job_free);
    g_free(live);
    item->live = NULL;
}

static void clear(struct query *query)
{
    for (guint i = 0; i < query->items->len; i++) {
        g_free(g_array_index(query->items, struct query_item, i).extra);
    }
}

const struct query_ops query_ops_job = {
    .list = list,
    .open_item = open_item,
    .close_item = close_item,
    .clear = clear,
};

void qf_job_id(const struct query *query, const struct query_item *item, const struct qfield *field,
               struct query_value *ret_value)
{
    (void)query;
    (void)field;
    query_set_int(ret_value, *(int64_t *)item->extra);
}

/* The job, or the status if it cannot be read. */
static const struct queued_job *job_of(const struct query_item *item, struct query_value *ret_value)
{
    const struct job_live *live = item->live;

    if (live == NULL || live->job == NULL) {
        query_set_status(ret_value, QF_UNAVAIL);
        return NULL;
    }
    return live->job;
}

void qf_job_status(const struct query *query, const struct query_item *item,
                   const struct qfield *field, struct query_value *ret_value)
{
    const struct queued_job *job = job_of(item, ret_value);

    (void)query;
    (void)field;
    if (job != NULL) {
        query_set_text(ret_value, fact_enum_job_status.words[job_status_of(job)]);
    }
}

void qf_job_priority(const struct query *query, const struct query_item *item,
                     const struct qfield *field, struct query_value *ret_value)
{
    const struct queued_job *job = job_of(item, ret_value);

    (void)query;
    (void)field;
    if (job != NULL) {
        query_set_int(ret_value, job_priority_of(job));
    }
}

void qf_job_archived(const struct query *query, const struct query_item *item,
                     const struct qfield *field, struct query_value *ret_value)
{
    (void)query;
    (void)field;
    if (job_of(item, ret_value) != NULL) {
        query_set_bool(ret_value, ((const struct job_live *)item->live)->archived);
    }
}

/* ---- one value for each opcode ---- */

/* Writes what a field shows of one opcode; name is the member it is about, if it is about one. */
typedef void (*write_opcode_fn)(const struct queued_opcode *op, const char *name,
                                struct json_writer *w);

static void set_each(const struct query_item *item, write_opcode_fn write, const char *name,
                     struct query_value *ret_value)
{
    const struct queued_job *job = job_of(item, ret_value);
    GString *out;
    struct json_writer w;

    if (job == NULL) {
        return;
    }
    out = g_string_new(NULL);
    w = query_set_begin(out);
    json_write_array_begin(&w);
    for (size_t i = 0; i < job->ops.n; i++) {
        write(&job->ops.v[i], name, &w);
    }
    json_write_array_end(&w);
    query_set_end(ret_value, out);
}

/* Null where it is not set. */
static void write_member(const struct queued_opcode *op, const char *name, struct json_writer *w)
{
    const struct fact_member *member = fact_object_find(&fact_object_queued_opcode, name);

    if (fact_member_is_set(&fact_object_queued_opcode, op, member)) {
        fact_encode(member->spec->type, (const char *)op + member->offset, w);
    } else {
        json_write_null(w);
    }
}

/* An opcode that this release knows is shown as the queue daemon writes it, any other as it stands.
 */
static void write_input(const struct queued_opcode *queued, const char *name, struct json_writer *w)
{
    CLEANUP(opcode_freep) struct opcode *op = opcode_decode(queued->input, NULL, NULL);

    (void)name;
    if (op != NULL) {
        opcode_encode(op, OPCODE_SUBMITTED, w);
    } else {
        json_write_value(w, queued->input);
    }
}

static void write_summary(const struct queued_opcode *op, const char *name, struct json_writer *w)
{
    g_autofree char *summary = job_opcode_summary(op->input);

    (void)name;
    json_write_string(w, summary);
}

#define QF_EACH(getter, write, name)                                                               \
    void qf_job_##getter(const struct query *query, const struct query_item *item,                 \
                         const struct qfield *field, struct query_value *ret_value)                \
    {                                                                                              \
        (void)query;                                                                               \
        (void)field;                                                                               \
        set_each(item, write, name, ret_value);                                                    \
    }
QF_EACH(ops, write_input, NULL)
QF_EACH(summary, write_summary, NULL)
QF_EACH(opresult, write_member, "result")
QF_EACH(opstatus, write_member, "status")
QF_EACH(oplog, write_member, "log")
QF_EACH(opstart, write_member, "start_timestamp")
QF_EACH(opexec, write_member, "exec_timestamp")
QF_EACH(opend, write_member, "end_timestamp")
QF_EACH(oppriority, write_member, "priority")

/* ---- times of the job ---- */

static void set_time(const struct query_item *item, const char *name, struct query_value *ret_value)
{
    const struct fact_member *member = fact_object_find(&fact_object_queued_job, name);
    const struct queued_job *job = job_of(item, ret_value);

    if (job == NULL) {
        return;
    }
    if (!fact_member_is_set(&fact_object_queued_job, job, member)) {
        query_set_status(ret_value, QF_UNAVAIL);
    } else {
        query_set_fact(ret_value, member->spec->type, (const char *)job + member->offset);
    }
}

#define QF_TIME(getter, member)                                                                    \
    void qf_job_##getter(const struct query *query, const struct query_item *item,                 \
                         const struct qfield *field, struct query_value *ret_value)                \
    {                                                                                              \
        (void)query;                                                                               \
        (void)field;                                                                               \
        set_time(item, #member, ret_value);                                                        \
    }
QF_TIME(received_ts, received_timestamp)
QF_TIME(start_ts, start_timestamp)
QF_TIME(end_ts, end_timestamp)
