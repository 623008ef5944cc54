#include "config.h"

#include "noded/hypervisor/lxc/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "compat-config/paths/paths.h"
#include "facts/errors.h"
#include "noded/hypervisor/hv-common.h"

enum {
    MAX_TABLE = 16 * 1024 * 1024,
    MAX_VALUE = 64 * 1024,
    DIR_MODE = 0755,
};

/* What the driver itself reads and sets. */
static const char *const needed[] = {"cpuset", "memory", "devices", "cpuacct", NULL};

static bool has_word(const char *list, const char *word)
{
    g_auto(GStrv) words = g_strsplit(list, ",", -1);

    return g_strv_contains((const char *const *)words, word);
}

/* --- Tables -------------------------------------------------------------------------------------
 */

enum {
    MOUNT_POINT = 1,
    MOUNT_TYPE = 2,
    MOUNT_OPTIONS = 3,
    MOUNT_FIELDS = 4,
};

char *cgroup_mount_in(const char *mounts, const char *controller)
{
    g_auto(GStrv) lines = g_strsplit(mounts, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, " ", -1);

        if (g_strv_length(fields) >= MOUNT_FIELDS && strcmp(fields[MOUNT_TYPE], "cgroup") == 0 &&
            has_word(fields[MOUNT_OPTIONS], controller)) {
            return g_strdup(fields[MOUNT_POINT]);
        }
    }
    return NULL;
}

char *cgroup_group_in(const char *groups, const char *controller)
{
    g_auto(GStrv) lines = g_strsplit(groups, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        /* NUMBER:CONTROLLER,CONTROLLER:/GROUP */
        g_auto(GStrv) fields = g_strsplit(*line, ":", 3);

        if (g_strv_length(fields) == 3 && has_word(fields[1], controller)) {
            return g_strdup(fields[2][0] == '/' ? fields[2] + 1 : fields[2]);
        }
    }
    return g_strdup("");
}

char **cgroup_controllers_in(const char *table)
{
    g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    for (char **line = lines; *line != NULL; line++) {
        size_t len = strcspn(*line, " \t");

        if (len > 0 && (*line)[0] != '#') {
            (*line)[len] = '\0';
            g_strv_builder_add(names, *line);
        }
    }
    return g_strv_builder_end(names);
}

/* --- This node ----------------------------------------------------------------------------------
 */

static char *mount_controller(const char *controller, GError **errp)
{
    g_autofree char *dir = g_build_filename(path_get(PATH_LXC_CGROUP_DIR), controller, NULL);
    CLEANUP(cmd_freep)
    struct cmd *cmd = cmd_new("mount", "-t", "cgroup", "-o", controller, controller, dir, NULL);
    g_autoptr(GError) error = NULL;

    if (!fs_make_dir(path_get(PATH_LXC_CGROUP_DIR), DIR_MODE, (uid_t)-1, (gid_t)-1, errp) ||
        !fs_make_dir(dir, DIR_MODE, (uid_t)-1, (gid_t)-1, errp)) {
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
        return NULL;
    }
    if (!cmd_check(cmd, NULL, &error)) {
        hv_fail(errp,
                "Failed to mount cgroup subsystem '%s' (LXC guests need control groups of version "
                "1; the kernel must be started with systemd.unified_cgroup_hierarchy=0): %s",
                controller, error->message);
        return NULL;
    }
    return g_steal_pointer(&dir);
}

static char *mount_point(const char *controller, GError **errp)
{
    g_autofree char *mounts = fs_read_file("/proc/mounts", MAX_TABLE, NULL, errp);
    char *point = mounts == NULL ? NULL : cgroup_mount_in(mounts, controller);

    return mounts == NULL || point != NULL ? point : mount_controller(controller, errp);
}

static bool mount_each(char **controllers, GError **errp)
{
    for (; *controllers != NULL; controllers++) {
        g_autofree char *point = mount_point(*controllers, errp);

        if (point == NULL) {
            return false;
        }
    }
    return true;
}

bool cgroup_mount_all(const char *controllers, GError **errp)
{
    g_auto(GStrv) more = NULL;

    if (!mount_each((char **)needed, errp)) {
        return false;
    }
    if (*controllers != '\0') {
        more = g_strsplit(controllers, ",", -1);
    } else {
        g_autofree char *table = fs_read_file("/proc/cgroups", MAX_TABLE, NULL, errp);

        if (table == NULL) {
            return false;
        }
        more = cgroup_controllers_in(table);
    }
    return mount_each(more, errp);
}

char *cgroup_path(const char *parameter, const char *guest, GError **errp)
{
    g_autofree char *controller = g_strndup(parameter, strcspn(parameter, "."));
    g_autofree char *point = mount_point(controller, errp);
    g_autofree char *groups =
        point == NULL ? NULL : fs_read_file("/proc/self/cgroup", MAX_TABLE, NULL, errp);
    g_autofree char *group = groups == NULL ? NULL : cgroup_group_in(groups, controller);

    return group == NULL   ? NULL
           : guest == NULL ? g_build_filename(point, group, "lxc", parameter, NULL)
                           : g_build_filename(point, group, "lxc", guest, parameter, NULL);
}

char *cgroup_get(const char *parameter, const char *guest, GError **errp)
{
    g_autofree char *path = cgroup_path(parameter, guest, errp);
    char *value = path == NULL ? NULL : fs_read_file(path, MAX_VALUE, NULL, errp);

    return value == NULL ? NULL : g_strchomp(value);
}

bool cgroup_set(const char *parameter, const char *guest, const char *value, GError **errp)
{
    g_autofree char *path = cgroup_path(parameter, guest, errp);
    CLEANUP(fs_closep) int fd = -1;

    if (path == NULL) {
        return false;
    }
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        g_set_error(errp, FS_ERROR, errno, "cannot open %s: %s", path, g_strerror(errno));
        return false;
    }
    return fs_write_fd(fd, path, value, strlen(value), errp);
}
