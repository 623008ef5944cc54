#include "config.h"

#include "confd/client/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/constants.h"
#include "facts/errors.h"

enum { MAX_KEY = 64 * 1024, MS = 1000 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct confd_client {
    char *key;
    char **names; /* of the peers */
    union address *peers;
    unsigned n;
    unsigned port;
};

/* ---- who is asked ---- */

static bool address_parse(const char *text, unsigned port, union address *ret)
{
    *ret = (union address){0};
    if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
        ret->v4.sin_family = AF_INET;
        ret->v4.sin_port = htons((uint16_t)port);
        return true;
    }
    if (inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1) {
        ret->v6.sin6_family = AF_INET6;
        ret->v6.sin6_port = htons((uint16_t)port);
        return true;
    }
    return false;
}

static socklen_t address_size(const union address *address)
{
    return address->any.sa_family == AF_INET ? sizeof(address->v4) : sizeof(address->v6);
}

static bool parse_peers(struct confd_client *client, GError **errp)
{
    for (unsigned i = 0; i < client->n; i++) {
        if (!address_parse(client->names[i], client->port, &client->peers[i])) {
            return err_fail(errp, ERR_CONFD_CLIENT, ECODE_NONE, "'%s' is not an IP address",
                            client->names[i]);
        }
        if (client->peers[i].any.sa_family != client->peers[0].any.sa_family) {
            return err_fail(errp, ERR_CONFD_CLIENT, ECODE_NONE,
                            "%s and %s are addresses of different families", client->names[0],
                            client->names[i]);
        }
    }
    return client->n > 0 ||
           err_fail(errp, ERR_CONFD_CLIENT, ECODE_NONE, "there is no address to ask");
}

struct confd_client *confd_client_new(const char *key, const char *const *addresses, unsigned port,
                                      GError **errp)
{
    struct confd_client *client = g_new0(struct confd_client, 1);

    client->key = g_strdup(key);
    client->names = g_strdupv((char **)addresses);
    client->n = g_strv_length(client->names);
    client->peers = g_new0(union address, client->n);
    client->port = port != 0 ? port : (unsigned)daemon_rows[DAEMON_confd].port;
    if (!parse_peers(client, errp)) {
        confd_client_free(client);
        return NULL;
    }
    return client;
}

char *confd_key_read(GError **errp)
{
    return fs_read_file(path_get(PATH_CONFD_HMAC_KEY), MAX_KEY, NULL, errp);
}

struct confd_client *confd_client_new_for_cluster(GError **errp)
{
    g_autofree char *dir = g_path_get_dirname(path_get(PATH_CLUSTER_CONF_FILE));
    g_autofree char *key = confd_key_read(errp);
    g_auto(GStrv) addresses = NULL;

    if (key == NULL) {
        return NULL;
    }
    addresses = ssconf_read_lines(dir, SSCONF_master_candidates_ips, errp);
    if (addresses == NULL) {
        return NULL;
    }
    return confd_client_new(key, (const char *const *)addresses, 0, errp);
}

void confd_client_free(struct confd_client *client)
{
    if (client == NULL) {
        return;
    }
    g_free(client->key);
    g_strfreev(client->names);
    g_free(client->peers);
    g_free(client);
}

/* The first n peers become a choice by lot, so that no candidate gets all questions. */
static void choose_peers(struct confd_client *client, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        unsigned j = (unsigned)g_random_int_range((gint32)i, (gint32)client->n);
        union address peer = client->peers[i];
        char *name = client->names[i];

        client->peers[i] = client->peers[j];
        client->names[i] = client->names[j];
        client->peers[j] = peer;
        client->names[j] = name;
    }
}

unsigned confd_client_needed(unsigned asked)
{
    enum { ALL_UP_TO = 2, ALL_BUT_ONE_UP_TO = 4 };

    if (asked <= ALL_UP_TO) {
        return asked;
    }
    return asked <= ALL_BUT_ONE_UP_TO ? asked - 1 : asked / 2 + 1;
}

/* ---- one question ---- */

struct round {
    const struct confd_client *client;
    int fd;
    char *rsalt;
    gint64 deadline;      /* monotonic, microseconds */
    GHashTable *answered; /* addresses */
    unsigned needed;
    bool have;
    struct confd_reply best;
    /* What came, but was no answer. */
    GError *refused;
};

static void round_clear(struct round *round)
{
    if (round->fd >= 0) {
        close(round->fd);
    }
    g_free(round->rsalt);
    g_hash_table_unref(round->answered);
    confd_reply_clear(&round->best);
    g_clear_error(&round->refused);
}

static bool fail_system(GError **errp, const char *what)
{
    return err_fail(errp, ERR_CONFD_CLIENT, ECODE_NONE, "%s: %s", what, g_strerror(errno));
}

/* A daemon that cannot be reached is like one that does not answer; an error only if nobody can be
 * reached. */
