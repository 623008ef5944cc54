/* Calls of node daemons by logical units, typed by rows.
 *
 *     struct lu_answer *answer = lu_call_node(lu, uuid,
 *         LU_CALL(instance_start, .instance_hvp_bep = {.instance = inst}, .startup_paused =
 * false)); if (!lu_answer_check(answer, errp, "Could not start instance %s", inst->name)) ...
 *
 * For each row of facts/rpccalls.def there is struct lu_call_<name>. A member is the row's own type
 * where the encoding is PLAIN; otherwise it holds objects of the configuration, and what the wire
 * needs of them (filled parameters, addresses of the node that is called...) is made by
 * jobs/lu/rpc-encode.c, one function for each encoding (reference: lib/rpc/node.py RpcRunner).
 *
 * Whatever goes wrong is the answer of the node it went wrong with. Nodes marked offline are not
 * called, unless the row says so. */
#ifndef GANTRY_JOBS_LU_RPC_H
#define GANTRY_JOBS_LU_RPC_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "facts/rpccalls.h"
#include "jobs/lu/lu.h"

/* --- What encodings take ------------------------------------------------------------------------
 *
 * All pointers are borrowed for the time of the call. */

/* An instance with parameters in force; those given here go over its own (NULL: none). Its disks
 * and secondary nodes are those that the snapshot has for its UUID. */
struct lu_arg_instance {
    const struct instance *instance;
    const struct value_map *hvparams;
    const struct beparams *beparams;
    const struct value_map *osparams;
};
/* A disk, with parameters of its template in the group of its instance's primary node. */
struct lu_arg_disk {
    const struct disk *disk;
    const struct instance *instance;
};
/* Disks of one instance. */
struct lu_arg_disks {
    const struct disk *const *v;
    size_t n;
    const struct instance *instance;
};
/* Disks of several instances. */
struct lu_arg_multi_disks {
    const struct lu_arg_disk *v;
    size_t n;
};
/* Each node gets its own. */
struct lu_arg_node_disks {
    const struct lu_arg_node_disks_entry {
        const char *node_uuid;
        struct lu_arg_multi_disks disks;
    } * v;
    size_t n;
};
/* A disk or an interface. */
struct lu_arg_device {
    const struct disk *disk;
    const struct nic *nic;
    const struct instance *instance;
};
struct lu_arg_renames {
    const struct lu_arg_rename {
        const struct disk *disk;
        struct json *new_id; /* logical_id */
    } * v;
    size_t n;
};
struct lu_arg_object {
    const struct fact_object *object;
    const void *value;
};
struct lu_arg_text {
    const char *text;
    size_t len;
};
/* A file of this node: read, and sent with mode, owner and times. */
struct lu_arg_file {
    const char *path;
};
/* Where an export comes from or goes to (rpc/node.py _EncodeImportExportIO). */
struct lu_arg_impexp {
    const char *kind;        /* C_IEIO_... */
    struct lu_arg_disk disk; /* raw disk, script */
    struct json *rest;       /* script: its last argument; file: all arguments */
};

#define LU_ARG_PLAIN(type)                 ctype_##type
#define LU_ARG_WHOLE(type)                 ctype_##type
#define LU_ARG_BLOCKDEV_RENAME(type)       struct lu_arg_renames
#define LU_ARG_COMPRESS(type)              struct lu_arg_text
#define LU_ARG_DEVICE_DICT(type)           struct lu_arg_device
#define LU_ARG_DISKS_DICT_DP(type)         struct lu_arg_disks
#define LU_ARG_FILE_DETAILS(type)          struct lu_arg_file
#define LU_ARG_FINALIZE_EXPORT_DISKS(type) struct lu_arg_disks
#define LU_ARG_IMPEXP_IO(type)             struct lu_arg_impexp
#define LU_ARG_INST_DICT(type)             struct lu_arg_instance
#define LU_ARG_INST_DICT_HVP_BEP_DP(type)  struct lu_arg_instance
#define LU_ARG_INST_DICT_OSP_DP(type)      struct lu_arg_instance
#define LU_ARG_MULTI_DISKS_DICT_DP(type)   struct lu_arg_multi_disks
#define LU_ARG_NODE_TO_DISK_DICT_DP(type)  struct lu_arg_node_disks
#define LU_ARG_OBJECT_DICT(type)           struct lu_arg_object
#define LU_ARG_SINGLE_DISK_DICT_DP(type)   struct lu_arg_disk

#define RPC_V(name, client, nodes, timeout, offline, lu_timeout, lu_offline, since, until, doc)    \
    struct lu_call_##name {
#define ARG_AS(call, name, wire, type, encoding) LU_ARG_##encoding(type) name;
#define RPC_END(name)                                                                              \
    bool whole; /* keeps the struct legal for calls without arguments */                           \
    }                                                                                              \
    ;
#include "facts/rpccalls.def"
#undef RPC_V
#undef ARG_AS
#undef RPC_END

/* A call and its arguments, for the functions below; lives as long as the block around it. */
#define LU_CALL(name, ...)                                                                         \
    (struct lu_call)                                                                               \
    {                                                                                              \
        .id = RPC_##name, .args = &(const struct lu_call_##name)                                   \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
struct lu_call {
    enum rpc_id id;
    const void *args;
};

/* --- Calls --------------------------------------------------------------------------------------
 */
struct lu_answer {
    enum rpc_id call;
    char *node_uuid;
    char *node_name;
    bool offline;
    /* NULL: success. Set too where the node is offline. */
    char *fail_msg;
    struct json *payload;
};
struct lu_answers {
    struct lu_answer *v;
    size_t n;
};
void lu_answer_free(struct lu_answer *answer);
DEFINE_CLEANUP(struct lu_answer *, lu_answer_free)
void lu_answers_free(struct lu_answers *answers);
DEFINE_CLEANUP(struct lu_answers *, lu_answers_free)

/* Calls nodes by UUID at the same time; what is no UUID of the configuration is a name or an
 * address. answers->v[i] belongs to nodes[i]. Never NULL. */
struct lu_answers *lu_call_nodes(struct lu *lu, const char *const *nodes, size_t n,
                                 struct lu_call call);
struct lu_answer *lu_call_node(struct lu *lu, const char *node, struct lu_call call);
/* The same where each node gets arguments of its own: args_of() returns what LU_CALL() has in
 * .args, valid until its next call. */
struct lu_answers *lu_call_each(struct lu *lu, const char *const *nodes, size_t n, enum rpc_id call,
                                const void *(*args_of)(const char *node, void *data), void *data);
/* The answer of a node, NULL if it was not asked. */
const struct lu_answer *lu_answers_of(const struct lu_answers *answers, const char *node_uuid);

/* The opcode's reason trail as calls take it; free it with fact_clear(&type_any_list, ...). */
struct any_list lu_reason(const struct lu *lu);

/* False and an OpExecError "<text>: <what the node said>" if the call failed (RpcResult.Raise). */
bool lu_answer_check(const struct lu_answer *answer, GError **errp, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* The same as an OpPrereqError with a code, for check_prereq. */
bool lu_answer_check_prereq(const struct lu_answer *answer, enum err_ecode ecode, GError **errp,
                            const char *format, ...) G_GNUC_PRINTF(4, 5);
/* Logs a warning instead; true if the call succeeded (RpcResult.Warn). */
bool lu_answer_warn(struct lu *lu, const struct lu_answer *answer, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

#endif
