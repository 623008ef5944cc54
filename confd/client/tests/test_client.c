#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "base/tests/unit.h"
#include "confd/client/client.h"
#include "facts/errors.h"

#define KEY "secret\n"

/* Daemons on 127.0.0.1, .2 and .3, all on the port that the first of them was given. A thread
 * answers each request once as its script says. */
enum { SERVERS = 3, PACKET = 65536 };
struct script {
    bool silent, wrong_key, wrong_salt;
    enum confd_reply_status status;
    int64_t serial;
};
static int fds[SERVERS];
static unsigned port;
static struct script scripts[SERVERS];

static int open_server(int number)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)number);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    port = ntohs(address.sin_port);
    return fd;
}

static void setup(void)
{
    port = 0;
    memset(scripts, 0, sizeof(scripts));
    for (int i = 0; i < SERVERS; i++) {
        fds[i] = open_server(i);
    }
}

static void teardown(void)
{
    for (int i = 0; i < SERVERS; i++) {
        close(fds[i]);
    }
}

static void answer(int number, const struct confd_request *request, const struct sockaddr *to,
                   socklen_t size)
{
    const struct script *script = &scripts[number];
    CLEANUP(json_unrefp) struct json *value = json_new_int(number);
    struct confd_reply reply = {
        .status = script->status, .answer = value, .serial = script->serial, .protocol = 1};
    g_autoptr(GString) packet =
        confd_reply_pack(&reply, script->wrong_key ? "other" : KEY,
                         script->wrong_salt ? "other" : request->rsalt, NULL);

    (void)sendto(fds[number], packet->str, packet->len, 0, to, size);
}

static void *serve(void *data)
{
    int number = GPOINTER_TO_INT(data);
    g_autofree char *packet = g_malloc(PACKET);
    struct sockaddr_storage from;
    socklen_t size = sizeof(from);
    ssize_t len = recvfrom(fds[number], packet, PACKET, 0, (struct sockaddr *)&from, &size);
    struct confd_request request;

    if (len > 0 && confd_request_unpack(packet, (size_t)len, KEY,
                                        g_get_real_time() / G_USEC_PER_SEC, &request, NULL)) {
        answer(number, &request, (struct sockaddr *)&from, size);
        confd_request_clear(&request);
    }
    return NULL;
}

static bool ask(unsigned servers, unsigned timeout_ms, struct confd_reply *reply, GError **errp)
{
    static const char *const all[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3", NULL};
    const char *addresses[SERVERS + 1] = {NULL};
    GThread *threads[SERVERS] = {NULL};
    const struct confd_question question = {.type = CONFD_REQ_PING, .timeout_ms = timeout_ms};
    struct confd_client *client;
    bool good;

    memcpy(addresses, all, servers * sizeof(all[0]));
    client = confd_client_new(KEY, addresses, port, errp);
    ck_assert_ptr_nonnull(client);
    for (unsigned i = 0; i < servers; i++) {
        if (!scripts[i].silent) {
            threads[i] = g_thread_new("confd", serve, GINT_TO_POINTER((int)i));
        }
    }
    good = confd_client_ask(client, &question, reply, errp);
    for (unsigned i = 0; i < servers; i++) {
        if (threads[i] != NULL) {
            (void)g_thread_join(threads[i]);
        }
    }
    confd_client_free(client);
    return good;
}

enum { LONG_MS = 30000, SHORT_MS = 50 };

START_TEST(the_newest_answer_wins)
{
    struct confd_reply reply;

    scripts[0].serial = 8;
    scripts[1].serial = 9;
    ck_assert(ask(2, LONG_MS, &reply, NULL));
    ck_assert_int_eq(json_int(reply.answer), 1);
    ck_assert_int_eq(reply.serial, 9);
    confd_reply_clear(&reply);
}
END_TEST

START_TEST(an_answer_wins_over_an_error)
{
    struct confd_reply reply;

    scripts[0].status = CONFD_REPLY_ERROR;
    scripts[0].serial = 100;
    ck_assert(ask(2, LONG_MS, &reply, NULL));
    ck_assert_int_eq(reply.status, CONFD_REPLY_OK);
    ck_assert_int_eq(json_int(reply.answer), 1);
    confd_reply_clear(&reply);
}
END_TEST

START_TEST(two_of_three_are_enough)
{
    struct confd_reply reply;

    scripts[1].silent = true;
    ck_assert(ask(3, LONG_MS, &reply, NULL));
    ck_assert_int_eq(reply.status, CONFD_REPLY_OK);
    confd_reply_clear(&reply);
}
END_TEST

START_TEST(what_came_is_used_after_the_timeout)
{
    struct confd_reply reply;

    scripts[0].serial = 3;
    scripts[1].silent = true;
    ck_assert(ask(2, 1000, &reply, NULL));
    ck_assert_int_eq(reply.serial, 3);
    confd_reply_clear(&reply);
}
END_TEST

START_TEST(no_answer_is_an_error)
{
    g_autoptr(GError) error = NULL;
    struct confd_reply reply;

    scripts[0].silent = true;
    ck_assert(!ask(1, SHORT_MS, &reply, &error));
    ck_assert(err_is(error, ERR_CONFD_CLIENT));
    ck_assert_ptr_nonnull(strstr(error->message, "127.0.0.1"));
}
END_TEST

START_TEST(packets_of_others_are_no_answer)
{
    g_autoptr(GError) error = NULL;
    struct confd_reply reply;

    scripts[0].wrong_key = true;
    scripts[1].wrong_salt = true;
    ck_assert(!ask(2, 1000, &reply, &error));
    ck_assert(err_is(error, ERR_CONFD_CLIENT));
    ck_assert_ptr_nonnull(strstr(error->message, "no usable answer"));
}
END_TEST

START_TEST(bad_addresses_are_refused)
{
    static const char *const lists[][3] = {{NULL}, {"node1", NULL}, {"127.0.0.1", "::1", NULL}};

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(confd_client_new(KEY, lists[i], 0, &error));
        ck_assert(err_is(error, ERR_CONFD_CLIENT));
    }
}
END_TEST

START_TEST(needed_answers)
{
    static const unsigned needed[] = {0, 1, 2, 2, 3, 3, 4, 4, 5};

    for (unsigned i = 0; i < G_N_ELEMENTS(needed); i++) {
        ck_assert_uint_eq(confd_client_needed(i), needed[i]);
    }
}
END_TEST

UNIT_MAIN_FIXTURE("confd client", setup, teardown, the_newest_answer_wins,
                  an_answer_wins_over_an_error, two_of_three_are_enough,
                  what_came_is_used_after_the_timeout, no_answer_is_an_error,
                  packets_of_others_are_no_answer, bad_addresses_are_refused, needed_answers)
