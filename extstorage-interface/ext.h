/* External storage providers on this node (lib/storage/extstorage.py). */
#ifndef GANTRY_EXTSTORAGE_INTERFACE_EXT_H
#define GANTRY_EXTSTORAGE_INTERFACE_EXT_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "facts/objects.h"
#include "provider-interface/provider.h"

enum ext_script {
#define EXT_SCRIPT(ident, required) EXT_SCRIPT_##ident,
#include "facts/extvars.def"
    EXT_SCRIPT_COUNT,
};
/* The word that is the script's name. */
const char *ext_script_word(enum ext_script script);

enum ext_var {
#define EXT_VAR(ident, name, doc) EXT_VAR_##ident,
#include "facts/extvars.def"
    EXT_VAR_COUNT,
};

struct ext_provider {
    char *name, *path;
    char *problem;                   /* NULL: it is good, and the rest counts */
    char *scripts[EXT_SCRIPT_COUNT]; /* full paths; NULL: it has none */
    struct provider_parameters parameters;
};

/* dirs: the search path, NULL-terminated. Never NULL. */
struct ext_provider *ext_provider_find(const char *name, const char *const *dirs);
void ext_provider_free(struct ext_provider *provider);
DEFINE_CLEANUP(struct ext_provider *, ext_provider_free)

/* What a script is run with. */
struct ext_call {
    const char *provider;
    const struct value_map *params; /* of the disk; NULL: none */
    const char *vars[EXT_VAR_COUNT]; /* NULL: not set */
};

/* Runs the script of the provider, which is looked for on this node. *ret_out (may be NULL) is the
 * output of attach, NULL from the others. A script that the provider may lack, and does, is a
 * success. Errors are of the class BlockDeviceError (_ExtStorageAction). */
bool ext_run(enum ext_script script, const struct ext_call *call, char **ret_out, GError **errp)
    __attribute__((warn_unused_result));

#endif
