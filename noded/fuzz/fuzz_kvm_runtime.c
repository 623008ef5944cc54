/* Runtime files: whatever is read is written and read again as the same. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "facts/codec.h"
#include "noded/hypervisor/kvm/runtime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(kvm_runtime_freep)
    struct kvm_runtime *first = kvm_runtime_parse((const char *)data, (gssize)size, NULL);

    if (first != NULL) {
        g_autofree char *text = kvm_runtime_to_text(first);
        CLEANUP(kvm_runtime_freep) struct kvm_runtime *again = kvm_runtime_parse(text, -1, NULL);

        if (again == NULL) {
            abort();
        }
    }
    return 0;
}
