#include "config.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compat-config/store/store.h"

/* What tells one version of the file from the next: writers put a new file in its place. */
struct file_id {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec mtime;
};

struct cfg_watch {
    char *path;
    const struct cfg *cfg;
    struct file_id seen;
    int fd; /* inotify on the directory; -1: none */
    GSource *source;
    cfg_watch_fn *fn;
    void *data;
};

static bool file_id(const char *path, struct file_id *ret)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        return false;
    }
    memset(ret, 0, sizeof(*ret));
    ret->device = st.st_dev;
    ret->inode = st.st_ino;
    ret->size = st.st_size;
    ret->mtime = st.st_mtim;
    return true;
}

static bool same_file(const struct file_id *a, const struct file_id *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec;
}

/* Takes a change in, if there is one. A file that is gone is not a change: writers never remove it.
 */
static void take_in(struct cfg_watch *watch)
{
    const struct cfg *next;
    g_autoptr(GError) error = NULL;
    struct file_id now;

    if (!file_id(watch->path, &now) || same_file(&now, &watch->seen)) {
        return;
    }
    /* The identity is that of before the reading: a change in between is seen next time. */
    watch->seen = now;
    next = cfg_load(watch->path, &error);
    if (next != NULL) {
        cfg_unref(watch->cfg);
        watch->cfg = next;
    }
    if (watch->fn != NULL) {
        watch->fn(next, error, watch->data);
    }
}

static gboolean on_event(gint fd, GIOCondition condition, gpointer data)
{
    char events[4096];
    ssize_t n;

    (void)condition;
    /* Which file it was does not matter: one stat call tells. */
    do {
        n = read(fd, events, sizeof(events));
    } while (n > 0 || (n < 0 && errno == EINTR));
    take_in(data);
    return G_SOURCE_CONTINUE;
}

static bool start_watching(struct cfg_watch *watch, GError **errp)
{
    g_autofree char *dir = g_path_get_dirname(watch->path);

    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0 ||
        inotify_add_watch(watch->fd, dir, IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR) < 0) {
        return fs_error_set(errp, errno, "watch", dir);
    }
    watch->source = g_unix_fd_source_new(watch->fd, G_IO_IN);
    /* The cast is how GLib wants the callback of such a source. */
    g_source_set_callback(watch->source, G_SOURCE_FUNC(on_event), watch, NULL);
    (void)g_source_attach(watch->source, g_main_context_get_thread_default());
    return true;
}

struct cfg_watch *cfg_watch_new(const char *path, cfg_watch_fn *fn, void *data, GError **errp)
{
    struct cfg_watch *watch = g_new0(struct cfg_watch, 1);

    watch->path = g_strdup(path);
    watch->fd = -1;
    (void)file_id(path, &watch->seen);
    watch->cfg = cfg_load(path, errp);
    if (watch->cfg == NULL || !start_watching(watch, errp)) {
        cfg_watch_free(watch);
        return NULL;
    }
    watch->fn = fn;
    watch->data = data;
    return watch;
}

const struct cfg *cfg_watch_get(struct cfg_watch *watch)
{
    take_in(watch);
    return cfg_ref(watch->cfg);
}

void cfg_watch_free(struct cfg_watch *watch)
{
    if (watch == NULL) {
        return;
    }
    if (watch->source != NULL) {
        g_source_destroy(watch->source);
        g_source_unref(watch->source);
    }
    if (watch->fd >= 0) {
        (void)close(watch->fd);
    }
    cfg_unref(watch->cfg);
    g_free(watch->path);
    g_free(watch);
}
