/* The life of a logical unit, its configuration and its log. */
#include "config.h"

#include "jobs/lu/lu.h"

#include "compat-config/replica/replica.h"
#include "facts/codec.h"
#include "jobs/lu/env.h"

void lu_env_init(struct lu_env *env)
{
    env->locks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void lu_env_clear(struct lu_env *env)
{
    g_clear_pointer(&env->locks, g_hash_table_unref);
}

struct lu *lu_new(const struct lu_ops *ops, struct opcode *op, struct lu_env *env)
{
    struct lu *lu = g_new0(struct lu, 1);
    lu->ops = ops;
    lu->op = op;
    lu->env = env;
    lu->own = g_malloc0(MAX(ops->own_size, 1));
    return lu;
}

struct opcode *lu_free(struct lu *lu)
{
    struct opcode *op = lu->op;
    if (lu->ops->clear != NULL) {
        lu->ops->clear(lu->own);
    }
    g_free(lu->own);
    for (size_t i = 0; i < G_N_ELEMENTS(lu->needs); i++) {
        g_clear_pointer(&lu->needs[i].names, g_ptr_array_unref);
        g_clear_pointer(&lu->needs[i].added, g_ptr_array_unref);
    }
    g_clear_pointer(&lu->jobs, g_ptr_array_unref);
    g_free(lu);
    return op;
}

/* --- Configuration ------------------------------------------------------------------------------
 */
const struct cfg *lu_cfg(const struct lu *lu)
{
    return cfg_replica_get(lu->env->replica);
}

bool lu_refresh(struct lu *lu, GError **errp)
{
    return cfg_replica_refresh(lu->env->replica, errp);
}

struct cfg_txn *lu_begin(struct lu *lu, GError **errp)
{
    return cfg_replica_begin(lu->env->replica, errp);
}

bool lu_commit(struct lu *lu, struct cfg_txn *txn, GError **errp)
{
    bool changed = cfg_txn_is_changed(txn);
    if (!cfg_replica_commit(lu->env->replica, txn, errp)) {
        return false;
    }
    lu->env->commits += changed ? 1 : 0;
    return true;
}

bool lu_wconfd(struct lu *lu, enum method_id method, void *args, struct json **ret, GError **errp)
{
    const struct fact_object *object = method_rows[method].args;
    const struct fact_member *client = fact_object_find(object, "client");
    struct client_id *slot = NULL;

    if (client != NULL) {
        slot = (struct client_id *)((char *)args + client->offset);
        fact_object_copy_at(&fact_object_client_id, slot, lu->env->client);
        fact_member_mark_set(object, args, client, true);
        lu->env->reserved = true;
    }
    bool ok = wconfd_call(lu->env->wconfd, method, args, ret, errp);
    if (slot != NULL) {
        fact_object_clear(&fact_object_client_id, slot);
    }
    return ok;
}

/* --- Log ----------------------------------------------------------------------------------------
 */
static void say(struct lu *lu, const char *prefix, const char *format, va_list args)
    G_GNUC_PRINTF(3, 0);
static void say(struct lu *lu, const char *prefix, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);
    g_autofree char *whole = g_strconcat(prefix, text, NULL);
    lu_log_typed(lu, JOB_LOG_MESSAGE, json_new_string(whole));
}

void lu_log(struct lu *lu, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(lu, "", format, args);
    va_end(args);
}

void lu_info(struct lu *lu, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(lu, " - INFO: ", format, args);
    va_end(args);
}

void lu_warn(struct lu *lu, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(lu, " - WARNING: ", format, args);
    va_end(args);
}

void lu_hint(struct lu *lu, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(lu, "      Hint: ", format, args);
    va_end(args);
}

void lu_step(struct lu *lu, int current, int total, const char *format, ...)
{
    g_autofree char *prefix = g_strdup_printf("STEP %d/%d ", current, total);
    va_list args;
    va_start(args, format);
    say(lu, prefix, format, args);
    va_end(args);
}

void lu_log_typed(struct lu *lu, enum job_log_type type, struct json *message)
{
    lu->env->ops->log(lu->env, type, message);
    json_unref(message);
}

void lu_pause(struct lu *lu, double seconds)
{
    if (lu->env->ops->pause != NULL) {
        lu->env->ops->pause(lu->env, seconds);
    } else {
        g_usleep((gulong)(seconds * G_USEC_PER_SEC));
    }
}

/* --- Jobs ---------------------------------------------------------------------------------------
 */
static void free_job(void *job)
{
    g_ptr_array_unref(job);
}

void lu_jobs_begin(struct lu *lu)
{
    if (lu->jobs == NULL) {
        lu->jobs = g_ptr_array_new_with_free_func(free_job);
    }
}

static void free_opcode(void *op)
{
    opcode_free(op);
}

void lu_jobs_add(struct lu *lu, struct opcode *const *ops, size_t n)
{
    lu_jobs_begin(lu);
    GPtrArray *job = g_ptr_array_new_with_free_func(free_opcode);
    for (size_t i = 0; i < n; i++) {
        g_ptr_array_add(job, ops[i]);
    }
    g_ptr_array_add(lu->jobs, job);
}
