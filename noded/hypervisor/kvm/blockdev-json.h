/* Block devices for QMP. */
#ifndef GANTRY_NODED_HYPERVISOR_KVM_BLOCKDEV_JSON_H
#define GANTRY_NODED_HYPERVISOR_KVM_BLOCKDEV_JSON_H

struct json;

/* "driver=raw,cache.direct=on,file.driver=file" (kvm_build_blockdev()) as the arguments of
 * blockdev-add: names with dots are objects, on and off truth values, members 0, 1 ... lists.
 * Pure; owned by the caller. */
struct json *kvm_blockdev_to_json(const char *flat);

#endif
