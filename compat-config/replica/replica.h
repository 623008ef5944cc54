/* A copy of the configuration in a program that also changes it: job processes, commands that make
 * a cluster.
 *
 *     struct cfg_replica *replica = cfg_replica_new(NULL, client, &error);
 *     struct cfg_txn *txn = cfg_replica_begin(replica, &error);
 *     cfg_txn_edit_node(txn, uuid)->offline = true;
 *     if (!cfg_replica_commit(replica, txn, &error)) ...
 *
 * Our daemon sends what changed since the last look, and a commit sends what it edits: neither
 * costs what the configuration holds. With the reference's daemon the whole file travels each time.
 */
#ifndef GANTRY_COMPAT_CONFIG_REPLICA_REPLICA_H
#define GANTRY_COMPAT_CONFIG_REPLICA_REPLICA_H

#include "compat-config/model/txn.h"
#include "compat-config/replica/wconfd-client.h"

struct cfg_replica;

/* start: a snapshot to begin with (a reference is taken), brought up to date; NULL: reads it all.
 * client is borrowed and must live longer. */
struct cfg_replica *cfg_replica_new(const struct cfg *start, struct wconfd_client *client,
                                    GError **errp);
void cfg_replica_free(struct cfg_replica *replica);
DEFINE_CLEANUP(struct cfg_replica *, cfg_replica_free)

/* Borrowed until the next refresh, begin or commit; cfg_ref() keeps it. */
const struct cfg *cfg_replica_get(struct cfg_replica *replica);
/* Brings the copy up to date. After taking locks this must be done once before objects are read. */
bool cfg_replica_refresh(struct cfg_replica *replica, GError **errp);

/* A change over a refreshed snapshot. */
struct cfg_txn *cfg_replica_begin(struct cfg_replica *replica, GError **errp);
/* Takes the transaction, in any case. When it returns true, the change is durable, visible to
 * others and in the copy, and if it concerns who the master candidates are, it has been distributed
 * (as the reference waits for). Objects that others changed meanwhile: cfg_replica_is_conflict() is
 * true for the error, nothing was changed, and the caller may begin anew.
 *
 * Reservations: addresses that the client reserved or released go into the pools with the first
 * commit that adds or edits an instance; DRBD minors allocated for a disk are its own with the
 * first commit that adds or edits the disk. */
bool cfg_replica_commit(struct cfg_replica *replica, struct cfg_txn *txn, GError **errp);
bool cfg_replica_is_conflict(const GError *error);

#endif
