/* OP_CLUSTER_VERIFY_GROUP: the unit. */
#include "config.h"

#include "jobs/lu/verify-group.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/disk.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/names.h"

struct own {
    char *group_uuid;
};

static void own_clear(void *data)
{
    struct own *own = data;
    g_free(own->group_uuid);
}

/* --- Helpers of all parts -----------------------------------------------------------------------
 */
struct verify_node *verify_node_of(const struct verify_group *group, const char *uuid)
{
    return g_hash_table_lookup(group->by_uuid, uuid);
}

const char *verify_node_name(const struct verify_group *group, const char *uuid)
{
    const struct node *node = cfg_node_get(group->cfg, uuid);
    return node != NULL ? node->name : uuid;
}

const struct json *verify_payload(const struct lu_answers *answers, const char *node_uuid)
{
    const struct lu_answer *answer = answers != NULL ? lu_answers_of(answers, node_uuid) : NULL;
    return answer != NULL && answer->fail_msg == NULL && json_kind(answer->payload) == JSON_OBJECT
               ? answer->payload
               : NULL;
}

char *verify_join(const GPtrArray *texts)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < texts->len; i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", (char *)texts->pdata[i]);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void add_once(GPtrArray *texts, const char *text)
{
    for (guint i = 0; i < texts->len; i++) {
        if (g_str_equal(texts->pdata[i], text)) {
            return;
        }
    }
    g_ptr_array_add(texts, (char *)text);
}

GPtrArray *verify_instance_nodes(const struct cfg *cfg, const struct instance *instance)
{
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);
    GPtrArray *uuids = g_ptr_array_new();
    g_ptr_array_add(uuids, instance->primary_node);
    for (size_t i = 0; i < disks.n; i++) {
        struct cfg_drbd drbd;
        if (cfg_disk_drbd(disks.v[i], &drbd)) {
            add_once(uuids, drbd.node_a);
            add_once(uuids, drbd.node_b);
        }
    }
    return uuids;
}

bool verify_has_mirror(const struct cfg *cfg, const struct instance *instance)
{
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);
    for (size_t i = 0; i < disks.n; i++) {
        if (const_has(C_DTS_INT_MIRROR, (int)disks.v[i]->dev_type)) {
            return true;
        }
    }
    return false;
}

bool verify_excludes(const struct cfg *cfg, const char *node_uuid)
{
    const struct node *node = cfg_node_get(cfg, node_uuid);
    return node != NULL && cfg_node_ndparams(cfg, node).exclusive_storage;
}

static void add_volume(const struct disk *disk, void *volumes)
{
    const char *vg, *lv;
    if (cfg_disk_lv(disk, &vg, &lv)) {
        g_ptr_array_add(volumes, g_strdup_printf("%s/%s", vg, lv));
    }
}

GPtrArray *verify_instance_volumes(const struct cfg *cfg, const struct instance *instance,
                                   const char *node_uuid)
{
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);
    GPtrArray *volumes = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < disks.n; i++) {
        struct cfg_drbd drbd;
        bool here = cfg_disk_drbd(disks.v[i], &drbd)
                        ? g_str_equal(drbd.node_a, node_uuid) || g_str_equal(drbd.node_b, node_uuid)
                        : g_str_equal(instance->primary_node, node_uuid);
        if (here) {
            cfg_disk_walk(disks.v[i], add_volume, volumes);
        }
    }
    return volumes;
}

/* --- Locks --------------------------------------------------------------------------------------
 */
typedef void instance_fn(const struct instance *instance, void *data);
/* Instances with their primary node in the group. */
static void each_instance(const struct cfg *cfg, const struct node_group *group, instance_fn *fn,
                          void *data)
{
    struct cfg_nodes nodes = cfg_group_nodes(cfg, group);
    for (size_t i = 0; i < nodes.n; i++) {
        struct cfg_instances primaries = cfg_node_primaries(cfg, nodes.v[i]);
        for (size_t j = 0; j < primaries.n; j++) {
            if (!cfg_instance_is_forthcoming(primaries.v[j])) {
                fn(primaries.v[j], data);
            }
        }
    }
}

