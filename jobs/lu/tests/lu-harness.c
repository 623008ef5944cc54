#include "config.h"

#include "jobs/lu/tests/lu-harness.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/replica/replica.h"
#include "compat-config/store/store.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "facts/opcode.h"
#include "jobs/lu/env.h"

struct lu_harness {
    struct lu_env env;
    struct client_id *client;
    GHashTable *answers; /* "CALL NODE" to the payload's text, "!TEXT" for a failure */
    char *refusal;
    int64_t next_job;
    GString *log, *calls, *locks, *jobs, *result, *opcode;
    GError *error;
};

/* --- What the unit sees -------------------------------------------------------------------------
 */
static void append_log(struct lu_env *env, enum job_log_type type, struct json *message)
{
    struct lu_harness *harness = env->data;
    if (type == JOB_LOG_MESSAGE && json_kind(message) == JSON_STRING) {
        g_string_append_printf(harness->log, "%s\n", json_string(message));
        return;
    }
    g_autofree char *text = json_to_string(message, JSON_PYTHON);
    g_string_append_printf(harness->log, "%s %s\n", fact_enum_job_log_type.words[type], text);
}

/* Of several answers (lines) the first goes, unless it is the last. Owned by the caller. */
static char *take_answer(struct lu_harness *harness, const char *call, const char *node)
{
    g_autofree char *own = g_strdup_printf("%s %s", call, node);
    g_autofree char *any = g_strdup_printf("%s *", call);
    const char *key = g_hash_table_contains(harness->answers, own) ? own : any;
    const char *answer = g_hash_table_lookup(harness->answers, key);
    const char *more = answer != NULL ? strchr(answer, '\n') : NULL;
    if (more == NULL) {
        return g_strdup(answer);
    }
    char *first = g_strndup(answer, (gsize)(more - answer));
    g_hash_table_replace(harness->answers, g_strdup(key), g_strdup(more + 1));
    return first;
}

static void call(struct lu_env *env, const struct rpc_row *row, unsigned timeout,
                 const struct rpc_request *requests, struct rpc_answer *answers, size_t n)
{
    struct lu_harness *harness = env->data;
    ck_assert_uint_gt(timeout, 0);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *answer = take_answer(harness, row->name, requests[i].node);
        g_string_append_printf(harness->calls, "%s %s %s\n", row->name, requests[i].node,
                               requests[i].arguments);
        if (answer != NULL && *answer != '!') {
            answers[i].outcome = RPC_ANSWERED;
            ck_assert(json_parse(answer, -1, &answers[i].payload, NULL));
        } else {
            answers[i].outcome = RPC_FAILED;
            answers[i].error = g_error_new(ERR, ERR_GENERIC, "%s",
                                           answer != NULL ? answer + 1 : "no answer was prepared");
        }
    }
}

