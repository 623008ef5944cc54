#include "config.h"

#include "noded/hypervisor/hv.h"

#include "noded/hypervisor/hv-common.h"

static const struct hv_ops *const drivers[] = {&hv_fake,    &hv_kvm,    &hv_xen_pvm,
                                               &hv_xen_hvm, &hv_chroot, &hv_lxc};

const struct hv_ops *hv_find(enum hypervisor hypervisor)
{
    for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++) {
        if (drivers[i]->id == hypervisor) {
            return drivers[i];
        }
    }
    return NULL;
}

void hv_guest_clear(struct hv_guest *guest)
{
    g_free(guest->name);
    g_free(guest->id);
    *guest = (struct hv_guest){0};
}

void hv_guest_free(struct hv_guest *guest)
{
    if (guest != NULL) {
        hv_guest_clear(guest);
        g_free(guest);
    }
}
