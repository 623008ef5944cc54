#include "config.h"

#include "noded/storage/devcache.h"

#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"

static const char device_dir[] = "/dev/";

/* /dev/xenvg/a.b -> .../bdev_xenvg_a.b */
static char *file_of(const char *path)
{
    g_autofree char *name =
        g_strdup(g_str_has_prefix(path, device_dir) ? path + strlen(device_dir) : path);

    g_strdelimit(name, "/", '_');
    return g_strdup_printf("%s/bdev_%s", path_get(PATH_BDEV_CACHE_DIR), name);
}

void devcache_update(const char *path, const char *owner, bool primary, const char *iv_name)
{
    const struct fs_write_opts opts = {.flags = FS_WRITE_VOLATILE};
    g_autoptr(GError) error = NULL;
    g_autofree char *file = NULL, *text = NULL;

    if (path == NULL) {
        return;
    }
    file = file_of(path);
    text = g_strdup_printf("%s %s %s\n", owner, primary ? "primary" : "secondary",
                           iv_name != NULL && *iv_name != '\0' ? iv_name : "not_visible");
    if (!fs_write_atomic(file, text, strlen(text), &opts, &error)) {
        log_error("note whose %s is: %s", path, error->message);
    }
}

void devcache_remove(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = path != NULL ? file_of(path) : NULL;

    if (file != NULL && !fs_remove_file(file, &error)) {
        log_error("forget whose %s is: %s", path, error->message);
    }
}
