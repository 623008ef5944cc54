#include "config.h"

#include "bootstrap/calls.h"

#include <string.h>
#include <sys/socket.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/net.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/codec.h"
#include "noded/client/mastership.h"

/* Nodes that join are not in the store yet, and while a cluster is made there is no store. */
char *bootstrap_node_address(const char *node, GError **errp)
{
    const char *dir = path_get(PATH_DATA_DIR);
    g_autoptr(GHashTable) known = ssconf_read_table(dir, SSCONF_node_primary_ips, ' ', NULL);
    const char *address = known != NULL ? g_hash_table_lookup(known, node) : NULL;
    g_autofree char *family = NULL, *name = NULL;
    char *resolved = NULL;
    int number = AF_INET;

    if (address != NULL) {
        return g_strdup(address);
    }
    family = ssconf_read(dir, SSCONF_primary_ip_family, "", NULL);
    (void)!parse_int(family != NULL ? family : "", 0, G_MAXINT, &number, NULL);
    return net_resolve(node, number == AF_INET6, &name, &resolved, errp) ? resolved : NULL;
}

/* --- Many nodes ---------------------------------------------------------------------------------
 */
struct waiting {
    struct rpc_answer *answers; /* of the caller */
    const size_t *which;        /* whose the answers of the batch are */
    GMainLoop *loop;
};

static void take_answers(struct rpc_answer *answers, size_t n, void *data)
{
    struct waiting *waiting = data;

    for (size_t i = 0; i < n; i++) {
        waiting->answers[waiting->which[i]] = answers[i];
        answers[i].payload = NULL;
        answers[i].error = NULL;
    }
    g_main_loop_quit(waiting->loop);
}

static void send_requests(const struct rpc_row *row, const struct rpc_request *requests, size_t n,
                          struct waiting *waiting)
{
    CLEANUP(rpc_client_freep) struct rpc_client *client = mastership_rpc_client();

    waiting->loop = g_main_loop_new(NULL, FALSE);
    (void)rpc_client_call(client, row->name, (unsigned)rpc_timeout_seconds(&row->timeout), false,
                          requests, n, take_answers, waiting);
    g_main_loop_run(waiting->loop);
    g_main_loop_unref(waiting->loop);
}

/* A call has all its arguments, so callers need not say so of each. */
static void write_arguments(const struct fact_object *object, const void *args,
                            struct json_writer *w)
{
    g_autofree void *whole = g_memdup2(args, object->size); /* borrows from args */

    for (size_t i = 0; i < object->n_members; i++) {
        fact_member_mark_set(object, whole, &object->members[i], true);
    }
    fact_object_encode(object, whole, w);
}

void bootstrap_call_all(const char *const *nodes, size_t n, enum rpc_id call, const void *args,
                        struct rpc_answer *answers)
{
    const struct rpc_row *row = &rpc_rows[call];
    g_autoptr(GString) body = g_string_new(NULL);
    struct json_writer w = json_writer_init(body, JSON_PYTHON);
    g_autofree struct rpc_request *requests = g_new0(struct rpc_request, n);
    g_autofree size_t *which = g_new0(size_t, n);
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
    struct waiting waiting = {.answers = answers, .which = which};
    size_t asked = 0;

    write_arguments(row->args, args, &w);
    for (size_t i = 0; i < n; i++) {
        char *address = bootstrap_node_address(nodes[i], &answers[i].error);

        if (address == NULL) {
            answers[i].outcome = RPC_FAILED;
            continue;
        }
        g_ptr_array_add(addresses, address);
        which[asked] = i;
        requests[asked++] =
            (struct rpc_request){.node = nodes[i], .address = address, .arguments = body->str};
    }
    if (asked > 0) {
        send_requests(row, requests, asked, &waiting);
    }
}

bool bootstrap_call(const char *node, enum rpc_id call, const void *args, struct json **ret_payload,
                    GError **errp)
{
    struct rpc_answer answer = {0};

    bootstrap_call_all(&node, 1, call, args, &answer);
    if (answer.error != NULL) {
        g_propagate_error(errp, answer.error);
        return false;
    }
    if (ret_payload != NULL) {
        *ret_payload = answer.payload;
    } else {
        json_unref(answer.payload);
    }
    return true;
}