static bool submit(struct lu_env *env, struct json *jobs, struct json **ret, GError **errp)
{
    struct lu_harness *harness = env->data;
    g_autofree char *text = json_to_string(jobs, JSON_PYTHON);
    (void)errp;
    g_string_append(harness->jobs, text);
    *ret = json_new_array();
    for (size_t i = 0; i < json_len(jobs); i++) {
        struct json *one = json_new_array();
        json_append(one, json_new_bool(harness->refusal == NULL));
        json_append(one, harness->refusal != NULL ? json_new_string(harness->refusal)
                                                  : json_new_int(harness->next_job++));
        json_append(*ret, one);
    }
    return true;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool started(struct lu_env *env, GError **errp G_GNUC_UNUSED)
{
    struct lu_harness *harness = env->data;
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter it;
    void *lock, *mode;
    g_hash_table_iter_init(&it, env->locks);
    while (g_hash_table_iter_next(&it, &lock, &mode)) {
        g_ptr_array_add(lines, g_strdup_printf("%s %s\n", (const char *)lock,
                                               fact_enum_lock_mode.words[GPOINTER_TO_INT(mode)]));
    }
    g_ptr_array_sort(lines, compare_texts);
    for (guint i = 0; i < lines->len; i++) {
        g_string_append(harness->locks, lines->pdata[i]);
    }
    return true;
}

static void no_pause(struct lu_env *env G_GNUC_UNUSED, double seconds G_GNUC_UNUSED)
{
}

static const struct lu_env_ops ops = {
    .log = append_log, .call = call, .submit = submit, .started = started, .pause = no_pause};

/* --- The harness --------------------------------------------------------------------------------
 */
static const struct cfg *load(const char *config)
{
    g_autofree char *path =
        g_build_filename(g_getenv("GANTRY_TOP_SRCDIR"), "compat-config/tests/data", config, NULL);
    g_autoptr(GError) error = NULL;
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_load(path, &error);
    ck_assert_msg(cfg != NULL, "%s", error != NULL ? error->message : "");
    return cfg_upgrade(cfg);
}

struct lu_harness *lu_harness_new(const char *config)
{
    struct lu_harness *harness = g_new0(struct lu_harness, 1);
    g_autoptr(GError) error = NULL;
    if (g_str_has_suffix(config, "-3.0.json")) {
        g_setenv("GANTRY_LEVEL", "3.0", TRUE);
    }
    CLEANUP(cfg_unrefp) const struct cfg *cfg = load(config);
    harness->client = wconfd_identity(1, NULL, "/the/livelock");
    harness->env.ops = &ops;
    harness->env.data = harness;
    harness->env.wconfd = wconfd_client_local(NULL, cfg, harness->client, &error);
    ck_assert_msg(harness->env.wconfd != NULL, "%s", error != NULL ? error->message : "");
    harness->env.replica = cfg_replica_new(NULL, harness->env.wconfd, &error);
    ck_assert_msg(harness->env.replica != NULL, "%s", error != NULL ? error->message : "");
    harness->env.client = wconfd_client_self(harness->env.wconfd);
    lu_env_init(&harness->env);
    harness->answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    harness->next_job = 1;
    GString **texts[] = {&harness->log,  &harness->calls,  &harness->locks,
                         &harness->jobs, &harness->result, &harness->opcode};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        *texts[i] = g_string_new(NULL);
    }
    return harness;
}

void lu_harness_free(struct lu_harness *harness)
{
    if (harness == NULL) {
        return;
    }
    GString *texts[] = {harness->log,  harness->calls,  harness->locks,
                        harness->jobs, harness->result, harness->opcode};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_string_free(texts[i], TRUE);
    }
    lu_env_clear(&harness->env);
    cfg_replica_free(harness->env.replica);
    wconfd_client_free(harness->env.wconfd);
    fact_object_free(&fact_object_client_id, harness->client);
    g_hash_table_unref(harness->answers);
    g_clear_error(&harness->error);
    g_free(harness->refusal);
    g_free(harness);
}

const struct cfg *lu_harness_cfg(struct lu_harness *harness)
{
    ck_assert(cfg_replica_refresh(harness->env.replica, NULL));
    return cfg_replica_get(harness->env.replica);
}

static void set_answer(struct lu_harness *harness, const char *call, const char *node, char *answer)
{
    ck_assert_msg(rpc_row_find(call) != NULL, "there is no call %s", call);
    g_hash_table_replace(harness->answers,
                         g_strdup_printf("%s %s", call, node != NULL ? node : "*"), answer);
}

void lu_harness_edit_cluster(struct lu_harness *harness, void (*edit)(struct cluster *cluster))
{
    struct cfg_txn *txn = cfg_replica_begin(harness->env.replica, NULL);
    ck_assert_ptr_nonnull(txn);
    edit(cfg_txn_edit_cluster(txn));
    ck_assert(cfg_replica_commit(harness->env.replica, txn, NULL));
}

void lu_harness_answer(struct lu_harness *harness, const char *call, const char *node,
                       const char *payload)
{
    set_answer(harness, call, node, g_strdup(payload));
}

