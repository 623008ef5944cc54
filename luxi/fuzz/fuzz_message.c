#include "config.h"

#include "base/json.h"
#include "facts/codec.h"
#include "luxi/proto/frame.h"
#include "luxi/proto/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes as a stream, cut at a place that the first byte gives; each message read as request and
 * as reply. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(luxi_frame_freep) struct luxi_frame *frame = luxi_frame_new(4096);
    size_t cut = size > 0 ? data[0] % size : 0;
    const char *text;
    size_t len;

    for (int part = 0; part < 2; part++) {
        const char *from = (const char *)data + (part == 0 ? 0 : cut);

        if (!luxi_frame_feed(frame, from, part == 0 ? cut : size - cut, NULL)) {
            return 0;
        }
        while ((text = luxi_frame_next(frame, &len)) != NULL) {
            struct json *result = NULL;
            const char *result_text;
            size_t result_len;

            fact_object_free(&fact_object_luxi_request, luxi_request_parse(text, len, NULL));
            if (luxi_reply_parse(text, len, &result, NULL)) {
                json_unref(result);
            }
            if (luxi_reply_find(text, len, &result_text, &result_len, NULL)) {
                /* It lies within the reply. */
                g_assert(result_text >= text && result_text + result_len <= text + len);
            }
        }
    }
    return 0;
}
