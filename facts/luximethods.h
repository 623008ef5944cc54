/* Methods of the LUXI protocol: one struct of arguments each, made from luximethods.def.
 *
 * For QueryNodes there are struct luxi_args_query_nodes, fact_object_luxi_args_query_nodes (its
 * JSON form is the list of the arguments) and LUXI_query_nodes. */
#ifndef GANTRY_FACTS_LUXIMETHODS_H
#define GANTRY_FACTS_LUXIMETHODS_H

#include "facts/objects.h"

enum luxi_method_id {
#define LUXI(name, wire, doc) LUXI_##name,
#define LUXI_ARG(method, arg, type, presence, dflt, doc)
#define LUXI_END(name)
#include "facts/luximethods.def"
#undef LUXI
#undef LUXI_ARG
#undef LUXI_END
    LUXI_METHOD_COUNT,
};

#define LUXI(name, wire, doc)                                                                      \
    struct luxi_args_##name##_has {                                                                \
        bool whole; /* keeps the struct legal for methods without arguments */
#define LUXI_ARG(method, arg, type, presence, dflt, doc) bool arg;
#define LUXI_END(name)                                                                             \
    }                                                                                              \
    ;
#include "facts/luximethods.def"
#undef LUXI
#undef LUXI_ARG
#undef LUXI_END

#define LUXI(name, wire, doc)                                                                      \
    struct luxi_args_##name {                                                                      \
        struct json *extra;                                                                        \
        struct luxi_args_##name##_has has;
#define LUXI_ARG(method, arg, type, presence, dflt, doc) ctype_##type arg;
#define LUXI_END(name)                                                                             \
    }                                                                                              \
    ;                                                                                              \
    extern const struct fact_object fact_object_luxi_args_##name;
#include "facts/luximethods.def"
#undef LUXI
#undef LUXI_ARG
#undef LUXI_END

struct luxi_method_row {
    const char *name; /* on the wire */
    const struct fact_object *args;
    const char *doc;
};

extern const struct luxi_method_row luxi_method_rows[LUXI_METHOD_COUNT];
/* NULL if there is no such method. */
const struct luxi_method_row *luxi_method_row_find(const char *name);

#endif
