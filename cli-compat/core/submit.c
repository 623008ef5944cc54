#include "config.h"

#include "cli-compat/core/submit.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "cli-compat/core/error-text.h"
#include "cli-compat/core/job-poll.h"
#include "cli-compat/core/pyrepr.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

/* ---- what all opcodes get ---- */

static void add_step(struct reason_trail *trail, char *source, const char *reason)
{
    struct reason_step *step = fact_list_add(&type_reason_trail, trail);

    OP_SET(step, source, source);
    OP_SET_TEXT(step, reason, reason);
    OP_SET(step, time, g_get_real_time() * 1000);
}

static void set_priority(struct op_common *common, const struct json *value)
{
    if (json_kind(value) == JSON_INT) {
        OP_SET(common, priority, json_int(value));
    }
}

/* SetGenericOpcodeOpts */
static void prepare(struct cli_run *run, struct opcode *op)
{
    struct op_common *common = op->common;
    const char *reason = command_line_text(run->line, CLI_OPT_reason);

    OP_SET(common, debug_level, command_line_int(run->line, CLI_OPT_debug, 0));
    if (command_line_has(run->line, CLI_OPT_dry_run)) {
        OP_SET(common, dry_run, command_line_flag(run->line, CLI_OPT_dry_run));
    }
    if (command_line_has(run->line, CLI_OPT_priority)) {
        set_priority(common, command_line_json(run->line, CLI_OPT_priority));
    }
    if (reason != NULL && *reason != '\0') {
        add_step(&common->reason, g_strdup(C_OPCODE_REASON_SRC_USER), reason);
    }
    add_step(&common->reason,
             g_strdup_printf("%s:%s", C_OPCODE_REASON_SRC_CLIENT,
                             cli_programs[run->command->program].name),
             run->command->name);
    common->has.reason = true;
}

static struct json *to_json(const struct opcode *op)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *value = NULL;

    opcode_encode(op, OPCODE_SUBMITTED, &w);
    /* Our own writer's text. */
    if (!json_parse(text->str, (gssize)text->len, &value, NULL)) {
        g_assert_not_reached();
    }
    return value;
}

bool submit_set_json(struct opcode *op, size_t offset, const struct json *value, GError **errp)
{
    const struct fact_object *object = op->row->params;

    if (value == NULL) {
        return true;
    }
    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];
        const struct fact_path path = {.member = member->name};
        void *slot = (char *)op->params + offset;

        if (member->offset != offset) {
            continue;
        }
        fact_clear(member->spec->type, slot);
        if (!fact_decode(member->spec->type, (struct json *)value, slot, &path, errp)) {
            return err_wrap(errp, ERR_OP_PREREQ, ECODE_INVAL), false;
        }
        fact_member_mark_set(object, op->params, member, true);
        return true;
    }
    g_assert_not_reached();
}

/* ---- one job ---- */

static bool send_job(struct cli_run *run, struct json *ops, int64_t *ret_id, GError **errp)
{
    CLEANUP(json_unrefp) struct json *id = NULL;

    if (!run_call_for(run, LUXI_submit_job, run_list(1, ops), JSON_INT, &id, errp)) {
        return false;
    }
    *ret_id = json_int(id);
    if (command_line_has(run->line, CLI_OPT_print_jobid) &&
        command_line_flag(run->line, CLI_OPT_print_jobid)) {
        run_print(run, "%" G_GINT64_FORMAT, (gint64)*ret_id);
        return run_flush(run, errp);
    }
    return true;
}

/* The result of the first opcode: there is only one. */
static struct json *first_result(const struct json *results)
{
    return json_kind(results) == JSON_ARRAY && json_len(results) > 0 ? json_ref(json_at(results, 0))
                                                                     : NULL;
}

static bool is_submit_only(const struct cli_run *run)
{
    return command_line_has(run->line, CLI_OPT_submit) &&
           command_line_flag(run->line, CLI_OPT_submit);
}

