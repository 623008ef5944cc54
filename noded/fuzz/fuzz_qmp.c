/* What a monitor sends, at once and byte by byte: the same messages. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "noded/hypervisor/kvm/qmp-buffer.h"

enum { MAX_SLOW = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t drain(struct qmp_buffer *buffer, GError **errp)
{
    struct json *message;
    size_t n = 0;

    while ((message = qmp_buffer_next(buffer, errp)) != NULL) {
        if (json_kind(message) != JSON_OBJECT) {
            abort();
        }
        json_unref(message);
        n++;
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(qmp_buffer_freep) struct qmp_buffer *whole = qmp_buffer_new();
    CLEANUP(qmp_buffer_freep) struct qmp_buffer *pieces = qmp_buffer_new();
    g_autoptr(GError) error = NULL, second = NULL;
    size_t n, slow = 0;

    qmp_buffer_add(whole, (const char *)data, size);
    n = drain(whole, &error);
    for (size_t i = 0; i < size && size <= MAX_SLOW && second == NULL; i++) {
        qmp_buffer_add(pieces, (const char *)data + i, 1);
        slow += drain(pieces, &second);
    }
    if (size <= MAX_SLOW && (slow != n || (error == NULL) != (second == NULL))) {
        abort();
    }
    return 0;
}
