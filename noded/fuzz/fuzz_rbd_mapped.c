#include "config.h"

#include <stdint.h>

#include "noded/storage/rbd/mapped.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);

    char *device = NULL;

    (void)rbd_mapped_find(text, "p", "vol", &device, NULL);
    g_free(device);
    return 0;
}
