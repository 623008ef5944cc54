/* Configuration files of Xen's guests, as hv_xen.py writes them, byte for byte. Pure. */
#ifndef GANTRY_NODED_HYPERVISOR_XEN_BUILD_H
#define GANTRY_NODED_HYPERVISOR_XEN_BUILD_H

#include <glib.h>
#include <stdbool.h>

#include "noded/hypervisor/hv.h"

struct xen_build {
    const struct instance *instance;
    const struct hv_disk *disks;
    size_t n_disks;
    int64_t memory; /* to start with, MiB */
    /* The content of the file that the parameters name; NULL for a guest without a display. */
    const char *vnc_password;
    /* The node's interface for instance communication; NULL: there is no such NIC. One per NIC. */
    const char *const *taps;
};

/* The whole file; g_free(). NULL and *errp on error. */
char *xen_build_pvm(const struct xen_build *build, GError **errp);
char *xen_build_hvm(const struct xen_build *build, GError **errp);

/* A file after a change of the guest's memory; g_free(). */
char *xen_build_with_memory(const char *config, int64_t memory);

/* The file that tells the site's scripts of an interface; tap: as in struct xen_build
 * (_WriteNICInfoFile). g_free(). */
char *xen_build_nic(const struct instance *instance, size_t index, const char *tap, GError **errp);

#endif
