/* Interfaces of instances. */
#include "config.h"

#include "jobs/lu/nics.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "compat-config/model/pool.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/names.h"

/* What an address says in the place of an address (constants.py NIC_IP_POOL). */
#define FROM_POOL fact_enum_nic_mode.words[NIC_MODE_POOL]

static bool is_word(const char *text, const char *word)
{
    return text != NULL && g_ascii_strcasecmp(text, word) == 0;
}

static bool invalid(GError **errp, size_t index, const char *what)
{
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Interface %zu: %s", index, what);
}

/* --- MAC addresses ------------------------------------------------------------------------------
 */
bool lu_mac_is_good(const char *text)
{
    for (size_t i = 0; i < 17; i++) {
        bool good = i % 3 == 2 ? text[i] == ':' : g_ascii_isxdigit(text[i]);
        if (!good) {
            return false;
        }
    }
    /* No group address. */
    return text[17] == '\0' && g_ascii_xdigit_value(text[1]) % 2 == 0;
}

static bool generate_mac(struct lu *lu, struct nic *nic, GError **errp)
{
    struct method_wconfd_generate_mac args = {.has.network = nic->network != NULL,
                                              .network = nic->network};
    CLEANUP(json_unrefp) struct json *mac = NULL;
    if (!lu_wconfd(lu, METHOD_wconfd_generate_mac, &args, &mac, errp)) {
        return false;
    }
    lu_text_set(&nic->mac, json_string(mac));
    return true;
}

bool lu_nic_set_mac(struct lu *lu, struct nic *nic, const char *wanted, size_t index, GError **errp)
{
    nic->has.mac = true;
    if (wanted == NULL || is_word(wanted, C_VALUE_AUTO) || is_word(wanted, C_VALUE_GENERATE)) {
        return generate_mac(lu, nic, errp);
    }
    if (!lu_mac_is_good(wanted)) {
        return invalid(errp, index, "this is no MAC address of one interface");
    }
    g_free(nic->mac);
    nic->mac = g_ascii_strdown(wanted, -1);
    g_autoptr(GError) error = NULL;
    struct method_wconfd_reserve_mac args = {.has.mac = true, .mac = nic->mac};
    return lu_wconfd(lu, METHOD_wconfd_reserve_mac, &args, NULL, &error) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_NOTUNIQUE,
                    "Interface %zu: the MAC address %s is in use (%s)", index, nic->mac,
                    error->message);
}

/* --- Everything else ----------------------------------------------------------------------------
 */
static bool set_ip(const struct inic *wanted, size_t index, bool networked, const char *default_ip,
                   struct nic *nic, GError **errp)
{
    const char *ip = wanted->has.ip ? wanted->ip : NULL;
    if (ip == NULL || is_word(ip, C_VALUE_NONE)) {
        return true;
    }
    if (is_word(ip, C_VALUE_AUTO)) {
        if (default_ip == NULL) {
            return invalid(errp, index, "an automatic address needs the check of the name");
        }
        ip = default_ip;
    } else if (is_word(ip, FROM_POOL)) {
        if (!networked) {
            return invalid(errp, index, "an address from a pool needs a network");
        }
    } else if (!g_hostname_is_ip_address(ip)) {
        return invalid(errp, index, "its address is no IP address");
    }
    lu_text_set(&nic->ip, ip);
    nic->has.ip = true;
    return true;
}

static bool set_params(struct lu *lu, const struct inic *wanted, size_t index, bool networked,
                       struct nic *nic, GError **errp)
{
    const char *link = wanted->has.link ? wanted->link : wanted->has.bridge ? wanted->bridge : NULL;
    bool has_mode = wanted->has.mode && !is_word(wanted->mode, C_VALUE_AUTO);
    if (networked && (wanted->has.mode || link != NULL)) {
        return invalid(errp, index, "one in a network takes mode and link from it");
    }
    if (has_mode) {
        int mode = fact_enum_find(&fact_enum_nic_mode, wanted->mode);
        if (mode < 0 || mode == NIC_MODE_POOL) {
            return invalid(errp, index, "there is no such mode");
        }
        nic->nicparams.mode = (enum nic_mode)mode;
        nic->nicparams.has.mode = true;
    }
    if (link != NULL) {
        lu_text_set(&nic->nicparams.link, link);
        nic->nicparams.has.link = true;
    }
    if (wanted->has.vlan && *wanted->vlan != '\0') {
        lu_text_set(&nic->nicparams.vlan, wanted->vlan);
        nic->nicparams.has.vlan = true;
    }
    struct nicparams filled = cfg_nicparams(lu_cfg(lu), nic);
    if (filled.mode == NIC_MODE_ROUTED && nic->ip == NULL && !networked) {
        return invalid(errp, index, "a routed one needs an address or a network");
    }
    return true;
}

