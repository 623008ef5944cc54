/* One opcode through the phases of its logical unit. */
#include "config.h"

#include "jobs/lu/processor.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "compat-config/replica/replica.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/run-hooks.h"

enum {
    /* How often locks are tried that are taken opportunistically, milliseconds. */
    OPPORTUNISTIC_PAUSE_MS = 2000,
    /* Length of a wrong result in error texts. */
    SHOWN_RESULT = 80,
};

/* One opcode under way. */
struct process {
    struct lu_env *env;
    struct lu *lu;
    gint64 deadline;         /* monotonic, microseconds; 0: none */
    GPtrArray *names;        /* owns the names of the locks in pending */
    GArray *pending;         /* struct lock_request: asked for, not requested yet */
    enum lu_outcome outcome; /* when a step has failed */
};

static bool fail(struct process *p, enum lu_outcome outcome)
{
    p->outcome = outcome;
    return false;
}

/* Seconds that are left; negative: no end. */
static double remaining(const struct process *p)
{
    if (p->deadline == 0) {
        return -1;
    }
    return (double)MAX(p->deadline - g_get_monotonic_time(), 0) / G_USEC_PER_SEC;
}

/* --- Locks --------------------------------------------------------------------------------------
 */
static bool should_stop(void *data)
{
    struct lu_env *env = data;
    return env->ops->should_stop != NULL && env->ops->should_stop(env);
}

static bool get_priority(struct process *p, int64_t *ret, GError **errp)
{
    *ret = C_OP_PRIO_DEFAULT;
    if (p->env->ops->priority == NULL || p->env->ops->priority(p->env, ret, errp)) {
        return true;
    }
    return fail(p, LU_CANCELED);
}

static void remember(struct process *p, const struct lock_request *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_hash_table_replace(p->env->locks, g_strdup(v[i].lock), GINT_TO_POINTER(v[i].mode));
    }
}

/* Waits until all of them are granted. */
static bool request(struct process *p, const struct lock_request *v, size_t n, GError **errp)
{
    for (;;) {
        int64_t priority;
        if (!get_priority(p, &priority, errp)) {
            return false;
        }
        const struct wconfd_wait how = {
            .timeout = remaining(p), .should_stop = should_stop, .data = p->env};
        switch (wconfd_wait_locks(p->env->wconfd, priority, v, n, &how, errp)) {
        case WCONFD_GRANTED:
            remember(p, v, n);
            return true;
        case WCONFD_TIMED_OUT:
            return fail(p, LU_NO_LOCKS);
        case WCONFD_STOPPED:
            /* Cancelled, or to be asked for with another priority. */
            break;
        case WCONFD_FAILED:
            return fail(p, LU_FAILED);
        }
    }
}

static bool request_pending(struct process *p, GError **errp)
{
    if (p->pending->len == 0) {
        return true;
    }
    bool ok = request(p, (const struct lock_request *)p->pending->data, p->pending->len, errp);
    g_array_set_size(p->pending, 0);
    return ok && (lu_refresh(p->lu, errp) || fail(p, LU_FAILED));
}

static int compare_requests(const void *a, const void *b)
{
    return lock_name_compare(((const struct lock_request *)a)->lock,
                             ((const struct lock_request *)b)->lock);
}

static void add_request(struct process *p, GArray *requests, enum lock_level level,
                        const char *name, bool shared)
{
    char *lock = lock_name(level, name);
    struct lock_request one = {.lock = lock, .mode = shared ? LOCK_SHARED : LOCK_EXCLUSIVE};
    g_ptr_array_add(p->names, lock);
    g_array_append_val(requests, one);
}

