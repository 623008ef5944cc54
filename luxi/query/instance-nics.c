/* Fields about the network interfaces of instances, and the elements that indexed fields look at.
 */
#include "config.h"

#include "base/json-writer.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "luxi/query/elements.h"
#include "luxi/query/getters.h"

const struct fact_object *query_element_object(enum qfield_list list)
{
    return list == QF_LIST_DISKS ? &fact_object_disk : &fact_object_nic;
}

const void *query_element(const struct query *query, const struct query_item *item,
                          enum qfield_list list, size_t index)
{
    const struct instance *instance = item->object;

    if (list == QF_LIST_DISKS) {
        const struct cfg_disks disks = cfg_instance_disks(query->cfg, instance);

        return index < disks.n ? disks.v[index] : NULL;
    }
    return index < instance->nics.n ? &instance->nics.v[index] : NULL;
}

void qf_instance_nic_count(const struct query *query, const struct query_item *item,
                           const struct qfield *field, struct query_value *ret_value)
{
    (void)query;
    (void)field;
    query_set_int(ret_value, (int64_t)((const struct instance *)item->object)->nics.n);
}

/* A text about an interface, NULL if it has none. */
typedef const char *nic_text(const struct query *query, const struct nic *nic);

static const char *mac(const struct query *query, const struct nic *nic)
{
    (void)query;
    return nic->mac;
}

static const char *ip(const struct query *query, const struct nic *nic)
{
    (void)query;
    return nic->ip;
}

static const char *name(const struct query *query, const struct nic *nic)
{
    (void)query;
    return nic->name;
}

static const char *uuid(const struct query *query, const struct nic *nic)
{
    (void)query;
    return nic->uuid;
}

static const char *network(const struct query *query, const struct nic *nic)
{
    (void)query;
    return nic->network;
}

static const char *network_name(const struct query *query, const struct nic *nic)
{
    const struct network *found =
        nic->network != NULL ? cfg_network_get(query->cfg, nic->network) : NULL;

    return found != NULL ? found->name : NULL;
}

static const char *mode(const struct query *query, const struct nic *nic)
{
    return fact_enum_nic_mode.words[cfg_nicparams(query->cfg, nic).mode];
}

static const char *link_of(const struct query *query, const struct nic *nic)
{
    return cfg_nicparams(query->cfg, nic).link;
}

/* The link is a bridge only in bridged mode, a VLAN counts only on Open vSwitch. */
static const char *bridge(const struct query *query, const struct nic *nic)
{
    const struct nicparams params = cfg_nicparams(query->cfg, nic);

    return params.mode == NIC_MODE_BRIDGED ? params.link : NULL;
}

static const char *vlan(const struct query *query, const struct nic *nic)
{
    const struct nicparams params = cfg_nicparams(query->cfg, nic);

    return params.mode == NIC_MODE_OPENVSWITCH ? params.vlan : NULL;
}

static void set_all(const struct query *query, const struct query_item *item, nic_text *text,
                    struct query_value *ret_value)
{
    const struct instance *instance = item->object;
    GString *out = g_string_new(NULL);
    struct json_writer w = query_set_begin(out);

    json_write_array_begin(&w);
    for (size_t i = 0; i < instance->nics.n; i++) {
        json_write_string(&w, text(query, &instance->nics.v[i]));
    }
    json_write_array_end(&w);
    query_set_end(ret_value, out);
}

static void set_one(const struct query *query, const struct query_item *item, size_t index,
                    nic_text *text, struct query_value *ret_value)
{
    const struct instance *instance = item->object;
    const char *found = index < instance->nics.n ? text(query, &instance->nics.v[index]) : NULL;

    if (found == NULL) {
        query_set_status(ret_value, QF_UNAVAIL);
    } else {
        query_set_text(ret_value, found);
    }
}

#define QF_NIC_GETTER(getter, ...)                                                                 \
    void qf_instance_##getter(const struct query *query, const struct query_item *item,            \
                              const struct qfield *field, struct query_value *ret_value)           \
    {                                                                                              \
        (void)field;                                                                               \
        __VA_ARGS__;                                                                               \
    }
#define QF_NICS(getter, text) QF_NIC_GETTER(getter, set_all(query, item, text, ret_value))
#define QF_NIC(getter, text)                                                                       \
    QF_NIC_GETTER(getter, set_one(query, item, field->index, text, ret_value))
QF_NICS(nic_macs, mac)
QF_NICS(nic_ips, ip)
QF_NICS(nic_names, name)
QF_NICS(nic_uuids, uuid)
QF_NICS(nic_modes, mode)
QF_NICS(nic_vlans, vlan)
QF_NICS(nic_bridges, bridge)
QF_NICS(nic_links, link_of)
QF_NICS(nic_networks, network)
QF_NICS(nic_networks_names, network_name)
QF_NIC(nic_mode, mode)
QF_NIC(nic_link, link_of)
QF_NIC(nic_vlan, vlan)
QF_NIC(nic_network_name, network_name)
QF_NIC(nic_bridge, bridge)

void qf_instance_custom_nicparams(const struct query *query, const struct query_item *item,
                                  const struct qfield *field, struct query_value *ret_value)
{
    const struct instance *instance = item->object;
    GString *out = g_string_new(NULL);
    struct json_writer w = query_set_begin(out);

    (void)query;
    (void)field;
    json_write_array_begin(&w);
    for (size_t i = 0; i < instance->nics.n; i++) {
        fact_encode(&type_nicparams, &instance->nics.v[i].nicparams, &w);
    }
    json_write_array_end(&w);
    query_set_end(ret_value, out);
}
