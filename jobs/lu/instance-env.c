/* What hooks are told of an instance. */
#include "config.h"

#include "jobs/lu/instance-env.h"

#include "base/json.h"
#include "compat-config/model/disk.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"

/* Setting does not replace here, see the header. */
static void put(struct hooks_env *env, const char *prefix, const char *name, const char *value)
{
    g_autofree char *whole = g_strconcat(prefix, name, NULL);
    if (hooks_env_get(env, whole) == NULL) {
        hooks_env_set(env, whole, value);
    }
}

static void put_int(struct hooks_env *env, const char *prefix, const char *name, int64_t value)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)value);
    put(env, prefix, name, text);
}

/* Whatever a member is, as Python prints it. */
static void put_member(struct hooks_env *env, const char *prefix, const struct fact_object *object,
                       const void *value, const struct fact_member *member)
{
    g_autofree char *whole = g_strconcat(prefix, member->name, NULL);
    if (hooks_env_get(env, whole) != NULL || !fact_member_is_set(object, value, member)) {
        return;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    CLEANUP(json_unrefp) struct json *json = NULL;
    struct fact_value plain = {0};
    fact_encode(member->spec->type, (const char *)value + member->offset, &w);
    if (json_parse(text->str, (gssize)text->len, &json, NULL) && fact_value_set(&plain, json)) {
        hooks_env_set_value(env, whole, &plain);
        fact_clear(&type_VALUE, &plain);
    }
}

static char *joined(const struct tag_set *tags)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < tags->n; i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", tags->v[i]);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void put_if_set(struct hooks_env *env, const char *prefix, const char *name,
                       const char *value)
{
    if (value != NULL && *value != '\0') {
        put(env, prefix, name, value);
    }
}

void lu_network_env(const struct network *network, const char *prefix, struct hooks_env *env)
{
    g_autofree char *tags = joined(&network->tags);
    put(env, prefix, "NETWORK_NAME", network->name);
    put(env, prefix, "NETWORK_UUID", network->uuid);
    put(env, prefix, "NETWORK_TAGS", tags);
    put_if_set(env, prefix, "NETWORK_SUBNET", network->network);
    put_if_set(env, prefix, "NETWORK_GATEWAY", network->gateway);
    put_if_set(env, prefix, "NETWORK_SUBNET6", network->network6);
    put_if_set(env, prefix, "NETWORK_GATEWAY6", network->gateway6);
    put_if_set(env, prefix, "NETWORK_MAC_PREFIX", network->mac_prefix);
}

void lu_nic_env(const struct cfg *cfg, const struct nic *nic, const char *prefix,
                struct hooks_env *env)
{
    struct nicparams filled = cfg_nicparams(cfg, nic);
    const struct network *network =
        nic->network != NULL ? cfg_network_get(cfg, nic->network) : NULL;

    put_if_set(env, prefix, "NAME", nic->name);
    put(env, prefix, "UUID", nic->uuid);
    put(env, prefix, "IP", nic->ip != NULL ? nic->ip : "");
    put(env, prefix, "MAC", nic->mac);
    put(env, prefix, "MODE", fact_enum_nic_mode.words[filled.mode]);
    put(env, prefix, "LINK", filled.link);
    put(env, prefix, "VLAN", filled.vlan != NULL ? filled.vlan : "");
    if (network != NULL) {
        lu_network_env(network, prefix, env);
    } else if (nic->network != NULL) {
        put(env, prefix, "NETWORK_NAME", nic->network);
    }
    if (filled.mode == NIC_MODE_BRIDGED || filled.mode == NIC_MODE_OPENVSWITCH) {
        put(env, prefix, "BRIDGE", filled.link);
    }
}

static void drbd_env(const struct disk *disk, const char *prefix, struct hooks_env *env)
{
    static const char *const children[][2] = {{"DATA_VG", "DATA_ID"}, {"META_VG", "META_ID"}};
    struct cfg_drbd drbd;
    if (!cfg_disk_drbd(disk, &drbd)) {
        return;
    }
    put(env, prefix, "PNODE", drbd.node_a);
    put(env, prefix, "SNODE", drbd.node_b);
    put_int(env, prefix, "PORT", drbd.port);
    put_int(env, prefix, "PMINOR", drbd.minor_a);
    put_int(env, prefix, "SMINOR", drbd.minor_b);
    for (size_t i = 0; i < disk->children.n && i < G_N_ELEMENTS(children); i++) {
        const char *vg, *lv;
        if (cfg_disk_lv(&disk->children.v[i], &vg, &lv)) {
            put(env, prefix, children[i][0], vg);
            put(env, prefix, children[i][1], lv);
        }
    }
}

void lu_disk_env(const struct disk *disk, const char *prefix, struct hooks_env *env)
{
    const char *vg, *lv;
    put_if_set(env, prefix, "NAME", disk->name);
    put(env, prefix, "UUID", disk->uuid);
    put_int(env, prefix, "SIZE", disk->size);
    put(env, prefix, "MODE", fact_enum_disk_mode.words[disk->mode]);
    put(env, prefix, "DEV_TYPE", fact_enum_disk_template.words[disk->dev_type]);
    if (cfg_disk_lv(disk, &vg, &lv)) {
        put(env, prefix, "VG", vg);
        put(env, prefix, "ID", lv);
    } else if (disk->dev_type == DISK_TEMPLATE_DRBD) {
        drbd_env(disk, prefix, env);
    } else if (cfg_disk_path(disk) != NULL) {
        put(env, prefix, disk->dev_type == DISK_TEMPLATE_EXT ? "PROVIDER" : "DRIVER",
            cfg_disk_driver(disk));
        put(env, prefix, "ID", cfg_disk_path(disk));
    }
}

