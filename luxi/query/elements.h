/* The lists whose elements have fields of their own ("disk.size/0", "nic.mac/1"). */
#ifndef GANTRY_LUXI_QUERY_ELEMENTS_H
#define GANTRY_LUXI_QUERY_ELEMENTS_H

#include "luxi/query/query-private.h"

struct fact_object;

/* An element of the item's list, borrowed; NULL if there is none at that index. */
const void *query_element(const struct query *query, const struct query_item *item,
                          enum qfield_list list, size_t index);
/* What the elements of a list are. */
const struct fact_object *query_element_object(enum qfield_list list);

#endif
