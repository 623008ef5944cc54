/* What the scripts of an operating system find in their environment (lib/backend.py OSCoreEnv,
 * OSEnvironment). The variables are rows of facts/osvars.def. */
#ifndef GANTRY_OS_INTERFACE_ENVIRONMENT_H
#define GANTRY_OS_INTERFACE_ENVIRONMENT_H

#include "facts/objects.h"
#include "os-interface/os.h"
#include "provider-interface/env.h"

/* A disk of the instance as this node has it; borrowed. */
struct os_disk {
    const struct disk *disk;
    const char *path; /* NULL: none */
    const char *uri;  /* for hypervisors that reach the storage themselves; NULL: none */
};

struct os_target {
    const struct os_definition *os;
    const char *full_name; /* with variant */
    int debug;
    const struct value_map *params;         /* of the operating system; NULL: none */
    const struct value_map *private_params; /* go before params; NULL: none */
    /* The instance with parameters in force as the master sends it (rpc_encoding INST_DICT); NULL:
     * only the core variables. */
    const struct instance *instance;
    const struct os_disk *disks; /* n_disks */
    size_t n_disks;
};

/* NULL and *errp if the instance has what cannot be. */
struct script_env *os_env_new(const struct os_target *target, GError **errp);

/* Names of variables that only some scripts find. */
enum os_var_name {
#define OS_VAR_NAME(ident, name) OS_VAR_##ident,
#include "facts/osvars.def"
    OS_VAR_NAME_COUNT,
};
extern const char *const os_var_names[OS_VAR_NAME_COUNT];

/* "DISK_<index>_PATH" and "DISK_<index>_URI" of an environment; NULL if there is none. */
const char *os_env_disk_path(const struct script_env *env, size_t index);
const char *os_env_disk_uri(const struct script_env *env, size_t index);

#endif
