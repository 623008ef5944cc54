/* One parameter out of a set in force. */
#ifndef GANTRY_LUXI_QUERY_PARAMS_H
#define GANTRY_LUXI_QUERY_PARAMS_H

#include "facts/type.h"
#include "luxi/query/value.h"

/* The member of that name, unavailable if it is not set. The value is written at once: `params` may
 * be temporary. */
void query_set_param(struct query_value *ret_value, const struct fact_object *object,
                     const void *params, const char *name);

#endif
