/* Definitions of operating systems on this node (lib/backend.py _TryOSFromDisk, objects.py OS). */
#ifndef GANTRY_OS_INTERFACE_OS_H
#define GANTRY_OS_INTERFACE_OS_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "provider-interface/provider.h"

enum os_script {
    OS_CREATE,
    OS_CREATE_UNTRUSTED, /* runs in a virtual machine */
    OS_EXPORT,
    OS_IMPORT,
    OS_RENAME,
    OS_VERIFY,
    OS_SCRIPT_COUNT,
};

struct os_definition {
    char *name, *path;
    char *problem;                  /* NULL: it is good, and the rest counts */
    char *scripts[OS_SCRIPT_COUNT]; /* full paths; NULL: it has none */
    char **variants;                /* NULL-terminated */
    struct provider_parameters parameters;
    int *api_versions; /* n_api_versions; as the file says */
    size_t n_api_versions;
};

/* name without variant. dirs: the search path, NULL-terminated. Never NULL. */
struct os_definition *os_definition_find(const char *name, const char *const *dirs);
void os_definition_free(struct os_definition *os);
DEFINE_CLEANUP(struct os_definition *, os_definition_free)

/* The highest version that both sides speak. */
int os_definition_api(const struct os_definition *os);

/* "name+variant": both parts allocated; the variant is "" if there is none. */
void os_split_name(const char *full_name, char **ret_name, char **ret_variant);

/* Whether the variant of the full name fits the definition. */
bool os_definition_check_variant(const struct os_definition *os, const char *full_name,
                                 GError **errp);

#endif
