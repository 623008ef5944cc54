/* Devices of a running guest of KVM. */
#ifndef GANTRY_NODED_HYPERVISOR_KVM_HOTPLUG_H
#define GANTRY_NODED_HYPERVISOR_KVM_HOTPLUG_H

#include "noded/hypervisor/hv.h"

/* See struct hv_ops. */
bool kvm_hot_supported(const struct instance *instance, GError **errp);
bool kvm_hot_verify(const struct instance *instance, enum hv_hot_action action,
                    enum hv_hot_target target, GError **errp);
bool kvm_hot_change(const struct instance *instance, enum hv_hot_action action,
                    const struct hv_device *device, GError **errp);
bool kvm_resize_disk(const struct instance *instance, const struct disk *disk, int64_t size,
                     GError **errp);

#endif