/* Names of all locks of a level that exist. */
static void add_existing(struct process *p, GArray *requests, enum lock_level level, bool shared)
{
    const struct cfg *cfg = lu_cfg(p->lu);
    static const enum cfg_kind kinds[] = {
        [LOCK_LEVEL_INSTANCE] = CFG_KIND_instance, [LOCK_LEVEL_NODEGROUP] = CFG_KIND_group,
        [LOCK_LEVEL_NODE] = CFG_KIND_node,         [LOCK_LEVEL_NODE_RES] = CFG_KIND_node,
        [LOCK_LEVEL_NETWORK] = CFG_KIND_network,
    };
    for (size_t i = 0; i < cfg_count(cfg, kinds[level]); i++) {
        const char *name = level == LOCK_LEVEL_INSTANCE    ? cfg_instance_at(cfg, i)->name
                           : level == LOCK_LEVEL_NODEGROUP ? cfg_group_at(cfg, i)->uuid
                           : level == LOCK_LEVEL_NETWORK   ? cfg_network_at(cfg, i)->uuid
                                                           : cfg_node_at(cfg, i)->uuid;
        if (name != NULL) {
            add_request(p, requests, level, name, shared);
        }
    }
}

static void add_names(struct process *p, GArray *requests, enum lock_level level,
                      const GPtrArray *names, bool shared)
{
    for (guint i = 0; names != NULL && i < names->len; i++) {
        add_request(p, requests, level, names->pdata[i], shared);
    }
}

/* The requests of one level, in order and each once. */
static void level_requests(struct process *p, enum lock_level level, GArray *out)
{
    const struct lu_need *need = &p->lu->needs[level];
    if (need->all && need->opportunistic) {
        add_existing(p, out, level, need->shared);
    } else if (need->all) {
        add_request(p, out, level, LOCK_NAME_ALL, need->shared);
    } else {
        add_names(p, out, level, need->names, need->shared);
    }
    add_names(p, out, level, need->added, need->shared);
    g_array_sort(out, compare_requests);
    for (guint i = 1; i < out->len;) {
        const struct lock_request *v = (const struct lock_request *)out->data;
        if (strcmp(v[i - 1].lock, v[i].lock) == 0) {
            g_array_remove_index(out, i);
        } else {
            i++;
        }
    }
}

/* Lets the loop turn for a while; ends early if the job is to stop. */
static gboolean wake_up(gpointer data)
{
    *(bool *)data = true;
    return G_SOURCE_REMOVE;
}

static bool pause_for(struct process *p, guint milliseconds, GError **errp)
{
    bool over = false;
    GSource *timer = g_timeout_source_new(milliseconds);
    g_source_set_callback(timer, wake_up, &over, NULL);
    g_source_attach(timer, g_main_context_get_thread_default());
    while (!over && !should_stop(p->env)) {
        g_main_context_iteration(g_main_context_get_thread_default(), TRUE);
    }
    g_source_destroy(timer);
    g_source_unref(timer);
    int64_t priority;
    return get_priority(p, &priority, errp);
}

static bool take_opportunistically(struct process *p, const GArray *requests, size_t at_least,
                                   GError **errp)
{
    const struct lock_request *v = (const struct lock_request *)requests->data;
    for (;;) {
        g_autoptr(GPtrArray) taken = NULL;
        if (!wconfd_take_opportunistically(p->env->wconfd, v, requests->len, MAX(at_least, 1),
                                           &taken, errp)) {
            return fail(p, LU_FAILED);
        }
        for (guint i = 0; i < taken->len; i++) {
            /* All of one level are asked for in the same mode. */
            g_hash_table_replace(p->env->locks, g_strdup(taken->pdata[i]),
                                 GINT_TO_POINTER(v[0].mode));
        }
        if (taken->len > 0) {
            return true;
        }
        double left = remaining(p);
        if (left == 0) {
            return fail(p, LU_NO_LOCKS);
        }
        if (!pause_for(p, (guint)MIN(left * 1000 + 1, OPPORTUNISTIC_PAUSE_MS), errp)) {
            return false;
        }
    }
}

