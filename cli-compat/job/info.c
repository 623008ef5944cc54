#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/parse.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/info.h"
#include "cli-compat/core/job-poll.h"
#include "cli-compat/core/list.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/time-text.h"
#include "facts/errors.h"

/* What is asked for, and in this order. */
enum field {
    ID,
    STATUS,
    OPS,
    OPRESULT,
    OPSTATUS,
    OPLOG,
    OPSTART,
    OPEXEC,
    OPEND,
    RECEIVED,
    START,
    END,
    N_FIELDS,
};

static const char *const field_names[] = {
    [ID] = "id",
    [STATUS] = "status",
    [OPS] = "ops",
    [OPRESULT] = "opresult",
    [OPSTATUS] = "opstatus",
    [OPLOG] = "oplog",
    [OPSTART] = "opstart",
    [OPEXEC] = "opexec",
    [OPEND] = "opend",
    [RECEIVED] = "received_ts",
    [START] = "start_ts",
    [END] = "end_ts",
    [N_FIELDS] = NULL,
};

static const char opcode_id_key[] = "OP_ID";

/* The value of a field: the second half of [status, value]. */
static const struct json *value_of(const struct json *row, enum field field)
{
    const struct json *cell = json_at(row, field);

    return json_kind(cell) == JSON_ARRAY && json_len(cell) == 2 ? json_at(cell, 1) : NULL;
}

static bool is_normal(const struct json *row, enum field field)
{
    const struct json *cell = json_at(row, field);

    return json_kind(cell) == JSON_ARRAY && json_len(cell) == 2 &&
           json_kind(json_at(cell, 0)) == JSON_INT && json_int(json_at(cell, 0)) == QF_NORMAL;
}

/* Element i of a list; NULL for whatever has none. */
static const struct json *element(const struct json *list, size_t i)
{
    return json_kind(list) == JSON_ARRAY && i < json_len(list) ? json_at(list, i) : NULL;
}

/* ---- times ---- */

static void add_job_time(struct info *info, const char *label, const struct json *time,
                         const struct json *before)
{
    g_autofree char *text = time_text_split(time);

    if (time == NULL) {
        info_add_aligned(info, label, info_text("unknown (None)"));
    } else if (before == NULL) {
        info_add_aligned(info, label, info_text(text));
    } else {
        info_add_aligned(info, label,
                         info_format("%s (delta %.6fs)", text, time_seconds_between(before, time)));
    }
}

static void add_opcode_time(struct info *info, const char *label, const struct json *time)
{
    g_autofree char *text = time_text_split(time);

    info_add_aligned(info, label, info_text(json_kind(time) == JSON_ARRAY ? text : "N/A"));
}

/* ---- opcodes ---- */

static struct info *log_info(const struct json *log)
{
    struct info *list = info_list();

    for (size_t i = 0; json_kind(log) == JSON_ARRAY && i < json_len(log); i++) {
        const struct json *entry = json_at(log, i);
        struct info *info = info_map(), *content = info_inline();
        g_autofree char *time = time_text_split(element(entry, 1));
        g_autofree char *text = job_log_text(element(entry, 3));

        info_add(info, "Time", info_text(time));
        info_append(content, info_from_json(element(entry, 0)));
        info_append(content, info_from_json(element(entry, 2)));
        info_append(content, info_text(text));
        info_add(info, "Content", content);
        info_append(list, info);
    }
    return list;
}

static struct info *opcode_info(const struct json *row, size_t i)
{
    const struct json *opcode = element(value_of(row, OPS), i);
    const struct json *id =
        json_kind(opcode) == JSON_OBJECT ? json_get(opcode, opcode_id_key) : NULL;
    struct info *info = info_map();

    info_add(info, "Opcode", info_from_json(id));
    info_add(info, "Status", info_from_json(element(value_of(row, OPSTATUS), i)));
    add_opcode_time(info, "Processing start", element(value_of(row, OPSTART), i));
    add_opcode_time(info, "Execution start", element(value_of(row, OPEXEC), i));
    add_opcode_time(info, "Processing end", element(value_of(row, OPEND), i));
    info_add(info, "Input fields", info_from_json(opcode));
    info_add(info, "Result", info_from_json(element(value_of(row, OPRESULT), i)));
    info_add(info, "Execution log", log_info(element(value_of(row, OPLOG), i)));
    return info;
}

static struct info *job_info(const struct json *row)
{
    const struct json *received = value_of(row, RECEIVED), *start = value_of(row, START);
    const struct json *end = value_of(row, END), *ops = value_of(row, OPS);
    struct info *info, *opcodes;

    if (!is_normal(row, STATUS)) {
        g_autofree char *id = pyrepr_str(value_of(row, ID));

        return info_format("Job ID %s not found", id);
    }
    info = info_map();
    info_add(info, "Job ID", info_from_json(value_of(row, ID)));
    info_add(info, "Status", info_from_json(value_of(row, STATUS)));
    add_job_time(info, "Received", received, NULL);
    add_job_time(info, "Processing start", start, received);
    add_job_time(info, "Processing end", end, start);
    info_add(info, "Total processing time",
             end != NULL && received != NULL
                 ? info_format("%.6f seconds", time_seconds_between(received, end))
                 : info_text("N/A"));
    opcodes = info_list();
    for (size_t i = 0; json_kind(ops) == JSON_ARRAY && i < json_len(ops); i++) {
        info_append(opcodes, opcode_info(row, i));
    }
    info_add(info, "Opcodes", opcodes);
    return info;
}

/* ---- the command ---- */

static struct json *parse_ids(const char *const *args, GError **errp)
{
    CLEANUP(json_unrefp) struct json *ids = json_new_array();

    for (size_t i = 0; args[i] != NULL; i++) {
        int64_t id;

        if (!parse_int64(args[i], INT64_MIN, INT64_MAX, &id, errp)) {
            err_wrap(errp, ERR_OP_PREREQ, ECODE_INVAL);
            g_prefix_error(errp, "Invalid job ID passed: ");
            return NULL;
        }
        json_append(ids, json_new_int(id));
    }
    return g_steal_pointer(&ids);
}

bool cmd_job_info(struct cli_run *run, GError **errp)
{
    CLEANUP(json_unrefp) struct json *ids = parse_ids(run->args, errp);
    CLEANUP(json_unrefp) struct json *answer = NULL;
    CLEANUP(info_freep) struct info *list = info_list();
    const struct json *rows;

    if (ids == NULL ||
        !run_call_for(run, LUXI_query,
                      run_list(3, json_new_string(query_word(QUERY_job)), run_texts(field_names),
                               list_any_of(field_names[ID], ids)),
                      JSON_OBJECT, &answer, errp)) {
        return false;
    }
    rows = json_get(answer, "data");
    for (size_t i = 0; json_kind(rows) == JSON_ARRAY && i < json_len(rows); i++) {
        const struct json *row = json_at(rows, i);

        if (json_kind(row) != JSON_ARRAY || json_len(row) != N_FIELDS) {
            return err_fail(errp, ERR_PROTOCOL, ECODE_NONE,
                            "the answer to the query has a row of another length");
        }
        info_append(list, job_info(row));
    }
    run_print_info(run, list);
    return true;
}
