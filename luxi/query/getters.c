#include "config.h"

#define QUERY_GETTERS_TABLE
#include "luxi/query/getters.h"

query_getter *query_getter_of(enum qfield_getter getter)
{
    return query_getters[getter];
}
