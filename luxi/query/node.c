#include "config.h"

#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "luxi/query/config-items.h"
#include "luxi/query/getters.h"
#include "luxi/query/live.h"
#include "luxi/query/node-live.h"
#include "luxi/query/ops.h"
#include "luxi/query/params.h"

static bool list(struct query *query, const struct query_operand *names, size_t n_names,
                 GError **errp)
{
    return query_list_config(query, CFG_KIND_node, names, n_names, errp);
}

const struct query_ops query_ops_node = {
    .object = &fact_object_node,
    .list = list,
    .collect = query_node_collect,
    .cancel = query_live_cancel,
    .clear = query_node_clear,
};

void qf_node_master(const struct query *query, const struct query_item *item,
                    const struct qfield *field, struct query_value *ret_value)
{
    (void)field;
    query_set_bool(ret_value, cfg_node_is_master(query->cfg, item->object));
}

void qf_node_group(const struct query *query, const struct query_item *item,
                   const struct qfield *field, struct query_value *ret_value)
{
    const struct node_group *group = cfg_node_group(query->cfg, item->object);

    (void)field;
    if (group == NULL) {
        query_set_status(ret_value, QF_NODATA);
    } else {
        query_set_text(ret_value, group->name);
    }
}

void qf_node_ndparams(const struct query *query, const struct query_item *item,
                      const struct qfield *field, struct query_value *ret_value)
{
    const struct ndparams filled = cfg_node_ndparams(query->cfg, item->object);

    (void)field;
    query_set_encoded(ret_value, &type_ndparams, &filled);
}

void qf_node_ndparam(const struct query *query, const struct query_item *item,
                     const struct qfield *field, struct query_value *ret_value)
{
    const struct ndparams filled = cfg_node_ndparams(query->cfg, item->object);

    query_set_param(ret_value, &fact_object_ndparams, &filled, field->param);
}

void qf_node_pinst_cnt(const struct query *query, const struct query_item *item,
                       const struct qfield *field, struct query_value *ret_value)
{
    (void)field;
    query_set_int(ret_value, (int64_t)cfg_node_primaries(query->cfg, item->object).n);
}

void qf_node_sinst_cnt(const struct query *query, const struct query_item *item,
                       const struct qfield *field, struct query_value *ret_value)
{
    (void)field;
    query_set_int(ret_value, (int64_t)cfg_node_secondaries(query->cfg, item->object).n);
}

void qf_node_pinst_list(const struct query *query, const struct query_item *item,
                        const struct qfield *field, struct query_value *ret_value)
{
    (void)field;
    query_set_instance_names(ret_value, cfg_node_primaries(query->cfg, item->object));
}

void qf_node_sinst_list(const struct query *query, const struct query_item *item,
                        const struct qfield *field, struct query_value *ret_value)
{
    (void)field;
    query_set_instance_names(ret_value, cfg_node_secondaries(query->cfg, item->object));
}

/* The letter of each role (src/Ganeti/Types.hs NodeRole). */
static const enum node_role role_letters[] = {
    [CFG_NODE_MASTER] = NODE_ROLE_M,  [CFG_NODE_CANDIDATE] = NODE_ROLE_C,
    [CFG_NODE_DRAINED] = NODE_ROLE_D, [CFG_NODE_OFFLINE] = NODE_ROLE_O,
    [CFG_NODE_REGULAR] = NODE_ROLE_R,
};

void qf_node_role(const struct query *query, const struct query_item *item,
                  const struct qfield *field, struct query_value *ret_value)
{
    (void)field;
    query_set_text(
        ret_value,
        fact_enum_node_role.words[role_letters[cfg_node_role(query->cfg, item->object)]]);
}

void qf_node_powered(const struct query *query, const struct query_item *item,
                     const struct qfield *field, struct query_value *ret_value)
{
    const struct node *node = item->object;
    const struct ndparams filled = cfg_node_ndparams(query->cfg, node);

    (void)field;
    if (!filled.has.oob_program || filled.oob_program[0] == '\0') {
        query_set_status(ret_value, QF_UNAVAIL);
    } else {
        query_set_bool(ret_value, node->powered);
    }
}

void qf_node_hv_state(const struct query *query, const struct query_item *item,
                      const struct qfield *field, struct query_value *ret_value)
{
    (void)query;
    (void)item;
    (void)field;
    query_set_status(ret_value, QF_UNAVAIL);
}

void qf_node_disk_state(const struct query *query, const struct query_item *item,
                        const struct qfield *field, struct query_value *ret_value)
{
    qf_node_hv_state(query, item, field, ret_value);
}
