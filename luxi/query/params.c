#include "config.h"

#include "luxi/query/params.h"

#include "facts/codec.h"

void query_set_param(struct query_value *ret_value, const struct fact_object *object,
                     const void *params, const char *name)
{
    const struct fact_member *member = fact_object_find(object, name);

    if (member == NULL || !fact_member_is_set(object, params, member)) {
        query_set_status(ret_value, QF_UNAVAIL);
        return;
    }
    query_set_encoded(ret_value, member->spec->type, (const char *)params + member->offset);
}