/* One after the other: the only order in which a job that wants many does not starve. */
static bool request_each(struct process *p, const GArray *requests, GError **errp)
{
    for (guint i = 0; i < requests->len; i++) {
        if (!request(p, &g_array_index(requests, struct lock_request, i), 1, errp)) {
            return false;
        }
    }
    return true;
}

static bool lock_level(struct process *p, enum lock_level level, GError **errp)
{
    struct lu_need *need = &p->lu->needs[level];
    if (need->apart && !request_pending(p, errp)) {
        return false;
    }
    if (!need->wanted && need->added == NULL) {
        return true;
    }
    if (p->lu->ops->declare_locks != NULL && !p->lu->ops->declare_locks(p->lu, level, errp)) {
        return fail(p, LU_FAILED);
    }
    g_autoptr(GArray) requests = g_array_new(FALSE, FALSE, sizeof(struct lock_request));
    level_requests(p, level, requests);
    if (requests->len == 0) {
        return true;
    }
    if (p->deadline != 0 && !need->opportunistic) {
        g_array_append_vals(p->pending, requests->data, requests->len);
        return true;
    }
    if (!request_pending(p, errp)) {
        return false;
    }
    bool ok = p->deadline != 0 ? take_opportunistically(p, requests, need->at_least, errp)
                               : request_each(p, requests, errp);
    return ok && (lu_refresh(p->lu, errp) || fail(p, LU_FAILED));
}

/* --- Jobs that the unit submits -----------------------------------------------------------------
 */
/* What the unit's own opcode hands down (mcpu.py _SetBaseOpParams). */
static void inherit(const struct opcode *from, struct opcode *op)
{
    struct op_common *to = op->common;
    to->debug_level = from->common->debug_level;
    to->has.debug_level = from->common->has.debug_level;
    if (to->priority == OP_PRIO_NORMAL) {
        to->priority = from->common->priority;
        to->has.priority = true;
    }
    if (!to->has.comment || to->comment == NULL || *to->comment == '\0') {
        g_free(to->comment);
        to->comment = g_strdup_printf("Submitted by %s", from->row->wire_id);
        to->has.comment = true;
    }
    for (size_t i = 0; i < from->common->reason.n; i++) {
        fact_copy(&type_REASON_STEP, fact_list_add(&type_reason_trail, &to->reason),
                  &from->common->reason.v[i]);
    }
    to->has.reason = true;
}

static struct json *jobs_as_json(const struct lu *lu)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *out = NULL;

    json_write_array_begin(&w);
    for (guint i = 0; i < lu->jobs->len; i++) {
        const GPtrArray *job = lu->jobs->pdata[i];
        json_write_array_begin(&w);
        for (guint j = 0; j < job->len; j++) {
            inherit(lu->op, job->pdata[j]);
            opcode_encode(job->pdata[j], OPCODE_SUBMITTED, &w);
        }
        json_write_array_end(&w);
    }
    json_write_array_end(&w);
    if (!json_parse(text->str, (gssize)text->len, &out, NULL)) {
        g_assert_not_reached();
    }
    return out;
}

static bool submit_jobs(struct lu *lu, struct json **result, GError **errp)
{
    CLEANUP(json_unrefp) struct json *jobs = jobs_as_json(lu), *submitted = NULL;
    if (!lu->env->ops->submit(lu->env, jobs, &submitted, errp)) {
        return false;
    }
    if (*result == NULL) {
        *result = json_new_object();
    }
    if (json_kind(*result) != JSON_OBJECT || json_has(*result, "jobs")) {
        return err_fail(errp, ERR_PROGRAMMER, ECODE_NONE,
                        "%s submits jobs, but its result is no object that can take them",
                        lu->op->row->wire_id);
    }
    json_set(*result, "jobs", g_steal_pointer(&submitted));
    return true;
}

/* --- Execution ----------------------------------------------------------------------------------
 */
