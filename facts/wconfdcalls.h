/* Methods of the configuration and metadata daemons: one struct of arguments each, made from
 * wconfdcalls.def.
 *
 * For lockConfig there are struct method_wconfd_lock_config,
 * fact_object_method_wconfd_lock_config (its JSON form is the list of the arguments) and
 * METHOD_wconfd_lock_config. */
#ifndef GANTRY_FACTS_WCONFDCALLS_H
#define GANTRY_FACTS_WCONFDCALLS_H

#include "facts/objects.h"

enum method_id {
#define METHOD(name, wire, result, doc) METHOD_##name,
#define ARG(method, name, type, presence, dflt)
#define METHOD_END(name)
#include "facts/wconfdcalls.def"
#undef METHOD
#undef ARG
#undef METHOD_END
    METHOD_COUNT,
};

#define METHOD(name, wire, result, doc)                                                            \
    struct method_##name##_has {                                                                   \
        bool whole; /* keeps the struct legal for methods without arguments */
#define ARG(method, name, type, presence, dflt) bool name;
#define METHOD_END(name)                                                                           \
    }                                                                                              \
    ;
#include "facts/wconfdcalls.def"
#undef METHOD
#undef ARG
#undef METHOD_END

#define METHOD(name, wire, result, doc)                                                            \
    struct method_##name {                                                                         \
        struct json *extra;                                                                        \
        struct method_##name##_has has;
#define ARG(method, name, type, presence, dflt) ctype_##type name;
#define METHOD_END(name)                                                                           \
    }                                                                                              \
    ;                                                                                              \
    extern const struct fact_object fact_object_method_##name;
#include "facts/wconfdcalls.def"
#undef METHOD
#undef ARG
#undef METHOD_END

enum method_server {
    METHOD_SERVER_WCONFD,
    METHOD_SERVER_METAD,
};

/* One method's row. */
struct method_row {
    enum method_server server;
    const char *wire;
    const struct fact_object *args;
    const struct fact_type *result;
    const char *doc;
};

extern const struct method_row method_rows[METHOD_COUNT];
/* NULL if the server has no such method. */
const struct method_row *method_row_find(enum method_server server, const char *wire);

#endif
