/* Whose each block device of this node is: one small file per device below PATH_BDEV_CACHE_DIR, for
 * people who must find out when the configuration is gone (backend.py DevCacheManager). What goes
 * wrong with it is logged and harms nothing else. path NULL is passed over. */
#ifndef GANTRY_NODED_STORAGE_DEVCACHE_H
#define GANTRY_NODED_STORAGE_DEVCACHE_H

#include <stdbool.h>

/* iv_name: name within the instance; "" or NULL for a part of a disk. */
void devcache_update(const char *path, const char *owner, bool primary, const char *iv_name);
void devcache_remove(const char *path);

#endif
