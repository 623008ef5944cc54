/* Arguments of "rbd" (lib/storage/bdev.py RADOSBlockDevice). Pure. Results are g_strfreev(). */
#ifndef GANTRY_NODED_STORAGE_RBD_BUILD_H
#define GANTRY_NODED_STORAGE_RBD_BUILD_H

#include <glib.h>
#include <stdint.h>

enum rbd_action {
    RBD_MAP,
    RBD_REMOVE,
    RBD_EXPORT, /* to standard output */
    RBD_IMPORT, /* from standard input; makes the volume */
};
char **rbd_build_action(enum rbd_action action, const char *pool, const char *name);

/* size: MiB. */
char **rbd_build_create(const char *pool, const char *name, int64_t size);
char **rbd_build_resize(const char *pool, const char *name, int64_t size);

char **rbd_build_show_mapped(void);
char **rbd_build_unmap(const char *device);

#endif
