#include "config.h"

#include "confd/proto/packet.h"

#include <string.h>

#include "base/hmac.h"
#include "base/json-writer.h"
#include "base/json.h"
#include "base/parse.h"
#include "facts/codec.h"
#include "facts/constants.h"

G_DEFINE_QUARK(gantry_confd_packet_error, confd_packet_error)

static bool fail(GError **errp, enum confd_packet_error code, const char *text)
{
    g_set_error_literal(errp, CONFD_PACKET_ERROR, code, text);
    return false;
}

void confd_request_clear(struct confd_request *request)
{
    json_unref(request->query);
    g_free(request->rsalt);
    memset(request, 0, sizeof(*request));
}

void confd_reply_clear(struct confd_reply *reply)
{
    json_unref(reply->answer);
    memset(reply, 0, sizeof(*reply));
}

/* ---- the signed envelope ---- */

/* Takes over msg. */
static GString *seal(GString *msg, enum json_style style, const char *key, const char *salt,
                     GError **errp)
{
    g_autoptr(GString) text = msg;
    g_autofree char *hmac = hmac_sha1(key, salt, text->str, (gssize)text->len);
    GString *packet = g_string_new(C_CONFD_MAGIC_FOURCC);
    struct json_writer w = json_writer_init(packet, style);

    json_write_object_begin(&w);
    json_write_key(&w, "hmac");
    json_write_string(&w, hmac);
    json_write_key(&w, "msg");
    json_write_string_len(&w, text->str, text->len);
    json_write_key(&w, "salt");
    json_write_string(&w, salt);
    json_write_object_end(&w);
    if (packet->len > C_MAX_UDP_DATA_SIZE) {
        (void)g_string_free(packet, TRUE);
        g_set_error(errp, CONFD_PACKET_ERROR, CONFD_PACKET_ERROR_SIZE,
                    "a packet may have %d bytes only", C_MAX_UDP_DATA_SIZE);
        return NULL;
    }
    return packet;
}

/* A text without NUL bytes, borrowed; NULL if the member is none. */
static const char *get_text(const struct json *object, const char *name)
{
    const struct json *value = json_get(object, name);

    if (json_kind(value) != JSON_STRING || strlen(json_string(value)) != json_string_len(value)) {
        return NULL;
    }
    return json_string(value);
}

static bool get_int(const struct json *object, const char *name, int64_t *ret)
{
    const struct json *value = json_get(object, name);

    if (json_kind(value) != JSON_INT) {
        return false;
    }
    *ret = json_int(value);
    return true;
}

/* The enumerator of a number on the wire, -1 if there is none. */
static int get_enum(const struct json *object, const char *name, const struct fact_enum *words)
{
    char word[G_ASCII_DTOSTR_BUF_SIZE];
    int64_t number;

    if (!get_int(object, name, &number)) {
        return -1;
    }
    g_snprintf(word, sizeof(word), "%" G_GINT64_FORMAT, (gint64)number);
    return fact_enum_find(words, word);
}

static bool parse_object(const char *text, size_t len, struct json **ret, GError **errp)
{
    GError *error = NULL;

    *ret = NULL;
    if (!json_parse(text, (gssize)len, ret, &error)) {
        g_set_error(errp, CONFD_PACKET_ERROR, CONFD_PACKET_ERROR_FORMAT, "not JSON: %s",
                    error->message);
        g_error_free(error);
        return false;
    }
    if (json_kind(*ret) != JSON_OBJECT) {
        json_unref(*ret);
        *ret = NULL;
        return fail(errp, CONFD_PACKET_ERROR_FORMAT, "not a JSON object");
    }
    return true;
}

/* Nothing of the message is looked at before its signature is known to be good. */
static bool open_sealed(const char *packet, size_t len, const char *key, char **ret_salt,
                        struct json **ret_msg, GError **errp)
{
    const size_t magic = strlen(C_CONFD_MAGIC_FOURCC);
    CLEANUP(json_unrefp) struct json *envelope = NULL;
    const struct json *msg;
    const char *salt, *hmac;

    if (len > C_MAX_UDP_DATA_SIZE) {
        return fail(errp, CONFD_PACKET_ERROR_SIZE, "larger than a packet may be");
    }
    if (len < magic || memcmp(packet, C_CONFD_MAGIC_FOURCC, magic) != 0) {
        return fail(errp, CONFD_PACKET_ERROR_MAGIC, "not a packet of ganeti-confd");
    }
    if (!parse_object(packet + magic, len - magic, &envelope, errp)) {
        return false;
    }
    msg = json_get(envelope, "msg");
    salt = get_text(envelope, "salt");
    hmac = get_text(envelope, "hmac");
    if (json_kind(msg) != JSON_STRING || salt == NULL || hmac == NULL) {
        return fail(errp, CONFD_PACKET_ERROR_FORMAT, "msg, salt and hmac must be texts");
    }
    if (!hmac_sha1_verify(key, salt, json_string(msg), (gssize)json_string_len(msg), hmac)) {
        return fail(errp, CONFD_PACKET_ERROR_SIGNATURE,
                    "the signature does not fit; do both sides have the same key?");
    }
    if (!parse_object(json_string(msg), json_string_len(msg), ret_msg, errp)) {
        return false;
    }
    *ret_salt = g_strdup(salt);
    return true;
}

