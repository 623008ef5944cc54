/* What logical units get to see of the job that carries them. */
#include "config.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "facts/luximethods.h"
#include "jobs/exec/job-run.h"
#include "jobs/file/write.h"
#include "luxi/client/client.h"

/* A write of the file that fails between two steps does not end the operation: the next one may
 * succeed, and the last one is the one that counts. */
static void write_or_warn(struct job_run *run)
{
    g_autoptr(GError) error = NULL;
    if (!job_run_write(run, JOB_WRITE_ORDERED, &error)) {
        log_warning("cannot write the job's file: %s", error->message);
    }
}

/* --- Log ----------------------------------------------------------------------------------------
 */
static void add_entry(struct job_run *run, enum job_log_type type, struct json *message)
{
    struct job_log_entry *entry = fact_list_add(&type_job_log_entry_list, &run->queued->log);
    run->queued->has.log = true;
    entry->serial = ++run->log_serial;
    entry->timestamp = job_now();
    entry->type = g_strdup(fact_enum_job_log_type.words[type]);
    entry->message = json_ref(message);
    entry->has = (struct job_log_entry_has){
        .serial = true, .timestamp = true, .type = true, .message = true};
    if (json_kind(message) == JSON_STRING) {
        log_info("%s", json_string(message));
    }
}

static void append_log(struct lu_env *env, enum job_log_type type, struct json *message)
{
    struct job_run *run = env->data;
    if (type == JOB_LOG_MESSAGE_LIST) {
        for (size_t i = 0; i < json_len(message); i++) {
            add_entry(run, JOB_LOG_MESSAGE, json_at(message, i));
        }
    } else {
        add_entry(run, type, message);
    }
    write_or_warn(run);
}

/* --- State --------------------------------------------------------------------------------------
 */
static bool canceled(struct job_run *run, GError **errp)
{
    if (!run->wishes->cancel) {
        return false;
    }
    err_set(errp, ERR_JOB_CANCELED, ECODE_NONE, "Job %" G_GINT64_FORMAT " was canceled",
            run->job->id);
    return true;
}

static bool started(struct lu_env *env, GError **errp)
{
    struct job_run *run = env->data;
    if (canceled(run, errp)) {
        return false;
    }
    run->queued->status = JOB_STATUS_RUNNING;
    job_stamp(run->queued, exec_timestamp, job_now());
    write_or_warn(run);
    return true;
}

static void retrying(struct lu_env *env)
{
    struct job_run *run = env->data;
    run->queued->status = JOB_STATUS_WAITING;
}

static bool priority(struct lu_env *env, int64_t *ret, GError **errp)
{
    struct job_run *run = env->data;
    if (canceled(run, errp)) {
        return false;
    }
    job_run_take_priority(run);
    *ret = run->queued->priority;
    return true;
}

static bool should_stop(struct lu_env *env)
{
    const struct job_run *run = env->data;
    return run->wishes->cancel || run->wishes->new_priority;
}

/* --- Node calls ---------------------------------------------------------------------------------
 */
struct waiting {
    struct rpc_answer *answers;
    bool over;
};

static void answered(struct rpc_answer *answers, size_t n, void *data)
{
    struct waiting *waiting = data;
    for (size_t i = 0; i < n; i++) {
        waiting->answers[i] = answers[i];
        answers[i].payload = NULL;
        answers[i].error = NULL;
    }
    waiting->over = true;
}

static void call(struct lu_env *env, const struct rpc_row *row, unsigned timeout,
                 const struct rpc_request *requests, struct rpc_answer *answers, size_t n)
{
    struct job_run *run = env->data;
    struct waiting waiting = {.answers = answers};
    if (run->rpc == NULL) {
        const struct rpc_client_options options = {
            .cluster_cert = path_get(PATH_NODED_CERT_FILE),
            .client_cert = path_get(PATH_NODED_CLIENT_CERT_FILE),
            .port = daemon_rows[DAEMON_noded].port,
        };
        run->rpc = rpc_client_new(&options);
    }
    log_debug("calls %s on %zu nodes", row->name, n);
    rpc_client_call(run->rpc, row->name, timeout, false, requests, n, answered, &waiting);
    while (!waiting.over) {
        g_main_context_iteration(NULL, TRUE);
    }
}

/* --- Jobs ---------------------------------------------------------------------------------------
 */
static bool submit(struct lu_env *env, struct json *jobs, struct json **ret, GError **errp)
{
    struct job_run *run = env->data;
    CLEANUP(luxi_client_freep)
    struct luxi_client *client = luxi_client_connect(
        run->luxi_socket != NULL ? run->luxi_socket : path_get(PATH_QUERY_SOCKET), NULL, errp);
    if (client == NULL) {
        return false;
    }
    CLEANUP(json_unrefp) struct json *args = json_new_array();
    json_append(args, json_ref(jobs));
    return luxi_client_call_json(client, luxi_method_rows[LUXI_submit_many_jobs].name, args, ret,
                                 errp);
}

const struct lu_env_ops job_env_ops = {
    .log = append_log,
    .call = call,
    .submit = submit,
    .started = started,
    .retrying = retrying,
    .priority = priority,
    .should_stop = should_stop,
};

void job_env_clear(struct job_run *run)
{
    g_clear_pointer(&run->rpc, rpc_client_free);
}
