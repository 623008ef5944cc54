/* Disks going from one node of the cluster to another. */
#include "config.h"

#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/transfer.h"

enum { SECRET_BYTES = 6 };

struct work {
    const struct lu_transfer_plan *plan;
    bool *results;
};

static const char *part_name(const struct work *work, const struct transfer_end *end)
{
    return work->plan->parts[end->index].name;
}

static const char *node_name(struct transfer *transfer, const char *uuid)
{
    const struct node *node = cfg_node_get(lu_cfg(transfer_lu(transfer)), uuid);
    return node != NULL ? node->name : uuid;
}

/* The receiving side is there: the sending one can start. */
static void listening(struct transfer *transfer, struct transfer_end *end, void *data)
{
    const struct work *work = data;
    const struct node *target =
        cfg_node_get(lu_cfg(transfer_lu(transfer)), work->plan->target_node);
    const struct transfer_end source = {
        .node_uuid = work->plan->source_node,
        .index = end->index,
        .options = end->options,
        .io = work->plan->parts[end->index].source,
        .host = target->secondary_ip,
        .port = end->status.listen_port,
        .peer = end,
    };
    lu_log(transfer_lu(transfer), "%s is now listening, starting export", part_name(work, end));
    end->peer = transfer_add(transfer, &source);
}

static void connected(struct transfer *transfer, struct transfer_end *end, void *data)
{
    lu_log(transfer_lu(transfer), "%s is %s data on %s", part_name(data, end),
           end->import ? "receiving" : "sending", node_name(transfer, end->node_uuid));
}

static void progress(struct transfer *transfer, struct transfer_end *end, const char *text,
                     void *data)
{
    if (!end->import) {
        lu_log(transfer_lu(transfer), "%s sent %s", part_name(data, end), text);
    }
}

static void ended(struct transfer *transfer, struct transfer_end *end, void *data)
{
    const struct work *work = data;
    struct lu *lu = transfer_lu(transfer);
    if (end->success) {
        lu_log(lu, "%s finished %s data", part_name(work, end),
               end->import ? "receiving" : "sending");
    } else {
        g_autofree char *output = transfer_output(end);
        lu_log(lu, "%s failed to %s data: %s (recent output: %s)", part_name(work, end),
               end->import ? "receive" : "send", end->error, output);
        work->results[end->index] = false;
    }
    if (!end->import && work->plan->sent != NULL) {
        work->plan->sent(lu, end->index, work->plan->data);
    }
}

void lu_transfer(struct lu *lu, const struct lu_transfer_plan *plan, bool *results)
{
    static const struct transfer_events events = {
        .listening = listening, .connected = connected, .progress = progress, .ended = ended};
    struct work work = {.plan = plan, .results = results};
    g_autoptr(GPtrArray) magics = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *secret = transfer_secret(SECRET_BYTES);
    CLEANUP(transfer_freep)
    struct transfer *transfer =
        transfer_new(lu, plan->instance, C_DISK_TRANSFER_CONNECT_TIMEOUT, &events, &work);
    for (size_t i = 0; i < plan->n; i++) {
        char *magic = transfer_magic(secret, plan->instance->name, i);
        g_ptr_array_add(magics, magic);
        results[i] = plan->parts[i].name != NULL;
        if (!results[i]) {
            continue;
        }
        const struct transfer_end target = {
            .import = true,
            .node_uuid = plan->target_node,
            .index = i,
            .options = {.has = {.compress = true, .magic = true},
                        .compress = (char *)plan->compress,
                        .magic = magic},
            .io = plan->parts[i].target,
        };
        lu_log(lu, "Exporting %s from %s to %s", plan->parts[i].name,
               node_name(transfer, plan->source_node), node_name(transfer, plan->target_node));
        (void)transfer_add(transfer, &target);
    }
    transfer_run(transfer);
}
