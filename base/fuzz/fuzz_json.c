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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json *value = NULL;

    if (json_parse((const char *)data, (gssize)size, &value, NULL)) {
        round_trip(value, JSON_COMPACT);
        round_trip(value, JSON_PYTHON);
        json_unref(value);
    }
    return 0;
}
