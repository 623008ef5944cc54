#include "config.h"

#include <string.h>

#include "compat-config/model/disk.h"
#include "compat-config/model/fill.h"
#include "compat-config/verify/report.h"
#include "facts/codec.h"

static const char *instance_name(const struct instance *instance)
{
    return instance->has.name ? instance->name : instance->uuid;
}

static void owners_add_format(struct owners *owners, const char *thing, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void owners_add_format(struct owners *owners, const char *thing, const char *format, ...)
{
    g_autofree char *owner = NULL;
    va_list args;

    va_start(args, format);
    owner = g_strdup_vprintf(format, args);
    va_end(args);
    owners_add(owners, thing, owner);
}

/* ---- names ---- */

static void say_name(GPtrArray *problems, const char *thing, const char *names)
{
    report_add(problems, "%s: the name is used more than once, by %s", thing, names);
}

static void check_names(const struct cfg *cfg, enum cfg_kind kind, const char *what,
                        GPtrArray *problems)
{
    const struct fact_object *object = cfg_kind_object(kind);
    const struct fact_member *name = fact_object_find(object, "name");
    const struct fact_member *uuid = fact_object_find(object, "uuid");
    struct owners *owners = owners_new();

    for (size_t i = 0; i < cfg_count(cfg, kind); i++) {
        const char *value = cfg_at(cfg, kind, i);

        if (fact_member_is_set(object, value, name)) {
            g_autofree char *thing = g_strdup_printf(
                "%s %s", what, *(char *const *)(const void *)(value + name->offset));

            owners_add(owners, thing, *(char *const *)(const void *)(value + uuid->offset));
        }
    }
    owners_finish(owners, say_name, problems);
}

/* ---- MAC addresses and IP addresses ---- */

static void say_mac(GPtrArray *problems, const char *thing, const char *names)
{
    report_add(problems, "MAC address %s is used more than once: %s", thing, names);
}

static void check_macs(const struct cfg *cfg, GPtrArray *problems)
{
    struct owners *owners = owners_new();

    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = cfg_instance_at(cfg, i);

        for (size_t k = 0; k < instance->nics.n; k++) {
            owners_add_format(owners, instance->nics.v[k].mac, "instance %s NIC %zu",
                              instance_name(instance), k);
        }
    }
    owners_finish(owners, say_mac, problems);
}

static void say_ip(GPtrArray *problems, const char *thing, const char *names)
{
    report_add(problems, "IP address %s is used more than once: %s", thing, names);
}

/* Two NICs may have one address if their links or networks differ. */
static void add_nic_ips(const struct cfg *cfg, const struct instance *instance,
                        struct owners *owners)
{
    for (size_t i = 0; i < instance->nics.n; i++) {
        const struct nic *nic = &instance->nics.v[i];
        struct nicparams params = cfg_nicparams(cfg, nic);
        g_autofree char *thing = NULL;

        if (!nic->has.ip) {
            continue;
        }
        thing = g_strdup_printf("%s on %s %s%s%s", nic->ip,
                                params.has.mode ? fact_enum_nic_mode.words[params.mode] : "unknown",
                                params.has.link ? params.link : "",
                                nic->has.network ? " in network " : "",
                                nic->has.network ? nic->network : "");
        owners_add_format(owners, thing, "instance %s NIC %zu", instance_name(instance), i);
    }
}

static void check_ips(const struct cfg *cfg, GPtrArray *problems)
{
    struct owners *owners = owners_new();

    owners_add(owners, cfg_cluster(cfg)->master_ip, "cluster");
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);

        owners_add_format(owners, node->primary_ip, "node %s", node->name);
        if (strcmp(node->primary_ip, node->secondary_ip) != 0) {
            owners_add_format(owners, node->secondary_ip, "node %s (secondary)", node->name);
        }
    }
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        add_nic_ips(cfg, cfg_instance_at(cfg, i), owners);
    }
    owners_finish(owners, say_ip, problems);
}

/* ---- ports ---- */

static void say_port(GPtrArray *problems, const char *thing, const char *names)
{
    report_add(problems, "TCP/UDP port %s is used more than once: %s", thing, names);
}

struct ports {
    struct owners *owners;
    int64_t highest;
};

static void add_port(struct ports *ports, int64_t port, const char *owner)
{
    g_autofree char *thing = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)port);

    ports->highest = MAX(ports->highest, port);
    owners_add(ports->owners, thing, owner);
}

