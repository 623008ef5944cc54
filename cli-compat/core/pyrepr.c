#include "config.h"

#include "cli-compat/core/pyrepr.h"

#include <math.h>
#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"

/* Single quotes unless the text has one and no double quote (CPython's unicode_repr). */
static void append_text(GString *out, const char *text)
{
    char quote = strchr(text, '\'') != NULL && strchr(text, '"') == NULL ? '"' : '\'';

    g_string_append_c(out, quote);
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        if (c == (gunichar)quote || c == '\\') {
            g_string_append_printf(out, "\\%c", (char)c);
        } else if (c == '\n') {
            g_string_append(out, "\\n");
        } else if (c == '\r') {
            g_string_append(out, "\\r");
        } else if (c == '\t') {
            g_string_append(out, "\\t");
        } else if (c < 0x20 || c == 0x7f) {
            g_string_append_printf(out, "\\x%02x", c);
        } else if (c < 0x7f || g_unichar_isprint(c)) {
            g_string_append_unichar(out, c);
        } else {
            g_string_append_printf(out,
                                   c <= 0xff     ? "\\x%02x"
                                   : c <= 0xffff ? "\\u%04x"
                                                 : "\\U%08x",
                                   c);
        }
    }
    g_string_append_c(out, quote);
}

static void append_number(GString *out, double number)
{
    if (isfinite(number)) {
        struct json_writer w = json_writer_init(out, JSON_PYTHON);

        json_write_double(&w, number);
    } else {
        g_string_append(out, isnan(number) ? "nan" : number > 0 ? "inf" : "-inf");
    }
}

static void append_list(GString *out, const struct json *list)
{
    g_string_append_c(out, '[');
    for (size_t i = 0; i < json_len(list); i++) {
        g_string_append(out, i > 0 ? ", " : "");
        pyrepr_append(out, json_at(list, i));
    }
    g_string_append_c(out, ']');
}

static void append_dict(GString *out, const struct json *object)
{
    struct json_iter it = json_iter_begin(object);
    bool first = true;

    g_string_append_c(out, '{');
    while (json_iter_next(&it)) {
        g_string_append(out, first ? "" : ", ");
        append_text(out, it.key);
        g_string_append(out, ": ");
        pyrepr_append(out, it.value);
        first = false;
    }
    g_string_append_c(out, '}');
}

void pyrepr_append(GString *out, const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_NULL:
        g_string_append(out, "None");
        break;
    case JSON_BOOL:
        g_string_append(out, json_boolean(value) ? "True" : "False");
        break;
    case JSON_INT:
        g_string_append_printf(out, "%" G_GINT64_FORMAT, (gint64)json_int(value));
        break;
    case JSON_FLOAT:
        append_number(out, json_double(value));
        break;
    case JSON_STRING:
        append_text(out, json_string(value));
        break;
    case JSON_ARRAY:
        append_list(out, value);
        break;
    case JSON_OBJECT:
        append_dict(out, value);
        break;
    }
}

char *pyrepr_str(const struct json *value)
{
    GString *out;

    if (json_kind(value) == JSON_STRING) {
        return g_strdup(json_string(value));
    }
    out = g_string_new(NULL);
    pyrepr_append(out, value);
    return g_string_free(out, FALSE);
}
