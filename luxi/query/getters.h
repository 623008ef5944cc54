/* Prototypes of all getters, and their table, both from the rows: a row without its function does
 * not link. QUERY_GETTERS_TABLE is defined by getters.c only. */
#ifndef GANTRY_LUXI_QUERY_GETTERS_H
#define GANTRY_LUXI_QUERY_GETTERS_H

#include "luxi/query/query-private.h"

#define QF_CODE(kind, name, title, type, flags, source, getter, doc)                               \
    query_getter qf_##kind##_##getter;
#define QF_ELEM_CODE(kind, name, title, type, flags, list, getter, doc)                            \
    query_getter qf_##kind##_##getter;
#define QF_PARAMS(kind, prefix, set, getter, doc) query_getter qf_##kind##_##getter;
#include "facts/queryfields.def"

#ifdef QUERY_GETTERS_TABLE
static query_getter *const query_getters[QF_GET_COUNT] = {
#define QF_ENTRY(kind, getter)                                          [QF_GET_##kind##_##getter] = qf_##kind##_##getter,
#define QF_CODE(kind, name, title, type, flags, source, getter, doc)    QF_ENTRY(kind, getter)
#define QF_ELEM_CODE(kind, name, title, type, flags, list, getter, doc) QF_ENTRY(kind, getter)
#define QF_PARAMS(kind, prefix, set, getter, doc)                       QF_ENTRY(kind, getter)
#include "facts/queryfields.def"
#undef QF_ENTRY
};
#endif

#endif