/* ---- requests ---- */

/* ASCII only, as the reference's Python client writes: its daemon signs characters, not bytes, and
 * answers nothing else. */
GString *confd_request_pack(const struct confd_request *request, const char *key, int64_t now,
                            GError **errp)
{
    g_autofree char *salt = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)now);
    GString *msg = g_string_new(NULL);
    struct json_writer w = json_writer_init(msg, JSON_PYTHON);

    json_write_object_begin(&w);
    json_write_key(&w, "protocol");
    json_write_int(&w, request->protocol);
    json_write_key(&w, "type");
    json_write_int(&w, fact_enum_number(&fact_enum_confd_request_type, (int)request->type));
    json_write_key(&w, "query");
    json_write_value(&w, request->query);
    json_write_key(&w, "rsalt");
    json_write_string(&w, request->rsalt);
    json_write_object_end(&w);
    return seal(msg, JSON_PYTHON, key, salt, errp);
}

static bool decode_request(const struct json *msg, struct confd_request *ret, GError **errp)
{
    int type = get_enum(msg, "type", &fact_enum_confd_request_type);
    const char *rsalt = get_text(msg, "rsalt");
    int64_t protocol;

    if (type < 0 || rsalt == NULL || !get_int(msg, "protocol", &protocol)) {
        return fail(errp, CONFD_PACKET_ERROR_FORMAT,
                    "a request has a protocol, a known type and a salt for the reply");
    }
    *ret = (struct confd_request){
        .type = (enum confd_request_type)type,
        .query = json_ref(json_get(msg, "query")),
        .rsalt = g_strdup(rsalt),
        .protocol = protocol,
    };
    return true;
}

bool confd_request_unpack(const char *packet, size_t len, const char *key, int64_t now,
                          struct confd_request *ret, GError **errp)
{
    CLEANUP(json_unrefp) struct json *msg = NULL;
    g_autofree char *salt = NULL;
    int64_t sent;

    if (!open_sealed(packet, len, key, &salt, &msg, errp)) {
        return false;
    }
    if (!parse_int64(salt, now - C_CONFD_MAX_CLOCK_SKEW, now + C_CONFD_MAX_CLOCK_SKEW, &sent,
                     NULL)) {
        return fail(errp, CONFD_PACKET_ERROR_SALT,
                    "the request is of another time; are the clocks of both nodes right?");
    }
    return decode_request(msg, ret, errp);
}

/* ---- replies ---- */

GString *confd_reply_pack(const struct confd_reply *reply, const char *key, const char *rsalt,
                          GError **errp)
{
    GString *msg = g_string_new(NULL);
    struct json_writer w = json_writer_init(msg, JSON_COMPACT);

    json_write_object_begin(&w);
    json_write_key(&w, "protocol");
    json_write_int(&w, reply->protocol);
    json_write_key(&w, "status");
    json_write_int(&w, fact_enum_number(&fact_enum_confd_reply_status, (int)reply->status));
    json_write_key(&w, "answer");
    json_write_value(&w, reply->answer);
    json_write_key(&w, "serial");
    json_write_int(&w, reply->serial);
    json_write_object_end(&w);
    return seal(msg, JSON_COMPACT, key, rsalt, errp);
}

bool confd_reply_unpack(const char *packet, size_t len, const char *key, const char *rsalt,
                        struct confd_reply *ret, GError **errp)
{
    CLEANUP(json_unrefp) struct json *msg = NULL;
    g_autofree char *salt = NULL;
    int64_t protocol, serial;
    int status;

    if (!open_sealed(packet, len, key, &salt, &msg, errp)) {
        return false;
    }
    if (strcmp(salt, rsalt) != 0) {
        return fail(errp, CONFD_PACKET_ERROR_SALT, "the reply belongs to another request");
    }
    status = get_enum(msg, "status", &fact_enum_confd_reply_status);
    if (status < 0 || !get_int(msg, "protocol", &protocol) || !get_int(msg, "serial", &serial)) {
        return fail(errp, CONFD_PACKET_ERROR_FORMAT,
                    "a reply has a protocol, a known status and a serial number");
    }
    *ret = (struct confd_reply){
        .status = (enum confd_reply_status)status,
        .answer = json_ref(json_get(msg, "answer")),
        .serial = serial,
        .protocol = protocol,
    };
    return true;
}
