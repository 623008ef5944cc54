#include "config.h"

#include "base/json-writer.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/json.h"

struct json_writer json_writer_init(GString *out, enum json_style style)
{
    return (struct json_writer){.out = out, .style = style};
}

/* What must stand between the previous value and the next one. */
static void separate(struct json_writer *w)
{
    if (w->need_comma) {
        g_string_append(w->out, w->style == JSON_PYTHON ? ", " : ",");
    }
    w->need_comma = true;
}

static void open_container(struct json_writer *w, char bracket)
{
    separate(w);
    g_string_append_c(w->out, bracket);
    w->need_comma = false;
}

static void close_container(struct json_writer *w, char bracket)
{
    g_string_append_c(w->out, bracket);
    w->need_comma = true;
}

void json_write_object_begin(struct json_writer *w)
{
    open_container(w, '{');
}

void json_write_object_end(struct json_writer *w)
{
    close_container(w, '}');
}

void json_write_array_begin(struct json_writer *w)
{
    open_container(w, '[');
}

void json_write_array_end(struct json_writer *w)
{
    close_container(w, ']');
}

void json_write_key(struct json_writer *w, const char *key)
{
    json_write_string(w, key);
    g_string_append(w->out, w->style == JSON_PYTHON ? ": " : ":");
    w->need_comma = false;
}

void json_write_null(struct json_writer *w)
{
    json_write_raw(w, "null", 4);
}

void json_write_bool(struct json_writer *w, bool value)
{
    json_write_raw(w, value ? "true" : "false", value ? 4 : 5);
}

void json_write_int(struct json_writer *w, int64_t value)
{
    /* Lists are full of small numbers: the digits are made by hand. */
    char text[24];
    char *at = text + sizeof text;
    uint64_t rest = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        *--at = '-';
    }
    separate(w);
    g_string_append_len(w->out, at, text + sizeof text - at);
}

/* The shortest decimal digits that read back as the same double, and the exponent e of d.ddd *
 * 10^e. Fifteen digits survive the way through a double and back, so a shorter number shows as
 * fifteen digits with zeros at the end; only the denormal ones have less than that. */
static void shortest_digits(double value, char digits[32], int *exponent)
{
    char text[64];
    const char *mark;
    size_t n = 0;

    for (int precision = value < DBL_MIN ? 0 : DBL_DIG - 1; precision < 17; precision++) {
        g_snprintf(text, sizeof text, "%.*e", precision, value);
        if (g_ascii_strtod(text, NULL) == value) {
            break;
        }
    }
    mark = strchr(text, 'e');
    for (const char *p = text; p < mark; p++) {
        if (g_ascii_isdigit(*p)) {
            digits[n++] = *p;
        }
    }
    while (n > 1 && digits[n - 1] == '0') {
        n--;
    }
    digits[n] = '\0';
    *exponent = (int)g_ascii_strtoll(mark + 1, NULL, 10);
}

/* d.ddd without exponent, always with a decimal point. */
static void append_plain(GString *out, const char *digits, int exponent)
{
    int n = (int)strlen(digits);

    if (exponent < 0) {
        g_string_append(out, "0.");
        for (int i = -1; i > exponent; i--) {
            g_string_append_c(out, '0');
        }
        g_string_append(out, digits);
        return;
    }
    for (int i = 0; i <= exponent; i++) {
        g_string_append_c(out, i < n ? digits[i] : '0');
    }
    g_string_append_c(out, '.');
    g_string_append(out, exponent + 1 < n ? digits + exponent + 1 : "0");
}

/* Haskell's show for Double: plain for 0.1 <= |x| < 10^7, else d.ddde<exp> with at least one
 * decimal. */
static void append_haskell(GString *out, const char *digits, int exponent)
{
    if (exponent >= -1 && exponent < 7) {
        append_plain(out, digits, exponent);
        return;
    }
    g_string_append_printf(out, "%c.%se%d", digits[0], digits[1] == '\0' ? "0" : digits + 1,
                           exponent);
}

/* Python's repr for float: plain for 10^-4 <= |x| < 10^16, else d.ddde[+-]XX without a trailing
 * ".0". */
static void append_python(GString *out, const char *digits, int exponent)
{
    if (exponent >= -4 && exponent < 16) {
        append_plain(out, digits, exponent);
        return;
    }
    g_string_append_c(out, digits[0]);
    if (digits[1] != '\0') {
        g_string_append_printf(out, ".%s", digits + 1);
    }
    g_string_append_printf(out, "e%c%02d", exponent < 0 ? '-' : '+', ABS(exponent));
}

