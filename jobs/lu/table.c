/* The unit of each opcode: one that has none does not link. */
#include "config.h"

#include "jobs/lu/lu.h"

#define OPCODE_V(name, wire, dsc, result, object, hooks, lock, since, until, doc)                  \
    extern const struct lu_ops lu_##name;
#define USE_AS(opcode, member, wire, param)
#define OPCODE_END(name)
#include "facts/opcodes.def"
#undef OPCODE_V
#undef USE_AS
#undef OPCODE_END

static const struct lu_ops *const table[OP_ID_COUNT] = {
#define OPCODE_V(name, wire, dsc, result, object, hooks, lock, since, until, doc)                  \
    [OP_ID_##name] = &lu_##name,
#define USE_AS(opcode, member, wire, param)
#define OPCODE_END(name)
#include "facts/opcodes.def"
#undef OPCODE_V
#undef USE_AS
#undef OPCODE_END
};

const struct lu_ops *lu_ops_of(enum op_id id)
{
    return table[id];
}
