#include "config.h"

#include "noded/backend/disk-links.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "noded/backend/call.h"

char *disk_link_path(const char *instance, size_t index, GError **errp)
{
    if (*instance == '\0' || *instance == '.' || strchr(instance, '/') != NULL) {
        noded_error_set(errp, "'%s' cannot be the name of an instance", instance);
        return NULL;
    }
    return g_strdup_printf("%s/%s%s%zu", path_get(PATH_DISK_LINKS_DIR), instance, C_DISK_SEPARATOR,
                           index);
}

static bool points_to(const char *link, const char *device)
{
    g_autofree char *target = g_file_read_link(link, NULL);

    return g_strcmp0(target, device) == 0;
}

static bool replace_link(const char *link, const char *device, GError **errp)
{
    g_autofree char *fresh = g_strdup_printf("%s.%d.new", link, (int)getpid());

    (void)unlink(fresh);
    if (symlink(device, fresh) != 0) {
        return fs_error_set(errp, errno, "make the link", fresh);
    }
    if (rename(fresh, link) != 0) {
        fs_error_set(errp, errno, "replace the link", link);
        (void)unlink(fresh);
        return false;
    }
    return true;
}

bool disk_link_set(const char *instance, size_t index, const char *device, char **ret_link,
                   GError **errp)
{
    g_autofree char *link = NULL;

    *ret_link = NULL;
    if (device == NULL) {
        return true;
    }
    link = disk_link_path(instance, index, errp);
    if (link == NULL || (!points_to(link, device) && !replace_link(link, device, errp))) {
        return false;
    }
    *ret_link = g_steal_pointer(&link);
    return true;
}

bool disk_link_remove(const char *instance, size_t index, GError **errp)
{
    g_autofree char *link = disk_link_path(instance, index, errp);
    struct stat st;

    if (link == NULL) {
        return false;
    }
    return lstat(link, &st) != 0 || !S_ISLNK(st.st_mode) || fs_remove_file(link, errp);
}

void disk_links_remove(const char *instance, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;

        if (!disk_link_remove(instance, i, &error)) {
            log_error("link of disk %zu of %s: %s", i, instance, error->message);
        }
    }
}

bool disk_uri(struct bdev *dev, enum hypervisor hypervisor, char **ret_uri, GError **errp)
{
    /* All templates that have the parameter call it the same. */
    const char *access = fact_value_text(ld_value(&dev->disk->params, LD_rbd_access));

    *ret_uri = NULL;
    if (g_strcmp0(access, fact_enum_disk_access_mode.words[DISK_ACCESS_MODE_USERSPACE]) != 0) {
        return true;
    }
    *ret_uri = dev->ops->userspace_uri(dev, hypervisor, errp);
    return *ret_uri != NULL;
}