static void lock_instance(const struct instance *instance, void *lu)
{
    lu_need(lu, LOCK_LEVEL_INSTANCE, instance->name);
}

static bool names(struct lu *lu, GError **errp)
{
    const struct op_cluster_verify_group *op = lu_params(lu);
    struct own *own = lu->own;
    const struct node_group *group = lu_expand_group(lu, op->group_name, errp);
    if (group == NULL) {
        return false;
    }
    own->group_uuid = g_strdup(group->uuid);
    each_instance(lu_cfg(lu), group, lock_instance, lu);
    lu_need(lu, LOCK_LEVEL_NODEGROUP, group->uuid);
    lu_need_apart(lu, LOCK_LEVEL_NODE);
    lu_need_all_shared(lu);
    return true;
}

/* Members, and peers in other groups: their volumes are looked at, too. */
static bool declare(struct lu *lu, enum lock_level level, GError **errp G_GNUC_UNUSED)
{
    const struct own *own = lu->own;
    const struct cfg *cfg = lu_cfg(lu);
    const struct node_group *group = cfg_group_get(cfg, own->group_uuid);
    if (level != LOCK_LEVEL_NODE || group == NULL) {
        return true;
    }
    struct cfg_nodes nodes = cfg_group_nodes(cfg, group);
    for (size_t i = 0; i < nodes.n; i++) {
        lu_need(lu, LOCK_LEVEL_NODE, nodes.v[i]->uuid);
    }
    g_autoptr(GPtrArray) owned = lu_owned(lu, LOCK_LEVEL_INSTANCE);
    for (guint i = 0; i < owned->len; i++) {
        const struct instance *instance = cfg_instance_named(cfg, owned->pdata[i]);
        struct cfg_nodes peers = {0};
        if (instance != NULL) {
            peers = cfg_instance_secondaries(cfg, instance);
        }
        for (size_t j = 0; j < peers.n; j++) {
            lu_need(lu, LOCK_LEVEL_NODE, peers.v[j]->uuid);
        }
    }
    return true;
}

struct unlocked {
    struct lu *lu;
    GPtrArray *instances, *peers;
};

static void check_locks_of(const struct instance *instance, void *data)
{
    struct unlocked *unlocked = data;
    const struct cfg *cfg = lu_cfg(unlocked->lu);
    if (!lu_owns(unlocked->lu, LOCK_LEVEL_INSTANCE, instance->name)) {
        g_ptr_array_add(unlocked->instances, instance->name);
    }
    struct cfg_nodes peers = cfg_instance_secondaries(cfg, instance);
    for (size_t i = 0; i < peers.n; i++) {
        if (!lu_owns(unlocked->lu, LOCK_LEVEL_NODE, peers.v[i]->uuid)) {
            add_once(unlocked->peers, peers.v[i]->name);
        }
    }
}

static bool refuse(const GPtrArray *missing, const char *what, GError **errp)
{
    if (missing->len == 0) {
        return true;
    }
    g_autofree char *text = verify_join(missing);
    return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                    "The group changed while its locks were waited for, these %s are not locked: "
                    "%s. Try again",
                    what, text);
}

static bool prereq(struct lu *lu, GError **errp)
{
    const struct own *own = lu->own;
    const struct cfg *cfg = lu_cfg(lu);
    const struct node_group *group = cfg_group_get(cfg, own->group_uuid);
    if (group == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_NOENT, "Node group %s has gone meanwhile",
                        own->group_uuid);
    }
    g_autoptr(GPtrArray) nodes = g_ptr_array_new(), instances = g_ptr_array_new(),
                         peers = g_ptr_array_new();
    struct cfg_nodes members = cfg_group_nodes(cfg, group);
    for (size_t i = 0; i < members.n; i++) {
        if (!lu_owns(lu, LOCK_LEVEL_NODE, members.v[i]->uuid)) {
            g_ptr_array_add(nodes, members.v[i]->name);
        }
    }
    struct unlocked unlocked = {.lu = lu, .instances = instances, .peers = peers};
    each_instance(cfg, group, check_locks_of, &unlocked);
    return refuse(nodes, "nodes", errp) && refuse(instances, "instances", errp) &&
           refuse(peers, "nodes", errp);
}