static void add_instance_ports(const struct cfg *cfg, const struct instance *instance,
                               struct ports *ports)
{
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);

    for (size_t i = 0; i < disks.n; i++) {
        g_autofree char *owner =
            g_strdup_printf("instance %s disk %zu", instance_name(instance), i);
        struct cfg_drbd drbd;

        if (cfg_disk_drbd(disks.v[i], &drbd)) {
            add_port(ports, drbd.port, owner);
        }
    }
    if (instance->has.network_port) {
        g_autofree char *owner = g_strdup_printf("instance %s console", instance_name(instance));

        add_port(ports, instance->network_port, owner);
    }
}

static void check_ports(const struct cfg *cfg, GPtrArray *problems)
{
    const struct cluster *cluster = cfg_cluster(cfg);
    struct ports ports = {.owners = owners_new()};

    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        add_instance_ports(cfg, cfg_instance_at(cfg, i), &ports);
    }
    for (size_t i = 0; i < cluster->tcpudp_port_pool.n; i++) {
        add_port(&ports, cluster->tcpudp_port_pool.v[i], "pool of free ports");
    }
    owners_finish(ports.owners, say_port, problems);
    if (ports.highest > cluster->highest_used_port) {
        report_add(problems,
                   "cluster: port %" G_GINT64_FORMAT
                   " is in use, but the highest one given away is said to be %" G_GINT64_FORMAT,
                   (gint64)ports.highest, (gint64)cluster->highest_used_port);
    }
}

/* ---- disks ---- */

static void say_minor(GPtrArray *problems, const char *thing, const char *names)
{
    report_add(problems, "DRBD minor %s is used more than once: %s", thing, names);
}

static void check_minors(const struct cfg *cfg, GPtrArray *problems)
{
    struct owners *owners = owners_new();

    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);
        struct cfg_minors minors = cfg_node_minors(cfg, node);

        for (size_t k = 0; k < minors.n; k++) {
            g_autofree char *thing = g_strdup_printf("%" G_GINT64_FORMAT " of node %s",
                                                     (gint64)minors.v[k].minor, node->name);

            owners_add_format(owners, thing, "disk %s", minors.v[k].disk->uuid);
        }
    }
    owners_finish(owners, say_minor, problems);
}

static void say_lv(GPtrArray *problems, const char *thing, const char *names)
{
    report_add(problems, "logical volume %s is used more than once: %s", thing, names);
}

struct lv_pass {
    struct owners *owners;
    const struct disk *top;
};

/* A volume is one of each node that the disk is on. */
static void add_lvs(const struct disk *disk, void *data)
{
    struct lv_pass *pass = data;
    const char *vg, *lv;

    if (!cfg_disk_lv(disk, &vg, &lv)) {
        return;
    }
    for (size_t i = 0; i < pass->top->nodes.n; i++) {
        g_autofree char *thing = g_strdup_printf("%s/%s of node %s", vg, lv, pass->top->nodes.v[i]);

        owners_add_format(pass->owners, thing, "disk %s", pass->top->uuid);
    }
}

static void check_lvs(const struct cfg *cfg, GPtrArray *problems)
{
    struct lv_pass pass = {.owners = owners_new()};

    for (size_t i = 0; i < cfg_disk_count(cfg); i++) {
        pass.top = cfg_disk_at(cfg, i);
        cfg_disk_walk(pass.top, add_lvs, &pass);
    }
    owners_finish(pass.owners, say_lv, problems);
}

static void say_disk(GPtrArray *problems, const char *thing, const char *names)
{
    report_add(problems, "disk %s belongs to more than one instance: %s", thing, names);
}

static void check_attachments(const struct cfg *cfg, GPtrArray *problems)
{
    struct owners *owners = owners_new();

    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = cfg_instance_at(cfg, i);

        for (size_t k = 0; k < instance->disks.n; k++) {
            owners_add(owners, instance->disks.v[k], instance_name(instance));
        }
    }
    owners_finish(owners, say_disk, problems);
}

void verify_unique(const struct cfg *cfg, GPtrArray *problems)
{
    check_names(cfg, CFG_KIND_node, "node", problems);
    check_names(cfg, CFG_KIND_group, "node group", problems);
    check_names(cfg, CFG_KIND_instance, "instance", problems);
    check_names(cfg, CFG_KIND_network, "network", problems);
    check_macs(cfg, problems);
    check_ips(cfg, problems);
    check_ports(cfg, problems);
    check_attachments(cfg, problems);
    check_minors(cfg, problems);
    check_lvs(cfg, problems);
}
