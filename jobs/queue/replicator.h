/* Copies of the queue on the master candidates, for the day one of them becomes master.
 *
 * luxid runs one replicator; it tells it of every change in the queue's directory, its own and
 * those of job processes (inotify). Files are read when a node is ready to take them, so many
 * changes of one file cost one call, and what waits for a dead node is a list of names. A node that
 * fails is tried again later; a node that is no candidate any more is forgotten. (The reference
 * copies each write by itself and waits for the answers: replicateJob in src/Ganeti/JQueue.hs.) */
#ifndef GANTRY_JOBS_QUEUE_REPLICATOR_H
#define GANTRY_JOBS_QUEUE_REPLICATOR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "compat-config/model/cfg.h"
#include "noded/client/rpc.h"

struct replicator;

/* All runs on the thread-default main context. queue_dir and rpc must outlive the replicator. */
struct replicator *replicator_new(const char *queue_dir, struct rpc_client *rpc);
void replicator_free(struct replicator *replicator);
DEFINE_CLEANUP(struct replicator *, replicator_free)

/* Who the candidates are; to be called at first and after each change of the configuration. */
void replicator_set_config(struct replicator *replicator, const struct cfg *cfg);

/* The file has changed (or is gone, which is no error). */
void replicator_job_changed(struct replicator *replicator, int64_t job);
void replicator_serial_changed(struct replicator *replicator);
void replicator_job_archived(struct replicator *replicator, int64_t job);
/* Nothing is under way or waits for a node that answers. */
bool replicator_is_idle(const struct replicator *replicator);

#endif
