/* Asking an allocator where instances shall go (reference: lib/masterd/iallocator.py;
 * doc/iallocator.rst is the contract with the authors of allocators).
 *
 * Pure: this module makes the text of a question from the configuration and from what nodes said,
 * and judges the answer. jobs/lu/allocate.h asks nodes and runs the program. Sizes are MiB. */
#ifndef GANTRY_JOBS_IALLOCATOR_IALLOCATOR_H
#define GANTRY_JOBS_IALLOCATOR_IALLOCATOR_H

#include <glib.h>
#include <stdbool.h>

#include "base/json.h"
#include "compat-config/model/cfg.h"
#include "facts/objects.h"

/* An instance to be placed. */
struct ia_instance {
    const char *name;
    int64_t memory, spindle_use, vcpus;
    enum disk_template disk_template;
    enum hypervisor hypervisor;
    const char *os;
    const char *group_name; /* NULL: any */
    struct json *disks;     /* list of {"size", "mode", ...} */
    struct json *nics;      /* list of {"mac", "ip", ...} */
    const char *const *tags;
    size_t n_tags;
};

/* All is borrowed. */
struct ia_request {
    enum iallocator_mode mode;
    /* ALLOCATE: one; MULTI_ALLOCATE: any number. */
    const struct ia_instance *instances;
    size_t n_instances;
    /* ALLOCATE: names of the nodes that may be taken; NULL: any. */
    const char *const *whitelist;
    size_t n_whitelist;
    /* RELOCATE, ALLOCATE_SECONDARY: the instance. */
    const char *instance_uuid;
    /* RELOCATE: the nodes it leaves, by UUID. */
    const char *const *relocate_from;
    size_t n_relocate_from;
    /* NODE_EVACUATE, CHANGE_GROUP: names of instances. */
    const char *const *names;
    size_t n_names;
    enum evac_mode evac_mode;
    bool ignore_soft_errors;
    /* CHANGE_GROUP: UUIDs of groups. */
    const char *const *target_groups;
    size_t n_target_groups;
};

/* What a node that can run instances said. */
struct ia_node_info {
    const char *node_uuid;
    const char *fail_msg;         /* NULL: both calls succeeded */
    const struct json *node;      /* node_info: [boot id, storage, [hypervisor]] */
    const struct json *instances; /* all_instances_info */
};

/* Which disk template and hypervisor nodes are asked about. */
enum disk_template ia_disk_template(const struct cfg *cfg, const struct ia_request *request);
enum hypervisor ia_hypervisor(const struct cfg *cfg, const struct ia_request *request);
/* The storage units that a node is asked about, [[type, key, [params]], ...]; owned by the caller.
 */
struct json *ia_storage_units(const struct cfg *cfg, const struct node *node,
                              enum disk_template disk_template);

/* The question, owned by the caller. Errors: OpPrereqError for a request that makes no sense,
 * OpExecError for a node that did not tell what is needed. */
struct json *ia_input(const struct cfg *cfg, const struct ia_request *request,
                      const struct ia_node_info *infos, size_t n, GError **errp);
/* Parameters for the program: the cluster's, and those of the request. Owned by the caller. */
struct json *ia_parameters(const struct cfg *cfg, const struct ia_request *request);

struct ia_answer {
    bool success;
    char *info;
    struct json *result;
};
void ia_answer_clear(struct ia_answer *answer);
/* Reads what the program said and checks that it can be the answer to the request (input: the
 * question). Errors: OpExecError if it is no answer at all, ResultValidationError if it is a wrong
 * one. An allocator that found no solution is no error: success is false and info says why. */
bool ia_answer_read(const struct cfg *cfg, const struct ia_request *request,
                    const struct json *input, const char *text, struct ia_answer *ret,
                    GError **errp);

#endif
