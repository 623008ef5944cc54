/* Disks and interfaces of a guest of KVM: their drivers, names, buses and slots. Pure. */
#ifndef GANTRY_NODED_HYPERVISOR_KVM_DEVICES_H
#define GANTRY_NODED_HYPERVISOR_KVM_DEVICES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "facts/objects.h"

#define KVM_PCI_BUS   "pci.0"
#define KVM_SCSI_BUS  "scsi.0"
#define KVM_DISK_KIND "disk"
#define KVM_NIC_KIND  "nic"

/* What is taken on the buses, a bit per slot. */
struct kvm_slots {
    uint32_t pci, scsi;
};
/* With the slots that the parameters reserve (_GetBusSlots). */
struct kvm_slots kvm_slots_init(const struct value_map *hvparams);
/* Those of a running guest too. */
void kvm_slots_add_used(struct kvm_slots *slots, const struct kvm_runtime *runtime);

/* QEMU's name of what the parameters ask for (_DEVICE_DRIVER). */
const char *kvm_nic_driver(const struct value_map *hvparams);
const char *kvm_disk_driver(const struct value_map *hvparams);
/* Whether a type of disks is on the SCSI bus (HT_SCSI_DEVICE_TYPES). */
bool kvm_disk_type_is_scsi(const char *disk_type);

/* Gives a device its name and the first free slot (_GenerateDeviceHVInfo). */
bool kvm_place_nic(struct kvm_nic *nic, const struct value_map *hvparams, struct kvm_slots *slots,
                   GError **errp);
bool kvm_place_disk(struct kvm_disk *disk, const struct value_map *hvparams,
                    struct kvm_slots *slots, GError **errp);

/* "driver,id=...,bus=..." (_GenerateDeviceHVInfoStr); g_free(). */
char *kvm_hvinfo_text(const struct kvm_hvinfo *info);

#endif
