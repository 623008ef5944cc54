/* master-ip-setup: puts the master's address on an interface and takes it away (reference:
 * tools/master-ip-setup). The node daemon tells it what by MASTER_IP, MASTER_NETDEV, MASTER_NETMASK
 * and CLUSTER_IP_VERSION. A site may have a program of its own in its place. */
#include "config.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <string.h>

#include "base/cmd.h"
#include "base/log.h"
#include "base/parse.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/tools/tool.h"

enum {
    PROBE_COUNT = 5,
    PROBE_INTERVAL_MS = 200,
};

struct address {
    const char *ip, *netdev, *netmask;
    bool ipv6;
};

static bool read_variable(const char *name, const char **ret, GError **errp)
{
    *ret = g_getenv(name);
    return (*ret != NULL && **ret != '\0') ||
           err_fail(errp, ERR_GENERIC, ECODE_NONE, "the variable %s is not set", name);
}

static bool read_address(struct address *ret, GError **errp)
{
    struct in6_addr binary;
    const char *version;
    int bits;

    if (!read_variable("MASTER_IP", &ret->ip, errp) ||
        !read_variable("MASTER_NETDEV", &ret->netdev, errp) ||
        !read_variable("MASTER_NETMASK", &ret->netmask, errp) ||
        !read_variable("CLUSTER_IP_VERSION", &version, errp)) {
        return false;
    }
    ret->ipv6 = strcmp(version, "6") == 0;
    if (!ret->ipv6 && strcmp(version, "4") != 0) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE, "CLUSTER_IP_VERSION is \"%s\", not 4 or 6",
                        version);
    }
    if (inet_pton(ret->ipv6 ? AF_INET6 : AF_INET, ret->ip, &binary) != 1) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE, "MASTER_IP is no address: \"%s\"", ret->ip);
    }
    return parse_int(ret->netmask, 0, ret->ipv6 ? 128 : 32, &bits, errp);
}

/* The interface that has the address; NULL: none here. Owned by the caller. */
static char *find_interface(const struct address *address)
{
    struct ifaddrs *list;
    char *found = NULL;

    if (getifaddrs(&list) != 0) {
        return NULL;
    }
    for (const struct ifaddrs *item = list; item != NULL && found == NULL; item = item->ifa_next) {
        char text[INET6_ADDRSTRLEN] = "";
        int family = item->ifa_addr == NULL ? AF_UNSPEC : item->ifa_addr->sa_family;

        if (family == AF_INET && !address->ipv6) {
            inet_ntop(family, &((const struct sockaddr_in *)(const void *)item->ifa_addr)->sin_addr,
                      text, sizeof(text));
        } else if (family == AF_INET6 && address->ipv6) {
            inet_ntop(family,
                      &((const struct sockaddr_in6 *)(const void *)item->ifa_addr)->sin6_addr, text,
                      sizeof(text));
        }
        if (strcmp(text, address->ip) == 0) {
            found = g_strndup(item->ifa_name, strcspn(item->ifa_name, ":"));
        }
    }
    freeifaddrs(list);
    return found;
}

/* Another machine with the address would fight with this one for the cluster. */
static bool is_used_elsewhere(const struct address *address)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("fping", "-c", NULL);

    cmd_addf(cmd, "%d", PROBE_COUNT);
    cmd_add(cmd, "-p", NULL);
    cmd_addf(cmd, "%d", PROBE_INTERVAL_MS);
    cmd_add(cmd, address->ip, NULL);
    return cmd_check(cmd, NULL, NULL);
}

/* Neighbours learn where the address is now; it is no failure if they do not. */
static void announce(const struct address *address)
{
    CLEANUP(cmd_freep)
    struct cmd *cmd = address->ipv6
                          ? cmd_new("ndisc6", "-q", "-r", "3", address->ip, address->netdev, NULL)
                          : cmd_new("arping", "-q", "-U", "-c", "3", "-I", address->netdev, "-s",
                                    address->ip, address->ip, NULL);
    g_autoptr(GError) error = NULL;

    if (!cmd_check(cmd, NULL, &error)) {
        log_info("%s", error->message);
    }
}

static struct cmd *ip_address(const char *verb, const struct address *address)
{
    struct cmd *cmd = cmd_new(C_IP_COMMAND_PATH, "addr", verb, NULL);

    cmd_addf(cmd, "%s/%s", address->ip, address->netmask);
    cmd_add(cmd, "dev", address->netdev, NULL);
    return cmd;
}

static bool start(const struct address *address, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *add = ip_address("add", address);
    g_autofree char *there = find_interface(address);

    if (there != NULL) {
        g_print("This node has the address %s already, on %s.\n", address->ip, there);
        return true;
    }
    if (is_used_elsewhere(address)) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE,
                        "another machine has the master's address %s", address->ip);
    }
    cmd_add(add, "label", NULL);
    cmd_addf(add, "%s:0", address->netdev);
    cmd_add(add, "preferred_lft", "0", NULL);
    if (!cmd_check(add, NULL, errp)) {
        return false;
    }
    announce(address);
    return true;
}

static bool stop(const struct address *address, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *del = ip_address("del", address);
    g_autofree char *there = find_interface(address);

    if (there == NULL) {
        g_print("This node does not have the address %s.\n", address->ip);
        return true;
    }
    if (strcmp(there, address->netdev) != 0) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE,
                        "the master's address %s is on %s, not on %s; it stays", address->ip, there,
                        address->netdev);
    }
    return cmd_check(del, NULL, errp);
}

int main(int argc, char **argv)
{
    static const struct tool tool = {
        .name = "master-ip-setup",
        .arguments = "{start|stop}",
        .summary = "Puts the master's address on its interface, or takes it away, as MASTER_IP, "
                   "MASTER_NETDEV,\nMASTER_NETMASK and CLUSTER_IP_VERSION say."};
    struct tool_options opts;
    struct address address;
    GError *error = NULL;
    bool ok, up;
    int code;

    if (!tool_start(&tool, &opts, &argc, &argv, &code)) {
        return code;
    }
    up = argc == 2 && strcmp(argv[1], "start") == 0;
    if (argc != 2 || (!up && strcmp(argv[1], "stop") != 0)) {
        g_printerr("Usage: %s {start|stop}\n", tool.name);
        return TOOL_FAILURE;
    }
    ok = read_address(&address, &error) && (up ? start(&address, &error) : stop(&address, &error));
    return tool_end(ok, error);
}
