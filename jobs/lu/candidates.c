/* Master candidates. */
#include "config.h"

#include "jobs/lu/candidates.h"

#include <string.h>

#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/paths.h"
#include "jobs/lu/names.h"
#include "jobs/lu/rpc.h"

struct lu_pool lu_candidate_pool(const struct cfg *cfg, const char *except)
{
    struct lu_pool pool = {0};
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);
        if (g_strcmp0(node->uuid, except) != 0) {
            pool.now += node->master_candidate ? 1 : 0;
            pool.wanted += !node->offline && !node->drained && node->master_capable ? 1 : 0;
        }
    }
    pool.wanted = MIN(pool.wanted, cfg_cluster(cfg)->candidate_pool_size);
    return pool;
}

bool lu_candidate_is_short(const struct cfg *cfg, const char *except)
{
    struct lu_pool pool = lu_candidate_pool(cfg, except);
    return pool.now < MIN(pool.wanted + 1, cfg_cluster(cfg)->candidate_pool_size);
}

/* --- The pool -----------------------------------------------------------------------------------
 */
/* The first nodes that can be candidates and are none, of the reference's arbitrary choice. */
static GPtrArray *choose(const struct cfg *cfg, const char *except)
{
    GPtrArray *chosen = g_ptr_array_new_with_free_func(g_free);
    struct lu_pool pool = lu_candidate_pool(cfg, except);
    for (size_t i = 0; i < cfg_node_count(cfg) && pool.now < pool.wanted; i++) {
        const struct node *node = cfg_node_at(cfg, i);
        if (!node->master_candidate && !node->offline && !node->drained && node->master_capable &&
            g_strcmp0(node->uuid, except) != 0) {
            g_ptr_array_add(chosen, g_strdup(node->uuid));
            pool.now++;
        }
    }
    return chosen;
}

static bool record(struct lu *lu, const GPtrArray *chosen, GError **errp)
{
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    for (guint i = 0; i < chosen->len; i++) {
        cfg_txn_edit_node(txn, chosen->pdata[i])->master_candidate = true;
    }
    (void)cfg_txn_edit_cluster(txn); /* its serial number counts such changes */
    return lu_commit(lu, txn, errp);
}

static void tell(struct lu *lu, const GPtrArray *chosen)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < chosen->len; i++) {
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                               cfg_node_get(lu_cfg(lu), chosen->pdata[i])->name);
    }
    lu_info(lu, "Made master candidates: %s", names->str);
}

static bool promote(struct lu *lu, const char *except, GError **errp)
{
    g_autoptr(GPtrArray) chosen = choose(lu_cfg(lu), except);
    if (chosen->len == 0) {
        return true;
    }
    if (!record(lu, chosen, errp)) {
        return false;
    }
    tell(lu, chosen);
    for (guint i = 0; i < chosen->len; i++) {
        const char *uuid = chosen->pdata[i];
        g_autofree char *name = g_strdup(cfg_node_get(lu_cfg(lu), uuid)->name);
        if (!lu_candidate_cert_add(lu, uuid, errp) ||
            (cfg_cluster(lu_cfg(lu))->modify_ssh_setup &&
             !lu_ssh_key_add(lu, uuid, name, LU_SSH_AUTHORIZED | LU_SSH_PUBLIC, errp))) {
            return false;
        }
    }
    return true;
}

bool lu_candidates_adjust(struct lu *lu, const char *except, GError **errp)
{
    if (!promote(lu, except, errp)) {
        return false;
    }
    struct lu_pool pool = lu_candidate_pool(lu_cfg(lu), except);
    if (pool.now > pool.wanted) {
        lu_info(lu,
                "There are more master candidates (%" G_GINT64_FORMAT
                ") than wanted (%" G_GINT64_FORMAT ")",
                pool.now, pool.wanted);
    }
    return true;
}

/* --- Certificates -------------------------------------------------------------------------------
 */
char *lu_node_digest(struct lu *lu, const char *node_uuid, GError **errp)
{
    CLEANUP(json_unrefp) struct json *token = json_new_array();
    struct json *tokens[] = {token};
    json_append(token, json_new_string(C_CRYPTO_TYPE_SSL_DIGEST));
    json_append(token, json_new_string(C_CRYPTO_ACTION_GET));
    json_append(token, NULL);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, node_uuid, LU_CALL(node_crypto_tokens, .token_request = {.v = tokens, .n = 1}));
    if (!lu_answer_check(answer, errp, "Cannot get the digest of the certificate of node %s",
                         answer->node_name)) {
        return NULL;
    }
    const struct json *pair =
        json_kind(answer->payload) == JSON_ARRAY && json_len(answer->payload) == 1
            ? json_at(answer->payload, 0)
            : NULL;
    if (json_kind(pair) != JSON_ARRAY || json_len(pair) != 2 ||
        json_kind(json_at(pair, 0)) != JSON_STRING || json_kind(json_at(pair, 1)) != JSON_STRING ||
        strcmp(json_string(json_at(pair, 0)), C_CRYPTO_TYPE_SSL_DIGEST) != 0) {
        err_set(errp, ERR_OP_EXEC, ECODE_NONE, "Node %s did not tell the digest of its certificate",
                answer->node_name);
        return NULL;
    }
    return g_strdup(json_string(json_at(pair, 1)));
}

bool lu_candidate_cert_add(struct lu *lu, const char *node_uuid, GError **errp)
{
    g_autofree char *digest = lu_node_digest(lu, node_uuid, errp);
    struct cfg_txn *txn = digest != NULL ? lu_begin(lu, errp) : NULL;
    if (txn == NULL) {
        return false;
    }
    char **slot =
        fact_dict_add(&type_str_map, &cfg_txn_edit_cluster(txn)->candidate_certs, node_uuid);
    *slot = g_steal_pointer(&digest);
    return lu_commit(lu, txn, errp);
}

