/* Opcodes: one struct each, made from opcodes.def and opparams.def.
 *
 * For OP_INSTANCE_STARTUP there are struct op_instance_startup, fact_object_op_instance_startup and
 * OP_ID_instance_startup. What every opcode has is struct op_common. facts/opcode.h holds the two
 * together. */
#ifndef GANTRY_FACTS_OPCODES_H
#define GANTRY_FACTS_OPCODES_H

#include "facts/objects.h"

enum op_id {
#define OPCODE_V(name, wire, dsc, result, object, hooks, lock, since, until, doc) OP_ID_##name,
#define USE_AS(opcode, member, wire, param)
#define OPCODE_END(name)
#include "facts/opcodes.def"
#undef OPCODE_V
#undef USE_AS
#undef OPCODE_END
    OP_ID_COUNT,
};

#define PARAM_V(ident, type, presence, dflt, dflt_30, flags, since, until, doc)                    \
    typedef ctype_##type param_##ident;
#include "facts/opparams.def"
#undef PARAM_V

#define OPCODE_V(name, wire, dsc, result, object, hooks, lock, since, until, doc) OP_COMMON(name)
#define OPCODE_END(name)                                                          OP_COMMON_END(name)
#define OP_COMMON(name)                                                                            \
    struct op_##name##_has {                                                                       \
        bool whole; /* keeps the struct legal for opcodes without parameters */
#define USE_AS(opcode, member, wire, param) bool member;
#define OP_COMMON_END(name)                                                                        \
    }                                                                                              \
    ;
#include "facts/opcodes.def"
#undef OPCODE_V
#undef USE_AS
#undef OPCODE_END

#define OPCODE_V(name, wire, dsc, result, object, hooks, lock, since, until, doc) OP_COMMON(name)
#define OPCODE_END(name)                                                          OP_COMMON_END(name)
#define OP_COMMON(name)                                                                            \
    struct op_##name {                                                                             \
        struct json *extra;                                                                        \
        struct op_##name##_has has;
#define USE_AS(opcode, member, wire, param) param_##param member;
#define OP_COMMON_END(name)                                                                        \
    }                                                                                              \
    ;                                                                                              \
    extern const struct fact_object fact_object_op_##name;
#include "facts/opcodes.def"
#undef OPCODE_V
#undef USE_AS
#undef OPCODE_END

/* How a logical unit takes the cluster lock. */
enum op_lock {
    OP_LOCK_SHARED,
    OP_LOCK_ALONE,
};

/* One opcode's row. */
struct op_row {
    enum op_id id;
    const char *wire_id;
    const char *dsc_field; /* its value stands in the summary; NULL: none */
    const struct fact_object *params;
    const struct fact_type *result;
    enum hook_type object;  /* what it is about, as hooks are told */
    const char *hooks_path; /* NULL: it has no hooks */
    enum op_lock lock;
    enum fact_level since, until;
    const char *doc;
};

extern const struct op_row op_rows[OP_ID_COUNT];
/* Whether the current level has the opcode. */
bool op_row_is_current(const struct op_row *row);
/* NULL if no opcode of the current level has this wire id. */
const struct op_row *op_row_find(const char *wire_id);

#endif
