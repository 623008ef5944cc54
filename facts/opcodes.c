#include "config.h"

#include "facts/opcodes.h"

#include <glib.h>
#include <string.h>

#define PARAM_V(ident, of_type, presence_, dflt, dflt_30, flags_, since_, until_, doc_)            \
    static const struct fact_spec spec_##ident = {.type = &type_##of_type,                         \
                                                  .presence = FACT_##presence_,                    \
                                                  .flags = flags_,                                 \
                                                  .default_json = dflt,                            \
                                                  .default_30 = dflt_30,                           \
                                                  .since = since_,                                 \
                                                  .until = until_,                                 \
                                                  .doc = doc_};
#include "facts/opparams.def"
#undef PARAM_V

#define OPCODE(name_, wire, dsc, result_, doc_)                                                    \
    static const struct fact_member members_##name_[] = {
#define USE(opcode, member, param)                                                                 \
    {.name = #member, .offset = offsetof(struct op_##opcode, member), .spec = &spec_##param},
#define OPCODE_END(name_)                                                                          \
    {                                                                                              \
        .name = NULL                                                                               \
    }                                                                                              \
    }                                                                                              \
    ;                                                                                              \
    const struct fact_object fact_object_op_##name_ = {.name = #name_,                             \
                                                       .size = sizeof(struct op_##name_),          \
                                                       .members = members_##name_,                 \
                                                       .n_members =                                \
                                                           G_N_ELEMENTS(members_##name_) - 1,      \
                                                       .unknown = FACT_UNKNOWN_REFUSE};
#include "facts/opcodes.def"
#undef OPCODE
#undef USE
#undef OPCODE_END

const struct op_row op_rows[OP_ID_COUNT] = {
#define OPCODE(name, wire, dsc, result_, doc_)                                                     \
    [OP_ID_##name] = {.id = OP_ID_##name,                                                          \
                      .wire_id = wire,                                                             \
                      .dsc_field = dsc,                                                            \
                      .params = &fact_object_op_##name,                                            \
                      .result = &type_##result_,                                                   \
                      .doc = doc_},
#define USE(opcode, member, param)
#define OPCODE_END(name)
#include "facts/opcodes.def"
#undef OPCODE
#undef USE
#undef OPCODE_END
};

const struct op_row *op_row_find(const char *wire_id)
{
    for (size_t i = 0; i < OP_ID_COUNT; i++) {
        if (strcmp(op_rows[i].wire_id, wire_id) == 0) {
            return &op_rows[i];
        }
    }
    return NULL;
}
