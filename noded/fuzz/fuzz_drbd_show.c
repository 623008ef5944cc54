#include "config.h"

#include <stdint.h>

#include "noded/storage/drbd/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);

    drbd_show_free(drbd_show_parse(text, NULL));
    return 0;
}
