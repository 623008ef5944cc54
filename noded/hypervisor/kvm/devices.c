#include "config.h"

#include "noded/hypervisor/kvm/devices.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/parse.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/hypervisor/hv-common.h"

enum { SCSI_SLOTS = 16 };

struct kvm_slots kvm_slots_init(const struct value_map *hvparams)
{
    int64_t reserved =
        hv_int(hvparams, HV_NAME_kvm_pci_reservations, C_QEMU_DEFAULT_PCI_RESERVATIONS);
    struct kvm_slots slots = {0};

    for (int64_t i = 0; i < reserved && i < C_QEMU_PCI_SLOTS; i++) {
        slots.pci |= UINT32_C(1) << i;
    }
    return slots;
}

static void add_used(struct kvm_slots *slots, const struct kvm_hvinfo *info)
{
    guint64 slot;

    if (g_strcmp0(info->bus, KVM_PCI_BUS) == 0 && info->addr != NULL &&
        g_str_has_prefix(info->addr, "0x") &&
        g_ascii_string_to_unsigned(info->addr + 2, 16, 0, C_QEMU_PCI_SLOTS - 1, &slot, NULL)) {
        slots->pci |= UINT32_C(1) << slot;
    } else if (g_strcmp0(info->bus, KVM_SCSI_BUS) == 0 && info->scsi_id >= 0 &&
               info->scsi_id < SCSI_SLOTS) {
        slots->scsi |= UINT32_C(1) << info->scsi_id;
    }
}

void kvm_slots_add_used(struct kvm_slots *slots, const struct kvm_runtime *runtime)
{
    for (size_t i = 0; i < runtime->disks.n; i++) {
        add_used(slots, &runtime->disks.v[i].disk.hvinfo);
    }
    for (size_t i = 0; i < runtime->nics.n; i++) {
        add_used(slots, &runtime->nics.v[i].hvinfo);
    }
}

const char *kvm_nic_driver(const struct value_map *hvparams)
{
    const char *type = hv_text(hvparams, HV_NAME_nic_type);

    return strcmp(type, C_HT_NIC_PARAVIRTUAL) == 0 ? "virtio-net-pci" : type;
}

const char *kvm_disk_driver(const struct value_map *hvparams)
{
    const char *type = hv_text(hvparams, HV_NAME_disk_type);

    return strcmp(type, C_HT_DISK_PARAVIRTUAL) == 0 ? "virtio-blk-pci" : type;
}

bool kvm_disk_type_is_scsi(const char *disk_type)
{
    return strcmp(disk_type, C_HT_DISK_SCSI_BLOCK) == 0 ||
           strcmp(disk_type, C_HT_DISK_SCSI_CD) == 0 ||
           strcmp(disk_type, C_HT_DISK_SCSI_GENERIC) == 0 ||
           strcmp(disk_type, C_HT_DISK_SCSI_HD) == 0;
}

static bool take_slot(uint32_t *used, unsigned n, const char *bus, unsigned *ret, GError **errp)
{
    for (unsigned i = 0; i < n; i++) {
        if ((*used >> i & 1) == 0) {
            *used |= UINT32_C(1) << i;
            *ret = i;
            return true;
        }
    }
    return hv_fail(errp,
                   "All slots of bus %s are occupied: fewer disks and interfaces, or fewer "
                   "reserved slots (%s)",
                   bus, hv_names[HV_NAME_kvm_pci_reservations].name);
}

/* "disk-01234567-89ab-4cde": the first three groups of the UUID, since QEMU bounds names. */
static char *device_id(const char *kind, const char *uuid)
{
    g_auto(GStrv) groups = g_strsplit(uuid, "-", -1);
    guint n = g_strv_length(groups);

    if (n > 2) {
        g_clear_pointer(&groups[n - 2], g_free);
        g_clear_pointer(&groups[n - 1], g_free);
    }
    {
        g_autofree char *head = g_strjoinv("-", groups);

        return g_strdup_printf("%s-%s", kind, head);
    }
}

static bool place(struct kvm_hvinfo *info, const char *kind, const char *uuid, const char *driver,
                  bool scsi, struct kvm_slots *slots, GError **errp)
{
    unsigned slot = 0;
    bool taken = scsi ? take_slot(&slots->scsi, SCSI_SLOTS, KVM_SCSI_BUS, &slot, errp)
                      : take_slot(&slots->pci, C_QEMU_PCI_SLOTS, KVM_PCI_BUS, &slot, errp);

    if (!taken) {
        return false;
    }
    fact_object_clear(&fact_object_kvm_hvinfo, info);
    info->driver = g_strdup(driver);
    info->has.driver = true;
    info->id = device_id(kind, uuid);
    info->has.id = true;
    info->bus = g_strdup(scsi ? KVM_SCSI_BUS : KVM_PCI_BUS);
    info->has.bus = true;
    if (scsi) {
        info->scsi_id = slot;
        info->has.channel = info->has.scsi_id = info->has.lun = true;
    } else {
        info->addr = g_strdup_printf("0x%x", slot);
        info->has.addr = true;
    }
    return true;
}

bool kvm_place_nic(struct kvm_nic *nic, const struct value_map *hvparams, struct kvm_slots *slots,
                   GError **errp)
{
    nic->has.hvinfo = true;
    return place(&nic->hvinfo, KVM_NIC_KIND, nic->uuid != NULL ? nic->uuid : "",
                 kvm_nic_driver(hvparams), false, slots, errp);
}

bool kvm_place_disk(struct kvm_disk *disk, const struct value_map *hvparams,
                    struct kvm_slots *slots, GError **errp)
{
    bool scsi = kvm_disk_type_is_scsi(hv_text(hvparams, HV_NAME_disk_type));

    disk->has.hvinfo = true;
    return place(&disk->hvinfo, KVM_DISK_KIND, disk->uuid != NULL ? disk->uuid : "",
                 kvm_disk_driver(hvparams), scsi, slots, errp);
}

/* Members of the runtime file are QEMU's own names, in its order. */
char *kvm_hvinfo_text(const struct kvm_hvinfo *info)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    CLEANUP(json_unrefp) struct json *json = NULL;
    GString *out = g_string_new(info->driver != NULL ? info->driver : "");
    struct json_iter it;

    fact_object_encode(&fact_object_kvm_hvinfo, info, &w);
    if (!json_parse(text->str, (gssize)text->len, &json, NULL)) {
        return g_string_free(out, FALSE);
    }
    json_remove(json, fact_object_kvm_hvinfo.members[0].name);
    it = json_iter_begin(json);
    while (json_iter_next(&it)) {
        if (json_kind(it.value) == JSON_STRING) {
            g_string_append_printf(out, ",%s=%s", it.key, json_string(it.value));
        } else if (json_kind(it.value) == JSON_INT) {
            g_string_append_printf(out, ",%s=%" G_GINT64_FORMAT, it.key, json_int(it.value));
        }
    }
    return g_string_free(out, FALSE);
}
