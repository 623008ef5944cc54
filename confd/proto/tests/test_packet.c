#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/tests/unit.h"
#include "confd/proto/packet.h"
#include "facts/constants.h"

/* Both packets were recorded from the reference: a request of its Python client, and its daemon's
 * reply. */
#define KEY  "898098db64444d50af5d4b96791e4c6ed6a8321c\n"
#define SENT 1795254645
static const char request_packet[] =
    "plj0{\"msg\": \"{\\\"protocol\\\": 1, \\\"type\\\": 1, \\\"query\\\": "
    "\\\"node1.lab.example\\\", "
    "\\\"rsalt\\\": \\\"c5b756e0-7049-415d-b3e4-05bd6ebe113c\\\"}\\n\", \"salt\": \"1795254645\", "
    "\"hmac\": \"653c403f6433661bd5a755d34dcb64850abbb013\"}\n";
static const char reply_packet[] =
    "plj0{\"hmac\":\"0282264ea8a973b4cb83eb749d1ce2da08df8a3d\",\"msg\":\"{\\\"protocol\\\":1,"
    "\\\"status\\\":0,\\\"answer\\\":0,\\\"serial\\\":19}\","
    "\"salt\":\"c5b756e0-7049-415d-b3e4-05bd6ebe113c\"}";
#define RSALT "c5b756e0-7049-415d-b3e4-05bd6ebe113c"

START_TEST(reads_the_references_request)
{
    struct confd_request request;

    ck_assert(confd_request_unpack(request_packet, strlen(request_packet), KEY, SENT + 1, &request,
                                   NULL));
    ck_assert_int_eq(request.type, CONFD_REQ_NODE_ROLE_BY_NAME);
    ck_assert_str_eq(json_string(request.query), "node1.lab.example");
    ck_assert_str_eq(request.rsalt, RSALT);
    ck_assert_int_eq(request.protocol, 1);
    confd_request_clear(&request);
}
END_TEST

START_TEST(answers_byte_for_byte)
{
    CLEANUP(json_unrefp) struct json *answer = json_new_int(0);
    struct confd_reply reply = {
        .status = CONFD_REPLY_OK, .answer = answer, .serial = 19, .protocol = 1};
    g_autoptr(GString) packet = confd_reply_pack(&reply, KEY, RSALT, NULL);

    ck_assert_str_eq(packet->str, reply_packet);
}
END_TEST

START_TEST(reads_the_references_reply)
{
    struct confd_reply reply;

    ck_assert(confd_reply_unpack(reply_packet, strlen(reply_packet), KEY, RSALT, &reply, NULL));
    ck_assert_int_eq(reply.status, CONFD_REPLY_OK);
    ck_assert_int_eq(json_int(reply.answer), 0);
    ck_assert_int_eq(reply.serial, 19);
    confd_reply_clear(&reply);
}
END_TEST

static void check_request_error(const char *packet, const char *key, int64_t now,
                                enum confd_packet_error code)
{
    g_autoptr(GError) error = NULL;
    struct confd_request request;

    ck_assert(!confd_request_unpack(packet, strlen(packet), key, now, &request, &error));
    ck_assert_msg(g_error_matches(error, CONFD_PACKET_ERROR, (int)code), "%s: %s", packet,
                  error->message);
}

START_TEST(refuses_other_times)
{
    struct confd_request request;
    const int64_t edge = C_CONFD_MAX_CLOCK_SKEW;

    for (int sign = -1; sign <= 1; sign += 2) {
        ck_assert(confd_request_unpack(request_packet, strlen(request_packet), KEY,
                                       SENT + sign * edge, &request, NULL));
        confd_request_clear(&request);
        check_request_error(request_packet, KEY, SENT + sign * (edge + 1), CONFD_PACKET_ERROR_SALT);
    }
}
END_TEST

START_TEST(refuses_what_is_no_packet)
{
    g_autofree char *changed = g_strdup(request_packet);

    check_request_error(request_packet, "another", SENT, CONFD_PACKET_ERROR_SIGNATURE);
    *strstr(changed, "node1") = 'm';
    check_request_error(changed, KEY, SENT, CONFD_PACKET_ERROR_SIGNATURE);
    check_request_error("", KEY, SENT, CONFD_PACKET_ERROR_MAGIC);
    check_request_error("plj", KEY, SENT, CONFD_PACKET_ERROR_MAGIC);
    check_request_error("plj1{}", KEY, SENT, CONFD_PACKET_ERROR_MAGIC);
    check_request_error("plj0", KEY, SENT, CONFD_PACKET_ERROR_FORMAT);
    check_request_error("plj0[]", KEY, SENT, CONFD_PACKET_ERROR_FORMAT);
    check_request_error("plj0{\"msg\":1,\"salt\":\"\",\"hmac\":\"\"}", KEY, SENT,
                        CONFD_PACKET_ERROR_FORMAT);
    check_request_error(reply_packet, KEY, SENT, CONFD_PACKET_ERROR_SALT);
}
END_TEST

START_TEST(refuses_the_reply_to_another_request)
{
    g_autoptr(GError) error = NULL;
    struct confd_reply reply;

    ck_assert(
        !confd_reply_unpack(reply_packet, strlen(reply_packet), KEY, "c5b756e0", &reply, &error));
    ck_assert(g_error_matches(error, CONFD_PACKET_ERROR, CONFD_PACKET_ERROR_SALT));
}
END_TEST

START_TEST(every_query_survives)
{
    for (int type = 0; type < (int)fact_enum_confd_request_type.n; type++) {
        CLEANUP(json_unrefp) struct json *query = json_new_string("\xc3\xa4 \"/\\");
        struct confd_request request = {.type = (enum confd_request_type)type,
                                        .query = type % 2 == 0 ? query : NULL,
                                        .rsalt = (char *)RSALT,
                                        .protocol = 1};
        g_autoptr(GString) packet = confd_request_pack(&request, KEY, SENT, NULL);
        struct confd_request again;

        ck_assert(confd_request_unpack(packet->str, packet->len, KEY, SENT, &again, NULL));
        ck_assert_int_eq(again.type, type);
        ck_assert(json_equal(again.query, request.query));
        ck_assert_str_eq(again.rsalt, RSALT);
        confd_request_clear(&again);
    }
}
END_TEST

START_TEST(refuses_too_large_packets)
{
    g_autofree char *text = g_strnfill(C_MAX_UDP_DATA_SIZE, 'x');
    CLEANUP(json_unrefp) struct json *answer = json_new_string(text);
    struct confd_reply reply = {.status = CONFD_REPLY_OK, .answer = answer, .protocol = 1};
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(confd_reply_pack(&reply, KEY, RSALT, &error));
    ck_assert(g_error_matches(error, CONFD_PACKET_ERROR, CONFD_PACKET_ERROR_SIZE));
}
END_TEST

UNIT_MAIN("packet", reads_the_references_request, answers_byte_for_byte, reads_the_references_reply,
          refuses_other_times, refuses_what_is_no_packet, refuses_the_reply_to_another_request,
          every_query_survives, refuses_too_large_packets)
