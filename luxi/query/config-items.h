/* Listing objects of the configuration: what all kinds that stand there share. */
#ifndef GANTRY_LUXI_QUERY_CONFIG_ITEMS_H
#define GANTRY_LUXI_QUERY_CONFIG_ITEMS_H

#include "compat-config/model/cfg.h"
#include "luxi/query/query-private.h"

/* query_ops.list for the objects of a kind: the named ones (an unknown name is an error), or all,
 * in natural order of their names; objects without a name stand in the order of their UUIDs. */
bool query_list_config(struct query *query, enum cfg_kind kind, const struct query_operand *names,
                       size_t n_names, GError **errp);

/* Writes a list of the names of instances, in natural order. */
void query_set_instance_names(struct query_value *ret_value, struct cfg_instances instances);

#endif
