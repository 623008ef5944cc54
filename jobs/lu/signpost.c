/* A socket on which test programs say "go on". */
#include "config.h"

#include "jobs/lu/signpost.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fs.h"

struct signpost {
    char *dir, *path;
    int listener, connection;
};

static bool listen_at(struct signpost *post, GError **errp)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (g_strlcpy(address.sun_path, post->path, sizeof address.sun_path) >=
        sizeof address.sun_path) {
        return fs_error_set(errp, ENAMETOOLONG, "listen at", post->path);
    }
    post->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (post->listener < 0 ||
        bind(post->listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(post->listener, 1) != 0) {
        return fs_error_set(errp, errno, "listen at", post->path);
    }
    return true;
}

struct signpost *signpost_new(GError **errp)
{
    struct signpost *post = g_new0(struct signpost, 1);
    post->listener = post->connection = -1;
    post->dir = g_dir_make_tmp("gantry-test-XXXXXX", errp);
    if (post->dir != NULL) {
        post->path = g_build_filename(post->dir, "sock", NULL);
    }
    if (post->dir == NULL || !listen_at(post, errp)) {
        signpost_free(post);
        return NULL;
    }
    return post;
}

/* Nobody else can connect any more. */
static void take_down(struct signpost *post)
{
    if (post->listener >= 0) {
        close(post->listener);
        post->listener = -1;
    }
    if (post->dir != NULL) {
        unlink(post->path);
        rmdir(post->dir);
    }
}

void signpost_free(struct signpost *post)
{
    if (post == NULL) {
        return;
    }
    take_down(post);
    if (post->connection >= 0) {
        close(post->connection);
    }
    g_free(post->dir);
    g_free(post->path);
    g_free(post);
}

const char *signpost_path(const struct signpost *post)
{
    return post->path;
}

static bool readable(int fd, double timeout)
{
    gint64 end = g_get_monotonic_time() + (gint64)(MAX(timeout, 0) * G_USEC_PER_SEC);
    for (;;) {
        struct pollfd one = {.fd = fd, .events = POLLIN};
        gint64 left = MAX(end - g_get_monotonic_time(), 0);
        int n = poll(&one, 1, (int)MIN(left / 1000 + (left % 1000 > 0 ? 1 : 0), G_MAXINT));
        if (n != 0 && !(n < 0 && errno == EINTR)) {
            return n > 0;
        }
        if (n == 0 && left == 0) {
            return false;
        }
    }
}

bool signpost_accept(struct signpost *post, double timeout)
{
    if (readable(post->listener, timeout)) {
        post->connection = accept4(post->listener, NULL, NULL, SOCK_CLOEXEC);
    }
    take_down(post);
    return post->connection >= 0;
}

bool signpost_wait(struct signpost *post, double timeout)
{
    return readable(post->connection, timeout);
}
