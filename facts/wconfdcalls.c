#include "config.h"

#include "facts/wconfdcalls.h"

#include <glib.h>
#include <string.h>

#define METHOD(name_, wire, result, doc) static const struct fact_member members_##name_[] = {
#define ARG(method, name_, of_type, presence_, dflt)                                               \
    {.name = #name_,                                                                               \
     .offset = offsetof(struct method_##method, name_),                                            \
     .spec = &(const struct fact_spec){.type = &type_##of_type,                                    \
                                       .presence = FACT_##presence_,                               \
                                       .default_json = dflt,                                       \
                                       .since = LEVEL_3_0,                                         \
                                       .until = LEVEL_LAST}},
#define METHOD_END(name_)                                                                          \
    {                                                                                              \
        .name = NULL                                                                               \
    }                                                                                              \
    }                                                                                              \
    ;                                                                                              \
    const struct fact_object fact_object_method_##name_ = {.name = #name_,                         \
                                                           .size = sizeof(struct method_##name_),  \
                                                           .members = members_##name_,             \
                                                           .n_members =                            \
                                                               G_N_ELEMENTS(members_##name_) - 1,  \
                                                           .unknown = FACT_UNKNOWN_TUPLE};
#include "facts/wconfdcalls.def"
#undef METHOD
#undef ARG
#undef METHOD_END

const struct method_row method_rows[METHOD_COUNT] = {
#define METHOD(name, wire_, result_, doc_)                                                         \
    [METHOD_##name] = {.server = METHOD_##name < METHOD_metad_echo ? METHOD_SERVER_WCONFD          \
                                                                   : METHOD_SERVER_METAD,          \
                       .wire = wire_,                                                              \
                       .args = &fact_object_method_##name,                                         \
                       .result = &type_##result_,                                                  \
                       .doc = doc_},
#define ARG(method, name, type, presence, dflt)
#define METHOD_END(name)
#include "facts/wconfdcalls.def"
#undef METHOD
#undef ARG
#undef METHOD_END
};

const struct method_row *method_row_find(enum method_server server, const char *wire)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (method_rows[i].server == server && strcmp(method_rows[i].wire, wire) == 0) {
            return &method_rows[i];
        }
    }
    return NULL;
}
