/* Opcodes that test the queue and the nodes (reference: lib/cmdlib/test.py). */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/signpost.h"

enum {
    /* Seconds in which the test program must connect to a signpost, and then go on. Connecting must
       take less time than a client's WaitForJobChange. */
    CONNECT_TIMEOUT = 20,
    CONFIRM_TIMEOUT = 60,
};

/* --- OP_TEST_DELAY ------------------------------------------------------------------------------
 */
static bool delay_arguments(struct lu *lu, GError **errp)
{
    const struct op_test_delay *op = lu_params(lu);
    if (!(op->duration > 0) || !isfinite(op->duration)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_NONE,
                        "The duration must be more than 0 seconds");
    }
    return true;
}

static bool delay_names(struct lu *lu, GError **errp)
{
    struct op_test_delay *op = lu_params(lu);
    const struct node *master = cfg_master(lu_cfg(lu));
    g_autoptr(GPtrArray) uuids = op->on_nodes.n > 0
                                     ? lu_expand_nodes(lu, LU_TEXTS(op->on_nodes), errp)
                                     : g_ptr_array_new_with_free_func(g_free);
    if (uuids == NULL) {
        return false;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < uuids->len; i++) {
        g_ptr_array_add(names, cfg_node_get(lu_cfg(lu), uuids->pdata[i])->name);
    }
    lu_list_set(&op->on_nodes, (const char *const *)names->pdata, names->len);
    if (op->on_master && master != NULL &&
        !g_ptr_array_find_with_equal_func(uuids, master->uuid, g_str_equal, NULL)) {
        g_ptr_array_add(uuids, g_strdup(master->uuid));
    }
    lu_list_set(&op->on_node_uuids, (const char *const *)uuids->pdata, uuids->len);
    op->has.on_node_uuids = true;
    if (!op->no_locks) {
        lu_need_many(lu, LOCK_LEVEL_NODE, LU_TEXTS(op->on_node_uuids));
    }
    return true;
}

/* True: somebody ended the delay. */
static bool interruptible_delay(struct lu *lu, const struct op_test_delay *op, bool *ret_ended,
                                GError **errp)
{
    CLEANUP(signpost_freep) struct signpost *post = signpost_new(errp);
    if (post == NULL) {
        return false;
    }
    struct json *message = json_new_array();
    json_append(message, json_new_string(signpost_path(post)));
    lu_log_typed(lu, JOB_LOG_DELAY_TEST, message);

    gint64 start = g_get_monotonic_time();
    *ret_ended = false;
    if (!signpost_accept(post, op->duration)) {
        return true;
    }
    double spent = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    lu_log(lu, "Connected, %.0f s are left", op->duration - spent);
    if (signpost_wait(post, op->duration - spent)) {
        lu_log(lu, "Interrupted after %.0f s",
               (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC);
        *ret_ended = true;
    }
    return true;
}

static bool plain_delay(struct lu *lu, const struct op_test_delay *op, GError **errp)
{
    if (op->on_node_uuids.n == 0) {
        g_usleep((gulong)(op->duration * G_USEC_PER_SEC));
        return true;
    }
    CLEANUP(json_unrefp) struct json *duration = json_new_double(op->duration);
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers =
        lu_call_nodes(lu, LU_TEXTS(op->on_node_uuids), LU_CALL(test_delay, .duration = duration));
    for (size_t i = 0; i < answers->n; i++) {
        if (!lu_answer_check(&answers->v[i], errp, "Delay on node %s", answers->v[i].node_name)) {
            return false;
        }
    }
    return true;
}

static bool delay_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_test_delay *op = lu_params(lu);
    int64_t rounds = MAX(op->repeat, 1);
    for (int64_t i = 0; i < rounds; i++) {
        bool ended = false;
        if (op->repeat > 0) {
            lu_info(lu, "Test delay iteration %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT, i,
                    rounds - 1);
        }
        if (op->interruptible ? !interruptible_delay(lu, op, &ended, errp)
                              : !plain_delay(lu, op, errp)) {
            return false;
        }
        if (ended) {
            break;
        }
    }
    return true;
}

