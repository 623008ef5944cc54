/* OP_CLUSTER_REDIST_CONF: configuration and the files beside it to all nodes once more (reference:
 * lib/cmdlib/cluster/__init__.py LUClusterRedistConf, lib/cmdlib/common.py
 * RedistributeAncillaryFiles). */
#include "config.h"

#include "jobs/lu/redistribute.h"

#include "jobs/lu/ancillary.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/rpc.h"

static bool names(struct lu *lu, GError **errp G_GNUC_UNUSED)
{
    lu_need_all(lu, LOCK_LEVEL_NODE);
    lu_need_all_shared(lu);
    return true;
}

/* A new serial number makes the configuration go out. */
static bool touch(struct lu *lu, GError **errp)
{
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    cfg_txn_edit_cluster(txn);
    return lu_commit(lu, txn, errp);
}

/* Nodes that are online, without the master. */
static GPtrArray *targets(struct lu *lu, enum lu_files_for on)
{
    const struct cfg *cfg = lu_cfg(lu);
    GPtrArray *uuids = g_ptr_array_new();
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);
        if (!node->offline && !cfg_node_is_master(cfg, node) &&
            (on != LU_FILES_VM || node->vm_capable)) {
            g_ptr_array_add(uuids, node->uuid);
        }
    }
    return uuids;
}

static void send_file(struct lu *lu, const struct lu_file *file)
{
    g_autoptr(GPtrArray) uuids = targets(lu, file->on);
    if (!g_file_test(file->path, G_FILE_TEST_EXISTS)) {
        return;
    }
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = lu_call_nodes(lu, (const char *const *)uuids->pdata, uuids->len,
                                               LU_CALL(upload_file, .file_name = {file->path}));
    for (size_t i = 0; i < answers->n; i++) {
        lu_answer_warn(lu, &answers->v[i], "Copy of file %s to node %s failed", file->path,
                       answers->v[i].node_name);
    }
}

void lu_redistribute_files(struct lu *lu)
{
    CLEANUP(lu_files_freep)
    struct lu_files *files = lu_files_new(cfg_cluster(lu_cfg(lu)), true);
    for (size_t i = 0; i < files->n; i++) {
        send_file(lu, &files->v[i]);
    }
}

static bool exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    if (!touch(lu, errp)) {
        return false;
    }
    lu_redistribute_files(lu);
    return true;
}

LU(cluster_redist_conf, .expand_names = names, .exec = exec)
