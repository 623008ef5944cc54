/* The configuration of a container (hv_lxc.py _CreateConfigFile). */
#ifndef GANTRY_NODED_HYPERVISOR_LXC_BUILD_H
#define GANTRY_NODED_HYPERVISOR_LXC_BUILD_H

#include <glib.h>
#include <stdbool.h>

#include "facts/objects.h"

struct lxc_build {
    const struct instance *instance;
    const char *root;        /* device that is mounted as its root */
    const char *console_log; /* NULL: this LXC has none */
    bool swap_limit;         /* the kernel limits swap space too */
};

/* Content of the file; allocated. */
char *lxc_build_config(const struct lxc_build *build, GError **errp);

/* Whether the parameters take a capability away from the container. */
bool lxc_drops_capability(const struct value_map *hvparams, const char *capability);

#endif
