/* The present load of nodes and instances, as the monitoring daemons measure it (the reference's
 * Backend/MonD.hs). */
#ifndef GANTRY_HTOOLS_BACKENDS_MOND_MOND_H
#define GANTRY_HTOOLS_BACKENDS_MOND_MOND_H

#include "htools/core/cluster.h"

struct mond_options {
    const char *file; /* answers saved in a file; NULL: the daemons are asked */
    bool xen;         /* loads that Xen measures per instance, instead of loads of nodes */
};

/* Puts the loads into the merged cluster. If an answer is missing or cannot be used, the cluster
 * stays as it is, ret_problem tells why (the caller frees it; NULL: all is well). Error: the file
 * cannot be read. */
bool mond_apply(struct ht_cluster *cluster, const struct mond_options *options, char **ret_problem,
                GError **errp) __attribute__((warn_unused_result));

/* The same with the text of such a file. */
bool mond_apply_text(struct ht_cluster *cluster, const char *text, gssize len, bool xen,
                     char **ret_problem, GError **errp) __attribute__((warn_unused_result));

#endif
