#include "config.h"

#include "noded/impexp/output.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include <glib.h>

#include "base/parse.h"

enum { MAX_PORT = 65535, MIB = 1024 * 1024 };

/* Cuts the next word off; NULL if there is none. */
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    size_t len = strcspn(word, " \t");

    if (len == 0) {
        return NULL;
    }
    *rest = word + len;
    if (**rest != '\0') {
        *(*rest)++ = '\0';
    }
    return word;
}

static bool take_prefix(char **text, const char *prefix)
{
    size_t len = strlen(prefix);

    if (strncasecmp(*text, prefix, len) != 0 || ((*text)[len] != ' ' && (*text)[len] != '\t')) {
        return false;
    }
    *text += len + strspn(*text + len, " \t");
    return true;
}

static bool is_address(int family, char *address)
{
    unsigned char packed[sizeof(struct in6_addr)];
    size_t len = strlen(address);

    if (family == AF_INET6 && len > 1 && address[0] == '[' && address[len - 1] == ']') {
        address[len - 1] = '\0';
        address++;
    }
    return (family == AF_INET || family == AF_INET6) && inet_pton(family, address, packed) == 1;
}

/* "listening on AF=2 0.0.0.0:40000" */
static bool parse_listening(const char *message, int *ret_port)
{
    g_autofree char *copy = g_strdup(message);
    char *rest = copy, *family_word, *address, *colon;
    int family;

    if (!take_prefix(&rest, "listening on")) {
        return false;
    }
    family_word = next_word(&rest);
    address = next_word(&rest);
    if (family_word == NULL || address == NULL || next_word(&rest) != NULL ||
        strncasecmp(family_word, "AF=", 3) != 0 ||
        !parse_int(family_word + 3, 0, G_MAXINT, &family, NULL)) {
        return false;
    }
    colon = strrchr(address, ':');
    if (colon == NULL) {
        return false;
    }
    *colon = '\0';
    return is_address(family, address) && parse_int(colon + 1, 1, MAX_PORT, ret_port, NULL);
}

static void judge(const char *level, char *message, struct socat_line *ret)
{
    if (strcmp(level, "N") != 0) {
        return;
    }
    if (parse_listening(message, &ret->port)) {
        ret->event = SOCAT_LISTENS;
    } else if (take_prefix(&message, "starting data transfer loop with FDs")) {
        ret->event = SOCAT_TRANSFERS;
    }
}

void socat_line_parse(const char *line, bool all, struct socat_line *ret)
{
    g_autofree char *copy = g_strdup(line);
    char *rest = copy, *level = NULL;
    int words = 0;

    *ret = (struct socat_line){.event = SOCAT_NOTHING};
    /* Date, time, program, level. */
    while (words < 4 && (level = next_word(&rest)) != NULL) {
        words++;
    }
    rest += strspn(rest, " \t");
    if (words < 4 || *rest == '\0') {
        ret->shown = g_strdup_printf("socat: %s", line);
        return;
    }
    judge(level, rest, ret);
    if (all || strlen(level) != 1 || strchr("DIN", *level) == NULL) {
        ret->shown = g_strdup_printf("socat: %s %s", level, rest);
    }
}

bool output_parse_size(const char *line, int64_t *ret_mib)
{
    g_autofree char *text = g_strstrip(g_strdup(line));
    int64_t bytes;

    if (!parse_int64(text, 0, INT64_MAX, &bytes, NULL)) {
        return false;
    }
    *ret_mib = bytes / MIB + (bytes % MIB >= MIB / 2 ? 1 : 0);
    return true;
}
