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
    const struct value_map *params;  /* of the disk; NULL: none */
    const char *vars[EXT_VAR_COUNT]; /* NULL: not set */
};

/* Runs a script of a provider that has no problem. *ret_out (may be NULL) is the output of attach,
 * NULL from the others. A script that the provider may lack, and does, is a success. Errors are of
 * the class BlockDeviceError (_ExtStorageAction). */
bool ext_provider_run(const struct ext_provider *provider, enum ext_script script,
                      const struct ext_call *call, char **ret_out, GError **errp)
    __attribute__((warn_unused_result));
/* The same for a provider of that name on this node. */
bool ext_run(const char *provider, enum ext_script script, const struct ext_call *call,
             char **ret_out, GError **errp) __attribute__((warn_unused_result));

/* What attach prints: the block device in the first line, empty if there is none, then a line
 * "HYPERVISOR:URI" for each hypervisor that reaches the volume itself. */
struct ext_attached {
    char *device; /* NULL: none */
    char **uris;  /* NULL-terminated */
};
void ext_attached_parse(const char *output, struct ext_attached *ret);
void ext_attached_clear(struct ext_attached *attached);
/* The URI for a hypervisor, borrowed; NULL if there is none. */
const char *ext_attached_uri(const struct ext_attached *attached, const char *hypervisor);

#endif
