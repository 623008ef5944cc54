/* Links to the disks of instances, below PATH_DISK_LINKS_DIR: what a guest opens keeps its name
 * when the disk behind it changes. Names are INSTANCE:INDEX. */
#ifndef GANTRY_NODED_BACKEND_DISK_LINKS_H
#define GANTRY_NODED_BACKEND_DISK_LINKS_H

#include <glib.h>
#include <stdbool.h>

#include "facts/objects.h"
#include "noded/storage/bdev.h"

/* Allocated; NULL and *errp if the instance's name is no file name. */
char *disk_link_path(const char *instance, size_t index, GError **errp);
/* Points the link to the device; what was there is replaced in one step. *ret_link is allocated,
 * and NULL if device is (storage that only the hypervisor reaches; _SymlinkBlockDev). */
bool disk_link_set(const char *instance, size_t index, const char *device, char **ret_link,
                   GError **errp);
/* Removes the link of a disk; none is no error, and what is no link stays. */
bool disk_link_remove(const char *instance, size_t index, GError **errp);
/* The same for the first n disks; what fails is logged (_RemoveBlockDevLinks). */
void disk_links_remove(const char *instance, size_t n);

/* The address under which a hypervisor reaches the disk itself, if the disk's parameters ask for
 * that; else *ret_uri is NULL (_CalculateDeviceURI). */
bool disk_uri(struct bdev *dev, enum hypervisor hypervisor, char **ret_uri, GError **errp);

#endif
