/* Clusters as the remote API tells them: four bulk answers, fetched or saved as files. */
#ifndef GANTRY_HTOOLS_BACKENDS_RAPI_RAPI_H
#define GANTRY_HTOOLS_BACKENDS_RAPI_RAPI_H

#include "htools/core/cluster.h"

enum rapi_part {
    RAPI_GROUPS,
    RAPI_NODES,
    RAPI_INSTANCES,
    RAPI_INFO,
    RAPI_PARTS,
};

/* The cluster of the four answers, not merged. Errors name the part and the place in it. */
struct ht_cluster *rapi_parse(const char *const texts[RAPI_PARTS], GError **errp)
    __attribute__((warn_unused_result));

/* The same of one object with the parts as members, by these names. A node may also tell its
 * cpu_speed, as the master daemon's answers do once luxi/ has brought them into this form; among
 * the ndparams of the remote API it does not count. */
struct doc_value;
struct ht_cluster *rapi_parse_document(const struct doc_value *document, GError **errp)
    __attribute__((warn_unused_result));
const char *rapi_part_name(enum rapi_part part);

/* From "file://DIRECTORY" (groups.json, nodes.json, instances.json, info.json), a URL, or a host
 * with the default port. */
struct ht_cluster *rapi_load(const char *master, GError **errp) __attribute__((warn_unused_result));

#endif
