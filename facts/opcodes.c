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

#define OPCODE_V(name, wire, dsc, result, object, hooks, lock, since, until, doc) OP_COMMON(name)
#define OPCODE_END(name)                                                          OP_COMMON_END(name)
#define OP_COMMON(name_)                                                          static const struct fact_member members_##name_[] = {
#define USE_AS(opcode, member, wire, param)                                                        \
    {.name = wire, .offset = offsetof(struct op_##opcode, member), .spec = &spec_##param},
#define OP_COMMON_END(name_)                                                                       \
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
#undef OPCODE_V
#undef USE_AS
#undef OPCODE_END

const struct op_row op_rows[OP_ID_COUNT] = {
#define OPCODE_V(name, wire, dsc, result_, object_, hooks, lock_, since_, until_, doc_)            \
    [OP_ID_##name] = {.id = OP_ID_##name,                                                          \
                      .wire_id = wire,                                                             \
                      .dsc_field = dsc,                                                            \
                      .params = &fact_object_op_##name,                                            \
                      .result = &type_##result_,                                                   \
                      .hooks_path = hooks,                                                         \
                      .object = HOOK_##object_,                                                    \
                      .lock = OP_LOCK_##lock_,                                                     \
                      .since = since_,                                                             \
                      .until = until_,                                                             \
                      .doc = doc_},
#define USE_AS(opcode, member, wire, param)
#define OPCODE_END(name)
#include "facts/opcodes.def"
#undef OPCODE_V
#undef USE_AS
#undef OPCODE_END
};

bool op_row_is_current(const struct op_row *row)
{
    return row->since <= fact_level() && fact_level() <= row->until;
}

const struct op_row *op_row_find(const char *wire_id)
{
    for (size_t i = 0; i < OP_ID_COUNT; i++) {
        if (strcmp(op_rows[i].wire_id, wire_id) == 0) {
            return op_row_is_current(&op_rows[i]) ? &op_rows[i] : NULL;
        }
    }
    return NULL;
}
