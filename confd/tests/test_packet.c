#include "config.h"

#include <string.h>

#include "base/hmac.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "confd/proto/packet.h"
#include "facts/codec.h"
#include "facts/errors.h"

static const char key[] = "0123456789abcdef";

/* The digest was made with Python. */
static const char packed_request[] =
    "plj0{\"msg\": \"{\\\"protocol\\\": 1, \\\"type\\\": 7, \\\"query\\\": \\\"node1\\\", "
    "\\\"rsalt\\\": \\\"salt\\\"}\", \"salt\": \"1700000000\", \"hmac\": "
    "\"2a421e485034121fc6ec4edf7520d43f844f6c35\"}";

START_TEST(requests_are_signed)
{
    CLEANUP(json_unrefp) struct json *query = json_new_string("node1");
    g_autoptr(GString) packet =
        confd_request_pack(CONFD_REQ_NODE_DRBD, query, "salt", 1700000000, key);

    ck_assert_str_eq(packet->str, packed_request);
}
END_TEST

/* A reply as a server packs it. */
static char *pack_reply(const char *message, const char *salt)
{
    g_autofree char *digest = hmac_sha1(key, salt, message, -1);
    g_autofree char *escaped = g_strescape(message, NULL);

    return g_strdup_printf("plj0{\"msg\": \"%s\", \"salt\": \"%s\", \"hmac\": \"%s\"}", escaped,
                           salt, digest);
}

START_TEST(replies_are_read)
{
    g_autofree char *packet =
        pack_reply("{\"protocol\": 1, \"status\": 0, \"answer\": [1], \"serial\": 5}", "s");
    g_autoptr(GError) error = NULL;
    struct confd_reply *reply = confd_reply_unpack(packet, strlen(packet), "s", key, &error);

    ck_assert(error == NULL);
    ck_assert_int_eq(reply->status, 0);
    ck_assert_int_eq(reply->serial, 5);
    ck_assert_uint_eq(json_len(reply->answer), 1);
    fact_object_free(&fact_object_confd_reply, reply);
}
END_TEST

START_TEST(what_is_not_the_reply_is_refused)
{
    static const char good[] = "{\"protocol\": 1, \"status\": 0, \"answer\": 1, \"serial\": 5}";
    g_autofree char *packet = pack_reply(good, "s");
    g_autofree char *incomplete = pack_reply("{\"protocol\": 1}", "s");
    const struct {
        const char *packet, *salt, *key;
    } cases[] = {
        {packet, "other", key},
        {packet, "s", "other key"},
        {packet + 1, "s", key},
        {incomplete, "s", key},
        {"plj0", "s", key},
        {"plj0[]", "s", key},
        {"plj0{\"msg\": 1}", "s", key},
        {"", "s", key},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert(confd_reply_unpack(cases[i].packet, strlen(cases[i].packet), cases[i].salt,
                                     cases[i].key, &error) == NULL);
        ck_assert(error != NULL);
    }
}
END_TEST

UNIT_MAIN("packet", requests_are_signed, replies_are_read, what_is_not_the_reply_is_refused)
