/* Parts of node_verify in files of their own. */
#ifndef GANTRY_NODED_BACKEND_VERIFY_H
#define GANTRY_NODED_BACKEND_VERIFY_H

#include <glib.h>
#include <stdbool.h>

#include "base/json-writer.h"

struct json;

/* What all checks of one call know. */
struct verify {
    const char *node; /* this one */
    const char *cluster;
    bool vm_capable;
    bool exclusive_pvs; /* physical volumes are looked at for exclusive storage */
    const struct json *all_hvparams;
};

/* One check: wanted is what the master asks for; writes one value. */
typedef bool verify_check_fn(const struct verify *verify, struct json *wanted,
                             struct json_writer *result, GError **errp);

verify_check_fn verify_node_list;     /* SSH to other nodes: {node: what is wrong} */
verify_check_fn verify_node_net_test; /* TCP to their daemons: {node: what is wrong} */
verify_check_fn verify_master_ip; /* TCP to the master's address: truth value, null if skipped */

verify_check_fn verify_volumes;
verify_check_fn verify_groups;
verify_check_fn verify_physical_volumes;
verify_check_fn verify_drbd_version;
verify_check_fn verify_drbd_minors;
verify_check_fn verify_drbd_helper;

#endif
