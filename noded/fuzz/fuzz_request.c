/* Requests to the node daemon: the first byte chooses the call, the rest is its body. Nothing is
 * run; long texts are unpacked. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "facts/codec.h"
#include "noded/proto/content.h"
#include "noded/server/dispatch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void unpack(const struct rpc_content *content)
{
    size_t len;
    g_autofree char *text = rpc_content_unpack(content, &len, NULL);

    if (text != NULL && text[len] != '\0') {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct rpc_row *row;
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    void *args;

    if (size == 0) {
        return 0;
    }
    row = &rpc_rows[data[0] % RPC_COUNT];
    text = g_strndup((const char *)data + 1, size - 1);
    args = noded_decode(row, text, size - 1, &error);
    if ((args == NULL) != (error != NULL)) {
        abort();
    }
    if (args != NULL && row->id == RPC_jobqueue_update) {
        unpack(&((struct rpc_call_jobqueue_update *)args)->content);
    }
    if (args != NULL) {
        fact_object_free(row->args, args);
    }
    return 0;
}
