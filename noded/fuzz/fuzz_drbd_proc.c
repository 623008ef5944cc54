#include "config.h"

#include <stdint.h>

#include "noded/storage/drbd/proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);

    drbd_proc_free(drbd_proc_parse(text, NULL));
    return 0;
}