LU(test_delay, .check_arguments = delay_arguments, .expand_names = delay_names, .exec = delay_exec)

/* --- OP_TEST_JQUEUE -----------------------------------------------------------------------------
 *
 * The test program is told of each stage, with a socket on which it says "go on". */
static bool notify(struct lu *lu, enum err_class on_error, const char *stage, struct json *arg,
                   GError **errp)
{
    CLEANUP(signpost_freep) struct signpost *post = signpost_new(errp);
    if (post == NULL) {
        json_unref(arg);
        return false;
    }
    struct json *message = json_new_array();
    json_append(message, json_new_string(signpost_path(post)));
    json_append(message, json_new_string(stage));
    json_append(message, arg);
    lu_log_typed(lu, JOB_LOG_JQUEUE_TEST, message);
    if (!signpost_accept(post, CONNECT_TIMEOUT)) {
        return err_fail(errp, on_error, ECODE_NONE, "No client connected within %d s",
                        CONNECT_TIMEOUT);
    }
    if (!signpost_wait(post, CONFIRM_TIMEOUT)) {
        return err_fail(errp, on_error, ECODE_NONE, "The client did not confirm within %d s",
                        CONFIRM_TIMEOUT);
    }
    return true;
}

static bool jqueue_names(struct lu *lu, GError **errp)
{
    const struct op_test_jqueue *op = lu_params(lu);
    const struct node *master = cfg_master(lu_cfg(lu));
    if (op->notify_waitlock && !notify(lu, ERR_OP_PREREQ, C_JQT_EXPANDNAMES, NULL, errp)) {
        return false;
    }
    lu_info(lu, "Expanding names");
    if (master != NULL) {
        lu_need(lu, LOCK_LEVEL_NODE, master->uuid);
    }
    return true;
}

static bool send_messages(struct lu *lu, const struct op_test_jqueue *op, GError **errp)
{
    if (op->log_messages.n == 0) {
        return true;
    }
    if (!notify(lu, ERR_OP_EXEC, C_JQT_STARTMSG, json_new_int((int64_t)op->log_messages.n), errp)) {
        return false;
    }
    for (size_t i = 0; i < op->log_messages.n; i++) {
        lu_info(lu, "Sending log message %zu", i + 1);
        lu_log(lu, "%s%s", C_JQT_MSGPREFIX, op->log_messages.v[i]);
        if (!notify(lu, ERR_OP_EXEC, C_JQT_LOGMSG, json_new_int((int64_t)i + 1), errp)) {
            return false;
        }
    }
    return true;
}

static bool jqueue_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_test_jqueue *op = lu_params(lu);
    if (op->notify_exec && !notify(lu, ERR_OP_EXEC, C_JQT_EXEC, NULL, errp)) {
        return false;
    }
    lu_info(lu, "Executing");
    if (!send_messages(lu, op, errp)) {
        return false;
    }
    if (op->fail) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Opcode failure was requested");
    }
    json_write_bool(result, true);
    return true;
}

LU(test_jqueue, .expand_names = jqueue_names, .exec = jqueue_exec)

/* --- OP_TEST_OS_PARAMS --------------------------------------------------------------------------
 */
static bool os_params_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_test_os_params *op = lu_params(lu);
    const struct fact_object *object = lu->op->row->params;
    const struct fact_member *member = fact_object_find(object, "osparams_secret");
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_PYTHON);

    fact_encode(member->spec->type, &op->osparams_secret, &w);
    if (!op->has.osparams_secret || strcmp(text->str, "{}") == 0 ||
        strcmp(text->str, "null") == 0) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "The opcode needs secret parameters");
    }
    lu_log(lu, "Secret OS parameters: %s", text->str);
    return true;
}

LU(test_os_params, .exec = os_params_exec)

/* --- OP_TEST_DUMMY ------------------------------------------------------------------------------
 */
/* It exists for unit tests of opcodes; no unit of the reference carries it out either. */
static bool dummy_arguments(struct lu *lu G_GNUC_UNUSED, GError **errp)
{
    return err_fail(errp, ERR_OP_CODE_UNKNOWN, ECODE_NONE, "Unknown opcode");
}

LU(test_dummy, .check_arguments = dummy_arguments)
