/* The lists whose elements have fields of their own ("disk.size/0", "nic.mac/1"). */
#ifndef GANTRY_LUXI_QUERY_ELEMENTS_H
#define GANTRY_LUXI_QUERY_ELEMENTS_H

#include "luxi/query/query-private.h"

struct fact_object;

/* An element of the item's list, borrowed, and its descriptor; NULL if there is none at that index.
 */
const void *query_element(const struct query *query, const struct query_item *item,
                          enum qfield_list list, size_t index,
                          const struct fact_object **ret_object);

#endif
