/* Control groups (version 1) of containers (hv_lxc.py _GetCgroupSubsysDir and its like). */
#ifndef GANTRY_NODED_HYPERVISOR_LXC_CGROUP_H
#define GANTRY_NODED_HYPERVISOR_LXC_CGROUP_H

#include <glib.h>
#include <stdbool.h>

/* --- What the kernel's tables say (pure)
 * -------------------------------------------------------------- */

/* Where a controller is mounted, by the text of /proc/mounts; allocated, NULL: nowhere. */
char *cgroup_mount_in(const char *mounts, const char *controller);
/* The group of a process, by the text of its /proc/PID/cgroup, without the first slash; allocated,
 * "" if it is in none. */
char *cgroup_group_in(const char *groups, const char *controller);
/* Names of the controllers that the kernel has, by the text of /proc/cgroups; g_strfreev(). */
char **cgroup_controllers_in(const char *table);

/* --- This node
 * ---------------------------------------------------------------------------------------- */

/* Mounts what LXC needs and is not mounted: the controllers of the list (with commas), or all that
 * the kernel has. */
bool cgroup_mount_all(const char *controllers, GError **errp);

/* The file of a parameter ("memory.limit_in_bytes") of a container, or (NULL) of all containers;
 * allocated. */
char *cgroup_path(const char *parameter, const char *guest, GError **errp);
/* A parameter's value without its newline; allocated. Errors are FS_ERROR and HypervisorError. */
char *cgroup_get(const char *parameter, const char *guest, GError **errp);
/* A value that the kernel refuses is FS_ERROR with its errno (EBUSY: memory in use). */
bool cgroup_set(const char *parameter, const char *guest, const char *value, GError **errp);

#endif
