#include "config.h"

#include "luxi/query/config-items.h"
#include "luxi/query/ops.h"

static bool list(struct query *query, const struct query_operand *names, size_t n_names,
                 GError **errp)
{
    return query_list_config(query, CFG_KIND_filter, names, n_names, errp);
}

/* All fields are members of the object. */
const struct query_ops query_ops_filter = {.object = &fact_object_filter_rule, .list = list};
