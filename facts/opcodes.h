/* Opcodes: one struct each, made from opcodes.def and opparams.def.
 *
 * For OP_INSTANCE_STARTUP there are struct op_instance_startup, fact_object_op_instance_startup and
 * OP_ID_instance_startup. */
#ifndef GANTRY_FACTS_OPCODES_H
#define GANTRY_FACTS_OPCODES_H

#include "facts/objects.h"

enum op_id {
#define OPCODE(name, wire, dsc, result, doc) OP_ID_##name,
#define USE(opcode, member, param)
#define OPCODE_END(name)
#include "facts/opcodes.def"
#undef OPCODE
#undef USE
#undef OPCODE_END
    OP_ID_COUNT,
};

#define PARAM_V(ident, type, presence, dflt, dflt_30, flags, since, until, doc) typedef ctype_##type param_##ident;
#include "facts/opparams.def"
#undef PARAM_V

#define OPCODE(name, wire, dsc, result, doc)                                                                           \
    struct op_##name##_has {                                                                                           \
        bool whole; /* keeps the struct legal for opcodes without parameters */
#define USE(opcode, member, param) bool member;
#define OPCODE_END(name)                                                                                               \
    }                                                                                                                  \
    ;
#include "facts/opcodes.def"
#undef OPCODE
#undef USE
#undef OPCODE_END

#define OPCODE(name, wire, dsc, result, doc)                                                                           \
    struct op_##name {                                                                                                 \
        struct json *extra;                                                                                            \
        struct op_##name##_has has;
#define USE(opcode, member, param) param_##param member;
#define OPCODE_END(name)                                                                                               \
    }                                                                                                                  \
    ;                                                                                                                  \
    extern const struct fact_object fact_object_op_##name;
#include "facts/opcodes.def"
#undef OPCODE
#undef USE
#undef OPCODE_END

/* One opcode's row. */
struct op_row {
    enum op_id id;
    const char *wire_id;
    const char *dsc_field; /* its value stands in the summary; NULL: none */
    const struct fact_object *params;
    const struct fact_type *result;
    const char *doc;
};

extern const struct op_row op_rows[OP_ID_COUNT];
/* NULL if no opcode of the current level has this wire id. */
const struct op_row *op_row_find(const char *wire_id);

#endif