bool lu_candidate_cert_remove(struct lu *lu, const char *node_uuid, GError **errp)
{
    if (fact_dict_get(&type_str_map, &cfg_cluster(lu_cfg(lu))->candidate_certs, node_uuid) ==
        NULL) {
        return true;
    }
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    fact_dict_remove(&type_str_map, &cfg_txn_edit_cluster(txn)->candidate_certs, node_uuid);
    return lu_commit(lu, txn, errp);
}

/* --- SSH ----------------------------------------------------------------------------------------
 */
/* Names of all nodes, or UUIDs of the candidates; fact_clear(). */
static struct str_list list_nodes(const struct cfg *cfg, bool candidate_uuids)
{
    struct str_list list = {0};
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);
        if (!candidate_uuids || node->master_candidate) {
            char **slot = fact_list_add(&type_str_list, &list);
            *slot = g_strdup(candidate_uuids ? node->uuid : node->name);
        }
    }
    return list;
}

/* The answer is a list of [node, error]. */
static bool judge_ssh(struct lu *lu, const struct lu_answer *answer, const char *node_name,
                      GError **errp)
{
    if (!lu_answer_check(answer, errp, "Could not change the SSH keys of node %s", node_name)) {
        return false;
    }
    for (size_t i = 0; json_kind(answer->payload) == JSON_ARRAY && i < json_len(answer->payload);
         i++) {
        g_autofree char *text = json_to_string(json_at(answer->payload, i), JSON_PYTHON);
        lu_log(lu, "SSH keys could not be changed on a node: %s", text);
    }
    return true;
}

bool lu_ssh_key_add(struct lu *lu, const char *node_uuid, const char *node_name, unsigned flags,
                    GError **errp)
{
    struct str_list potential = list_nodes(lu_cfg(lu), false);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, cfg_cluster(lu_cfg(lu))->master_node,
        LU_CALL(node_ssh_key_add, .node_uuid = (char *)node_uuid, .node_name = (char *)node_name,
                .potential_master_candidates = potential,
                .to_authorized_keys = (flags & LU_SSH_AUTHORIZED) != 0,
                .to_public_keys = (flags & LU_SSH_PUBLIC) != 0,
                .get_public_keys = (flags & LU_SSH_GET_PUBLIC) != 0));
    fact_clear(&type_str_list, &potential);
    return judge_ssh(lu, answer, node_name, errp);
}

bool lu_ssh_key_remove(struct lu *lu, const char *node_uuid, const char *node_name, unsigned flags,
                       GError **errp)
{
    struct str_list potential = list_nodes(lu_cfg(lu), false),
                    candidates = list_nodes(lu_cfg(lu), true);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, cfg_cluster(lu_cfg(lu))->master_node,
        LU_CALL(node_ssh_key_remove, .node_uuid = (char *)node_uuid, .node_name = (char *)node_name,
                .master_candidate_uuids = candidates, .potential_master_candidates = potential,
                .from_authorized_keys = (flags & LU_SSH_AUTHORIZED) != 0,
                .from_public_keys = (flags & LU_SSH_PUBLIC) != 0,
                .clear_authorized_keys = (flags & LU_SSH_CLEAR_AUTHORIZED) != 0,
                .clear_public_keys = (flags & LU_SSH_CLEAR_PUBLIC) != 0,
                .readd = (flags & LU_SSH_READD) != 0));
    fact_clear(&type_str_list, &potential);
    fact_clear(&type_str_list, &candidates);
    return judge_ssh(lu, answer, node_name, errp);
}

/* --- KVM daemon ---------------------------------------------------------------------------------
 */
static bool wants_kvmd(const struct cluster *cluster)
{
    bool has_kvm = false;
    for (size_t i = 0; i < cluster->enabled_hypervisors.n; i++) {
        has_kvm = has_kvm || cluster->enabled_hypervisors.v[i] == HYPERVISOR_KVM;
    }
    return has_kvm && cluster->enabled_user_shutdown;
}

static void ensure_kvmd(struct lu *lu, const GPtrArray *nodes, bool run, bool quiet)
{
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = lu_call_nodes(
        lu, (const char *const *)nodes->pdata, nodes->len,
        LU_CALL(node_ensure_daemon, .daemon = (char *)daemon_rows[DAEMON_kvmd].name, .run = run));
    for (size_t i = 0; (run || !quiet) && i < answers->n; i++) {
        lu_answer_warn(lu, &answers->v[i], "Could not %s the KVM daemon on node %s",
                       run ? "start" : "stop", answers->v[i].node_name);
    }
}

/* only: a UUID; NULL: all nodes. */
static void adjust_kvmd(struct lu *lu, const char *only, bool quiet)
{
    g_autoptr(GPtrArray) start = g_ptr_array_new(), stop = g_ptr_array_new();
    bool wanted = wants_kvmd(cfg_cluster(lu_cfg(lu)));
    for (size_t i = 0; i < cfg_node_count(lu_cfg(lu)); i++) {
        const struct node *node = cfg_node_at(lu_cfg(lu), i);
        if (only == NULL || strcmp(only, node->uuid) == 0) {
            g_ptr_array_add(wanted && node->vm_capable ? start : stop, node->uuid);
        }
    }
    ensure_kvmd(lu, start, true, quiet);
    ensure_kvmd(lu, stop, false, quiet);
}

void lu_kvmd_adjust(struct lu *lu, const char *node_uuid, bool quiet)
{
    adjust_kvmd(lu, node_uuid, quiet);
}

void lu_kvmd_adjust_all(struct lu *lu, bool quiet)
{
    adjust_kvmd(lu, NULL, quiet);
}
