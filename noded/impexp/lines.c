#include "config.h"

#include "noded/impexp/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>

enum { CHUNK = 4096, MAX_LINE = 4096 };

struct lines {
    int fd; /* -1: at its end */
    guint source;
    GString *rest;
    lines_fn on_line;
    void *user;
};

static void flush(struct lines *lines)
{
    g_autofree char *line = g_strndup(lines->rest->str, lines->rest->len);

    g_string_truncate(lines->rest, 0);
    lines->on_line(line, lines->user);
}

static void take(struct lines *lines, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\n') {
            flush(lines);
            continue;
        }
        g_string_append_c(lines->rest, data[i] == '\0' ? ' ' : data[i]);
        if (lines->rest->len >= MAX_LINE) {
            flush(lines);
        }
    }
}

/* False at the end. */
static bool read_some(struct lines *lines)
{
    char data[CHUNK];
    ssize_t n;

    while ((n = read(lines->fd, data, sizeof(data))) > 0) {
        take(lines, data, (size_t)n);
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void end(struct lines *lines)
{
    if (lines->rest->len > 0) {
        flush(lines);
    }
    (void)close(lines->fd);
    lines->fd = -1;
}

static gboolean on_readable(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, void *data)
{
    struct lines *lines = data;

    if (read_some(lines)) {
        return G_SOURCE_CONTINUE;
    }
    end(lines);
    lines->source = 0;
    return G_SOURCE_REMOVE;
}

struct lines *lines_new(int fd, lines_fn on_line, void *user)
{
    struct lines *lines = g_new0(struct lines, 1);

    lines->fd = fd;
    lines->on_line = on_line;
    lines->user = user;
    lines->rest = g_string_new(NULL);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    lines->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, lines);
    return lines;
}

void lines_free(struct lines *lines)
{
    if (lines == NULL) {
        return;
    }
    if (lines->source != 0) {
        g_source_remove(lines->source);
    }
    if (lines->fd >= 0) {
        (void)read_some(lines);
        end(lines);
    }
    g_string_free(lines->rest, TRUE);
    g_free(lines);
}
