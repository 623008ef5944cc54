/* Opcodes without a logical unit yet: the one place. A line goes when its LU() comes. */
#include "config.h"

#include "jobs/lu/lu.h"

static bool not_yet(struct lu *lu, GError **errp)
{
    return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                    "%s is not available yet in this version; nothing was changed. Run it on a "
                    "master with the other implementation of the cluster",
                    lu->op->row->wire_id);
}

#define LU_LATER(name) LU(name, .check_arguments = not_yet)

LU_LATER(cluster_destroy)
LU_LATER(cluster_rename)
LU_LATER(cluster_renew_crypto)
LU_LATER(oob_command)
LU_LATER(restricted_command)
LU_LATER(node_remove)
LU_LATER(node_add)
