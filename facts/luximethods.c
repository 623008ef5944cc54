#include "config.h"

#include "facts/luximethods.h"

#include <glib.h>
#include <string.h>

#define LUXI(name_, wire, doc_) static const struct fact_member members_##name_[] = {
#define LUXI_ARG(method, arg, of_type, presence_, dflt, doc_)                                      \
    {.name = #arg,                                                                                 \
     .offset = offsetof(struct luxi_args_##method, arg),                                           \
     .spec = &(const struct fact_spec){.type = &type_##of_type,                                    \
                                       .presence = FACT_##presence_,                               \
                                       .default_json = dflt,                                       \
                                       .since = LEVEL_3_0,                                         \
                                       .until = LEVEL_LAST,                                        \
                                       .doc = doc_}},
#define LUXI_END(name_)                                                                            \
    {                                                                                              \
        .name = NULL                                                                               \
    }                                                                                              \
    }                                                                                              \
    ;                                                                                              \
    const struct fact_object fact_object_luxi_args_##name_ = {                                     \
        .name = #name_,                                                                            \
        .size = sizeof(struct luxi_args_##name_),                                                  \
        .members = members_##name_,                                                                \
        .n_members = G_N_ELEMENTS(members_##name_) - 1,                                            \
        .unknown = FACT_UNKNOWN_TUPLE};
#include "facts/luximethods.def"
#undef LUXI
#undef LUXI_ARG
#undef LUXI_END

const struct luxi_method_row luxi_method_rows[LUXI_METHOD_COUNT] = {
#define LUXI(name_, wire, doc_)                                                                    \
    [LUXI_##name_] = {.name = wire, .args = &fact_object_luxi_args_##name_, .doc = doc_},
#define LUXI_ARG(method, arg, type, presence, dflt, doc)
#define LUXI_END(name)
#include "facts/luximethods.def"
#undef LUXI
#undef LUXI_ARG
#undef LUXI_END
};

const struct luxi_method_row *luxi_method_row_find(const char *name)
{
    for (size_t i = 0; i < LUXI_METHOD_COUNT; i++) {
        if (strcmp(luxi_method_rows[i].name, name) == 0) {
            return &luxi_method_rows[i];
        }
    }
    return NULL;
}
