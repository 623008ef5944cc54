#include "config.h"

#include "noded/hypervisor/kvm/host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "base/cmd.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "noded/hypervisor/hv-common.h"

enum { ASK_MS = 60 * 1000 };

/* What QEMU prints about itself, in both its outputs. The list of devices may come with an exit
 * code of its own. */
static char *ask(const char *path, const char *option, const char *value, bool may_fail,
                 GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new(path, option, value, NULL);
    CLEANUP(cmd_result_freep) struct cmd_result *done = NULL;
    g_autoptr(GError) error = NULL;

    cmd_set_timeout(cmd, ASK_MS);
    done = cmd_run(cmd, &error);
    if (done != NULL && (may_fail || cmd_result_ok(done))) {
        return g_strconcat(done->out, done->err, NULL);
    }
    if (done != NULL) {
        (void)cmd_result_fail(done, &error);
    }
    hv_fail(errp, "cannot ask QEMU what it can do: %s", error->message);
    return NULL;
}

static char *ask_help(const char *path, GError **errp)
{
    return ask(path, "--help", NULL, false, errp);
}

char *kvm_host_machines(const char *path, GError **errp)
{
    return ask(path, "-machine", "?", false, errp);
}

struct kvm_caps *kvm_host_caps(const char *path, GError **errp)
{
    g_autofree char *help = ask_help(path, errp);
    g_autofree char *machines = help != NULL ? kvm_host_machines(path, errp) : NULL;
    g_autofree char *devices = machines != NULL ? ask(path, "-device", "?", true, errp) : NULL;

    return devices != NULL ? kvm_caps_parse(help, machines, devices) : NULL;
}

bool kvm_host_version(const char *path, struct kvm_version *ret, GError **errp)
{
    g_autofree char *help = ask_help(path, errp);

    if (help == NULL) {
        return false;
    }
    return kvm_version_parse(help, ret) ||
           hv_fail(errp, "cannot tell the version of %s from its --help", path);
}

/* --- Addresses ----------------------------------------------------------------------------------
 */

bool kvm_host_has_interface(const char *name)
{
    return if_nametoindex(name) != 0;
}

static char *address_text(const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN];
    const void *bytes = address->sa_family == AF_INET
                            ? (const void *)&((const struct sockaddr_in *)address)->sin_addr
                            : (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr;

    return g_strdup(inet_ntop(address->sa_family, bytes, text, sizeof(text)));
}

static bool find_addresses(const char *interface, struct kvm_addresses *ret)
{
    struct ifaddrs *list = NULL;

    *ret = (struct kvm_addresses){0};
    if (!kvm_host_has_interface(interface) || getifaddrs(&list) != 0) {
        return false;
    }
    for (const struct ifaddrs *item = list; item != NULL; item = item->ifa_next) {
        int family = item->ifa_addr != NULL ? item->ifa_addr->sa_family : AF_UNSPEC;
        char **slot = family == AF_INET ? &ret->ipv4 : &ret->ipv6;

        if (strcmp(item->ifa_name, interface) == 0 && (family == AF_INET || family == AF_INET6) &&
            *slot == NULL) {
            *slot = address_text(item->ifa_addr);
        }
    }
    freeifaddrs(list);
    return true;
}

struct kvm_host kvm_host_of(const struct kvm_caps *caps)
{
    g_autofree char *family =
        ssconf_read(path_get(PATH_DATA_DIR), SSCONF_primary_ip_family, "", NULL);
    int number;

    return (struct kvm_host){.caps = caps,
                             .addresses = find_addresses,
                             .prefers_ipv6 = family != NULL &&
                                             parse_int(family, 0, G_MAXINT, &number, NULL) &&
                                             number == AF_INET6};
}
