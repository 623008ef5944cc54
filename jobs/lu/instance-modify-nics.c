/* OP_INSTANCE_SET_PARAMS: interfaces that come, go and change. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "jobs/lu/device-mods.h"
#include "jobs/lu/instance-modify.h"
#include "jobs/lu/names.h"
#include "jobs/lu/nics.h"
#include "jobs/lu/params.h"
#include "jobs/lu/rpc.h"

#define KIND       "NIC"
#define KEY(param) fact_enum_inic_param.words[INIC_##param]
/* What an address says that shall come from the pool of the network. */
#define FROM_POOL fact_enum_nic_mode.words[NIC_MODE_POOL]

/* What one change does to the running guest, and what the result says of it. */
struct nic_step {
    enum ddm_full action;
    size_t index;
    struct nic *nic; /* as it will be; one that goes: as it is */
    struct json *changes;
};

static void free_step(void *data)
{
    struct nic_step *step = data;
    fact_object_free(&fact_object_nic, step->nic);
    json_unref(step->changes);
    g_free(step);
}

static struct nic_step *add_step(struct modify_own *own, enum ddm_full action, size_t index,
                                 const struct nic *nic)
{
    struct nic_step *step = g_new0(struct nic_step, 1);
    *step = (struct nic_step){.action = action,
                              .index = index,
                              .nic = fact_object_copy(&fact_object_nic, nic),
                              .changes = json_new_array()};
    if (own->nic_steps == NULL) {
        own->nic_steps = g_ptr_array_new_with_free_func(free_step);
    }
    g_ptr_array_add(own->nic_steps, step);
    return step;
}

void modify_nics_clear(struct modify_own *own)
{
    fact_clear(&type_nic_list, &own->nics);
    g_clear_pointer(&own->nic_steps, g_ptr_array_unref);
    g_clear_pointer(&own->nic_mods, g_array_unref);
    json_unref(own->nic_changes);
}

static bool invalid(GError **errp, const char *text)
{
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "%s", text);
}

static bool is_word(const char *text, const char *word)
{
    return text != NULL && g_ascii_strcasecmp(text, word) == 0;
}

/* --- Arguments ----------------------------------------------------------------------------------
 */
/* Those that must be told if they are named at all (INIC_PARAMS_TYPES). */
static bool check_texts(const struct lu_mod *mod, GError **errp)
{
    const char *const keys[] = {KEY(MAC), KEY(MODE), KEY(LINK)};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *value;
        if (lu_mod_text(mod, keys[i], &value) && value == NULL) {
            return err_fail(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE,
                            "The parameter '%s' of a network interface must be a text", keys[i]);
        }
    }
    return true;
}

static bool check_network(struct lu_mod *mod, GError **errp)
{
    lu_mod_take_none(mod, KEY(NETWORK));
    return json_get(mod->params, KEY(NETWORK)) == NULL ||
           (!lu_mod_text(mod, KEY(LINK), NULL) && !lu_mod_text(mod, KEY(MODE), NULL)) ||
           invalid(errp, "An interface of a network has its mode and link from there: give the "
                         "network, or mode and link");
}

static bool check_ip(struct lu_mod *mod, GError **errp)
{
    const char *ip;
    lu_mod_take_none(mod, KEY(IP));
    (void)lu_mod_text(mod, KEY(IP), &ip);
    if (is_word(ip, FROM_POOL)) {
        return mod->action != DDM_ADD || json_get(mod->params, KEY(NETWORK)) != NULL ||
               invalid(errp, "An address from a pool needs a network");
    }
    return ip == NULL || g_hostname_is_ip_address(ip) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "'%s' is no IP address", ip);
}

static bool check_mac(const struct lu_mod *mod, GError **errp)
{
    const char *mac;
    if (!lu_mod_text(mod, KEY(MAC), &mac) || is_word(mac, C_VALUE_GENERATE)) {
        return true;
    }
    if (is_word(mac, C_VALUE_AUTO)) {
        return mod->action == DDM_ADD ||
               invalid(errp, "The MAC address of an interface that is there cannot become 'auto'; "
                             "'generate' gives it a new one");
    }
    return lu_mac_is_good(mac) || err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                                           "'%s' is no MAC address of one interface", mac);
}

