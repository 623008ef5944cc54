#include "config.h"

#include "bootstrap/daemons.h"

#include <stdarg.h>

#include "base/cmd.h"
#include "base/json.h"
#include "base/net.h"
#include "bootstrap/calls.h"
#include "compat-config/paths/paths.h"
#include "facts/errors.h"
#include "facts/luximethods.h"
#include "luxi/client/client.h"

enum {
    READY_TIMEOUT_S = 10, /* bootstrap.py _DAEMON_READY_TIMEOUT */
    INTERVAL_US = G_USEC_PER_SEC / 10,
    SSH_TIMEOUT_MS = 1000,
};

bool daemons_control(GError **errp, const char *verb, ...)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new(path_get(PATH_DAEMON_UTIL), verb, NULL);
    va_list words;

    va_start(words, verb);
    for (const char *word = va_arg(words, const char *); word != NULL;
         word = va_arg(words, const char *)) {
        cmd_add(cmd, word, NULL);
    }
    va_end(words);
    cmd_inherit_env(cmd);
    if (!cmd_check(cmd, NULL, errp)) {
        err_wrap(errp, ERR_OP_EXEC, ECODE_NONE);
        return false;
    }
    return true;
}

/* --- Waiting ------------------------------------------------------------------------------------
 *
 * A daemon that says it has started is ready already as a rule, so the first try is the last. */
struct target {
    const char *node;
    int port;
};
typedef bool try_fn(const struct target *target, GError **errp);

static bool wait_until(try_fn *try, const struct target *target, const char *what, GError **errp)
{
    gint64 end = g_get_monotonic_time() + READY_TIMEOUT_S * G_USEC_PER_SEC;
    g_autoptr(GError) last = NULL;

    for (;;) {
        g_clear_error(&last);
        if (try(target, &last)) {
            return true;
        }
        if (g_get_monotonic_time() > end) {
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                            "%s on %s does not answer within %d seconds: %s", what, target->node,
                            READY_TIMEOUT_S, last->message);
        }
        g_usleep(INTERVAL_US);
    }
}

static bool try_node(const struct target *target, GError **errp)
{
    const struct rpc_call_version args = {0};

    return bootstrap_call(target->node, RPC_version, &args, NULL, errp);
}

bool daemons_wait_for_node(const char *node, GError **errp)
{
    const struct target target = {.node = node};

    return wait_until(try_node, &target, "The node daemon", errp);
}

static bool try_master(const struct target *target G_GNUC_UNUSED, GError **errp)
{
    static const struct luxi_client_options options = {.connect_timeout = 1};
    CLEANUP(luxi_client_freep)
    struct luxi_client *client = luxi_client_connect(path_get(PATH_QUERY_SOCKET), &options, errp);
    CLEANUP(json_unrefp) struct json *args = json_new_array();
    CLEANUP(json_unrefp) struct json *names = json_new_array();
    CLEANUP(json_unrefp) struct json *answer = NULL;

    json_append(names, json_new_string("cluster_name"));
    json_append(args, g_steal_pointer(&names));
    return client != NULL &&
           luxi_client_call_json(client, luxi_method_rows[LUXI_query_config_values].name, args,
                                 &answer, errp);
}

bool daemons_wait_for_master(GError **errp)
{
    const struct target target = {.node = "this node"};

    return wait_until(try_master, &target, "The master daemon", errp);
}

static bool try_ssh(const struct target *target, GError **errp)
{
    g_autofree char *address = bootstrap_node_address(target->node, errp);

    return address != NULL &&
           (net_tcp_try(address, target->port, NULL, SSH_TIMEOUT_MS) == NET_OPEN ||
            err_fail(errp, ERR_GENERIC, ECODE_NONE, "nothing listens at %s, port %d", address,
                     target->port));
}

bool daemons_wait_for_ssh(const char *node, int port, GError **errp)
{
    const struct target target = {.node = node, .port = port};

    return wait_until(try_ssh, &target, "The SSH daemon", errp);
}
