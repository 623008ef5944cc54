/* Calls of the node daemon: one struct each, made from rpccalls.def.
 *
 * For instance_start there are struct rpc_call_instance_start, fact_object_rpc_call_instance_start
 * (its JSON form is the list of the arguments) and RPC_instance_start. */
#ifndef GANTRY_FACTS_RPCCALLS_H
#define GANTRY_FACTS_RPCCALLS_H

#include "facts/objects.h"

enum rpc_id {
#define RPC_V(name, client, nodes, timeout, offline, lu_timeout, lu_offline, since, until, doc)    \
    RPC_##name,
#define ARG_AS(call, name, wire, type, encoding)
#define RPC_END(name)
#include "facts/rpccalls.def"
#undef RPC_V
#undef ARG_AS
#undef RPC_END
    RPC_COUNT,
};

#define RPC_V(name, client, nodes, timeout, offline, lu_timeout, lu_offline, since, until, doc)    \
    struct rpc_call_##name##_has {                                                                 \
        bool whole; /* keeps the struct legal for calls without arguments */
#define ARG_AS(call, name, wire, type, encoding) bool name;
#define RPC_END(name)                                                                              \
    }                                                                                              \
    ;
#include "facts/rpccalls.def"
#undef RPC_V
#undef ARG_AS
#undef RPC_END

#define RPC_V(name, client, nodes, timeout, offline, lu_timeout, lu_offline, since, until, doc)    \
    struct rpc_call_##name {                                                                       \
        struct json *extra;                                                                        \
        struct rpc_call_##name##_has has;
#define ARG_AS(call, name, wire, type, encoding) ctype_##type name;
#define RPC_END(name)                                                                              \
    }                                                                                              \
    ;                                                                                              \
    extern const struct fact_object fact_object_rpc_call_##name;
#include "facts/rpccalls.def"
#undef RPC_V
#undef ARG_AS
#undef RPC_END

/* Who calls. */
enum rpc_caller {
    RPC_CALLER_DEFAULT,   /* jobs */
    RPC_CALLER_BOOTSTRAP, /* programs, before there is a configuration */
    RPC_CALLER_CONFIG,    /* distribution of files */
    RPC_CALLER_DNS_ONLY,  /* addresses from the resolver */
    RPC_CALLER_JOB_QUEUE, /* distribution of job files */
    RPC_CALLER_LUXID,     /* the queue daemon only */
};

enum rpc_nodes {
    RPC_NODES_SINGLE,
    RPC_NODES_MULTI,
};

/* What the caller makes of its objects before they go over the wire (lib/rpc_defs.py). */
enum rpc_encoding {
    RPC_ENCODING_PLAIN,                 /* as it is */
    RPC_ENCODING_BLOCKDEV_RENAME,       /* [disk, new name] pairs */
    RPC_ENCODING_COMPRESS,              /* rpc_content */
    RPC_ENCODING_DEVICE_DICT,           /* a disk or interface */
    RPC_ENCODING_DISKS_DICT_DP,         /* disks with filled parameters, of one instance */
    RPC_ENCODING_FILE_DETAILS,          /* a file with content, mode, owner and times */
    RPC_ENCODING_FINALIZE_EXPORT_DISKS, /* disks, or false where there is none */
    RPC_ENCODING_IMPEXP_IO,             /* kind of endpoint and its arguments */
    RPC_ENCODING_INST_DICT,             /* an instance with filled parameters */
    RPC_ENCODING_INST_DICT_HVP_BEP_DP,  /* ... and changed ones */
    RPC_ENCODING_INST_DICT_OSP_DP,      /* ... and OS parameters */
    RPC_ENCODING_MULTI_DISKS_DICT_DP,   /* disks of several instances */
    RPC_ENCODING_NODE_TO_DISK_DICT_DP,  /* disks by node; each node gets its own */
    RPC_ENCODING_OBJECT_DICT,           /* an object */
    RPC_ENCODING_SINGLE_DISK_DICT_DP,   /* a disk with filled parameters */
    RPC_ENCODING_WHOLE, /* the argument is the whole body, not an element of a list */
};

/* Timeout of a call. */
struct rpc_timeout_row {
    bool never;   /* it does not call */
    bool its_own; /* follows from the arguments */
    enum rpc_timeout word;
};

/* One call's row. */
struct rpc_row {
    enum rpc_id id;
    const char *name;
    enum rpc_caller caller;
    enum rpc_nodes nodes;
    /* Of the reference's jobs and programs, and of its queue daemon. */
    struct rpc_timeout_row timeout, luxid_timeout;
    /* Whether nodes that are marked offline are called all the same. */
    bool accept_offline, luxid_accept_offline;
    const struct fact_object *args;
    const enum rpc_encoding *encodings; /* of each argument */
    enum fact_level since, until;
    const char *doc;
};

extern const struct rpc_row rpc_rows[RPC_COUNT];
bool rpc_row_is_current(const struct rpc_row *row);
/* NULL if no call of the current level has this name. */
const struct rpc_row *rpc_row_find(const char *name);
/* Seconds; the timeout must be one of a word. */
int rpc_timeout_seconds(const struct rpc_timeout_row *timeout);

#endif