/* --- What should be -----------------------------------------------------------------------------
 */
static void node_free(void *data)
{
    struct verify_node *node = data;
    g_hash_table_unref(node->running);
    g_hash_table_unref(node->should_have);
    g_ptr_array_unref(node->primaries);
    g_ptr_array_unref(node->secondaries);
    g_clear_pointer(&node->oses, g_hash_table_unref);
    g_clear_pointer(&node->os_names, g_ptr_array_unref);
    g_free(node);
}

static struct verify_node *add_node(struct verify_group *group, const char *uuid)
{
    struct verify_node *known = verify_node_of(group, uuid);
    if (known != NULL) {
        return known;
    }
    struct verify_node *node = g_new0(struct verify_node, 1);
    node->uuid = uuid;
    node->node = cfg_node_get(group->cfg, uuid);
    node->in_group = node->node != NULL && cfg_node_group(group->cfg, node->node) == group->group;
    node->offline = node->node != NULL && node->node->offline;
    node->vm_capable = node->node == NULL || node->node->vm_capable;
    node->running = g_hash_table_new(g_str_hash, g_str_equal);
    node->should_have = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    node->primaries = g_ptr_array_new();
    node->secondaries = g_ptr_array_new();
    g_ptr_array_add(group->nodes, node);
    g_hash_table_insert(group->by_uuid, (char *)uuid, node);
    return node;
}

static void add_bridges(struct verify_group *group, const struct instance *instance)
{
    for (size_t i = 0; i < instance->nics.n; i++) {
        struct nicparams filled = cfg_nicparams(group->cfg, &instance->nics.v[i]);
        if (filled.mode == NIC_MODE_BRIDGED && filled.link != NULL) {
            g_hash_table_add(group->bridges, filled.link);
        }
    }
}

static void add_instance(const struct instance *instance, void *data)
{
    struct verify_group *group = data;
    g_autoptr(GPtrArray) nodes = verify_instance_nodes(group->cfg, instance);
    g_ptr_array_add(group->instances, (void *)instance);
    for (guint i = 0; i < nodes->len; i++) {
        struct verify_node *node = add_node(group, nodes->pdata[i]);
        g_ptr_array_add(i == 0 ? node->primaries : node->secondaries, (void *)instance);
    }
    add_bridges(group, instance);
}

/* Also those of instances that have their primary node in another group. */
static void add_volumes(struct verify_group *group, struct verify_node *node)
{
    const struct cfg_instances both[] = {cfg_node_primaries(group->cfg, node->node),
                                         cfg_node_secondaries(group->cfg, node->node)};
    for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
        for (size_t j = 0; j < both[i].n; j++) {
            g_autoptr(GPtrArray) volumes =
                verify_instance_volumes(group->cfg, both[i].v[j], node->uuid);
            for (guint k = 0; k < volumes->len; k++) {
                g_hash_table_add(node->should_have, g_strdup(volumes->pdata[k]));
            }
        }
    }
}

static void default_bridge(struct verify_group *group)
{
    const struct nicparams *usual =
        fact_dict_get(&type_nicparams_map, &group->cluster->nicparams, CFG_PARAMS_DEFAULT);
    if (usual != NULL && usual->mode == NIC_MODE_BRIDGED && usual->link != NULL) {
        g_hash_table_add(group->bridges, usual->link);
    }
}

