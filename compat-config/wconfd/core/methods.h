/* Prototypes of the methods, and their table, both from the rows: a row without its function does
 * not link. WCONFD_METHODS_TABLE is defined by core.c only. */
#ifndef GANTRY_COMPAT_CONFIG_WCONFD_CORE_METHODS_H
#define GANTRY_COMPAT_CONFIG_WCONFD_CORE_METHODS_H

#include "compat-config/wconfd/core/core-private.h"

#define METHOD(name, wire, result, doc) wconfd_method do_##name;
#define METHOD_METAD(name, wire, result, doc)
#define ARG(method, name, type, presence, dflt)
#define METHOD_END(name)
#define METHOD_METAD_END(name)
#include "facts/wconfdcalls.def"
#undef METHOD

#ifdef WCONFD_METHODS_TABLE
#define METHOD_METAD(name, wire, result, doc)
#define METHOD_METAD_END(name)
static wconfd_method *const wconfd_methods[METHOD_COUNT] = {
#define METHOD(name, wire, result, doc) [METHOD_##name] = do_##name,
#include "facts/wconfdcalls.def"
#undef METHOD
};
#endif
#undef ARG
#undef METHOD_END

#endif