static bool parse_result(const GString *text, struct json **ret, GError **errp)
{
    return text->len == 0 || json_parse(text->str, (gssize)text->len, ret, errp);
}

static bool exec(struct process *p, struct lu_hooks *hooks, struct json **ret, GError **errp)
{
    struct lu *lu = p->lu;
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);

    if (lu->ops->exec != NULL && !lu->ops->exec(lu, &w, errp)) {
        return false;
    }
    return parse_result(text, ret, errp) && (lu->jobs == NULL || submit_jobs(lu, ret, errp)) &&
           lu_hooks_run(lu, hooks, HOOKS_POST, ret, errp);
}

static bool dry_run(struct process *p, struct json **ret, GError **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);

    lu_info(p->lu, "dry run: everything was checked, nothing is carried out");
    if (p->lu->ops->dry_run_result != NULL) {
        p->lu->ops->dry_run_result(p->lu, &w);
    }
    return parse_result(text, ret, errp);
}

static bool is_dry_run(const struct opcode *op)
{
    return op->common->has.dry_run && op->common->dry_run;
}

/* From the prerequisites on (mcpu.py _ExecLU). */
static bool carry_out(struct process *p, struct json **ret, GError **errp)
{
    struct lu *lu = p->lu;
    struct lu_hooks hooks = {0};
    size_t commits = p->env->commits;
    struct json *nothing = NULL;

    bool ok = (lu->ops->check_prereq == NULL || lu->ops->check_prereq(lu, errp)) &&
              lu_hooks_begin(lu, &hooks, errp) &&
              lu_hooks_run(lu, &hooks, HOOKS_PRE, &nothing, errp);
    json_unref(nothing);
    if (ok) {
        ok = is_dry_run(lu->op) ? dry_run(p, ret, errp) : exec(p, &hooks, ret, errp);
    }
    if (p->env->commits != commits) {
        lu_hooks_config_update(lu, &hooks);
    }
    lu_hooks_clear(&hooks);
    return ok;
}

/* A unit that is short of resources for now may be tried again. */
static enum lu_outcome outcome_of_error(struct process *p, GError **errp)
{
    if (errp == NULL || *errp == NULL || err_class(*errp) != ERR_OP_PREREQ ||
        err_ecode(*errp) != ECODE_TEMP_NORES || p->lu->ops->prepare_retry == NULL) {
        return LU_FAILED;
    }
    g_clear_error(errp);
    if (!p->lu->ops->prepare_retry(p->lu, errp)) {
        return LU_FAILED;
    }
    if (p->env->ops->retrying != NULL) {
        p->env->ops->retrying(p->env);
    }
    return LU_NO_LOCKS;
}

/* Secrets never reach the disk, so a job that luxid read from there again has none. */
static bool check_secrets(const struct opcode *op, GError **errp)
{
    const struct fact_member *secret = fact_object_find(op->row->params, "osparams_secret");
    if (secret == NULL || !fact_member_is_set(op->row->params, op->params, secret)) {
        return true;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    fact_encode(secret->spec->type, (const char *)op->params + secret->offset, &w);
    if (strstr(text->str, OPCODE_REDACTED) == NULL) {
        return true;
    }
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "The secret parameters of this job are not known any more: submit it again");
}

static bool run_phases(struct process *p, struct json **ret, GError **errp)
{
    struct lu *lu = p->lu;
    if ((lu->ops->check_arguments != NULL && !lu->ops->check_arguments(lu, errp)) ||
        !check_secrets(lu->op, errp) ||
        (lu->ops->expand_names != NULL && !lu->ops->expand_names(lu, errp))) {
        return fail(p, LU_FAILED);
    }
    for (size_t i = LOCK_LEVEL_INSTANCE; i < LOCK_LEVEL_CONFIG; i++) {
        if (!lock_level(p, (enum lock_level)i, errp)) {
            return false;
        }
    }
    if (!request_pending(p, errp)) {
        return false;
    }
    if (p->env->ops->started != NULL && !p->env->ops->started(p->env, errp)) {
        return fail(p, LU_CANCELED);
    }
    if (!carry_out(p, ret, errp)) {
        return fail(p, outcome_of_error(p, errp));
    }
    return true;
}

