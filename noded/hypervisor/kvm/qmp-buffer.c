#include "config.h"

#include "noded/hypervisor/kvm/qmp-buffer.h"

#include <string.h>

#include "base/json.h"
#include "noded/hypervisor/hv-common.h"

/* The schema of QEMU 10 has half a megabyte. */
enum { MAX_MESSAGE = 16 * 1024 * 1024 };

struct qmp_buffer {
    GString *text;
    size_t searched; /* no end of a line before this */
};

struct qmp_buffer *qmp_buffer_new(void)
{
    struct qmp_buffer *buffer = g_new0(struct qmp_buffer, 1);

    buffer->text = g_string_new(NULL);
    return buffer;
}

void qmp_buffer_free(struct qmp_buffer *buffer)
{
    if (buffer != NULL) {
        g_string_free(buffer->text, TRUE);
        g_free(buffer);
    }
}

void qmp_buffer_add(struct qmp_buffer *buffer, const char *data, size_t len)
{
    g_string_append_len(buffer->text, data, (gssize)len);
}

static void drop(struct qmp_buffer *buffer, size_t len)
{
    g_string_erase(buffer->text, 0, (gssize)len);
    buffer->searched = 0;
}

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!g_ascii_isspace(text[i])) {
            return false;
        }
    }
    return true;
}

static struct json *parse(const char *text, size_t len, GError **errp)
{
    CLEANUP(json_unrefp) struct json *message = NULL;
    g_autoptr(GError) error = NULL;

    if (!json_parse(text, (gssize)len, &message, &error)) {
        hv_fail(errp, "QEMU's monitor sent no JSON: %s", error->message);
        return NULL;
    }
    if (json_kind(message) != JSON_OBJECT) {
        hv_fail(errp, "QEMU's monitor sent a message that is no object");
        return NULL;
    }
    return g_steal_pointer(&message);
}

struct json *qmp_buffer_next(struct qmp_buffer *buffer, GError **errp)
{
    for (;;) {
        const char *start = buffer->text->str;
        const char *end =
            memchr(start + buffer->searched, '\n', buffer->text->len - buffer->searched);
        size_t len = end != NULL ? (size_t)(end - start) : buffer->text->len;

        if (len > MAX_MESSAGE) {
            hv_fail(errp, "QEMU's monitor sent a message of more than %d bytes", MAX_MESSAGE);
            return NULL;
        }
        if (end == NULL) {
            buffer->searched = len;
            return NULL;
        }
        if (!is_blank(start, len)) {
            struct json *message = parse(start, len, errp);

            drop(buffer, len + 1);
            return message;
        }
        drop(buffer, len + 1);
    }
}
