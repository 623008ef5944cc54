/* Between the files of the build layer. */
#ifndef GANTRY_NODED_HYPERVISOR_KVM_BUILD_PRIVATE_H
#define GANTRY_NODED_HYPERVISOR_KVM_BUILD_PRIVATE_H

#include "noded/hypervisor/hv-common.h"
#include "noded/hypervisor/kvm/build.h"

/* All that the parts of a command are made of. */
struct kvm_build {
    const struct instance *instance;
    const struct value_map *hvp;
    const struct kvm_host *host;
    struct kvm_runtime *runtime;
    bool boots_itself; /* from a drive or the network: no kernel is given */
};

void kvm_add(struct kvm_build *build, const char *arg, ...) G_GNUC_NULL_TERMINATED;
/* An option and its formatted value. */
void kvm_addf(struct kvm_build *build, const char *option, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* The guest's file in one of the folders, with an ending; g_free(). */
char *kvm_guest_path(enum path_id dir, const char *name, const char *ending);
bool kvm_boots_from(const struct kvm_build *build, const char *what);
const char *kvm_on_off(bool value);

bool kvm_build_display(struct kvm_build *build, GError **errp);
bool kvm_build_drives(struct kvm_build *build, GError **errp);

#endif