static bool submit(struct cli_run *run, struct opcode *given, bool wait, struct json **ret_result,
                   GError **errp)
{
    CLEANUP(opcode_freep) struct opcode *op = given;
    CLEANUP(json_unrefp) struct json *results = NULL;
    g_autofree char *id_text = NULL;
    int64_t id;

    prepare(run, op);
    if (!send_job(run, run_list(1, to_json(op)), &id, errp)) {
        return false;
    }
    id_text = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)id);
    if (!wait) {
        return err_fail(errp, ERR_JOB_SUBMITTED_EXCEPTION, ECODE_NONE, "%s", id_text);
    }
    if (!job_poll(run, id_text, true, &results, errp)) {
        return false;
    }
    if (ret_result != NULL) {
        *ret_result = first_result(results);
    }
    return true;
}

bool submit_opcode(struct cli_run *run, struct opcode *op, struct json **ret_result, GError **errp)
{
    return submit(run, op, true, ret_result, errp);
}

bool submit_or_send(struct cli_run *run, struct opcode *op, struct json **ret_result, GError **errp)
{
    return submit(run, op, !is_submit_only(run), ret_result, errp);
}

void submit_print_changes(struct cli_run *run, const char *what, const struct json *changes)
{
    if (json_kind(changes) != JSON_ARRAY || json_len(changes) == 0) {
        return;
    }
    run_print(run, "Modified %s %s", what, run->args[0]);
    for (size_t i = 0; i < json_len(changes); i++) {
        g_autofree char *name = pyrepr_str(json_at(json_at(changes, i), 0));
        g_autofree char *value = pyrepr_str(json_at(json_at(changes, i), 1));

        run_print(run, " - %-5s -> %s", name, value);
    }
}

/* ---- several ---- */

struct member {
    char *name; /* NULL: none */
    struct json *ops;
    char *id; /* NULL: not submitted (yet) */
    bool over;
    struct job_set_result result;
};

struct job_set {
    struct cli_run *run;
    bool verbose;
    bool each;          /* one call for each job */
    GPtrArray *members; /* struct member */
    GArray *results;    /* struct job_set_result, borrowed */
};

static void member_free(void *data)
{
    struct member *member = data;

    g_free(member->name);
    json_unref(member->ops);
    g_free(member->id);
    json_unref(member->result.result);
    g_free(member->result.error);
    g_free(member);
}

struct job_set *job_set_new(struct cli_run *run, bool verbose)
{
    struct job_set *set = g_new0(struct job_set, 1);

    set->run = run;
    set->verbose = verbose;
    set->members = g_ptr_array_new_with_free_func(member_free);
    set->results = g_array_new(FALSE, TRUE, sizeof(struct job_set_result));
    return set;
}

void job_set_free(struct job_set *set)
{
    if (set != NULL) {
        g_ptr_array_unref(set->members);
        g_array_unref(set->results);
        g_free(set);
    }
}

static struct member *member_at(const struct job_set *set, guint index)
{
    return g_ptr_array_index(set->members, index);
}

static struct member *member_new(struct job_set *set, const char *name)
{
    struct member *member = g_new0(struct member, 1);

    member->name = g_strdup(name);
    g_ptr_array_add(set->members, member);
    return member;
}

void job_set_add(struct job_set *set, const char *name, struct opcode *const *ops, size_t n)
{
    struct member *member = member_new(set, name);

    member->ops = json_new_array();
    for (size_t i = 0; i < n; i++) {
        prepare(set->run, ops[i]);
        json_append(member->ops, to_json(ops[i]));
        opcode_free(ops[i]);
    }
}

/* [true, number] or [false, text] */
static bool take_submission(struct member *member, const struct json *element, GError **errp)
{
    if (json_kind(element) != JSON_ARRAY || json_len(element) != 2 ||
        json_kind(json_at(element, 0)) != JSON_BOOL) {
        return err_fail(errp, ERR_PROTOCOL, ECODE_NONE,
                        "the answer about submitted jobs makes no sense");
    }
    if (json_boolean(json_at(element, 0)) && json_kind(json_at(element, 1)) == JSON_INT) {
        member->id = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)json_int(json_at(element, 1)));
        return true;
    }
    member->over = true;
    member->result.error = job_log_text(json_at(element, 1));
    return true;
}

bool job_set_add_submitted(struct job_set *set, const char *name, const struct json *element,
                           GError **errp)
{
    return take_submission(member_new(set, name), element, errp);
}

