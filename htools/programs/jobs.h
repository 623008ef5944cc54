/* Planned moves as jobs, sets of jobs that may run at the same time, and the commands to type for
 * them. Used by hbal and hsqueeze. */
#ifndef GANTRY_HTOOLS_PROGRAMS_JOBS_H
#define GANTRY_HTOOLS_PROGRAMS_JOBS_H

#include "htools/core/cluster.h"

struct htools_options;

/* One move: what it touches and what to type for it. */
struct htools_job {
    int nodes[4];
    int n_nodes;
    struct ht_placement placement;
    GPtrArray *commands; /* without "gnt-instance" */
};

/* An array of struct htools_job. */
GArray *htools_jobs_new(void);

/* Adds the move, which the cluster has made already; the instance was on the old nodes before.
 * name: the form of the instance's name to type. actions (or NULL) gets the column "a=" of hbal. */
void htools_jobs_add(GArray *jobs, const struct ht_cluster *cluster,
                     const struct ht_placement *placement, int old_pnode, int old_snode,
                     const char *name, GString *actions);

/* The sizes (unsigned) of the sets, the first set first. They are counted from the end, as the
 * reference does, so that the first set may be the short one. */
GArray *htools_job_sets(const struct ht_cluster *cluster, const GArray *jobs);

/* The commands of all jobs, in the form of the script. */
void htools_append_jobs(const GArray *jobs, const GArray *sets, GString *out);

/* Adds the sets as they are submitted; each is described by the text and its instances. */
void htools_submit_add(GArray *planned, const struct ht_cluster *cluster, const GArray *jobs,
                       const GArray *sets, const char *text);

/* -X, if asked for: see submit_sets(). comment: of the opcodes. */
bool htools_submit(const struct htools_options *options, const char *program, const char *comment,
                   const GArray *planned, GError **errp) __attribute__((warn_unused_result));

/* --print-commands, if asked for: on standard output under the title, or as a script. */
bool htools_give_commands(const struct htools_options *options, const char *title,
                          const char *commands, GError **errp) __attribute__((warn_unused_result));

#endif