static void group_begin(struct verify_group *group, struct lu *lu, const char *uuid)
{
    const struct op_cluster_verify_group *op = lu_params(lu);
    const char *vg;
    group->lu = lu;
    group->report = (struct verify_report){.lu = lu,
                                           .ignored = &op->ignore_errors,
                                           .for_programs = op->error_codes,
                                           .simulate = op->debug_simulate_errors};
    group->cfg = lu_cfg(lu);
    group->cluster = cfg_cluster(group->cfg);
    group->group = cfg_group_get(group->cfg, uuid);
    group->master = cfg_master(group->cfg);
    group->members = cfg_group_nodes(group->cfg, group->group);
    vg = group->cluster->volume_group_name;
    group->vg_name = vg != NULL && *vg != '\0' ? vg : NULL;
    group->instances = g_ptr_array_new();
    group->nodes = g_ptr_array_new_with_free_func(node_free);
    group->by_uuid = g_hash_table_new(g_str_hash, g_str_equal);
    group->bridges = g_hash_table_new(g_str_hash, g_str_equal);
    group->minors = g_hash_table_new(g_str_hash, g_str_equal);
    group->disks =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_array_unref);
    group->files = lu_files_new(group->cluster, false);
    default_bridge(group);
    for (size_t i = 0; i < group->members.n; i++) {
        struct verify_node *node = add_node(group, group->members.v[i]->uuid);
        group->exclusive_storage =
            group->exclusive_storage || verify_excludes(group->cfg, node->uuid);
        add_volumes(group, node);
    }
    each_instance(group->cfg, group->group, add_instance, group);
}

static void group_end(struct verify_group *group)
{
    g_ptr_array_unref(group->instances);
    g_ptr_array_unref(group->nodes);
    g_hash_table_unref(group->by_uuid);
    g_hash_table_unref(group->bridges);
    g_hash_table_unref(group->minors);
    g_hash_table_unref(group->disks);
    lu_files_free(group->files);
    json_unref(group->drbd_map);
    lu_answers_free(group->answers);
    lu_answers_free(group->extra);
    lu_answers_free(group->compared);
    lu_answers_free(group->mirrors);
}

/* --- Checks in order ----------------------------------------------------------------------------
 */
static const char *role(const struct verify_group *group, const struct node *node)
{
    switch (cfg_node_role(group->cfg, node)) {
    case CFG_NODE_MASTER:
        return "master";
    case CFG_NODE_CANDIDATE:
        return "master candidate";
    case CFG_NODE_DRAINED:
        return "drained";
    case CFG_NODE_OFFLINE:
    case CFG_NODE_REGULAR:
        break;
    }
    return "regular";
}

/* base: the node that operating systems are compared with, NULL as long as there is none. */
static void check_node(struct verify_group *group, struct verify_node *node, bool verbose,
                       const struct verify_node **base)
{
    const struct lu_answer *answer = lu_answers_of(group->answers, node->uuid);
    static const char none[] = "it answered nothing that can be read";
    if (node->offline) {
        if (verbose) {
            lu_log(group->lu, "* Skipping offline node %s", node->node->name);
        }
        return;
    }
    if (verbose) {
        lu_log(group->lu, "* Verifying node %s (%s)", node->node->name, role(group, node->node));
    }
    const struct json *payload = verify_payload(group->answers, node->uuid);
    if (verify_fails(&group->report, payload == NULL)) {
        verify_error(&group->report, CV_ENODERPC, node->node->name, "while contacting node: %s",
                     answer != NULL && answer->fail_msg != NULL ? answer->fail_msg : none);
    }
    if (payload == NULL) {
        node->rpc_fail = true;
        return;
    }
    verify_node_check(group, node, payload);
    if (node->oses != NULL) {
        *base = *base != NULL ? *base : node;
        verify_os_compare(group, node, *base);
    }
}

