/* OP_CLUSTER_VERIFY_GROUP in parts (reference: lib/cmdlib/cluster/verify.py LUClusterVerifyGroup):
 *
 *     verify-group.c     the unit: locks, calls, order of checks, hooks
 *     verify-request.c   what the nodes are asked
 *     verify-gather.c    asking them
 *     verify-node.c      what each node answered
 *     verify-os.c        operating systems of nodes compared with the first one's
 *     verify-files.c     files, certificates and SSH keys
 *     verify-instance.c  instances, volumes that nobody has, room for failovers */
#ifndef GANTRY_JOBS_LU_VERIFY_GROUP_H
#define GANTRY_JOBS_LU_VERIFY_GROUP_H

#include "jobs/lu/ancillary.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/verify-report.h"

struct json;

/* What is known about a node: as it should be, and as it answered. */
struct verify_node {
    const char *uuid;
    const struct node *node; /* NULL: a ghost, instances name it but it does not exist */
    bool in_group;
    bool offline, vm_capable;
    bool rpc_fail, lvm_fail, os_fail;
    const struct json *volumes; /* object by "vg/lv"; NULL: unknown */
    GHashTable *running;        /* UUIDs of instances, and names of unknown guests; borrowed */
    GPtrArray *primaries, *secondaries; /* struct instance of this group, borrowed */
    GHashTable *should_have;            /* "vg/lv", owned */
    GHashTable *oses;                   /* name to an array of its rows; borrowed; NULL: unknown */
    GPtrArray *os_names;                /* their order */
    int64_t free_memory;                /* MiB */
    bool has_pv_sizes;
    double pv_min, pv_max; /* MiB */
};

/* State of one disk of an instance on a node. */
struct verify_disk {
    const char *node_uuid;
    const struct instance *instance;
    size_t index;
    const char *failure;       /* NULL: the node told its state */
    const struct json *status; /* an object */
};

struct verify_group {
    struct verify_report report;
    struct lu *lu;
    const struct cfg *cfg;
    const struct cluster *cluster;
    const struct node_group *group;
    const struct node *master;
    struct cfg_nodes members;
    GPtrArray *instances; /* with their primary node here */
    GPtrArray *nodes;     /* struct verify_node, owned: members first */
    GHashTable *by_uuid;  /* the same */
    const char *vg_name;  /* NULL: no LVM */
    bool exclusive_storage;
    GHashTable *bridges; /* names, borrowed */
    struct lu_files *files;
    struct json *drbd_map;  /* [[node, [[minor, disk], ...]], ...] */
    GHashTable *minors;     /* the inner lists by node; borrowed from it */
    gint64 asked, answered; /* µs since 1970 */

    struct lu_answers *answers;  /* of the members */
    struct lu_answers *extra;    /* volumes of peers in other groups; may be NULL */
    struct lu_answers *compared; /* files of nodes outside the group; may be NULL */
    struct lu_answers *mirrors;  /* state of disks */
    GHashTable *disks;           /* UUID of an instance to an array of struct verify_disk */
};

struct verify_node *verify_node_of(const struct verify_group *group, const char *uuid);
/* Its name, or the UUID of one that does not exist. */
const char *verify_node_name(const struct verify_group *group, const char *uuid);
/* The object that a node answered; NULL if it did not. */
const struct json *verify_payload(const struct lu_answers *answers, const char *node_uuid);
/* Texts with commas between. */
char *verify_join(const GPtrArray *texts);
/* All nodes of an instance, the primary first; borrowed UUIDs. */
GPtrArray *verify_instance_nodes(const struct cfg *cfg, const struct instance *instance);
bool verify_has_mirror(const struct cfg *cfg, const struct instance *instance);
bool verify_excludes(const struct cfg *cfg, const char *node_uuid);
/* "vg/lv" of an instance on a node; owned texts. */
GPtrArray *verify_instance_volumes(const struct cfg *cfg, const struct instance *instance,
                                   const char *node_uuid);

/* The dictionary of checks that all members are asked for. */
struct json *verify_request(struct verify_group *group, bool clutter);
/* The same with the list of files alone. */
struct json *verify_request_files(const struct verify_group *group);

/* Asks the nodes for all but their disks; fails if the configuration's daemon does. */
bool verify_gather(struct verify_group *group, bool clutter, GError **errp);
/* Asks the members for the states of all disks. */
void verify_collect_disks(struct verify_group *group);

void verify_node_check(struct verify_group *group, struct verify_node *node,
                       const struct json *answer);
/* Takes over what a node says of its logical volumes. */
void verify_node_volumes(struct verify_group *group, struct verify_node *node,
                         const struct json *answer);
/* What only shows when all have answered: DRBD versions, sizes of physical volumes. */
void verify_nodes_together(struct verify_group *group);

void verify_os_read(struct verify_group *group, struct verify_node *node,
                    const struct json *answer);
void verify_os_compare(struct verify_group *group, const struct verify_node *node,
                       const struct verify_node *base);

void verify_client_certificates(struct verify_group *group);
void verify_ssh(struct verify_group *group);
void verify_files(struct verify_group *group);

void verify_instance(struct verify_group *group, const struct instance *instance);
void verify_orphan_volumes(struct verify_group *group);
void verify_failover_memory(struct verify_group *group);
void verify_exclusion_tags(struct verify_group *group, const struct verify_node *node);
/* Hypervisor parameters that are allowed but unwise; told to people only. */
void verify_assess_hvparams(struct verify_group *group);

#endif