void job_set_submit_each(struct job_set *set)
{
    set->each = true;
}

static bool submit_alone(struct job_set *set, struct member *member, GError **errp)
{
    CLEANUP(json_unrefp) struct json *id = NULL, *element = NULL;
    g_autoptr(GError) error = NULL;

    if (!run_call_for(set->run, LUXI_submit_job, run_list(1, json_ref(member->ops)), JSON_INT, &id,
                      &error) &&
        !err_is(error, ERR_JOB_QUEUE)) {
        g_propagate_error(errp, g_steal_pointer(&error));
        return false;
    }
    element = run_list(2, json_new_bool(error == NULL),
                       error == NULL ? json_ref(id) : json_new_string(error->message));
    g_clear_pointer(&member->ops, json_unref);
    return take_submission(member, element, errp);
}

static bool submit_pending(struct job_set *set, GError **errp)
{
    CLEANUP(json_unrefp) struct json *answer = NULL;
    struct json *jobs = json_new_array();
    size_t next = 0;

    for (guint i = 0; i < set->members->len; i++) {
        if (member_at(set, i)->ops == NULL) {
            continue;
        }
        if (!set->each) {
            json_append(jobs, json_ref(member_at(set, i)->ops));
        } else if (!submit_alone(set, member_at(set, i), errp)) {
            json_unref(jobs);
            return false;
        }
    }
    if (json_len(jobs) == 0) {
        json_unref(jobs);
        return true;
    }
    if (!run_call_for(set->run, LUXI_submit_many_jobs, run_list(1, jobs), JSON_ARRAY, &answer,
                      errp)) {
        return false;
    }
    for (guint i = 0; i < set->members->len; i++) {
        struct member *member = member_at(set, i);

        if (member->ops == NULL) {
            continue;
        }
        if (!take_submission(member, next < json_len(answer) ? json_at(answer, next) : NULL,
                             errp)) {
            return false;
        }
        next++;
        g_clear_pointer(&member->ops, json_unref);
    }
    return true;
}

static const char *name_prefix(const struct member *member)
{
    return member->name != NULL ? " for " : "";
}

static const char *name_text(const struct member *member)
{
    return member->name != NULL ? member->name : "";
}

/* What is known before anything is waited for. */
static void tell_submitted(const struct job_set *set)
{
    g_autoptr(GString) ids = g_string_new(NULL);

    for (guint i = 0; set->verbose && i < set->members->len; i++) {
        const struct member *member = member_at(set, i);

        if (member->id != NULL) {
            g_string_append_printf(ids, "%s%s", ids->len > 0 ? ", " : "", member->id);
        }
    }
    if (ids->len > 0) {
        run_print(set->run, "Submitted jobs %s", ids->str);
    }
    for (guint i = 0; i < set->members->len; i++) {
        const struct member *member = member_at(set, i);

        if (member->id == NULL) {
            run_warn(set->run, "Failed to submit job%s%s: %s", name_prefix(member),
                     name_text(member), member->result.error);
        }
    }
}

static bool is_waiting(const struct json *row)
{
    const struct json *status =
        json_kind(row) == JSON_ARRAY && json_len(row) == 1 ? json_at(row, 0) : NULL;
    int word = json_kind(status) == JSON_STRING
                   ? fact_enum_find(&fact_enum_job_status, json_string(status))
                   : -1;

    return word == JOB_STATUS_QUEUED || word == JOB_STATUS_WAITING || word == JOB_STATUS_CANCELING;
}

/* So many jobs are asked for at once when looking for one that does not wait (_CHOOSE_BATCH). */
enum { CHOOSE_BATCH = 25 };

/* The first job that runs or has ended; else the first. */
static bool choose(const struct job_set *set, struct member **ret, GError **errp)
{
    CLEANUP(json_unrefp) struct json *rows = NULL;
    struct json *ids = json_new_array();
    struct member *open[CHOOSE_BATCH];
    size_t n = 0;

    for (guint i = 0; n < CHOOSE_BATCH && i < set->members->len; i++) {
        if (!member_at(set, i)->over) {
            open[n++] = member_at(set, i);
            json_append(ids, json_new_string(member_at(set, i)->id));
        }
    }
    *ret = n > 0 ? open[0] : NULL;
    if (n == 0) {
        json_unref(ids);
        return true;
    }
    if (!run_call_for(set->run, LUXI_query_jobs,
                      run_list(2, ids, run_list(1, json_new_string("status"))), JSON_ARRAY, &rows,
                      errp)) {
        return false;
    }
    for (size_t i = 0; i < MIN(n, json_len(rows)); i++) {
        if (!is_waiting(json_at(rows, i))) {
            *ret = open[i];
            return true;
        }
    }
    return true;
}

