#include "config.h"

#include "base/json-scan.h"

#include <string.h>

#include "base/json.h"

static bool fail(struct json_scan *scan, const char *expected, GError **errp)
{
    g_set_error(errp, JSON_ERROR, JSON_ERROR_SYNTAX, "expected %s at byte %zu", expected, scan->at);
    json_scan_end(scan);
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next character that is no blank; NUL at the end. */
static char peek(struct json_scan *scan)
{
    while (scan->at < scan->len && is_blank(scan->text[scan->at])) {
        scan->at++;
    }
    return scan->at < scan->len ? scan->text[scan->at] : '\0';
}

/* Whether the character at `at` has an odd number of backslashes before it, back to `start`. */
static bool is_escaped(const char *start, const char *at)
{
    size_t n = 0;

    while (at - n > start && at[-1 - (gssize)n] == '\\') {
        n++;
    }
    return n % 2 == 1;
}

/* From an opening quote to behind the closing one. */
static bool skip_string(struct json_scan *scan)
{
    const char *start = &scan->text[scan->at + 1], *end = &scan->text[scan->len];
    const char *quote = start;

    for (;;) {
        quote = memchr(quote, '"', (size_t)(end - quote));
        if (quote == NULL) {
            scan->at = scan->len;
            return false;
        }
        if (!is_escaped(start, quote)) {
            scan->at = (size_t)(quote + 1 - scan->text);
            return true;
        }
        quote++;
    }
}

/* From an opening bracket to behind the one that closes it. */
static bool skip_container(struct json_scan *scan)
{
    const char *text = scan->text;
    size_t depth = 0, at = scan->at;

    while (at < scan->len) {
        char c = text[at];

        if (c == '"') {
            scan->at = at;
            if (!skip_string(scan)) {
                return false;
            }
            at = scan->at;
            continue;
        }
        at++;
        if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            scan->at = at;
            return true;
        }
    }
    scan->at = at;
    return false;
}

static bool skip_value(struct json_scan *scan)
{
    size_t start = scan->at;

    switch (peek(scan)) {
    case '"':
        return skip_string(scan);
    case '{':
    case '[':
        return skip_container(scan);
    default:
        while (scan->at < scan->len && strchr(",}] \t\r\n", scan->text[scan->at]) == NULL) {
            scan->at++;
        }
        return scan->at > start;
    }
}

bool json_scan_is_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!g_ascii_isprint(text[i]) || text[i] == '\\' || text[i] == '"') {
            return false;
        }
    }
    return true;
}

static bool take_key(struct json_scan *scan, GError **errp)
{
    size_t start = scan->at;
    struct json *key = NULL;

    if (!skip_string(scan)) {
        return fail(scan, "the end of a name", errp);
    }
    g_free(scan->key);
    /* Names are hardly ever anything else. */
    if (json_scan_is_plain(&scan->text[start + 1], scan->at - start - 2)) {
        scan->key = g_strndup(&scan->text[start + 1], scan->at - start - 2);
        return true;
    }
    scan->key = NULL;
    if (!json_parse(&scan->text[start], (gssize)(scan->at - start), &key, errp)) {
        json_scan_end(scan);
        return false;
    }
    scan->key = g_strdup(json_string(key));
    json_unref(key);
    return true;
}

bool json_scan_begin(struct json_scan *scan, const char *text, size_t len, GError **errp)
{
    *scan = (struct json_scan){.text = text, .len = len, .close = '}', .first = true};
    if (peek(scan) != '{') {
        return fail(scan, "an object", errp);
    }
    scan->at++;
    return true;
}

bool json_scan_begin_array(struct json_scan *scan, const char *text, size_t len, GError **errp)
{
    *scan = (struct json_scan){.text = text, .len = len, .close = ']', .first = true};
    if (peek(scan) != '[') {
        return fail(scan, "an array", errp);
    }
    scan->at++;
    return true;
}

static bool finish(struct json_scan *scan, GError **errp)
{
    scan->at++;
    (void)peek(scan);
    if (scan->at < scan->len) {
        return fail(scan, "the end of the text", errp);
    }
    json_scan_end(scan);
    scan->complete = true;
    return false;
}

/* The name of a member and what stands between it and its value. */
static bool take_name(struct json_scan *scan, GError **errp)
{
    if (peek(scan) != '"') {
        return fail(scan, "the name of a member", errp);
    }
    if (!take_key(scan, errp)) {
        return false;
    }
    if (peek(scan) != ':') {
        return fail(scan, "\":\"", errp);
    }
    scan->at++;
    return true;
}

bool json_scan_next(struct json_scan *scan, GError **errp)
{
    bool array = scan->close == ']';

    /* A comma right after the bracket, or the bracket after a comma, is no value: found below. */
    if (peek(scan) == scan->close) {
        return finish(scan, errp);
    }
    if (!scan->first) {
        if (peek(scan) != ',') {
            return fail(scan, array ? "\",\" or \"]\"" : "\",\" or \"}\"", errp);
        }
        scan->at++;
    }
    scan->first = false;
    if (!array && !take_name(scan, errp)) {
        return false;
    }
    (void)peek(scan);
    scan->value = &scan->text[scan->at];
    if (!skip_value(scan)) {
        return fail(scan, "a value that ends", errp);
    }
    scan->value_len = (size_t)(&scan->text[scan->at] - scan->value);
    return true;
}

void json_scan_end(struct json_scan *scan)
{
    g_free(scan->key);
    scan->key = NULL;
}
