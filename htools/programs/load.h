/* The cluster that the options ask for, and the small things every program does with it. */
#ifndef GANTRY_HTOOLS_PROGRAMS_LOAD_H
#define GANTRY_HTOOLS_PROGRAMS_LOAD_H

#include "htools/core/cluster.h"

struct htools_options;

/* Reads, merges and completes the cluster; warnings about its memory and disk go to standard error.
 * --offline and the limits of nodes are not applied yet. */
struct ht_cluster *htools_load(const struct htools_options *options, GError **errp)
    __attribute__((warn_unused_result));
/* --offline, --max-cpu, --min-disk. */
bool htools_set_node_status(const struct htools_options *options, struct ht_cluster *cluster,
                            GError **errp) __attribute__((warn_unused_result));
/* Both; a failure is told to the user and gives NULL. */
struct ht_cluster *htools_load_ready(const struct htools_options *options);

/* --mond: the present loads into the merged cluster. */
bool htools_ask_mond(const struct htools_options *options, struct ht_cluster *cluster,
                     GError **errp) __attribute__((warn_unused_result));

/* What ht_cluster_update_memory() found, on standard error. */
void htools_show_warnings(const GPtrArray *warnings);
/* The whole file; "-" is standard input. */
bool htools_read_file(const char *path, char **ret_text, gsize *ret_len, GError **errp)
    __attribute__((warn_unused_result));
/* What people named for output: the file is written in its place, so that links and devices stay
 * what they are. */
bool htools_write_file(const char *path, const GString *text, GError **errp)
    __attribute__((warn_unused_result));

struct ht_algorithm htools_algorithm(const struct htools_options *options);

/* "Error: what: message" (what may be NULL) on standard error; returns the exit status 1. Takes the
 * error. */
int htools_complain(const char *what, GError *error);
/* The programs take no operands; false after telling so. */
bool htools_no_operands(const char *const *operands);

/* --save: the cluster (or the view's part of it) to PATH.EXTENSION; told on standard error. */
bool htools_save(const struct htools_options *options, const struct ht_cluster *cluster,
                 const struct ht_view *view, const char *extension, const char *when, GError **errp)
    __attribute__((warn_unused_result));

/* --print-nodes and --print-instances, on standard error, if asked for. */
void htools_show_nodes(const struct htools_options *options, const struct ht_cluster *cluster,
                       const struct ht_view *view, const char *title);
void htools_show_instances(const struct htools_options *options, const struct ht_cluster *cluster,
                           const struct ht_view *view, const char *title);

/* The online nodes of the view that fail N+1, and how many different instances are on them. */
struct ht_bad_items {
    int *nodes;
    unsigned n_nodes, n_instances;
};
void htools_bad_items(const struct ht_cluster *cluster, const struct ht_view *view,
                      struct ht_bad_items *ret);

/* PREFIX_KEY=value for a shell; quoted if need be. */
void htools_print_key(const char *prefix, const char *key, const char *value);

#endif
