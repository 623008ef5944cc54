/* Output of "rbd showmapped --format json". Pure. */
#ifndef GANTRY_NODED_STORAGE_RBD_MAPPED_H
#define GANTRY_NODED_STORAGE_RBD_MAPPED_H

#include <glib.h>
#include <stdbool.h>

/* *ret_device is the device of a volume, NULL if it is not mapped; allocated. False and *errp
 * (BlockDeviceError) if the text cannot be read, or the volume is mapped more than once. */
bool rbd_mapped_find(const char *text, const char *pool, const char *name, char **ret_device,
                     GError **errp);

#endif
