/* A packet of confd from somewhere; and, because a random signature never fits, the same bytes as
 * the message of a packet that is signed well. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "base/hmac.h"
#include "base/json-writer.h"
#include "confd/proto/packet.h"
#include "facts/constants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char key[] = "key\n";
static const int64_t now = 1795254645;

static void unpack(const char *packet, size_t len)
{
    struct confd_request request;
    struct confd_reply reply;

    if (confd_request_unpack(packet, len, key, now, &request, NULL)) {
        confd_request_clear(&request);
    }
    if (confd_reply_unpack(packet, len, key, "1795254645", &reply, NULL)) {
        confd_reply_clear(&reply);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    g_autofree char *hmac = hmac_sha1(key, "1795254645", text, (gssize)size);
    g_autoptr(GString) packet = g_string_new(C_CONFD_MAGIC_FOURCC);
    struct json_writer w = json_writer_init(packet, JSON_COMPACT);

    unpack(text, size);
    if (!g_utf8_validate(text, (gssize)size, NULL)) {
        return 0;
    }
    json_write_object_begin(&w);
    json_write_key(&w, "hmac");
    json_write_string(&w, hmac);
    json_write_key(&w, "msg");
    json_write_string_len(&w, text, size);
    json_write_key(&w, "salt");
    json_write_string(&w, "1795254645");
    json_write_object_end(&w);
    unpack(packet->str, packet->len);
    return 0;
}
