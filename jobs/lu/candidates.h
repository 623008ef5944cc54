/* Master candidates: how many there are, making more of them, and what nodes must be told then
 * (reference: lib/cmdlib/common.py AdjustCandidatePool and its friends, lib/config
 * GetMasterCandidateStats, MaintainCandidatePool). */
#ifndef GANTRY_JOBS_LU_CANDIDATES_H
#define GANTRY_JOBS_LU_CANDIDATES_H

#include "jobs/lu/lu.h"

struct lu_pool {
    int64_t now;
    int64_t wanted; /* as the cluster wants it, at most as many as can be */
};
/* Without the node `except` (a UUID; NULL: with all). */
struct lu_pool lu_candidate_pool(const struct cfg *cfg, const char *except);
/* Whether one more node should be a candidate (node.py _DecideSelfPromotion). */
bool lu_candidate_is_short(const struct cfg *cfg, const char *except);
/* Makes candidates of other nodes than `except` until there are enough. */
bool lu_candidates_adjust(struct lu *lu, const char *except, GError **errp);

/* The digest of a node's certificate comes among those of the candidates, or goes. */
bool lu_candidate_cert_add(struct lu *lu, const char *node_uuid, GError **errp);
bool lu_candidate_cert_remove(struct lu *lu, const char *node_uuid, GError **errp);
/* The digest, owned by the caller; NULL on error. */
char *lu_node_digest(struct lu *lu, const char *node_uuid, GError **errp);

/* --- SSH keys, by way of the master -------------------------------------------------------------
 */
enum lu_ssh_flags {
    LU_SSH_AUTHORIZED = 1 << 0,       /* in the files of authorized keys of all nodes */
    LU_SSH_PUBLIC = 1 << 1,           /* in the files of public keys of all nodes */
    LU_SSH_GET_PUBLIC = 1 << 2,       /* add: the node gets the public keys of the others */
    LU_SSH_CLEAR_AUTHORIZED = 1 << 3, /* remove: those on the node go */
    LU_SSH_CLEAR_PUBLIC = 1 << 4,
    LU_SSH_READD = 1 << 5,
};
/* Whether the cluster cares for SSH at all is the caller's to ask. Both tell of nodes whose files
 * could not be changed; the error is an OpExecError. */
bool lu_ssh_key_add(struct lu *lu, const char *node_uuid, const char *node_name, unsigned flags,
                    GError **errp);
bool lu_ssh_key_remove(struct lu *lu, const char *node_uuid, const char *node_name, unsigned flags,
                       GError **errp);

/* The daemon for guests that shut themselves down runs on the node if the cluster wants that, else
 * it stops. Warns of failures; quiet: not of those to stop it. */
void lu_kvmd_adjust(struct lu *lu, const char *node_uuid, bool quiet);

/* The same on all nodes at once (common.py EnsureKvmdOnNodes). */
void lu_kvmd_adjust_all(struct lu *lu, bool quiet);

#endif