static void check_nodes(struct verify_group *group, bool verbose)
{
    const struct verify_node *base = NULL;
    lu_log(group->lu, "* Verifying node status");
    for (size_t i = 0; i < group->members.n; i++) {
        check_node(group, verify_node_of(group, group->members.v[i]->uuid), verbose, &base);
    }
    verify_nodes_together(group);
    for (size_t i = 0; group->extra != NULL && i < group->extra->n; i++) {
        const char *uuid = group->extra->v[i].node_uuid;
        verify_node_volumes(group, verify_node_of(group, uuid), verify_payload(group->extra, uuid));
    }
}

static bool is_redundant(const struct cfg *cfg, const struct instance *instance)
{
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);
    for (size_t i = 0; i < disks.n; i++) {
        if (!const_has(C_DTS_MIRRORED, (int)disks.v[i]->dev_type)) {
            return false;
        }
    }
    return true;
}

/* What is no error, but good to know. */
static void tell_notes(struct verify_group *group)
{
    guint fragile = 0, unbalanced = 0, offline = 0, nodes_offline = 0, nodes_drained = 0;
    for (guint i = 0; i < group->instances->len; i++) {
        const struct instance *instance = group->instances->pdata[i];
        fragile += !is_redundant(group->cfg, instance);
        unbalanced += !cfg_beparams(group->cfg, instance).auto_balance;
        offline += instance->admin_state == ADMIN_OFFLINE;
    }
    for (size_t i = 0; i < group->members.n; i++) {
        enum cfg_node_role which = cfg_node_role(group->cfg, group->members.v[i]);
        nodes_offline += group->members.v[i]->offline;
        nodes_drained += which == CFG_NODE_DRAINED;
    }
    const struct {
        guint n;
        const char *what;
    } notes[] = {
        {fragile, "non-redundant instance(s)"}, {unbalanced, "non-auto-balanced instance(s)"},
        {offline, "offline instance(s)"},       {nodes_offline, "offline node(s)"},
        {nodes_drained, "drained node(s)"},
    };
    lu_log(group->lu, "* Other Notes");
    for (size_t i = 0; i < G_N_ELEMENTS(notes); i++) {
        if (notes[i].n > 0) {
            lu_log(group->lu, "  - NOTICE: %u %s found.", notes[i].n, notes[i].what);
        }
    }
}

static bool is_skipped(const struct op_cluster_verify_group *op, enum verify_check check)
{
    for (size_t i = 0; i < op->skip_checks.n; i++) {
        if (op->skip_checks.v[i] == check) {
            return true;
        }
    }
    return false;
}

static void check_all(struct verify_group *group, const struct op_cluster_verify_group *op)
{
    lu_log(group->lu, "* Verifying configuration file consistency");
    verify_client_certificates(group);
    if (group->cluster->modify_ssh_setup) {
        verify_ssh(group);
    }
    verify_files(group);
    check_nodes(group, op->verbose);
    lu_log(group->lu, "* Verifying instance status");
    for (guint i = 0; i < group->instances->len; i++) {
        const struct instance *instance = group->instances->pdata[i];
        if (op->verbose) {
            lu_log(group->lu, "* Verifying instance %s", instance->name);
        }
        verify_instance(group, instance);
    }
    lu_log(group->lu, "* Verifying orphan volumes");
    if (group->vg_name != NULL) {
        verify_orphan_volumes(group);
    }
    if (!is_skipped(op, VERIFY_NPLUSONE_MEM)) {
        lu_log(group->lu, "* Verifying N+1 Memory redundancy");
        verify_failover_memory(group);
    }
    if (fact_word_is_current(&fact_enum_verify_check, VERIFY_HVPARAM_ASSESSMENT) &&
        !is_skipped(op, VERIFY_HVPARAM_ASSESSMENT)) {
        verify_assess_hvparams(group);
    }
    tell_notes(group);
}

static bool exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_cluster_verify_group *op = lu_params(lu);
    const struct own *own = lu->own;
    struct verify_group group = {0};
    group_begin(&group, lu, own->group_uuid);
    lu_log(lu, "* Verifying group '%s'", group.group->name);
    if (group.members.n == 0) {
        lu_log(lu, "* Empty node group, skipping verification");
        json_write_bool(result, true);
        group_end(&group);
        return true;
    }
    bool ok = verify_gather(&group, op->verify_clutter, errp);
    if (ok) {
        verify_collect_disks(&group);
        check_all(&group, op);
        json_write_bool(result, !group.report.bad);
    }
    group_end(&group);
    return ok;
}

