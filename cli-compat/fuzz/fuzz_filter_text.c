#include "config.h"

#include <stdint.h>

#include "base/json.h"
#include "cli-compat/core/filter-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);

    if (g_utf8_validate(text, -1, NULL)) {
        json_unref(filter_text_parse(text, NULL));
    }
    return 0;
}