static bool send_to_all(struct round *round, const GString *packet, unsigned n, GError **errp)
{
    const struct confd_client *client = round->client;
    unsigned sent = 0;

    round->fd =
        socket(client->peers[0].any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (round->fd < 0) {
        return fail_system(errp, "cannot open a socket");
    }
    for (unsigned i = 0; i < n; i++) {
        const union address *peer = &client->peers[i];

        if (sendto(round->fd, packet->str, packet->len, 0, &peer->any, address_size(peer)) >= 0) {
            sent++;
        }
    }
    return sent > 0 || fail_system(errp, "cannot send to any confd daemon");
}

static bool is_better(const struct confd_reply *reply, const struct confd_reply *best)
{
    bool good = reply->status == CONFD_REPLY_OK;
    bool best_good = best->status == CONFD_REPLY_OK;

    return good != best_good ? good : reply->serial > best->serial;
}

/* Packets with a wrong signature or salt are somebody else's and are passed over, as the reference
 * does it; the reason is kept for the error if nothing better comes. */
static void take_packet(struct round *round, const char *packet, size_t len,
                        const union address *from)
{
    char host[INET6_ADDRSTRLEN] = "";
    struct confd_reply reply;

    if (!confd_reply_unpack(packet, len, round->client->key, round->rsalt, &reply,
                            round->refused == NULL ? &round->refused : NULL)) {
        return;
    }
    (void)inet_ntop(from->any.sa_family,
                    from->any.sa_family == AF_INET ? (const void *)&from->v4.sin_addr
                                                   : (const void *)&from->v6.sin6_addr,
                    host, sizeof(host));
    (void)g_hash_table_add(round->answered, g_strdup(host));
    if (round->have && !is_better(&reply, &round->best)) {
        confd_reply_clear(&reply);
        return;
    }
    confd_reply_clear(&round->best);
    round->best = reply;
    round->have = true;
}

static void take_packets(struct round *round)
{
    g_autofree char *packet = g_malloc(C_MAX_UDP_DATA_SIZE + 1);
    union address from = {0};
    socklen_t size = sizeof(from);
    ssize_t len;

    while ((len = recvfrom(round->fd, packet, C_MAX_UDP_DATA_SIZE + 1, 0, &from.any, &size)) >= 0) {
        take_packet(round, packet, (size_t)len, &from);
        size = sizeof(from);
    }
}

static void wait_for_answers(struct round *round)
{
    while (g_hash_table_size(round->answered) < round->needed) {
        gint64 left = round->deadline - g_get_monotonic_time();
        struct pollfd pollfd = {.fd = round->fd, .events = POLLIN};

        if (left <= 0) {
            return;
        }
        if (poll(&pollfd, 1, (int)((left + MS - 1) / MS)) > 0) {
            take_packets(round);
        }
    }
}

static bool fail_no_answer(const struct round *round, unsigned asked, GError **errp)
{
    const struct confd_client *client = round->client;

    if (round->refused != NULL) {
        return err_fail(errp, ERR_CONFD_CLIENT, ECODE_NONE, "no usable answer: %s",
                        round->refused->message);
    }
    if (asked == 1) {
        return err_fail(errp, ERR_CONFD_CLIENT, ECODE_NONE,
                        "no answer from %s port %u; does %s run there, with the same key?",
                        client->names[0], client->port, daemon_rows[DAEMON_confd].name);
    }
    return err_fail(errp, ERR_CONFD_CLIENT, ECODE_NONE,
                    "no answer from any of %u nodes; does %s run on the master candidates?", asked,
                    daemon_rows[DAEMON_confd].name);
}

static unsigned coverage_of(const struct confd_client *client, unsigned wanted)
{
    return MIN(wanted == 0 ? C_CONFD_DEFAULT_REQ_COVERAGE : wanted, client->n);
}

bool confd_client_ask(struct confd_client *client, const struct confd_question *question,
                      struct confd_reply *ret, GError **errp)
{
    unsigned n = coverage_of(client, question->coverage);
    unsigned timeout_ms =
        question->timeout_ms != 0 ? question->timeout_ms : C_CONFD_CLIENT_EXPIRE_TIMEOUT * MS;
    struct round round = {
        .client = client,
        .fd = -1,
        .rsalt = g_uuid_string_random(),
        .deadline = g_get_monotonic_time() + (gint64)timeout_ms * MS,
        .answered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .needed = confd_client_needed(n),
    };
    struct confd_request request = {
        .type = question->type,
        .query = question->query,
        .rsalt = round.rsalt,
        .protocol = C_CONFD_PROTOCOL_VERSION,
    };
    g_autoptr(GString) packet =
        confd_request_pack(&request, client->key, g_get_real_time() / G_USEC_PER_SEC, errp);
    bool good = packet != NULL;

    if (good) {
        choose_peers(client, n);
        good = send_to_all(&round, packet, n, errp);
    }
    if (good) {
        wait_for_answers(&round);
        good = round.have || fail_no_answer(&round, n, errp);
    }
    if (good) {
        *ret = round.best;
        round.best = (struct confd_reply){0};
    }
    round_clear(&round);
    return good;
}
