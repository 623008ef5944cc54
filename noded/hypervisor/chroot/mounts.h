/* What is mounted below a folder. Pure. */
#ifndef GANTRY_NODED_HYPERVISOR_CHROOT_MOUNTS_H
#define GANTRY_NODED_HYPERVISOR_CHROOT_MOUNTS_H

#include <glib.h>

/* The mount points below dir (not dir itself) that a text as of /proc/mounts names, the deepest
 * first, so that each can be unmounted in turn (_GetMountSubdirs). char *, freed with the array. */
GPtrArray *chroot_mounts_below(const char *mounts, const char *dir);

#endif
