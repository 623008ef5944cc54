#include "config.h"

#include "noded/storage/drbd/show.h"

#include <string.h>

#include "base/parse.h"
#include "noded/storage/bdev-common.h"

enum { MAX_DEPTH = 8, MAX_WORDS = 16, MAX_PORT = 65535, MAX_SHOWN = 40 };

struct parser {
    const char *p;
    struct drbd_show *show;
    GPtrArray *sections; /* first words of the sections around the present place */
    GPtrArray *words;    /* of the statement so far */
};

static bool bad(GError **errp, const char *what, const char *where)
{
    return bdev_fail(errp, "cannot read the output of 'drbdsetup show': %s at '%.*s'", what,
                     MAX_SHOWN, where);
}

/* --- Tokens -------------------------------------------------------------------------------------
 */

enum token {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_SEMICOLON,
    TOKEN_BAD,
};

static const char blanks[] = " \t\r\n";

static void skip_blanks(struct parser *parser)
{
    for (;;) {
        parser->p += strspn(parser->p, blanks);
        if (*parser->p != '#') {
            return;
        }
        parser->p += strcspn(parser->p, "\n");
    }
}

/* A word is added to parser->words. */
static enum token next(struct parser *parser)
{
    const char *start;
    size_t len;

    skip_blanks(parser);
    start = parser->p;
    switch (*start) {
    case '\0':
        return TOKEN_END;
    case '{':
        parser->p++;
        return TOKEN_OPEN;
    case '}':
        parser->p++;
        return TOKEN_CLOSE;
    case ';':
        parser->p++;
        return TOKEN_SEMICOLON;
    case '"':
        start++;
        len = strcspn(start, "\"\n");
        if (start[len] != '"') {
            return TOKEN_BAD;
        }
        parser->p = start + len + 1;
        break;
    default:
        len = strcspn(start, " \t\r\n{};\"#");
        parser->p = start + len;
        break;
    }
    if (parser->words->len >= MAX_WORDS) {
        return TOKEN_BAD;
    }
    g_ptr_array_add(parser->words, g_strndup(start, len));
    return TOKEN_WORD;
}

/* --- Statements ---------------------------------------------------------------------------------
 */

static const char *word(const struct parser *parser, guint index)
{
    return index < parser->words->len ? g_ptr_array_index(parser->words, index) : "";
}

/* Name of the section that many levels up, 0 the innermost. */
static const char *section(const struct parser *parser, guint up)
{
    return up < parser->sections->len
               ? g_ptr_array_index(parser->sections, parser->sections->len - 1 - up)
               : "";
}

static void keep(char **slot, const char *text)
{
    g_free(*slot);
    *slot = g_strdup(text);
}

/* "192.0.2.1:11000", "[2001:db8::1]:11000" */
static bool parse_address(const char *text, char **ret_address, int *ret_port)
{
    const char *colon = strrchr(text, ':');
    bool brackets = *text == '[';
    const char *begin = text + brackets, *end = colon;

    if (colon == NULL || !parse_int(colon + 1, 0, MAX_PORT, ret_port, NULL)) {
        return false;
    }
    if (brackets && (end == begin || *--end != ']')) {
        return false;
    }
    if (end <= begin) {
        return false;
    }
    g_free(*ret_address);
    *ret_address = g_strndup(begin, (gsize)(end - begin));
    return true;
}

/* host: "_this_host" or another; the address is the last word, its family may be missing. */
static bool keep_address(struct parser *parser, const char *host)
{
    struct drbd_show *show = parser->show;
    const char *address = word(parser, parser->words->len - 1);

    if (strcmp(host, "_this_host") == 0) {
        return parse_address(address, &show->local, &show->local_port);
    }
    if (strcmp(host, "_remote_host") == 0) {
        return parse_address(address, &show->remote, &show->remote_port);
    }
    return true;
}

/* "meta-disk DEVICE;" or, with an index, "meta-disk DEVICE [ N ];" */
static bool keep_meta(struct parser *parser)
{
    GString *index = g_string_new(NULL);
    bool ok = parser->words->len > 1;

    for (guint i = 2; i < parser->words->len; i++) {
        g_string_append(index, word(parser, i));
    }
    if (ok) {
        keep(&parser->show->meta, word(parser, 1));
    }
    if (ok && index->len > 2 && index->str[0] == '[') {
        g_string_truncate(index, index->len - 1);
        ok = parse_int(index->str + 1, 0, G_MAXINT, &parser->show->meta_index, NULL);
    }
    g_string_free(index, TRUE);
    return ok;
}

static bool take_statement(struct parser *parser)
{
    const char *name = word(parser, 0);

    if (strcmp(name, "address") == 0) {
        return keep_address(parser, section(parser, 0));
    }
    if (strcmp(section(parser, 0), "path") == 0) {
        return keep_address(parser, name);
    }
    if (strcmp(section(parser, 0), "volume") == 0 &&
        strcmp(section(parser, 1), "_this_host") == 0) {
        if (strcmp(name, "disk") == 0 && parser->words->len == 2) {
            /* The tools of 9 tell so of a device without a disk. */
            if (strcmp(word(parser, 1), "none") != 0) {
                keep(&parser->show->data, word(parser, 1));
            }
        } else if (strcmp(name, "meta-disk") == 0) {
            return keep_meta(parser);
        }
    }
    return true;
}

static bool enter(struct parser *parser)
{
    if (parser->words->len == 0 || parser->sections->len >= MAX_DEPTH) {
        return false;
    }
    g_ptr_array_add(parser->sections, g_strdup(word(parser, 0)));
    return true;
}

static bool leave(struct parser *parser)
{
    if (parser->words->len != 0 || parser->sections->len == 0) {
        return false;
    }
    g_ptr_array_set_size(parser->sections, (gint)parser->sections->len - 1);
    return true;
}

static bool take_token(struct parser *parser, enum token token, const char *where, GError **errp)
{
    bool ok = true;

    switch (token) {
    case TOKEN_WORD:
        return true;
    case TOKEN_OPEN:
        ok = enter(parser);
        break;
    case TOKEN_CLOSE:
        ok = leave(parser);
        break;
    case TOKEN_SEMICOLON:
        ok = parser->words->len > 0 && take_statement(parser);
        break;
    case TOKEN_BAD:
    case TOKEN_END:
        ok = false;
        break;
    }
    g_ptr_array_set_size(parser->words, 0);
    return ok || bad(errp, "unexpected text", where);
}

static bool parse(struct parser *parser, GError **errp)
{
    for (;;) {
        const char *where = parser->p;
        enum token token = next(parser);

        if (token == TOKEN_END) {
            break;
        }
        if (!take_token(parser, token, where, errp)) {
            return false;
        }
    }
    return (parser->sections->len == 0 && parser->words->len == 0) ||
           bad(errp, "it ends too early", "");
}

struct drbd_show *drbd_show_parse(const char *text, GError **errp)
{
    CLEANUP(drbd_show_freep) struct drbd_show *show = g_new0(struct drbd_show, 1);
    g_autoptr(GPtrArray) sections = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    struct parser parser = {.p = text, .show = show, .sections = sections, .words = words};

    show->meta_index = -1;
    return parse(&parser, errp) ? g_steal_pointer(&show) : NULL;
}

void drbd_show_free(struct drbd_show *show)
{
    if (show == NULL) {
        return;
    }
    g_free(show->data);
    g_free(show->meta);
    g_free(show->local);
    g_free(show->remote);
    g_free(show);
}