void lu_harness_failure(struct lu_harness *harness, const char *call, const char *node,
                        const char *text)
{
    set_answer(harness, call, node, g_strconcat("!", text, NULL));
}

void lu_harness_refuse_jobs(struct lu_harness *harness, const char *text)
{
    g_free(harness->refusal);
    harness->refusal = g_strdup(text);
}

static struct opcode *parse_opcode(const char *text)
{
    CLEANUP(json_unrefp) struct json *json = NULL;
    g_autoptr(GError) error = NULL;
    ck_assert_msg(json_parse(text, -1, &json, &error), "%s", error != NULL ? error->message : "");
    if (!json_has(json, "reason")) {
        json_set(json, "reason", json_new_array());
    }
    struct opcode *op = opcode_decode(json, NULL, &error);
    ck_assert_msg(op != NULL, "%s", error != NULL ? error->message : "");
    return op;
}

enum lu_outcome lu_harness_run(struct lu_harness *harness, const char *opcode)
{
    CLEANUP(opcode_freep) struct opcode *op = parse_opcode(opcode);
    CLEANUP(json_unrefp) struct json *result = NULL;
    GString *texts[] = {harness->log,  harness->calls,  harness->locks,
                        harness->jobs, harness->result, harness->opcode};

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_string_truncate(texts[i], 0);
    }
    g_clear_error(&harness->error);
    enum lu_outcome outcome = lu_process(&harness->env, op, 60, &result, &harness->error);
    g_autofree char *text = json_to_string(result, JSON_PYTHON);
    struct json_writer w = json_writer_init(harness->opcode, JSON_PYTHON);
    g_string_append(harness->result, text);
    opcode_encode(op, OPCODE_PROCESSED, &w);
    ck_assert_uint_eq(g_hash_table_size(harness->env.locks), 0);
    ck_assert((outcome == LU_FAILED) == (harness->error != NULL));
    return outcome;
}

void lu_harness_ok(struct lu_harness *harness, const char *opcode)
{
    enum lu_outcome outcome = lu_harness_run(harness, opcode);
    ck_assert_msg(outcome == LU_DONE, "%s: %s", opcode,
                  harness->error != NULL ? harness->error->message : "not carried out");
}

void lu_harness_fails(struct lu_harness *harness, const char *opcode, enum err_class error_class,
                      enum err_ecode ecode)
{
    enum lu_outcome outcome = lu_harness_run(harness, opcode);
    ck_assert_msg(outcome == LU_FAILED, "%s did not fail", opcode);
    ck_assert_msg(err_class(harness->error) == error_class, "%s", harness->error->message);
    ck_assert_msg(ecode == ECODE_NONE || err_ecode(harness->error) == ecode, "%s",
                  harness->error->message);
}

const char *lu_harness_result(const struct lu_harness *harness)
{
    return harness->result->str;
}

const GError *lu_harness_error(const struct lu_harness *harness)
{
    return harness->error;
}

const char *lu_harness_log(const struct lu_harness *harness)
{
    return harness->log->str;
}

const char *lu_harness_calls(const struct lu_harness *harness)
{
    return harness->calls->str;
}

char *lu_harness_call_names(const struct lu_harness *harness, int node_len, char separator,
                            const char *but)
{
    g_auto(GStrv) lines = g_strsplit(harness->calls->str, "\n", -1);
    GString *names = g_string_new(NULL);
    for (size_t i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 3);
        if (strcmp(words[0], "hooks_runner") != 0 && g_strcmp0(words[0], but) != 0) {
            g_string_append_printf(names, "%s %.*s%c", words[0], node_len, words[1], separator);
        }
    }
    return g_string_free(names, FALSE);
}

const char *lu_harness_locks(const struct lu_harness *harness)
{
    return harness->locks->str;
}

const char *lu_harness_jobs(const struct lu_harness *harness)
{
    return harness->jobs->str;
}

const char *lu_harness_opcode(const struct lu_harness *harness)
{
    return harness->opcode->str;
}