void json_write_double(struct json_writer *w, double value)
{
    char digits[32];
    int exponent;

    if (!isfinite(value)) {
        json_write_null(w);
        return;
    }
    if (w->style == JSON_COMPACT && value == floor(value) && fabs(value) < 1e15) {
        /* Text.JSON keeps rationals: a whole number has no point. */
        json_write_int(w, (int64_t)value);
        return;
    }
    separate(w);
    if (signbit(value)) {
        g_string_append_c(w->out, '-');
    }
    if (value == 0.0) {
        g_string_append(w->out, "0.0");
        return;
    }
    shortest_digits(fabs(value), digits, &exponent);
    if (w->style == JSON_PYTHON) {
        append_python(w->out, digits, exponent);
    } else {
        append_haskell(w->out, digits, exponent);
    }
}

void json_write_string(struct json_writer *w, const char *text)
{
    if (text == NULL) {
        json_write_null(w);
        return;
    }
    json_write_string_len(w, text, strlen(text));
}

/* One character outside ASCII as \uXXXX, as a surrogate pair above the basic plane. */
static void append_unicode_escape(GString *out, gunichar c)
{
    if (c > 0xffff) {
        g_string_append_printf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                               0xdc00 + ((c - 0x10000) & 0x3ff));
    } else {
        g_string_append_printf(out, "\\u%04x", c);
    }
}

/* The letter of a two-character escape, or 0. */
static char short_escape(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

void json_write_string_len(struct json_writer *w, const char *text, size_t len)
{
    const char *end = text + len;
    const char *run = text;

    separate(w);
    g_string_append_c(w->out, '"');
    while (text < end) {
        unsigned char c = (unsigned char)*text;
        char letter = short_escape(c);
        const char *next = text + 1;

        if (letter == 0 && c >= 0x20 && c != 0x7f && (c < 0x80 || w->style != JSON_PYTHON)) {
            text = next;
            continue;
        }
        g_string_append_len(w->out, run, text - run);
        if (letter != 0) {
            g_string_append_c(w->out, '\\');
            g_string_append_c(w->out, letter);
        } else if (c < 0x80) {
            /* Python leaves DEL alone, Text.JSON escapes it. */
            if (c == 0x7f && w->style == JSON_PYTHON) {
                g_string_append_c(w->out, 0x7f);
            } else {
                append_unicode_escape(w->out, c);
            }
        } else {
            gunichar u = g_utf8_get_char_validated(text, end - text);

            if (u == (gunichar)-1 || u == (gunichar)-2) {
                append_unicode_escape(w->out, 0xfffd);
            } else {
                append_unicode_escape(w->out, u);
                next = g_utf8_next_char(text);
            }
        }
        text = next;
        run = text;
    }
    g_string_append_len(w->out, run, end - run);
    g_string_append_c(w->out, '"');
}

void json_write_raw(struct json_writer *w, const char *text, size_t len)
{
    separate(w);
    g_string_append_len(w->out, text, (gssize)len);
}

void json_write_value(struct json_writer *w, const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_NULL:
        json_write_null(w);
        break;
    case JSON_BOOL:
        json_write_bool(w, json_boolean(value));
        break;
    case JSON_INT:
        json_write_int(w, json_int(value));
        break;
    case JSON_FLOAT:
        json_write_double(w, json_double(value));
        break;
    case JSON_STRING:
        json_write_string_len(w, json_string(value), json_string_len(value));
        break;
    case JSON_ARRAY:
        json_write_array_begin(w);
        for (size_t i = 0; i < json_len(value); i++) {
            json_write_value(w, json_at(value, i));
        }
        json_write_array_end(w);
        break;
    case JSON_OBJECT: {
        struct json_iter it = json_iter_begin(value);

        json_write_object_begin(w);
        while (json_iter_next(&it)) {
            json_write_key(w, it.key);
            json_write_value(w, it.value);
        }
        json_write_object_end(w);
        break;
    }
    }
}

char *json_to_string(const struct json *value, enum json_style style)
{
    GString *out = g_string_new(NULL);
    struct json_writer w = json_writer_init(out, style);

    json_write_value(&w, value);
    return g_string_free(out, FALSE);
}
