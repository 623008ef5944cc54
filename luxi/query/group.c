#include "config.h"

#include "base/text.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "luxi/query/config-items.h"
#include "luxi/query/getters.h"
#include "luxi/query/ops.h"
#include "luxi/query/params.h"

static bool list(struct query *query, const struct query_operand *names, size_t n_names,
                 GError **errp)
{
    return query_list_config(query, CFG_KIND_group, names, n_names, errp);
}

const struct query_ops query_ops_group = {.object = &fact_object_node_group, .list = list};

void qf_group_diskparams(const struct query *query, const struct query_item *item,
                         const struct qfield *field, struct query_value *ret_value)
{
    struct value_map_map filled = cfg_group_diskparams(query->cfg, item->object);

    (void)field;
    query_set_encoded(ret_value, &type_value_map_map, &filled);
    cfg_filled_maps_free(&filled);
}

void qf_group_ipolicy(const struct query *query, const struct query_item *item,
                      const struct qfield *field, struct query_value *ret_value)
{
    const struct ipolicy filled = cfg_group_ipolicy(query->cfg, item->object);

    (void)field;
    query_set_encoded(ret_value, &type_ipolicy, &filled);
}

void qf_group_ndparams(const struct query *query, const struct query_item *item,
                       const struct qfield *field, struct query_value *ret_value)
{
    const struct ndparams filled = cfg_group_ndparams(query->cfg, item->object);

    (void)field;
    query_set_encoded(ret_value, &type_ndparams, &filled);
}

void qf_group_ndparam(const struct query *query, const struct query_item *item,
                      const struct qfield *field, struct query_value *ret_value)
{
    const struct ndparams filled = cfg_group_ndparams(query->cfg, item->object);

    query_set_param(ret_value, &fact_object_ndparams, &filled, field->param);
}

void qf_group_node_cnt(const struct query *query, const struct query_item *item,
                       const struct qfield *field, struct query_value *ret_value)
{
    (void)field;
    query_set_int(ret_value, (int64_t)cfg_group_nodes(query->cfg, item->object).n);
}

void qf_group_node_list(const struct query *query, const struct query_item *item,
                        const struct qfield *field, struct query_value *ret_value)
{
    const struct cfg_nodes nodes = cfg_group_nodes(query->cfg, item->object);
    GString *out = g_string_new(NULL);
    struct json_writer w = query_set_begin(out);

    (void)field;
    json_write_array_begin(&w);
    for (size_t i = 0; i < nodes.n; i++) {
        json_write_string(&w, nodes.v[i]->name);
    }
    json_write_array_end(&w);
    query_set_end(ret_value, out);
}

/* Primary instances of all nodes of the group; the array is the caller's. */
static GPtrArray *group_instances(const struct query *query, const struct query_item *item)
{
    const struct cfg_nodes nodes = cfg_group_nodes(query->cfg, item->object);
    GPtrArray *all = g_ptr_array_new();

    for (size_t i = 0; i < nodes.n; i++) {
        const struct cfg_instances instances = cfg_node_primaries(query->cfg, nodes.v[i]);

        for (size_t k = 0; k < instances.n; k++) {
            g_ptr_array_add(all, (gpointer)instances.v[k]);
        }
    }
    return all;
}

void qf_group_pinst_cnt(const struct query *query, const struct query_item *item,
                        const struct qfield *field, struct query_value *ret_value)
{
    g_autoptr(GPtrArray) all = group_instances(query, item);

    (void)field;
    query_set_int(ret_value, all->len);
}

void qf_group_pinst_list(const struct query *query, const struct query_item *item,
                         const struct qfield *field, struct query_value *ret_value)
{
    g_autoptr(GPtrArray) all = group_instances(query, item);

    (void)field;
    query_set_instance_names(
        ret_value,
        (struct cfg_instances){.v = (const struct instance *const *)all->pdata, .n = all->len});
}