static bool check_mod(struct lu_mod *mod, GError **errp)
{
    switch (mod->action) {
    case DDM_ATTACH:
    case DDM_DETACH:
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "A network interface can be added and removed, but not '%s'",
                        fact_enum_ddm_full.words[mod->action]);
    case DDM_REMOVE:
        return json_len(mod->params) == 0 ||
               invalid(errp, "A network interface that is removed takes no parameters");
    case DDM_ADD:
    case DDM_MODIFY:
        break;
    }
    lu_mod_take_none(mod, KEY(NAME));
    return check_texts(mod, errp) && check_network(mod, errp) && check_ip(mod, errp) &&
           check_mac(mod, errp);
}

bool modify_nics_arguments(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    struct modify_own *own = lu->own;
    own->nic_mods = lu_mods_read(op->nics, KIND, errp);
    for (guint i = 0; own->nic_mods != NULL && i < own->nic_mods->len; i++) {
        if (!check_mod(lu_mods_at(own->nic_mods, i), errp)) {
            return false;
        }
    }
    return own->nic_mods != NULL;
}

/* --- The interface to the metadata daemon -------------------------------------------------------
 */
static const struct nic *find_communication(const struct instance *instance, const char *name)
{
    for (size_t i = 0; i < instance->nics.n; i++) {
        if (g_strcmp0(instance->nics.v[i].name, name) == 0) {
            return &instance->nics.v[i];
        }
    }
    return NULL;
}

/* One more change, if the instance does not have it as it is wanted (_InstanceCommunicationDDM). */
static bool add_communication(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    struct modify_own *own = lu->own;
    const struct instance *instance = modify_instance(lu);
    const char *network = cfg_cluster(lu_cfg(lu))->instance_communication_network;
    g_autofree char *name = g_strconcat(C_INSTANCE_COMMUNICATION_NIC_PREFIX, instance->name, NULL);
    const struct nic *nic = find_communication(instance, name);
    if (!op->has.instance_communication || op->instance_communication == (nic != NULL)) {
        return true;
    }
    if (nic != NULL) {
        lu_mods_add(own->nic_mods, DDM_REMOVE, nic->uuid, json_new_object());
        return true;
    }
    if (network == NULL || *network == '\0') {
        return invalid(errp, "The cluster has no network for interfaces to the metadata daemon; "
                             "see 'gnt-cluster modify --instance-communication-network'");
    }
    struct json *params = json_new_object();
    json_set(params, KEY(NAME), json_new_string(name));
    json_set(params, KEY(MAC), json_new_string(C_VALUE_GENERATE));
    json_set(params, KEY(IP), json_new_string(FROM_POOL));
    json_set(params, KEY(NETWORK), json_new_string(network));
    lu_mods_add(own->nic_mods, DDM_ADD, "-1", params);
    return true;
}

/* --- What one will be (_PrepareNicModification) -------------------------------------------------
 */
static bool find_network(struct lu *lu, const struct lu_mod *mod, const struct nic *nic,
                         const struct network **ret, GError **errp)
{
    const char *given;
    *ret = NULL;
    if (!lu_mod_text(mod, KEY(NETWORK), &given)) {
        given = nic->network;
    }
    if (given != NULL) {
        *ret = lu_expand_network(lu, given, errp);
    }
    return given == NULL || *ret != NULL;
}

/* Mode, link and VLAN as they are given, checked. */
static bool update_params(const struct lu_mod *mod, struct nicparams *params, GError **errp)
{
    struct any_dict given = {0};
    const char *mode;
    (void)lu_mod_text(mod, KEY(MODE), &mode);
    if (mode != NULL && strcmp(mode, C_VALUE_DEFAULT) != 0) {
        int number = fact_enum_find(&fact_enum_nic_mode, mode);
        if (number < 0 || number == NIC_MODE_POOL) {
            return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                            "'%s' is no mode of a network interface", mode);
        }
    }
    for (size_t i = 0; i < nic_params.n; i++) {
        struct json *value = json_get(mod->params, nic_params.v[i].name);
        if (value != NULL) {
            *(struct json **)fact_dict_add(&type_any_dict, &given, nic_params.v[i].name) =
                json_ref(value);
        }
    }
    bool ok = lu_update_params(&given, &nic_params, &fact_object_nicparams, params, errp);
    fact_clear(&type_any_dict, &given);
    return ok;
}

static bool set_params(struct lu *lu, const struct lu_mod *mod, const struct network *network,
                       struct nic *nic, GError **errp)
{
    const struct node_group *group = modify_group(lu);
    if (network == NULL) {
        return update_params(mod, &nic->nicparams, errp);
    }
    const struct nicparams *params =
        group != NULL ? fact_dict_get(&type_nicparams_map, &group->networks, network->uuid) : NULL;
    if (params == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "The network %s is not connected to the node group of the instance",
                        network->name);
    }
    fact_object_clear(&fact_object_nicparams, &nic->nicparams);
    fact_object_copy_at(&fact_object_nicparams, &nic->nicparams, params);
    return true;
}

