#include "config.h"

#include "noded/hypervisor/nic-script.h"

#include <net/if.h>
#include <string.h>

#include "base/cmd.h"
#include "base/json.h"
#include "base/parse.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/hypervisor/hv-common.h"

/* Where the tools of the network are, too. */
static const char more_path[] = ":/sbin:/usr/sbin";
static const char usual_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static const char communication_prefix[] = "gnt.com.";

bool nic_script_is_communication(const char *name)
{
    return name != NULL && g_str_has_prefix(name, C_INSTANCE_COMMUNICATION_NIC_PREFIX);
}

char *nic_script_communication_tap(int n)
{
    struct if_nameindex *list = if_nameindex();
    int highest = -1;

    for (const struct if_nameindex *item = list; item != NULL && item->if_name != NULL; item++) {
        int number;

        if (g_str_has_prefix(item->if_name, communication_prefix) &&
            parse_int(item->if_name + strlen(communication_prefix), 0, G_MAXINT / 2, &number,
                      NULL)) {
            highest = MAX(highest, number);
        }
    }
    if (list != NULL) {
        if_freenameindex(list);
    }
    return g_strdup_printf("%s%d", communication_prefix, highest + 1 + n);
}

static void add(GPtrArray *env, const char *name, const char *value)
{
    g_ptr_array_add(env, g_strdup_printf("%s=%s", name, value != NULL ? value : ""));
}

static void add_if(GPtrArray *env, const char *name, const char *value)
{
    if (value != NULL && *value != '\0') {
        add(env, name, value);
    }
}

static char *join_tags(const struct fact_list *tags)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < tags->n; i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", ((char **)tags->v)[i]);
    }
    return g_string_free(text, FALSE);
}

/* objects.Network.HooksDict. */
static bool add_network(GPtrArray *env, const struct json *json, GError **errp)
{
    struct network *network =
        fact_object_decode(&fact_object_network, (struct json *)json, NULL, errp);
    g_autofree char *tags = NULL;

    if (network == NULL) {
        g_prefix_error(errp, "network: ");
        return false;
    }
    tags = join_tags((const struct fact_list *)&network->tags);
    add(env, "NETWORK_NAME", network->name);
    add(env, "NETWORK_UUID", network->uuid);
    add(env, "NETWORK_TAGS", tags);
    add_if(env, "NETWORK_SUBNET", network->network);
    add_if(env, "NETWORK_GATEWAY", network->gateway);
    add_if(env, "NETWORK_SUBNET6", network->network6);
    add_if(env, "NETWORK_GATEWAY6", network->gateway6);
    add_if(env, "NETWORK_MAC_PREFIX", network->mac_prefix);
    fact_object_free(&fact_object_network, network);
    return true;
}

static bool fill(GPtrArray *env, const struct nic_script *nic, GError **errp)
{
    const char *path = g_getenv("PATH");
    g_autofree char *search = g_strconcat(path != NULL ? path : usual_path, more_path, NULL);
    g_autofree char *index = g_strdup_printf("%" G_GSIZE_FORMAT, nic->index);
    g_autofree char *tags = join_tags((const struct fact_list *)&nic->instance->tags);
    bool bridged = nic->params->mode == NIC_MODE_BRIDGED;

    add(env, "PATH", search);
    add(env, "INSTANCE", nic->instance->name);
    add(env, "MAC", nic->mac);
    add(env, "MODE", fact_enum_nic_mode.words[nic->params->mode]);
    add(env, "INTERFACE", nic->interface);
    add(env, "INTERFACE_INDEX", index);
    add(env, "INTERFACE_UUID", nic->uuid);
    add(env, "TAGS", tags);
    add_if(env, "IP", nic->ip);
    add_if(env, "INTERFACE_NAME", nic->name);
    add_if(env, "LINK", nic->params->link);
    if (nic->params->has.vlan) {
        add(env, "VLAN", nic->params->vlan);
    }
    if (nic->network != NULL && nic->netinfo != NULL && !add_network(env, nic->netinfo, errp)) {
        return false;
    }
    if (bridged) {
        add(env, "BRIDGE", nic->params->link);
    }
    return true;
}

char **nic_script_env(const struct nic_script *nic, GError **errp)
{
    GPtrArray *env = g_ptr_array_new_with_free_func(g_free);

    if (!nic->params->has.mode) {
        hv_fail(errp, "interface %" G_GSIZE_FORMAT " of %s has no mode", nic->index,
                nic->instance->name);
    } else if (fill(env, nic, errp)) {
        g_ptr_array_add(env, NULL);
        return (char **)g_ptr_array_free(env, FALSE);
    }
    g_ptr_array_unref(env);
    return NULL;
}

bool nic_script_run(const char *script, const struct nic_script *nic, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new(script, nic->interface, NULL);
    g_auto(GStrv) env = nic_script_env(nic, errp);
    g_autoptr(GError) error = NULL;

    if (env == NULL) {
        return false;
    }
    cmd_inherit_env(cmd);
    for (char **item = env; *item != NULL; item++) {
        char *value = strchr(*item, '=');

        *value++ = '\0';
        cmd_set_env(cmd, *item, value);
    }
    if (!cmd_check(cmd, NULL, &error)) {
        return hv_fail(errp, "Failed to configure interface %s of %s: %s", nic->interface,
                       nic->instance->name, error->message);
    }
    return true;
}
