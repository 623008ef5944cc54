#include "config.h"

#include "jobs/file/write.h"

#include <stddef.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "jobs/file/job.h"

#define NANOSECONDS G_GINT64_CONSTANT(1000000000)

/* ---- text ---- */

/* The order in which job processes write members (the Serialize methods in
 * lib/jqueue/__init__.py); the words are those of the rows. */
static const size_t processed_job[] = {
    offsetof(struct queued_job, id),
    offsetof(struct queued_job, ops),
    offsetof(struct queued_job, start_timestamp),
    offsetof(struct queued_job, end_timestamp),
    offsetof(struct queued_job, received_timestamp),
    offsetof(struct queued_job, livelock),
    offsetof(struct queued_job, process_id),
};
static const size_t processed_opcode[] = {
    offsetof(struct queued_opcode, input),           offsetof(struct queued_opcode, status),
    offsetof(struct queued_opcode, result),          offsetof(struct queued_opcode, log),
    offsetof(struct queued_opcode, start_timestamp), offsetof(struct queued_opcode, exec_timestamp),
    offsetof(struct queued_opcode, end_timestamp),   offsetof(struct queued_opcode, priority),
};

static const struct fact_member *member_at(const struct fact_object *object, size_t offset)
{
    for (size_t i = 0; i < object->n_members; i++) {
        if (object->members[i].offset == offset) {
            return &object->members[i];
        }
    }
    g_assert_not_reached(); /* the tables above name members of the struct */
}

static void write_member(const struct fact_object *object, const void *value,
                         const struct fact_member *member, struct json_writer *w)
{
    if (fact_member_is_set(object, value, member)) {
        fact_encode(member->spec->type, (const char *)value + member->offset, w);
    } else {
        json_write_null(w);
    }
}

static void write_processed_opcode(const struct queued_opcode *op, struct json_writer *w)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < G_N_ELEMENTS(processed_opcode); i++) {
        const struct fact_member *member =
            member_at(&fact_object_queued_opcode, processed_opcode[i]);

        json_write_key(w, member->name);
        write_member(&fact_object_queued_opcode, op, member, w);
    }
    json_write_object_end(w);
}

static void write_processed_job(const struct queued_job *job, struct json_writer *w)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < G_N_ELEMENTS(processed_job); i++) {
        const struct fact_member *member = member_at(&fact_object_queued_job, processed_job[i]);

        json_write_key(w, member->name);
        if (processed_job[i] == offsetof(struct queued_job, ops)) {
            json_write_array_begin(w);
            for (size_t op = 0; op < job->ops.n; op++) {
                write_processed_opcode(&job->ops.v[op], w);
            }
            json_write_array_end(w);
        } else {
            write_member(&fact_object_queued_job, job, member, w);
        }
    }
    json_write_object_end(w);
}

void job_encode(const struct queued_job *job, enum opcode_dialect dialect, GString *out)
{
    struct json_writer w;

    if (dialect == OPCODE_PROCESSED) {
        w = json_writer_init(out, JSON_PYTHON);
        write_processed_job(job, &w);
        g_string_append_c(out, '\n'); /* as lib/serializer.py ends all it writes */
    } else {
        w = json_writer_init(out, JSON_COMPACT);
        fact_object_encode(&fact_object_queued_job, job, &w);
    }
}

/* The opcode as JSON in the dialect. */
static struct json *input_of(const struct opcode *op, enum opcode_dialect dialect)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *json = NULL;

    opcode_encode(op, dialect, &w);
    if (!json_parse(text->str, (gssize)text->len, &json, NULL)) {
        g_assert_not_reached(); /* written right here */
    }
    return json;
}

static void set_input(struct queued_opcode *queued, const struct opcode *op,
                      enum opcode_dialect dialect)
{
    struct json *input = input_of(op, dialect);

    json_unref(queued->input);
    queued->input = input;
}

void job_inputs_to_processed(struct queued_job *job)
{
    for (size_t i = 0; i < job->ops.n; i++) {
        CLEANUP(opcode_freep) struct opcode *op = opcode_decode(job->ops.v[i].input, NULL, NULL);

        if (op != NULL) {
            set_input(&job->ops.v[i], op, OPCODE_PROCESSED);
        }
    }
}

/* ---- changes ---- */

struct job_timestamp job_now(void)
{
    gint64 now = g_get_real_time();

    return (struct job_timestamp){.seconds = now / G_USEC_PER_SEC,
                                  .microseconds = now % G_USEC_PER_SEC,
                                  .has = {.seconds = true, .microseconds = true}};
}

void job_mark_unfinished(struct queued_job *job, enum job_status status, struct json *result)
{
    for (size_t i = 0; i < job->ops.n; i++) {
        struct queued_opcode *op = &job->ops.v[i];

        if (!job_is_finalized(op->status)) {
            op->status = status;
            json_unref(op->result);
            op->result = json_ref(result);
        }
    }
}

void job_set_priority(struct queued_job *job, int64_t priority)
{
    for (size_t i = 0; i < job->ops.n; i++) {
        if (!job_is_finalized(job->ops.v[i].status)) {
            job->ops.v[i].priority = priority;
        }
    }
}

void job_cancel_queued(struct queued_job *job, struct job_timestamp now)
{
    for (size_t i = 0; i < job->ops.n; i++) {
        struct queued_opcode *op = &job->ops.v[i];

        op->status = JOB_STATUS_CANCELED;
        job_stamp(op, end_timestamp, now);
    }
    job_stamp(job, end_timestamp, now);
}

void job_reason_add(struct opcode *op, char *source, char *text, struct job_timestamp when)
{
    struct reason_step *step = fact_list_add(&type_reason_trail, &op->common->reason);

    step->source = source;
    step->reason = text;
    step->time = when.seconds * NANOSECONDS + when.microseconds * 1000;
    step->has.source = step->has.reason = step->has.time = true;
}

void job_fail(struct queued_job *job, struct job_timestamp now, const char *source,
              const char *text)
{
    for (size_t i = 0; i < job->ops.n; i++) {
        struct queued_opcode *queued = &job->ops.v[i];
        CLEANUP(opcode_freep) struct opcode *op = NULL;

        if (job_is_finalized(queued->status)) {
            continue;
        }
        op = opcode_decode(queued->input, NULL, NULL);
        if (op != NULL) {
            job_reason_add(op, g_strdup(source), g_strdup(text), now);
            set_input(queued, op, OPCODE_SUBMITTED);
        }
        queued->status = JOB_STATUS_ERROR;
        json_unref(queued->result);
        queued->result = json_new_string(text);
        job_stamp(queued, end_timestamp, now);
    }
    job_stamp(job, end_timestamp, now);
}