static bool check_bridge(struct lu *lu, const char *bridge, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct instance *instance = modify_instance(lu);
    struct any_list bridges = {0};
    *(struct json **)fact_list_add(&type_any_list, &bridges) = json_new_string(bridge);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, instance->primary_node, LU_CALL(bridges_exist, .bridges_list = bridges));
    fact_clear(&type_any_list, &bridges);
    if (answer->fail_msg != NULL && op->force) {
        modify_warn_later(lu, g_strdup_printf("Bridge %s on node %s: %s", bridge, answer->node_name,
                                              answer->fail_msg));
        return true;
    }
    return lu_answer_check_prereq(answer, ECODE_ENVIRON, errp, "Bridge %s on node %s", bridge,
                                  answer->node_name);
}

/* With all parameters; wanted_ip: the address it will have. */
static bool check_connection(struct lu *lu, const struct nicparams *filled,
                             const struct network *network, const char *wanted_ip, GError **errp)
{
    const char *link = filled->link != NULL ? filled->link : "";
    switch (filled->mode) {
    case NIC_MODE_BRIDGED:
        return *link != '\0' ? check_bridge(lu, link, errp)
                             : err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                                        "A bridged network interface needs a link");
    case NIC_MODE_ROUTED:
        return wanted_ip != NULL || network != NULL ||
               invalid(errp, "A routed network interface needs an address or a network");
    case NIC_MODE_OPENVSWITCH:
        lu_info(lu, "OVS links are currently not checked for correctness");
        break;
    case NIC_MODE_POOL:
        break;
    }
    return true;
}

static bool same_prefix(struct lu *lu, const char *network_uuid, const struct network *network)
{
    const struct network *old =
        network_uuid != NULL ? cfg_network_get(lu_cfg(lu), network_uuid) : NULL;
    return g_strcmp0(old != NULL ? old->mac_prefix : NULL,
                     network != NULL ? network->mac_prefix : NULL) == 0;
}

/* A network with a prefix of its own wants a new address. old: what it was in; the interface's
 * network is the new one. */
static bool set_mac(struct lu *lu, struct lu_mod *mod, const char *old_network,
                    const struct network *network, struct nic *nic, size_t index, GError **errp)
{
    const char *mac;
    bool given = lu_mod_text(mod, KEY(MAC), &mac);
    if (!given && mod->action == DDM_MODIFY && same_prefix(lu, old_network, network)) {
        return true;
    }
    if (!lu_nic_set_mac(lu, nic, mac, index, errp)) {
        return false;
    }
    json_set(mod->params, KEY(MAC), json_new_string(nic->mac));
    return true;
}

static void release_ip(struct lu *lu, const char *network, const char *ip)
{
    struct method_wconfd_release_ip args = {
        .has = {.network = true, .ip = true}, .network = (char *)network, .ip = (char *)ip};
    g_autoptr(GError) error = NULL;
    if (network != NULL && ip != NULL &&
        !lu_wconfd(lu, METHOD_wconfd_release_ip, &args, NULL, &error)) {
        lu_warn(lu, "The address %s was not given back to its pool: %s", ip, error->message);
    }
}

static bool take_ip(struct lu *lu, struct lu_mod *mod, struct nic *nic, size_t index, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    if (is_word(nic->ip, FROM_POOL)) {
        if (nic->network == NULL) {
            return invalid(errp, "An address from a pool needs a network");
        }
        if (!lu_nic_take_ip(lu, nic, index, errp)) {
            return false;
        }
        json_set(mod->params, KEY(IP), json_new_string(nic->ip));
        return true;
    }
    if (nic->network != NULL) {
        return lu_nic_reserve_ip(lu, nic, index, op->conflicts_check, errp);
    }
    const struct node_group *group = modify_group(lu);
    return !op->conflicts_check || group == NULL || lu_nic_check_foreign(lu, group, nic, errp);
}

