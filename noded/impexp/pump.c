#include "config.h"

#include "noded/impexp/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>

enum { CHUNK = 1024 * 1024 };

struct pump {
    int in, out;
    guint source;
    int64_t bytes;
    char *send; /* still to be sent; it is short enough for an empty pipe */
    char *expect;
    GString *came; /* of what is expected */
    pump_fn done;
    void *user;
};

enum step { STEP_READ, STEP_WRITE, STEP_END };

static enum step end(struct pump *pump, enum pump_end how, const char *text)
{
    pump->done(how, text, pump->user);
    return STEP_END;
}

static enum step end_errno(struct pump *pump, int errnum)
{
    return errnum == EPIPE ? end(pump, PUMP_BROKEN, "nobody takes the data any more")
                           : end(pump, PUMP_FAILED, g_strerror(errnum));
}

static enum step send_magic(struct pump *pump)
{
    ssize_t n = write(pump->out, pump->send, strlen(pump->send));

    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? STEP_WRITE : end_errno(pump, errno);
    }
    g_clear_pointer(&pump->send, g_free);
    return STEP_READ;
}

static enum step check_magic(struct pump *pump)
{
    char data[256];
    size_t missing = strlen(pump->expect) - pump->came->len;
    ssize_t n = read(pump->in, data, MIN(missing, sizeof(data)));

    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? STEP_READ : end_errno(pump, errno);
    }
    if (n == 0) {
        return end(pump, PUMP_FAILED, "the data ended before the magic text was complete");
    }
    g_string_append_len(pump->came, data, n);
    if (strncmp(pump->came->str, pump->expect, pump->came->len) != 0) {
        return end(pump, PUMP_FAILED,
                   "Magic value mismatch: the other side of the transfer is not the expected one");
    }
    if (pump->came->len == strlen(pump->expect)) {
        g_clear_pointer(&pump->expect, g_free);
    }
    return STEP_READ;
}

/* waited: what the loop has just waited for; if it is not the input that is missing, it is room. */
static enum step move(struct pump *pump, enum step waited)
{
    ssize_t n = splice(pump->in, NULL, pump->out, NULL, CHUNK, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

    if (n > 0) {
        pump->bytes += n;
        return waited;
    }
    if (n == 0) {
        return end(pump, PUMP_DONE, NULL);
    }
    if (errno == EINTR) {
        return waited;
    }
    if (errno == EAGAIN) {
        return waited == STEP_READ ? STEP_WRITE : STEP_READ;
    }
    return end_errno(pump, errno);
}

static gboolean on_readable(int fd, GIOCondition condition, void *data);
static gboolean on_writable(int fd, GIOCondition condition, void *data);

static void wait_for(struct pump *pump, enum step step)
{
    if (step == STEP_READ) {
        pump->source = g_unix_fd_add(pump->in, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, pump);
    } else if (step == STEP_WRITE) {
        pump->source = g_unix_fd_add(pump->out, G_IO_OUT | G_IO_ERR, on_writable, pump);
    }
}

static gboolean go_on(struct pump *pump, enum step waited, enum step next)
{
    if (next == waited) {
        return G_SOURCE_CONTINUE;
    }
    if (next != STEP_END) {
        wait_for(pump, next);
    }
    return G_SOURCE_REMOVE;
}

static enum step step(struct pump *pump, enum step waited)
{
    if (pump->send != NULL) {
        return send_magic(pump);
    }
    return pump->expect != NULL ? check_magic(pump) : move(pump, waited);
}

/* done() may free the pump, so its source is forgotten before. */
static gboolean run(struct pump *pump, enum step waited)
{
    guint source = pump->source;
    enum step next;

    pump->source = 0;
    next = step(pump, waited);
    if (next == STEP_END) {
        return G_SOURCE_REMOVE;
    }
    pump->source = source;
    return go_on(pump, waited, next);
}

static gboolean on_readable(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, void *data)
{
    return run(data, STEP_READ);
}

static gboolean on_writable(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, void *data)
{
    return run(data, STEP_WRITE);
}

struct pump *pump_new(int in, int out, const char *send, const char *expect, pump_fn done,
                      void *user)
{
    struct pump *pump = g_new0(struct pump, 1);

    pump->in = in;
    pump->out = out;
    pump->send = g_strdup(send);
    pump->expect = g_strdup(expect);
    pump->came = g_string_new(NULL);
    pump->done = done;
    pump->user = user;
    (void)fcntl(in, F_SETFL, O_NONBLOCK);
    (void)fcntl(out, F_SETFL, O_NONBLOCK);
    (void)fcntl(in, F_SETPIPE_SZ, CHUNK);
    (void)fcntl(out, F_SETPIPE_SZ, CHUNK);
    wait_for(pump, send != NULL ? STEP_WRITE : STEP_READ);
    return pump;
}

void pump_free(struct pump *pump)
{
    if (pump == NULL) {
        return;
    }
    if (pump->source != 0) {
        g_source_remove(pump->source);
    }
    (void)close(pump->in);
    (void)close(pump->out);
    g_string_free(pump->came, TRUE);
    g_free(pump->send);
    g_free(pump->expect);
    g_free(pump);
}

int64_t pump_bytes(const struct pump *pump)
{
    return pump->bytes;
}