static void nodes_env(const struct cfg *cfg, const struct instance *instance,
                      const struct instance *known, struct hooks_env *env)
{
    const struct node *primary =
        instance->primary_node != NULL ? cfg_node_get(cfg, instance->primary_node) : NULL;
    struct cfg_nodes secondaries = {0};
    g_autoptr(GString) names = g_string_new(NULL);
    if (known != NULL) {
        secondaries = cfg_instance_secondaries(cfg, known);
    }
    for (size_t i = 0; i < secondaries.n; i++) {
        g_string_append_printf(names, "%s%s", i > 0 ? " " : "", secondaries.v[i]->name);
    }
    put(env, "", "INSTANCE_PRIMARY", primary != NULL ? primary->name : NULL);
    put(env, "", "INSTANCE_SECONDARIES", names->str);
}

static void params_env(const struct cfg *cfg, const struct instance *instance,
                       struct hooks_env *env)
{
    struct beparams beparams = cfg_beparams(cfg, instance);
    struct value_map hvparams = cfg_hvparams(cfg, instance, 0);
    put_int(env, "", "INSTANCE_MINMEM", beparams.minmem);
    put_int(env, "", "INSTANCE_MAXMEM", beparams.maxmem);
    put_int(env, "", "INSTANCE_MEMORY", beparams.maxmem);
    put_int(env, "", "INSTANCE_VCPUS", beparams.vcpus);
    for (size_t i = 0; i < fact_object_beparams.n_members; i++) {
        put_member(env, "INSTANCE_BE_", &fact_object_beparams, &beparams,
                   &fact_object_beparams.members[i]);
    }
    for (size_t i = 0; i < hvparams.n; i++) {
        g_autofree char *name = g_strconcat("INSTANCE_HV_", hvparams.v[i].key, NULL);
        if (hooks_env_get(env, name) == NULL) {
            hooks_env_set_value(env, name, &hvparams.v[i].value);
        }
    }
    cfg_filled_free(&hvparams);
}

static void devices_env(const struct cfg *cfg, const struct instance *instance,
                        const struct instance *known, struct hooks_env *env)
{
    struct cfg_disks disks = {0};
    if (known != NULL) {
        disks = cfg_instance_disks(cfg, known);
    }
    for (size_t i = 0; i < instance->nics.n; i++) {
        g_autofree char *prefix = g_strdup_printf("INSTANCE_NIC%zu_", i);
        lu_nic_env(cfg, &instance->nics.v[i], prefix, env);
    }
    put_int(env, "", "INSTANCE_NIC_COUNT", (int64_t)instance->nics.n);
    for (size_t i = 0; i < disks.n; i++) {
        g_autofree char *prefix = g_strdup_printf("INSTANCE_DISK%zu_", i);
        lu_disk_env(disks.v[i], prefix, env);
    }
    put_int(env, "", "INSTANCE_DISK_COUNT", (int64_t)disks.n);
}

void lu_instance_env(struct lu *lu, const struct instance *instance, struct hooks_env *env)
{
    const struct cfg *cfg = lu_cfg(lu);
    const struct instance *known = cfg_instance_get(cfg, instance->uuid);
    g_autofree char *tags = joined(&instance->tags);
    const char *disk_template = fact_enum_disk_template.words[DISK_TEMPLATE_DISKLESS];
    bool mixed = false;

    if (known != NULL) {
        enum disk_template found = cfg_instance_disk_template(cfg, known, &mixed);
        /* What the reference has for disks of several templates. */
        disk_template = mixed ? "mixed" : fact_enum_disk_template.words[found];
    }
    put(env, "", "OP_TARGET", instance->name);
    put(env, "", "INSTANCE_NAME", instance->name);
    put(env, "", "INSTANCE_OS_TYPE", instance->os);
    put(env, "", "INSTANCE_STATUS", fact_enum_admin_state.words[instance->admin_state]);
    put(env, "", "INSTANCE_DISK_TEMPLATE", disk_template);
    put(env, "", "INSTANCE_HYPERVISOR", fact_enum_hypervisor.words[instance->hypervisor]);
    put(env, "", "INSTANCE_TAGS", tags);
    nodes_env(cfg, instance, known, env);
    params_env(cfg, instance, env);
    devices_env(cfg, instance, known, env);
}

static void add_node(GPtrArray *nodes, const char *uuid)
{
    if (uuid != NULL && !g_ptr_array_find_with_equal_func(nodes, uuid, g_str_equal, NULL)) {
        g_ptr_array_add(nodes, g_strdup(uuid));
    }
}

GPtrArray *lu_instance_nodes(struct lu *lu, const struct instance *instance)
{
    const struct cfg *cfg = lu_cfg(lu);
    const struct instance *known = cfg_instance_get(cfg, instance->uuid);
    GPtrArray *nodes = g_ptr_array_new_with_free_func(g_free);
    struct cfg_nodes secondaries = {0};
    if (known != NULL) {
        secondaries = cfg_instance_secondaries(cfg, known);
    }
    add_node(nodes, instance->primary_node);
    for (size_t i = 0; i < secondaries.n; i++) {
        add_node(nodes, secondaries.v[i]->uuid);
    }
    return nodes;
}

void lu_instance_hooks_nodes(struct lu *lu, const struct instance *instance, GPtrArray *pre,
                             GPtrArray *post)
{
    const struct node *master = cfg_master(lu_cfg(lu));
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    GPtrArray *const both[] = {pre, post};
    for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
        add_node(both[i], master != NULL ? master->uuid : NULL);
        for (guint j = 0; j < nodes->len; j++) {
            add_node(both[i], nodes->pdata[j]);
        }
    }
}
