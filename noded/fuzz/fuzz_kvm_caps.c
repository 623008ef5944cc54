#include "config.h"

#include <stdint.h>

#include "noded/hypervisor/kvm/caps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);

    kvm_caps_free(kvm_caps_parse(text, text, text));
    return 0;
}
