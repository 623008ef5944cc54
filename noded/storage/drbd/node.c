#include "config.h"

#include <poll.h>
#include <string.h>

#include "base/fs.h"
#include "facts/constants.h"
#include "noded/storage/bdev-common.h"
#include "noded/storage/drbd/drbd.h"

enum {
    MAX_PROC = 16 * 1024 * 1024,
    MAX_HELPER = 4096,
    FIRST_WAIT_MS = 5,
    LAST_WAIT_MS = 250,
};

static const char *status_path = C_DRBD_STATUS_FILE;
static const char helper_path[] = "/sys/module/drbd/parameters/usermode_helper";

static char *read_file(const char *path, size_t max, GError **errp)
{
    g_autoptr(GError) error = NULL;
    char *text = fs_read_file(path, max, NULL, &error);

    if (text == NULL) {
        bdev_fail(errp, "%s%s", error->message,
                  g_error_matches(error, FS_ERROR, ENOENT)
                      ? ": is the DRBD module loaded ('modprobe drbd')?"
                      : "");
    } else if (*text == '\0') {
        bdev_fail(errp, "%s is empty", path);
        g_clear_pointer(&text, g_free);
    }
    return text;
}

struct drbd_proc *drbd_node_read(GError **errp)
{
    g_autofree char *text = read_file(status_path, MAX_PROC, errp);

    return text != NULL ? drbd_proc_parse(text, errp) : NULL;
}

void drbd_node_set_status_path(const char *path)
{
    status_path = path;
}

char *drbd_node_helper(GError **errp)
{
    char *text = read_file(helper_path, MAX_HELPER, errp);

    if (text != NULL) {
        text[strcspn(text, "\n")] = '\0';
    }
    return text;
}

bool drbd_wait(bool (*check)(void *user), void *user, unsigned seconds)
{
    int64_t end = g_get_monotonic_time() + (int64_t)seconds * G_USEC_PER_SEC;

    for (int ms = FIRST_WAIT_MS;; ms = MIN(ms * 2, LAST_WAIT_MS)) {
        if (check(user)) {
            return true;
        }
        if (g_get_monotonic_time() >= end) {
            return false;
        }
        (void)poll(NULL, 0, ms);
    }
}
