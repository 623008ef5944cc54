/* Checks that several units of nodes share. */
#include "config.h"

#include "jobs/lu/node-guard.h"

#include "base/json.h"
#include "facts/storage.h"
#include "jobs/lu/rpc.h"

const struct node *lu_locked_node(struct lu *lu, const char *uuid, const char *name, GError **errp)
{
    const struct node *node = cfg_node_get(lu_cfg(lu), uuid);
    if (node == NULL) {
        err_set(errp, ERR_OP_PREREQ, ECODE_NOENT, "Node %s has gone meanwhile", name);
    }
    return node;
}

bool lu_check_node_unused(struct lu *lu, const struct node *node, GError **errp)
{
    struct cfg_instances primaries = cfg_node_primaries(lu_cfg(lu), node);
    struct cfg_instances secondaries = cfg_node_secondaries(lu_cfg(lu), node);
    if (primaries.n + secondaries.n == 0) {
        return true;
    }
    return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                    "Node %s must stay able to hold instances: it has %zu as primary and %zu as "
                    "secondary node",
                    node->name, primaries.n, secondaries.n);
}

bool lu_check_node_has_ip(struct lu *lu, const char *node, const char *address, bool prereq,
                          GError **errp)
{
    enum err_class error_class = prereq ? ERR_OP_PREREQ : ERR_OP_EXEC;
    enum err_ecode ecode = prereq ? ECODE_ENVIRON : ECODE_NONE;
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, node, LU_CALL(node_has_ip_address, .address = (char *)address));
    if (answer->fail_msg != NULL) {
        return err_fail(errp, error_class, ecode, "Cannot ask node %s for its address %s: %s",
                        answer->node_name, address, answer->fail_msg);
    }
    return (json_kind(answer->payload) == JSON_BOOL && json_boolean(answer->payload)) ||
           err_fail(errp, error_class, ecode,
                    "Node %s does not have the secondary address %s: set it up there and try again",
                    answer->node_name, address);
}

static bool is_enabled(const struct cluster *cluster, enum storage_type storage_type)
{
    for (size_t i = 0; i < cluster->enabled_disk_templates.n; i++) {
        if (storage_type_of(cluster->enabled_disk_templates.v[i]) == storage_type) {
            return true;
        }
    }
    return false;
}

bool lu_check_storage_type(struct lu *lu, enum storage_type storage_type, GError **errp)
{
    /* Physical volumes are there for the sake of volume groups. */
    enum storage_type needed = storage_type == STORAGE_LVM_PV ? STORAGE_LVM_VG : storage_type;
    return is_enabled(cfg_cluster(lu_cfg(lu)), needed) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_NONE,
                    "No disk template that uses storage of type '%s' is enabled on the cluster",
                    fact_enum_storage_type.words[needed]);
}