/* Whether the result is what the row promises (mcpu.py _CheckLUResult); not asked of dry runs. */
static bool check_result(const struct opcode *op, struct json *result, GError **errp)
{
    const struct fact_type *type = op->row->result;
    if (type == NULL || is_dry_run(op)) {
        return true;
    }
    g_autofree void *value = g_malloc0(MAX(type->size, 1));
    g_autoptr(GError) error = NULL;
    bool ok = fact_decode(type, result, value, NULL, &error);
    fact_clear(type, value);
    if (ok) {
        return true;
    }
    g_autofree char *text = json_to_string(result, JSON_PYTHON);
    return err_fail(errp, ERR_OP_RESULT, ECODE_NONE,
                    "%s gave a result that it must not give: %s (%.*s)", op->row->wire_id,
                    error->message, SHOWN_RESULT, text);
}

/* --- Before and after ---------------------------------------------------------------------------
 */
/* Failures here are logged only: the daemon gives back what a dead job held in any case. */
static void give_back(struct process *p)
{
    g_autoptr(GError) error = NULL;
    struct method_wconfd_free_locks free_args = {0};
    struct method_wconfd_drop_all_reservations drop_args = {0};

    if (p->env->reserved &&
        !lu_wconfd(p->lu, METHOD_wconfd_drop_all_reservations, &drop_args, NULL, &error)) {
        log_warning("cannot give reservations back: %s", error->message);
        g_clear_error(&error);
    }
    if (g_hash_table_size(p->env->locks) > 0 &&
        !lu_wconfd(p->lu, METHOD_wconfd_free_locks, &free_args, NULL, &error)) {
        log_warning("cannot give locks back: %s", error->message);
    }
    g_hash_table_remove_all(p->env->locks);
    p->env->reserved = false;
}

static bool take_cluster_lock(struct process *p, GError **errp)
{
    g_autofree char *lock = lock_name(LOCK_LEVEL_CLUSTER, LOCK_NAME_BGL);
    const struct lock_request one = {
        .lock = lock,
        .mode = p->lu->op->row->lock == OP_LOCK_ALONE ? LOCK_EXCLUSIVE : LOCK_SHARED,
    };
    return request(p, &one, 1, errp) && (lu_refresh(p->lu, errp) || fail(p, LU_FAILED));
}

enum lu_outcome lu_process(struct lu_env *env, struct opcode *op, double timeout,
                           struct json **ret_result, GError **errp)
{
    GError *error = NULL;
    struct process p = {
        .env = env,
        .lu = lu_new(lu_ops_of(op->row->id), op, env),
        .deadline =
            timeout < 0 ? 0 : g_get_monotonic_time() + (gint64)(timeout * G_USEC_PER_SEC) + 1,
        .names = g_ptr_array_new_with_free_func(g_free),
        .pending = g_array_new(FALSE, FALSE, sizeof(struct lock_request)),
        .outcome = LU_DONE,
    };
    struct json *result = NULL;

    bool ok = take_cluster_lock(&p, &error) && run_phases(&p, &result, &error);
    give_back(&p);
    if (ok && !check_result(op, result, &error)) {
        p.outcome = LU_FAILED;
    }
    if (p.outcome == LU_DONE) {
        *ret_result = result;
    } else {
        json_unref(result);
    }
    if (error != NULL) {
        if (p.outcome == LU_FAILED) {
            g_propagate_error(errp, error);
        } else {
            g_clear_error(&error);
        }
    }
    lu_free(p.lu);
    g_array_unref(p.pending);
    g_ptr_array_unref(p.names);
    return p.outcome;
}
