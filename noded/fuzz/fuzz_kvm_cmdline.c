/* Command lines of processes, which anybody on the node may have made. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "noded/hypervisor/kvm/process.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kvm_cmdline found;

    kvm_cmdline_parse((const char *)data, size, &found);
    if ((found.name != NULL && strchr(found.name, ',') != NULL) || found.memory < 0 ||
        found.vcpus < 0) {
        abort();
    }
    kvm_cmdline_clear(&found);
    return 0;
}
