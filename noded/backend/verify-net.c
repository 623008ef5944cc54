#include "config.h"

#include "noded/backend/verify.h"

#include <string.h>
#include <sys/socket.h>

#include "base/json.h"
#include "base/net.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/constants.h"
#include "noded/backend/common.h"

enum {
    MAX_PORT = 65535,
    SSH_PORT = 22,
};

/* --- JSON of the request ------------------------------------------------------------------------
 */

/* The element as text; "" if it is none. */
static const char *text_at(const struct json *list, size_t i)
{
    const struct json *item =
        json_kind(list) == JSON_ARRAY && i < json_len(list) ? json_at(list, i) : NULL;

    return json_kind(item) == JSON_STRING ? json_string(item) : "";
}

static struct json *list_at(const struct json *list, size_t i)
{
    struct json *item =
        json_kind(list) == JSON_ARRAY && i < json_len(list) ? json_at(list, i) : NULL;

    return json_kind(item) == JSON_ARRAY ? item : NULL;
}

static bool list_has(const struct json *list, const char *text)
{
    for (size_t i = 0; list != NULL && i < json_len(list); i++) {
        if (strcmp(text_at(list, i), text) == 0) {
            return true;
        }
    }
    return false;
}

/* --- TCP ----------------------------------------------------------------------------------------
 */

static void test_node(const struct json *node, const struct json *own, struct json_writer *result)
{
    int port = daemon_rows[DAEMON_noded].port;
    const char *primary = text_at(node, 1), *secondary = text_at(node, 2);
    bool primary_ok = net_tcp_ping(primary, port, text_at(own, 1));
    bool secondary_ok =
        strcmp(primary, secondary) == 0 || net_tcp_ping(secondary, port, text_at(own, 2));
    g_autofree char *text = NULL;

    if (primary_ok && secondary_ok) {
        return;
    }
    text = g_strdup_printf("failure using the %s interface(s)",
                           secondary_ok ? "primary"
                                        : (primary_ok ? "secondary" : "primary and secondary"));
    json_write_key(result, text_at(node, 0));
    json_write_string(result, text);
}

/* [[[name, primary address, secondary address], ...], [master candidates]] */
bool verify_node_net_test(const struct verify *verify, struct json *wanted,
                          struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    const struct json *nodes = list_at(wanted, 0), *own = NULL;

    json_write_object_begin(result);
    if (nodes != NULL && list_has(list_at(wanted, 1), verify->node)) {
        for (size_t i = 0; own == NULL && i < json_len(nodes); i++) {
            own =
                strcmp(text_at(json_at(nodes, i), 0), verify->node) == 0 ? json_at(nodes, i) : NULL;
        }
        if (own == NULL) {
            json_write_key(result, verify->node);
            json_write_string(result, "this node is not in the list of nodes to test");
        }
        for (size_t i = 0; own != NULL && i < json_len(nodes); i++) {
            test_node(json_at(nodes, i), own, result);
        }
    }
    json_write_object_end(result);
    return true;
}

/* [master, its address, [master candidates]] */
bool verify_master_ip(const struct verify *verify, struct json *wanted, struct json_writer *result,
                      GError **errp G_GNUC_UNUSED)
{
    bool is_master = strcmp(text_at(wanted, 0), verify->node) == 0;

    if (list_has(list_at(wanted, 2), verify->node)) {
        json_write_bool(result, net_tcp_ping(text_at(wanted, 1), daemon_rows[DAEMON_noded].port,
                                             is_master ? C_IP4_ADDRESS_LOCALHOST : NULL));
    } else {
        json_write_null(result);
    }
    return true;
}

/* --- SSH ----------------------------------------------------------------------------------------
 */

static bool uses_ipv6(void)
{
    g_autofree char *family =
        ssconf_read(path_get(PATH_DATA_DIR), SSCONF_primary_ip_family, "", NULL);
    int number;

    return family != NULL && parse_int(family, 0, G_MAXINT, &number, NULL) && number == AF_INET6;
}

