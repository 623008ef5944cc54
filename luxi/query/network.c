#include "config.h"

#include "compat-config/model/pool.h"
#include "facts/codec.h"
#include "luxi/query/config-items.h"
#include "luxi/query/getters.h"
#include "luxi/query/ops.h"

static bool list(struct query *query, const struct query_operand *names, size_t n_names,
                 GError **errp)
{
    return query_list_config(query, CFG_KIND_network, names, n_names, errp);
}

const struct query_ops query_ops_network = {.object = &fact_object_network, .list = list};

void qf_network_free_count(const struct query *query, const struct query_item *item,
                           const struct qfield *field, struct query_value *ret_value)
{
    (void)query;
    (void)field;
    query_set_int(ret_value, cfg_pool_free(item->object));
}

void qf_network_reserved_count(const struct query *query, const struct query_item *item,
                               const struct qfield *field, struct query_value *ret_value)
{
    (void)query;
    (void)field;
    query_set_int(ret_value, cfg_pool_reserved(item->object));
}

void qf_network_map(const struct query *query, const struct query_item *item,
                    const struct qfield *field, struct query_value *ret_value)
{
    (void)query;
    (void)field;
    query_set_string(ret_value, cfg_pool_map(item->object));
}

void qf_network_external_reservations(const struct query *query, const struct query_item *item,
                                      const struct qfield *field, struct query_value *ret_value)
{
    (void)query;
    (void)field;
    query_set_string(ret_value, cfg_pool_external(item->object));
}

/* How a group is connected to the network, NULL if it is not. */
static const struct nicparams *connection(const struct query *query, size_t group,
                                          const struct query_item *item)
{
    const struct network *network = item->object;

    return fact_dict_get(&type_nicparams_map, &cfg_group_at(query->cfg, group)->networks,
                         network->uuid);
}

void qf_network_group_cnt(const struct query *query, const struct query_item *item,
                          const struct qfield *field, struct query_value *ret_value)
{
    int64_t n = 0;

    (void)field;
    for (size_t i = 0; i < cfg_group_count(query->cfg); i++) {
        n += connection(query, i, item) != NULL ? 1 : 0;
    }
    query_set_int(ret_value, n);
}

/* A parameter that the connection leaves open shows as a dash (getNicMode and the like in
 * Query/Network.hs). */
static const char *or_dash(bool has, const char *text)
{
    return has ? text : "-";
}

void qf_network_group_list(const struct query *query, const struct query_item *item,
                           const struct qfield *field, struct query_value *ret_value)
{
    GString *out = g_string_new(NULL);
    struct json_writer w = query_set_begin(out);

    (void)field;
    json_write_array_begin(&w);
    for (size_t i = 0; i < cfg_group_count(query->cfg); i++) {
        const struct nicparams *params = connection(query, i, item);

        if (params == NULL) {
            continue;
        }
        json_write_array_begin(&w);
        json_write_string(&w, cfg_group_at(query->cfg, i)->name);
        json_write_string(&w, or_dash(params->has.mode, fact_enum_nic_mode.words[params->mode]));
        json_write_string(&w, or_dash(params->has.link, params->link));
        json_write_string(&w, or_dash(params->has.vlan, params->vlan));
        json_write_array_end(&w);
    }
    json_write_array_end(&w);
    query_set_end(ret_value, out);
}

void qf_network_inst_cnt(const struct query *query, const struct query_item *item,
                         const struct qfield *field, struct query_value *ret_value)
{
    (void)field;
    query_set_int(ret_value, (int64_t)cfg_network_instances(query->cfg, item->object).n);
}

/* In the order of the instances' UUIDs. */
void qf_network_inst_list(const struct query *query, const struct query_item *item,
                          const struct qfield *field, struct query_value *ret_value)
{
    const struct cfg_instances instances = cfg_network_instances(query->cfg, item->object);
    GString *out = g_string_new(NULL);
    struct json_writer w = query_set_begin(out);

    (void)field;
    json_write_array_begin(&w);
    for (size_t i = 0; i < instances.n; i++) {
        json_write_string(&w, instances.v[i]->name);
    }
    json_write_array_end(&w);
    query_set_end(ret_value, out);
}