/* old_ip, old_network: what the interface has now. */
static bool set_ip(struct lu *lu, struct lu_mod *mod, const char *old_ip, const char *old_network,
                   struct nic *nic, size_t index, GError **errp)
{
    bool same = g_strcmp0(nic->ip, old_ip) == 0 && g_strcmp0(nic->network, old_network) == 0;
    if (same) {
        return old_network == NULL ||
               (!lu_mod_text(mod, KEY(LINK), NULL) && !lu_mod_text(mod, KEY(MODE), NULL)) ||
               invalid(errp, "Mode and link of an interface of a network come from there");
    }
    if (nic->ip != NULL && !take_ip(lu, mod, nic, index, errp)) {
        return false;
    }
    release_ip(lu, old_network, old_ip);
    return true;
}

static void put_text(char **slot, bool *has, const char *value)
{
    if (value != NULL) {
        lu_text_set(slot, value);
    } else {
        g_clear_pointer(slot, g_free);
    }
    *has = value != NULL;
}

/* All parameters in force become its own, as the reference records them. */
static void fill_params(struct lu *lu, struct nic *nic)
{
    struct nicparams filled = cfg_nicparams(lu_cfg(lu), nic), own = {0};
    fact_object_copy_at(&fact_object_nicparams, &own, &filled);
    fact_object_clear(&fact_object_nicparams, &nic->nicparams);
    nic->nicparams = own;
    nic->has.nicparams = true;
}

static bool prepare(struct lu *lu, struct lu_mod *mod, struct nic *nic, size_t index, GError **errp)
{
    g_autofree char *old_ip = g_strdup(nic->ip), *old_network = g_strdup(nic->network);
    const struct network *network;
    const char *value;
    if (!find_network(lu, mod, nic, &network, errp) || !set_params(lu, mod, network, nic, errp)) {
        return false;
    }
    if (lu_mod_text(mod, KEY(NAME), &value)) {
        put_text(&nic->name, &nic->has.name, value);
    }
    if (lu_mod_text(mod, KEY(IP), &value)) {
        put_text(&nic->ip, &nic->has.ip, value);
    }
    put_text(&nic->network, &nic->has.network, network != NULL ? network->uuid : NULL);
    fill_params(lu, nic);
    return check_connection(lu, &nic->nicparams, network, nic->ip, errp) &&
           set_mac(lu, mod, old_network, network, nic, index, errp) &&
           set_ip(lu, mod, old_ip, old_network, nic, index, errp);
}

/* --- The whole list -----------------------------------------------------------------------------
 */
static struct nic *insert_nic(struct nic_list *nics, size_t index)
{
    (void)fact_list_add(&type_nic_list, nics);
    memmove(&nics->v[index + 1], &nics->v[index], (nics->n - 1 - index) * sizeof(struct nic));
    memset(&nics->v[index], 0, sizeof(struct nic));
    return &nics->v[index];
}

static const char *or_none(const char *text)
{
    return text != NULL ? text : "None";
}

static bool add_nic(struct lu *lu, struct lu_mod *mod, GError **errp)
{
    struct modify_own *own = lu->own;
    const char *network;
    size_t index;
    if (!lu_mod_place(mod, KIND, own->nics.n, &index, errp)) {
        return false;
    }
    struct nic *nic = insert_nic(&own->nics, index);
    nic->uuid = g_uuid_string_random();
    nic->has.uuid = true;
    if (!prepare(lu, mod, nic, index, errp)) {
        return false;
    }
    (void)lu_mod_text(mod, KEY(NETWORK), &network);
    g_autofree char *what =
        g_strdup_printf("add:mac=%s,ip=%s,mode=%s,link=%s,network=%s", nic->mac, or_none(nic->ip),
                        fact_enum_nic_mode.words[nic->nicparams.mode], or_none(nic->nicparams.link),
                        or_none(network));
    lu_change_add(add_step(own, DDM_ADD, index, nic)->changes, json_new_string(what), "nic.%zu",
                  index);
    return true;
}

/* The row of the result for each parameter that is given, then those of the connection. */
static void describe_change(const struct lu_mod *mod, const char *old_network,
                            const struct nic_step *step)
{
    const char *const keys[] = {KEY(MAC), KEY(IP), KEY(NAME)};
    const struct nic *nic = step->nic;
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (lu_mod_text(mod, keys[i], NULL)) {
            lu_change_add(step->changes, json_ref(json_get(mod->params, keys[i])), "nic.%s/%zu",
                          keys[i], step->index);
        }
    }
    if (g_strcmp0(old_network, nic->network) != 0) {
        lu_change_add(step->changes, json_ref(json_get(mod->params, KEY(NETWORK))), "nic.%s/%zu",
                      KEY(NETWORK), step->index);
    }
    const char *const connection[] = {KEY(LINK), KEY(MODE), KEY(VLAN)};
    CLEANUP(json_unrefp) struct json *params = lu_json_of(&type_nicparams, &nic->nicparams);
    for (size_t i = 0; i < G_N_ELEMENTS(connection); i++) {
        if (json_has(params, connection[i])) {
            lu_change_add(step->changes, json_ref(json_get(params, connection[i])), "nic.%s/%zu",
                          connection[i], step->index);
        }
    }
}