/* The job's fate is its own: only what keeps us from asking ends the whole. */
static void follow(const struct job_set *set, struct member *member)
{
    g_autoptr(GError) error = NULL;

    run_print(set->run, "Waiting for job %s%s%s ...", member->id, name_prefix(member),
              name_text(member));
    (void)run_flush(set->run, NULL);
    member->over = true;
    member->result.ok = job_poll(set->run, member->id, true, &member->result.result, &error);
    if (member->result.ok) {
        return;
    }
    member->result.error = error_text(error);
    if (err_is(error, ERR_JOB_LOST)) {
        run_warn(set->run, "Job %s%s%s has been archived, cannot check its result", member->id,
                 name_prefix(member), name_text(member));
    } else {
        run_warn(set->run, "Job %s%s%s has failed: %s", member->id, name_prefix(member),
                 name_text(member), member->result.error);
    }
}

bool job_set_wait(struct job_set *set, const struct job_set_result **ret_results, size_t *ret_n,
                  GError **errp)
{
    struct member *next = NULL;

    if (!submit_pending(set, errp)) {
        return false;
    }
    tell_submitted(set);
    while (choose(set, &next, errp)) {
        if (next == NULL) {
            break;
        }
        follow(set, next);
    }
    if (next != NULL) {
        return false;
    }
    g_array_set_size(set->results, 0);
    for (guint i = 0; i < set->members->len; i++) {
        g_array_append_val(set->results, member_at(set, i)->result);
    }
    *ret_results = (const struct job_set_result *)(void *)set->results->data;
    *ret_n = set->results->len;
    return true;
}

static void show(const struct job_set *set, bool *ret_all_ok)
{
    *ret_all_ok = true;
    for (guint i = 0; i < set->members->len; i++) {
        const struct member *member = member_at(set, i);
        const char *name = member->name != NULL ? member->name : "None";

        if (member->id != NULL) {
            run_print(set->run, "%s: %s", member->id, name);
        } else {
            run_warn(set->run, "Failure for %s: %s", name, member->result.error);
            *ret_all_ok = false;
        }
    }
}

bool job_set_wait_or_show(struct job_set *set, bool *ret_all_ok, GError **errp)
{
    const struct job_set_result *results;
    size_t n;

    if (is_submit_only(set->run)) {
        if (!submit_pending(set, errp)) {
            return false;
        }
        show(set, ret_all_ok);
        return true;
    }
    if (!job_set_wait(set, &results, &n, errp)) {
        return false;
    }
    *ret_all_ok = true;
    for (size_t i = 0; i < n; i++) {
        *ret_all_ok = *ret_all_ok && results[i].ok;
    }
    return true;
}

bool submit_follow_jobs(struct cli_run *run, const struct json *result, GError **errp)
{
    const struct json *jobs =
        json_kind(result) == JSON_OBJECT ? json_get(result, C_JOB_IDS_KEY) : NULL;
    CLEANUP(job_set_freep) struct job_set *set = NULL;
    const struct job_set_result *results;
    size_t n, failed = 0;

    if (json_kind(jobs) != JSON_ARRAY) {
        return true;
    }
    set = job_set_new(run, true);
    for (size_t i = 0; i < json_len(jobs); i++) {
        if (!job_set_add_submitted(set, NULL, json_at(jobs, i), errp)) {
            return false;
        }
    }
    if (!job_set_wait(set, &results, &n, errp)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!results[i].ok) {
            run_print(run, "Job failed, result is '%s'.", results[i].error);
            failed++;
        }
    }
    if (failed > 0) {
        run_print(run, "%zu job(s) failed.", failed);
        run->exit_code = C_EXIT_FAILURE;
    }
    return true;
}