/* --- Hooks --------------------------------------------------------------------------------------
 *
 * They run behind the checks only; what fails there makes the verification fail. */
static bool hooks_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct own *own = lu->own;
    const struct cfg *cfg = lu_cfg(lu);
    const struct cluster *cluster = cfg_cluster(cfg);
    const struct node_group *group = cfg_group_get(cfg, own->group_uuid);
    hooks_env_set_words(env, "CLUSTER_TAGS", LU_TEXTS(cluster->tags));
    struct cfg_nodes members = {0};
    if (group != NULL) {
        members = cfg_group_nodes(cfg, group);
    }
    for (size_t i = 0; i < members.n; i++) {
        g_autofree char *name = g_strdup_printf("NODE_TAGS_%s", members.v[i]->name);
        hooks_env_set_words(env, name, LU_TEXTS(members.v[i]->tags));
    }
    return true;
}

static bool hooks_nodes(struct lu *lu, GPtrArray *pre G_GNUC_UNUSED, GPtrArray *post,
                        GError **errp G_GNUC_UNUSED)
{
    const struct own *own = lu->own;
    const struct node_group *group = cfg_group_get(lu_cfg(lu), own->group_uuid);
    struct cfg_nodes members = {0};
    if (group != NULL) {
        members = cfg_group_nodes(lu_cfg(lu), group);
    }
    for (size_t i = 0; i < members.n; i++) {
        g_ptr_array_add(post, g_strdup(members.v[i]->uuid));
    }
    return true;
}

static bool judge_node(struct lu *lu, struct verify_report *report, const struct hooks_result *node)
{
    bool good = true;
    if (verify_fails(report, node->fail_msg != NULL && !node->offline)) {
        verify_error(report, CV_ENODEHOOKS, node->node_name, "hooks could not be run: %s",
                     node->fail_msg != NULL ? node->fail_msg : "they could");
    }
    if (node->fail_msg != NULL) {
        return node->offline;
    }
    for (size_t i = 0; i < node->n_scripts; i++) {
        const struct hooks_script *script = &node->scripts[i];
        bool failed = script->status == C_HKR_FAIL;
        if (verify_fails(report, failed)) {
            verify_error(report, CV_ENODEHOOKS, node->node_name,
                         "Script %s failed, output:", script->name);
        }
        if (failed) {
            g_auto(GStrv) lines = g_strsplit(script->output, "\n", -1);
            g_autofree char *joined = g_strjoinv("\n      ", lines);
            lu_log(lu, "      %s", joined);
            good = false;
        }
    }
    return good;
}

static bool hooks_results(struct lu *lu, enum hooks_phase phase,
                          const struct hooks_results *results, struct json **result,
                          GError **errp G_GNUC_UNUSED)
{
    const struct op_cluster_verify_group *op = lu_params(lu);
    struct verify_report report = {.lu = lu,
                                   .ignored = &op->ignore_errors,
                                   .for_programs = op->error_codes,
                                   .simulate = op->debug_simulate_errors};
    bool good = true;
    if (phase != HOOKS_POST) {
        return true;
    }
    lu_log(lu, "* Hooks Results");
    for (size_t i = 0; i < results->n; i++) {
        good = judge_node(lu, &report, &results->v[i]) && good;
    }
    if (!good) {
        json_unref(*result);
        *result = json_new_bool(false);
    }
    return true;
}

LU(cluster_verify_group, .own_size = sizeof(struct own), .clear = own_clear, .expand_names = names,
   .declare_locks = declare, .check_prereq = prereq, .exec = exec, .hooks_env = hooks_env,
   .hooks_nodes = hooks_nodes, .hooks_results = hooks_results)
