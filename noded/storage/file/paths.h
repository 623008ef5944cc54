/* Where disks may be files: the folders that the administrator lists in
 * PATH_FILE_STORAGE_PATHS_FILE, never system folders whatever the list says
 * (lib/storage/filestorage.py). Errors are of the class FileStoragePathError. */
#ifndef GANTRY_NODED_STORAGE_FILE_PATHS_H
#define GANTRY_NODED_STORAGE_FILE_PATHS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The folders of the list, without comments and empty lines; empty if it cannot be read.
 * g_strfreev(). (_LoadAllowedFileStoragePaths) */
char **file_paths_allowed(void);
/* The same from the text of the list. */
char **file_paths_parse(const char *text);

/* Whether a path is relative, a system folder or below one. */
bool file_path_is_forbidden(const char *path);
/* Those of the list that may not be in it, in natural order; g_strfreev().
 * (ComputeWrongFileStoragePaths) */
char **file_paths_wrong(const char *const *allowed);

/* Whether a disk may be at `path`, or with exact_ok its folder. Nothing is looked up on disk but
 * the list. (CheckFileStoragePathAcceptance) */
bool file_path_check(const char *path, bool exact_ok, GError **errp);
/* The same for a list that is known. */
bool file_path_check_in(const char *path, const char *const *allowed, bool exact_ok, GError **errp);
/* ... and that the folder is there and writable. (CheckFileStoragePath) */
bool file_dir_check(const char *path, GError **errp);

/* Size and free room, MiB, of the file system that holds path. (GetFileStorageSpaceInfo) */
bool file_path_space(const char *path, int64_t *ret_size, int64_t *ret_free, GError **errp);

#endif
