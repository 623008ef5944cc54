#include "config.h"

#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "cli-compat/core/option-value.h"
#include "facts/cli.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first two bytes choose an option, the rest is its value. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(json_unrefp) struct json *value = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    if (size < 2) {
        return 0;
    }
    text = g_strndup((const char *)data + 2, size - 2);
    if (cli_value_parse(&cli_options[(data[0] << 8 | data[1]) % CLI_OPT_COUNT], "--x", text, &value,
                        &error) != (error == NULL)) {
        abort();
    }
    return 0;
}
