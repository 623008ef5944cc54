/* Command lines of QEMU as hv_kvm/__init__.py builds them, argument for argument. Pure: what a node
 * must be asked comes in a struct kvm_host.
 *
 * A command is made in two steps. The first part and the places of all devices are kept in the
 * runtime file; what each start needs anew (tap descriptors, user, incoming migration, block
 * devices) is added by the second. Errors are of the class HypervisorError. */
#ifndef GANTRY_NODED_HYPERVISOR_KVM_BUILD_H
#define GANTRY_NODED_HYPERVISOR_KVM_BUILD_H

#include <glib.h>
#include <stdbool.h>

#include "noded/hypervisor/hv.h"
#include "noded/hypervisor/kvm/caps.h"
#include "noded/hypervisor/kvm/runtime.h"

/* First addresses of a network interface; NULL: it has none of the kind. */
struct kvm_addresses {
    char *ipv4, *ipv6;
};

struct kvm_host {
    const struct kvm_caps *caps;
    /* False: there is no such interface. The addresses are the caller's to free. */
    bool (*addresses)(const char *interface, struct kvm_addresses *ret);
    bool prefers_ipv6; /* what the cluster's nodes talk */
};

/* The first step (_GenerateKVMRuntime). NULL and *errp on error; kvm_runtime_free(). */
struct kvm_runtime *kvm_build_runtime(const struct instance *instance, const struct hv_disk *disks,
                                      size_t n_disks, bool paused, const struct kvm_host *host,
                                      GError **errp);

/* A device at the end of the runtime's lists, without a place yet (devices.h). */
bool kvm_runtime_add_disk(struct kvm_runtime *runtime, const struct hv_disk *disk, GError **errp);
bool kvm_runtime_add_nic(struct kvm_runtime *runtime, const struct nic *nic, GError **errp);

/* What the taps of a guest must be able to do (_GetNetworkDeviceFeatures). */
struct kvm_tap_needs {
    bool vhost, vnet_hdr;
    int queues;
};
bool kvm_build_tap_needs(const struct value_map *hvparams, const struct kvm_caps *caps,
                         struct kvm_tap_needs *ret, GError **errp);

/* The descriptors of an interface as QEMU gets them. */
struct kvm_tap {
    const int *fds, *vhost_fds;
    size_t n_fds, n_vhost_fds;
};

struct kvm_start {
    const struct kvm_tap *taps; /* one per interface of the runtime */
    const char *incoming;       /* address to listen on for a migration; NULL: none */
    int incoming_port;
    const char *user; /* by the security model; NULL: the daemon's own */
};

/* The parameters of a start: as the guest was built, from the configuration where that says
 * nothing. dst is zeroed; fact_clear(&type_value_map, dst). */
void kvm_start_params(struct value_map *dst, const struct kvm_runtime *runtime,
                      const struct instance *instance);

/* The second step (_ExecuteKVMRuntime): the whole command; g_strfreev(). NULL and *errp on error.
 */
char **kvm_build_command(const struct kvm_runtime *runtime, const struct instance *instance,
                         const struct kvm_start *start, const struct kvm_host *host, GError **errp);

/* How a disk is cached: by the device (writeback) and by the node (not if direct;
 * kvm_utils.GetCacheSettings). */
struct kvm_cache {
    bool writeback, direct, no_flush;
};
bool kvm_build_cache(const struct value_map *hvparams, enum disk_template disk_template,
                     struct kvm_cache *ret, GError **errp);
/* Whether QEMU opens the disk's storage itself, without a device of the node. */
bool kvm_disk_is_userspace(const struct kvm_disk *disk);

/* For a blockdev-add of QMP and for -blockdev, flat ("cache.direct" ...) in QEMU's notation;
 * g_free()
 * (_GenerateKVMBlockDevice). */
char *kvm_build_blockdev(const struct kvm_disk_use *use, const struct value_map *hvparams,
                         const struct kvm_caps *caps, GError **errp);

#endif
