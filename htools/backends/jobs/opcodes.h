/* What is planned, as opcodes: what jobs are made of and what hail answers. */
#ifndef GANTRY_HTOOLS_BACKENDS_JOBS_OPCODES_H
#define GANTRY_HTOOLS_BACKENDS_JOBS_OPCODES_H

#include "facts/opcode.h"
#include "htools/core/cluster.h"

/* A job: an array of struct opcode, which it owns. */
GPtrArray *job_new(void);

/* Adds what carries the move out. Only names are taken from the cluster, so it does not matter
 * whether it has been made already (iMoveToJob in src/Ganeti/HTools/Cluster/Utils.hs). */
void job_add_move(GPtrArray *job, const struct ht_cluster *cluster, int instance,
                  struct ht_move move);
/* Adds tags to a node or an instance, or takes them off. */
void job_add_tags(GPtrArray *job, enum tag_kind kind, const char *name, const char *const *tags,
                  bool remove);
/* Marks the nodes as off-line or not and switches them. */
void job_add_power(GPtrArray *job, const struct ht_cluster *cluster, const int *nodes, unsigned n,
                   bool on);

/* Repairs (detectBroken in Program/Harep.hs). */
void job_add_delay(GPtrArray *job, double seconds);
void job_add_failover(GPtrArray *job, const char *instance);
void job_add_new_secondary(GPtrArray *job, const char *instance);
void job_add_reinstall(GPtrArray *job, const char *instance);

/* Lists of opcodes as hail and harep print them. */
void job_write(const GPtrArray *job, struct json_writer *w);

#endif