static bool modify_nic(struct lu *lu, struct lu_mod *mod, size_t index, GError **errp)
{
    struct modify_own *own = lu->own;
    struct nic *nic = &own->nics.v[index];
    g_autofree char *old_network = g_strdup(nic->network);
    if (!prepare(lu, mod, nic, index, errp)) {
        return false;
    }
    describe_change(mod, old_network, add_step(own, DDM_MODIFY, index, nic));
    return true;
}

static void remove_nic(struct lu *lu, size_t index)
{
    struct modify_own *own = lu->own;
    const struct nic *nic = &own->nics.v[index];
    release_ip(lu, nic->network, nic->ip);
    lu_change_add(add_step(own, DDM_REMOVE, index, nic)->changes,
                  json_new_string(fact_enum_ddm_full.words[DDM_REMOVE]), KIND "/%zu", index);
    fact_list_remove(&type_nic_list, &own->nics, index);
}

/* Freed by the caller. */
static struct lu_device_id *ids_of(const struct nic_list *nics)
{
    struct lu_device_id *ids = g_new0(struct lu_device_id, nics->n + 1);
    for (size_t i = 0; i < nics->n; i++) {
        ids[i] = (struct lu_device_id){nics->v[i].name, nics->v[i].uuid};
    }
    return ids;
}

static bool apply_mod(struct lu *lu, struct lu_mod *mod, GError **errp)
{
    struct modify_own *own = lu->own;
    size_t index;
    if (mod->action == DDM_ADD) {
        return add_nic(lu, mod, errp);
    }
    g_autofree struct lu_device_id *ids = ids_of(&own->nics);
    if (!lu_mod_find(mod, KIND, ids, own->nics.n, &index, errp)) {
        return false;
    }
    if (mod->action == DDM_MODIFY) {
        return modify_nic(lu, mod, index, errp);
    }
    remove_nic(lu, index);
    return true;
}

bool modify_nics_check(struct lu *lu, GError **errp)
{
    struct modify_own *own = lu->own;
    if (!add_communication(lu, errp)) {
        return false;
    }
    fact_copy(&type_nic_list, &own->nics, &modify_instance(lu)->nics);
    own->nics_change = own->nic_mods->len > 0;
    for (guint i = 0; i < own->nic_mods->len; i++) {
        if (!apply_mod(lu, lu_mods_at(own->nic_mods, i), errp)) {
            return false;
        }
    }
    if (own->nics_change && own->nics.n > C_MAX_NICS) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "An instance cannot have more than %d network interfaces", C_MAX_NICS);
    }
    g_autofree struct lu_device_id *ids = ids_of(&own->nics);
    return !own->nics_change || lu_device_names_check(ids, own->nics.n, KIND, errp);
}

/* --- The running guest --------------------------------------------------------------------------
 */
static void plug(struct lu *lu, const struct nic_step *step)
{
    static const struct {
        enum hotplug_action action;
        const char *label; /* of the row of the result, before the index */
    } how[] = {
        [DDM_ADD] = {HOTPLUG_ACTION_HOTADD, "nic."},
        [DDM_MODIFY] = {HOTPLUG_ACTION_HOTMOD, "nic/"},
        [DDM_REMOVE] = {HOTPLUG_ACTION_HOTREMOVE, KIND "/"},
    };
    struct modify_own *own = lu->own;
    struct json *said =
        modify_hotplug(lu, how[step->action].action, NULL, step->nic, NULL, step->index);
    lu_change_add(own->nic_changes, said, "%s%zu", how[step->action].label, step->index);
}

void modify_nics_plug(struct lu *lu)
{
    struct modify_own *own = lu->own;
    own->nic_changes = json_new_array();
    for (guint i = 0; own->nic_steps != NULL && i < own->nic_steps->len; i++) {
        const struct nic_step *step = own->nic_steps->pdata[i];
        for (size_t j = 0; j < json_len(step->changes); j++) {
            json_append(own->nic_changes, json_ref(json_at(step->changes, j)));
        }
        if (own->hotplug) {
            plug(lu, step);
        }
    }
}
