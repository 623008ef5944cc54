/* Prototypes of the methods' handlers, and their table, both from the rows: a row without its
 * function does not link. LUXI_METHODS_TABLE is defined by dispatch.c only. */
#ifndef GANTRY_LUXI_SERVER_METHODS_H
#define GANTRY_LUXI_SERVER_METHODS_H

#include "luxi/server/luxid.h"

#define LUXI(name, wire, doc) luxi_method luxi_do_##name;
#define LUXI_ARG(method, arg, type, presence, dflt, doc)
#define LUXI_END(name)
#include "facts/luximethods.def"
#undef LUXI

#ifdef LUXI_METHODS_TABLE
static luxi_method *const luxi_methods[LUXI_METHOD_COUNT] = {
#define LUXI(name, wire, doc) [LUXI_##name] = luxi_do_##name,
#include "facts/luximethods.def"
#undef LUXI
};
#endif
#undef LUXI_ARG
#undef LUXI_END

#endif
