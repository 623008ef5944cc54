/* The lines of an ssconf file from somewhere. */
#include "config.h"

#include <stdint.h>

#include "compat-config/ssconf/ssconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = g_strndup((const char *)data, size);
    GHashTable *table = ssconf_parse_table(text, '=', NULL);

    if (table != NULL) {
        g_hash_table_unref(table);
    }
    g_free(text);
    return 0;
}
