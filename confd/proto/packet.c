#include "config.h"

#include "confd/proto/packet.h"

#include <string.h>

#include "base/hmac.h"
#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

/* Adds magic and envelope around a message. */
static GString *seal(const GString *message, const char *salt, const char *key)
{
    GString *packet = g_string_new(C_CONFD_MAGIC_FOURCC);
    struct json_writer w = json_writer_init(packet, JSON_PYTHON);
    g_autofree char *digest = hmac_sha1(key, salt, message->str, (gssize)message->len);
    const struct confd_envelope envelope = {.msg = message->str,
                                            .salt = (char *)salt,
                                            .hmac = digest,
                                            .has = {.msg = true, .salt = true, .hmac = true}};

    fact_object_encode(&fact_object_confd_envelope, &envelope, &w);
    return packet;
}

GString *confd_request_pack(enum confd_request_type type, struct json *query, const char *rsalt,
                            int64_t now, const char *key)
{
    const struct confd_request request = {
        .protocol = C_CONFD_PROTOCOL_VERSION,
        .type = fact_enum_number(&fact_enum_confd_request_type, (int)type),
        .query = query,
        .rsalt = (char *)rsalt,
        .has = {.protocol = true, .type = true, .query = true, .rsalt = true},
    };
    g_autoptr(GString) message = g_string_new(NULL);
    struct json_writer w = json_writer_init(message, JSON_PYTHON);
    g_autofree char *salt = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)now);

    fact_object_encode(&fact_object_confd_request, &request, &w);
    return seal(message, salt, key);
}

/* Reads JSON text as an object; NULL on error. */
static void *decode_text(const struct fact_object *object, const char *text, size_t len,
                         GError **errp)
{
    CLEANUP(json_unrefp) struct json *value = NULL;

    return json_parse(text, (gssize)len, &value, errp)
               ? fact_object_decode(object, value, NULL, errp)
               : NULL;
}

static bool check_envelope(const struct confd_envelope *envelope, const char *rsalt,
                           const char *key, GError **errp)
{
    if (!hmac_sha1_verify(key, envelope->salt, envelope->msg, -1, envelope->hmac)) {
        return err_fail(errp, ERR_SIGNATURE, ECODE_NONE, "the packet is not signed with our key");
    }
    if (strcmp(envelope->salt, rsalt) != 0) {
        return err_fail(errp, ERR_SIGNATURE, ECODE_NONE, "the packet answers another request");
    }
    return true;
}

struct confd_reply *confd_reply_unpack(const char *packet, size_t len, const char *rsalt,
                                       const char *key, GError **errp)
{
    size_t magic_len = strlen(C_CONFD_MAGIC_FOURCC);
    struct confd_envelope *envelope;
    struct confd_reply *reply = NULL;

    if (len < magic_len || memcmp(packet, C_CONFD_MAGIC_FOURCC, magic_len) != 0) {
        err_set(errp, ERR_CONFD_MAGIC, ECODE_NONE, "the packet is none of confd's");
        return NULL;
    }
    envelope = decode_text(&fact_object_confd_envelope, packet + magic_len, len - magic_len, errp);
    if (envelope == NULL) {
        return NULL;
    }
    if (check_envelope(envelope, rsalt, key, errp)) {
        reply = decode_text(&fact_object_confd_reply, envelope->msg, strlen(envelope->msg), errp);
    }
    fact_object_free(&fact_object_confd_envelope, envelope);
    return reply;
}