static bool compute(struct lu *lu, const struct inic *wanted, size_t index, const char *default_ip,
                    struct nic *nic, GError **errp)
{
    bool networked = wanted->has.network && !is_word(wanted->network, C_VALUE_NONE);
    nic->uuid = g_uuid_string_random();
    nic->has.uuid = nic->has.nicparams = true;
    if (wanted->has.name && !is_word(wanted->name, C_VALUE_NONE)) {
        lu_text_set(&nic->name, wanted->name);
        nic->has.name = true;
    }
    if (networked) {
        const struct network *network = lu_expand_network(lu, wanted->network, errp);
        if (network == NULL) {
            return false;
        }
        lu_text_set(&nic->network, network->uuid);
        nic->has.network = true;
    }
    return set_ip(wanted, index, networked, default_ip, nic, errp) &&
           set_params(lu, wanted, index, networked, nic, errp) &&
           lu_nic_set_mac(lu, nic, wanted->has.mac ? wanted->mac : NULL, index, errp);
}

bool lu_nics_compute(struct lu *lu, const struct inic *wanted, size_t n, const char *default_ip,
                     struct nic_list *ret, GError **errp)
{
    for (size_t i = 0; i < n; i++) {
        if (!compute(lu, &wanted[i], i, default_ip, fact_list_add(&type_nic_list, ret), errp)) {
            return false;
        }
    }
    return true;
}

/* --- On a node ----------------------------------------------------------------------------------
 */
bool lu_nic_take_ip(struct lu *lu, struct nic *nic, size_t index, GError **errp)
{
    struct method_wconfd_generate_ip args = {.has.network = true, .network = nic->network};
    CLEANUP(json_unrefp) struct json *ip = NULL;
    g_autoptr(GError) error = NULL;
    if (!lu_wconfd(lu, METHOD_wconfd_generate_ip, &args, &ip, &error)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "Interface %zu: no address is left in the pool (%s)", index,
                        error->message);
    }
    lu_text_set(&nic->ip, json_string(ip));
    lu_info(lu, "Interface %zu gets the address %s", index, nic->ip);
    return true;
}

bool lu_nic_reserve_ip(struct lu *lu, const struct nic *nic, size_t index, bool check,
                       GError **errp)
{
    struct method_wconfd_reserve_ip args = {.has = {.network = true, .ip = true, .check = true},
                                            .network = nic->network,
                                            .ip = nic->ip,
                                            .check = check};
    g_autoptr(GError) error = NULL;
    return lu_wconfd(lu, METHOD_wconfd_reserve_ip, &args, NULL, &error) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_NOTUNIQUE,
                    "Interface %zu: the address %s is in use or not of its network (%s)", index,
                    nic->ip, error->message);
}

bool lu_nic_check_foreign(struct lu *lu, const struct node_group *group, const struct nic *nic,
                          GError **errp)
{
    for (size_t i = 0; nic->ip != NULL && i < group->networks.n; i++) {
        const struct network *network = cfg_network_get(lu_cfg(lu), group->networks.v[i].key);
        uint32_t index;
        if (network != NULL && cfg_pool_index(network, nic->ip, &index)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "The address %s belongs to the network %s, but its interface does not",
                            nic->ip, network->name);
        }
    }
    return true;
}

static bool place(struct lu *lu, const struct node_group *group, struct nic *nic, size_t index,
                  bool conflicts_check, GError **errp)
{
    if (nic->network == NULL) {
        return !conflicts_check || lu_nic_check_foreign(lu, group, nic, errp);
    }
    const struct nicparams *params =
        fact_dict_get(&type_nicparams_map, &group->networks, nic->network);
    if (params == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Interface %zu: its network is not connected to the node group %s", index,
                        group->name);
    }
    fact_object_clear(&fact_object_nicparams, &nic->nicparams);
    fact_object_copy_at(&fact_object_nicparams, &nic->nicparams, params);
    if (nic->ip == NULL) {
        return true;
    }
    return is_word(nic->ip, FROM_POOL) ? lu_nic_take_ip(lu, nic, index, errp)
                                       : lu_nic_reserve_ip(lu, nic, index, conflicts_check, errp);
}

bool lu_nics_place(struct lu *lu, struct nic_list *nics, const char *node_uuid,
                   bool conflicts_check, GError **errp)
{
    const struct node *node = cfg_node_get(lu_cfg(lu), node_uuid);
    const struct node_group *group = cfg_node_group(lu_cfg(lu), node);
    for (size_t i = 0; i < nics->n; i++) {
        if (!place(lu, group, &nics->v[i], i, conflicts_check, errp)) {
            return false;
        }
    }
    return true;
}
