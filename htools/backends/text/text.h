/* Clusters as text: five sections separated by empty lines (groups, nodes, instances, cluster tags,
 * policies), one object a line, columns separated by '|', lists by ','. Files of older releases
 * have fewer columns. hscan and --save write it, -t reads it. */
#ifndef GANTRY_HTOOLS_BACKENDS_TEXT_TEXT_H
#define GANTRY_HTOOLS_BACKENDS_TEXT_TEXT_H

#include "htools/core/cluster.h"

#define HT_TEXT_ERROR (ht_text_error_quark())
GQuark ht_text_error_quark(void);

/* Largest file and largest number that are read: what is beyond is a mistake, and sums over a
 * cluster must not overflow. Numbers are MiB or pieces. */
enum { HT_TEXT_MAX_FILE = 512 * 1024 * 1024 };
#define HT_TEXT_MAX_NUMBER ((int64_t)1 << 46)

/* The cluster as the text tells it, not merged yet. Errors name the line. */
struct ht_cluster *ht_text_parse(const char *text, gsize len, GError **errp)
    __attribute__((warn_unused_result));
struct ht_cluster *ht_text_load(const char *path, GError **errp)
    __attribute__((warn_unused_result));

/* view: the nodes and instances to write; NULL: all. */
void ht_text_serialize(const struct ht_cluster *cluster, const struct ht_view *view, GString *out);

#endif
