#include "config.h"

#include "base/json-writer.h"
#include "facts/factdump.h"
#include "facts/rpccalls.h"

static const char *const encoding_words[] = {
    [RPC_ENCODING_PLAIN] = NULL,
    [RPC_ENCODING_BLOCKDEV_RENAME] = "BLOCKDEV_RENAME",
    [RPC_ENCODING_COMPRESS] = "COMPRESS",
    [RPC_ENCODING_DEVICE_DICT] = "DEVICE_DICT",
    [RPC_ENCODING_DISKS_DICT_DP] = "DISKS_DICT_DP",
    [RPC_ENCODING_FILE_DETAILS] = "FILE_DETAILS",
    [RPC_ENCODING_FINALIZE_EXPORT_DISKS] = "FINALIZE_EXPORT_DISKS",
    [RPC_ENCODING_IMPEXP_IO] = "IMPEXP_IO",
    [RPC_ENCODING_INST_DICT] = "INST_DICT",
    [RPC_ENCODING_INST_DICT_HVP_BEP_DP] = "INST_DICT_HVP_BEP_DP",
    [RPC_ENCODING_INST_DICT_OSP_DP] = "INST_DICT_OSP_DP",
    [RPC_ENCODING_MULTI_DISKS_DICT_DP] = "MULTI_DISKS_DICT_DP",
    [RPC_ENCODING_NODE_TO_DISK_DICT_DP] = "NODE_TO_DISK_DICT_DP",
    [RPC_ENCODING_OBJECT_DICT] = "OBJECT_DICT",
    [RPC_ENCODING_SINGLE_DISK_DICT_DP] = "SINGLE_DISK_DICT_DP",
    [RPC_ENCODING_WHOLE] = "WHOLE",
};

static const char *const caller_words[] = {
    [RPC_CALLER_DEFAULT] = "Default",    [RPC_CALLER_BOOTSTRAP] = "Bootstrap",
    [RPC_CALLER_CONFIG] = "Config",      [RPC_CALLER_DNS_ONLY] = "DnsOnly",
    [RPC_CALLER_JOB_QUEUE] = "JobQueue", [RPC_CALLER_LUXID] = "luxid",
};

static void dump_timeout(struct json_writer *w, const char *key,
                         const struct rpc_timeout_row *timeout)
{
    json_write_key(w, key);
    if (timeout->never) {
        json_write_null(w);
    } else if (timeout->its_own) {
        json_write_string(w, "argument-dependent");
    } else {
        json_write_int(w, rpc_timeout_seconds(timeout));
    }
}

static void dump_args(struct json_writer *w, const struct rpc_row *row)
{
    json_write_array_begin(w);
    for (size_t i = 0; i < row->args->n_members; i++) {
        json_write_object_begin(w);
        dump_text(w, "name", row->args->members[i].name);
        dump_text(w, "encoding", encoding_words[row->encodings[i]]);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

void dump_rpc(struct json_writer *w)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < RPC_COUNT; i++) {
        const struct rpc_row *row = &rpc_rows[i];

        if (!rpc_row_is_current(row)) {
            continue;
        }
        json_write_key(w, row->name);
        json_write_object_begin(w);
        json_write_key(w, "args");
        dump_args(w, row);
        dump_text(w, "client", caller_words[row->caller]);
        dump_text(w, "nodes", row->nodes == RPC_NODES_SINGLE ? "single-node" : "multi-node");
        dump_timeout(w, "timeout", &row->timeout);
        dump_timeout(w, "luxid_timeout", &row->luxid_timeout);
        dump_bool(w, "accept_offline", row->accept_offline);
        dump_bool(w, "luxid_accept_offline", row->luxid_accept_offline);
        json_write_object_end(w);
    }
    json_write_object_end(w);
}
