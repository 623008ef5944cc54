/* query-config: parts of the configuration by their JSON paths, from a confd daemon (the
 * reference's tools/query-config). */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli-compat/core/pyrepr.h"
#include "compat-config/paths/paths.h"
#include "confd/client/client.h"

/* What the reference's tool waits for one answer. */
enum { TIMEOUT_MS = 1000, USAGE_ERROR = 2 };

static const char usage[] = "Usage: query-config [--address=IP] [--hmac=KEY] PATH [PATH...]\n";
static const char help[] =
    "\n"
    "Asks ganeti-confd for parts of the configuration, such as /cluster/cluster_name, and prints\n"
    "each path with its value. A number in the place of a value is confd's error:\n"
    "2 stands for a path that is not there.\n"
    "\n"
    "Options:\n"
    "  -h, --help            show this help message and exit\n"
    "      --version         show the version and exit\n"
    "  -a, --address=IP      ask this server (127.0.0.1)\n"
    "      --hmac=KEY        sign with this key instead of the one of this node's key file\n";

enum { OPTION_HMAC = 0x100, OPTION_VERSION };

static const struct option long_options[] = {
    {"address", required_argument, NULL, 'a'},
    {"help", no_argument, NULL, 'h'},
    {"hmac", required_argument, NULL, OPTION_HMAC},
    {"version", no_argument, NULL, OPTION_VERSION},
    {0},
};

struct options {
    const char *address;
    const char *hmac;
};

/* Returns -1 to go on, else the exit code. */
static int parse_options(int argc, char **argv, struct options *ret)
{
    int c;

    while ((c = getopt_long(argc, argv, "a:h", long_options, NULL)) >= 0) {
        switch (c) {
        case 'a':
            ret->address = optarg;
            break;
        case OPTION_HMAC:
            ret->hmac = optarg;
            break;
        case 'h':
            printf("%s%s", usage, help);
            return 0;
        case OPTION_VERSION:
            puts("query-config (" PACKAGE_NAME ") " PACKAGE_VERSION);
            return 0;
        default:
            fputs(usage, stderr);
            return USAGE_ERROR;
        }
    }
    if (optind == argc) {
        fputs(usage, stderr);
        return USAGE_ERROR;
    }
    return -1;
}

static struct confd_client *connect_client(const struct options *options, GError **errp)
{
    const char *addresses[] = {options->address, NULL};
    g_autofree char *key = options->hmac != NULL ? g_strdup(options->hmac) : confd_key_read(errp);

    return key == NULL ? NULL : confd_client_new(key, addresses, 0, errp);
}

static char *ask(struct confd_client *client, const char *path, GError **errp)
{
    CLEANUP(json_unrefp) struct json *query = json_new_string(path);
    const struct confd_question question = {
        .type = CONFD_REQ_CONFIG_QUERY, .query = query, .timeout_ms = TIMEOUT_MS};
    struct confd_reply reply;
    char *text;

    if (!confd_client_ask(client, &question, &reply, errp)) {
        return NULL;
    }
    text = pyrepr_str(reply.answer);
    confd_reply_clear(&reply);
    return text;
}

/* One column of paths, padded to the longest. */
static bool run(struct confd_client *client, char **paths, GError **errp)
{
    g_autoptr(GString) out = g_string_new(NULL);
    glong longest = 0;

    for (size_t i = 0; paths[i] != NULL; i++) {
        if (!g_utf8_validate(paths[i], -1, NULL)) {
            g_set_error(errp, G_CONVERT_ERROR, G_CONVERT_ERROR_ILLEGAL_SEQUENCE,
                        "path %zu is not UTF-8", i + 1);
            return false;
        }
        longest = MAX(longest, g_utf8_strlen(paths[i], -1));
    }
    for (size_t i = 0; paths[i] != NULL; i++) {
        g_autofree char *answer = ask(client, paths[i], errp);

        if (answer == NULL) {
            return false;
        }
        g_string_append_printf(out, "%s%*s\t%s\n", paths[i],
                               (int)(longest - g_utf8_strlen(paths[i], -1)), "", answer);
    }
    fputs(out->str, stdout);
    return true;
}

int main(int argc, char **argv)
{
    struct options options = {.address = "127.0.0.1"};
    CLEANUP(confd_client_freep) struct confd_client *client = NULL;
    g_autoptr(GError) error = NULL;
    int code = parse_options(argc, argv, &options);

    if (code >= 0) {
        return code;
    }
    if (!paths_init(&error) || (client = connect_client(&options, &error)) == NULL ||
        !run(client, argv + optind, &error)) {
        fprintf(stderr, "query-config: %s\n", error->message);
        return 1;
    }
    return 0;
}
