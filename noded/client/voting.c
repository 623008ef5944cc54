#include "config.h"

#include "noded/client/voting.h"

#include <string.h>

#include "base/json.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "facts/rpccalls.h"

/* One round. */
struct round {
    const char *own_name;
    GMainLoop *loop;
    size_t in_favour, missing;
};

static void count(struct rpc_answer *answers, size_t n, void *data)
{
    struct round *round = data;

    for (size_t i = 0; i < n; i++) {
        if (answers[i].outcome != RPC_ANSWERED || json_kind(answers[i].payload) != JSON_STRING) {
            round->missing++;
        } else if (strcmp(json_string(answers[i].payload), round->own_name) == 0) {
            round->in_favour++;
        }
        if (answers[i].outcome == RPC_FAILED) {
            g_warning("no vote: %s", answers[i].error->message);
        }
    }
    g_main_loop_quit(round->loop);
}

static void hold_round(struct rpc_client *client, const struct cfg *cfg, struct round *round)
{
    const struct rpc_row *row = &rpc_rows[RPC_master_node_name];
    size_t n = cfg_node_count(cfg);
    g_autofree struct rpc_request *requests = g_new0(struct rpc_request, MAX(n, 1));

    for (size_t i = 0; i < n; i++) {
        const struct node *node = cfg_node_at(cfg, i);

        requests[i] = (struct rpc_request){
            .node = node->name,
            .address = node->primary_ip,
            .offline = node->offline,
            .arguments = "[]",
        };
    }
    round->in_favour = round->missing = 0;
    (void)rpc_client_call(client, row->name, (unsigned)rpc_timeout_seconds(&row->luxid_timeout),
                          true, requests, n, count, round);
    g_main_loop_run(round->loop);
}

static gboolean wake_up(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

bool voting_is_won(struct rpc_client *client, const struct cfg *cfg, const char *own_name,
                   GError **errp)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    struct round round = {.own_name = own_name, .loop = loop};
    size_t voters = cfg_node_count(cfg);

    for (int retries = C_MASTER_VOTING_RETRIES;; retries--) {
        hold_round(client, cfg, &round);
        if (2 * round.in_favour > voters) {
            return true;
        }
        if (2 * (round.in_favour + round.missing) <= voters || retries == 0) {
            break;
        }
        g_timeout_add_seconds(C_MASTER_VOTING_RETRY_INTERVALL, wake_up, loop);
        g_main_loop_run(loop);
    }
    return err_fail(
        errp, ERR_GENERIC, ECODE_NONE,
        "of %zu nodes %zu name %s as the master and %zu do not answer; more than half must name it "
        "(if you are certain, start with --no-voting --yes-do-it)",
        voters, round.in_favour, own_name, round.missing);
}