/* Prints the name that the other side knows for itself (ssh.py BuildCmd, VerifyNodeHostname). */
static struct cmd *ssh_cmd(const struct verify *verify, const char *node, int port, bool ipv6)
{
    struct cmd *cmd = cmd_new("ssh", "-oEscapeChar=none", "-oHashKnownHosts=no", NULL);

    cmd_addf(cmd, "-oGlobalKnownHostsFile=%s", path_get(PATH_SSH_KNOWN_HOSTS_FILE));
    cmd_add(cmd, "-oUserKnownHostsFile=/dev/null", "-oCheckHostIp=no", "-oConnectTimeout=10", NULL);
    cmd_addf(cmd, "-oHostKeyAlias=%s", verify->cluster);
    cmd_addf(cmd, "-oPort=%d", port);
    cmd_add(cmd, "-oBatchMode=yes", "-oStrictHostKeyChecking=yes", ipv6 ? "-6" : "-4", NULL);
    cmd_addf(cmd, "%s@%s", C_SSH_LOGIN_USER, node);
    cmd_add(
        cmd,
        "if test -z \"$GANETI_HOSTNAME\"; then hostname --fqdn; else echo \"$GANETI_HOSTNAME\"; fi",
        NULL);
    cmd_inherit_env(cmd);
    return cmd;
}

/* NULL if all is well. Nodes of a virtual cluster reach each other without ssh. */
static char *test_ssh(const struct verify *verify, const char *node, int port, bool ipv6)
{
    CLEANUP(cmd_freep) struct cmd *cmd = ssh_cmd(verify, node, port, ipv6);
    g_autoptr(GError) error = NULL;
    g_autofree char *name = NULL;

    if (vcluster_hostname() != NULL) {
        return NULL;
    }
    if (!cmd_check(cmd, &name, &error)) {
        return g_strdup_printf("ssh problem: %s", error->message);
    }
    g_strstrip(name);
    return strcmp(name, node) == 0
               ? NULL
               : g_strdup_printf("hostname mismatch: expected %s but got %s", node, name);
}

static int port_of(GHashTable *ports, const char *node)
{
    const char *text = ports == NULL ? NULL : g_hash_table_lookup(ports, node);
    int port;

    return text != NULL && parse_int(text, 1, MAX_PORT, &port, NULL) ? port : SSH_PORT;
}

static void test_ssh_list(const struct verify *verify, const struct json *nodes,
                          struct json_writer *result)
{
    g_autoptr(GHashTable) ports =
        ssconf_read_table(path_get(PATH_DATA_DIR), SSCONF_ssh_ports, '=', NULL);
    bool ipv6 = uses_ipv6();

    for (size_t i = 0; nodes != NULL && i < json_len(nodes); i++) {
        const char *node = text_at(nodes, i);
        g_autofree char *problem = test_ssh(verify, node, port_of(ports, node), ipv6);

        if (problem != NULL) {
            json_write_key(result, node);
            json_write_string(result, problem);
        }
    }
}

/* [[nodes of the own group], {node: [further nodes]}, [master candidates]] */
bool verify_node_list(const struct verify *verify, struct json *wanted, struct json_writer *result,
                      GError **errp G_GNUC_UNUSED)
{
    const struct json *by_node =
        json_kind(wanted) == JSON_ARRAY && json_len(wanted) == 3 ? json_at(wanted, 1) : NULL;
    const struct json *further =
        json_kind(by_node) == JSON_OBJECT ? json_get(by_node, verify->node) : NULL;

    json_write_object_begin(result);
    /* Other nodes need not reach anybody. */
    if (list_has(list_at(wanted, 2), verify->node)) {
        test_ssh_list(verify, list_at(wanted, 0), result);
        test_ssh_list(verify, json_kind(further) == JSON_ARRAY ? further : NULL, result);
    }
    json_write_object_end(result);
    return true;
}
