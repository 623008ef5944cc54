#include "config.h"

#include "base/json-writer.h"
#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* abort() and not g_error(): libFuzzer keeps the input of SIGABRT only. */
static void fail(const char *what, const char *text)
{
    g_printerr("%s: %s\n", what, text);
    abort();
}

/* What the reader accepts, both dialects print, and what they print reads back; as an equal value
 * where the dialect keeps the kind of numbers (the compact one writes 5.0 as 5). */
static void round_trip(const struct json *value, enum json_style style)
{
    g_autofree char *text = json_to_string(value, style);
    struct json *again = NULL;

    if (!json_parse(text, -1, &again, NULL)) {
        fail("own text refused", text);
    }
    if (style == JSON_PYTHON && !json_equal(value, again)) {
        fail("reads back as another value", text);
    }
    json_unref(again);
}

/* Plain text is read by other code than text with escapes, which must see the same in it. */
static void two_readers(const char *text, size_t len, struct json *value)
{
    g_autoptr(GString) wrapped = g_string_new("[\"\\u0061\",");
    struct json *both = NULL;
    g_autoptr(GError) error = NULL;

    g_string_append_len(wrapped, text, (gssize)len);
    g_string_append_c(wrapped, ']');
    if (!json_parse(wrapped->str, (gssize)wrapped->len, &both, &error)) {
        if (!g_error_matches(error, JSON_ERROR, JSON_ERROR_LIMIT)) {
            fail("one of two readers refuses", wrapped->str);
        }
        return;
    }
    if (json_len(both) != 2 || !json_equal(json_at(both, 1), value)) {
        fail("two readers see different values", wrapped->str);
    }
    json_unref(both);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json *value = NULL;

    if (json_parse((const char *)data, (gssize)size, &value, NULL)) {
        two_readers((const char *)data, size, value);
        round_trip(value, JSON_COMPACT);
        round_trip(value, JSON_PYTHON);
        json_unref(value);
    }
    return 0;
}
