/* What a node keeps of a guest of KVM below PATH_KVM_ROOT_DIR. */
#ifndef GANTRY_NODED_HYPERVISOR_KVM_FILES_H
#define GANTRY_NODED_HYPERVISOR_KVM_FILES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "noded/hypervisor/kvm/runtime.h"

bool kvm_files_prepare(GError **errp);

/* The runtime file: as text, as it stands there. */
char *kvm_files_read_runtime(const char *guest, GError **errp);
bool kvm_files_write_runtime(const char *guest, const char *text, GError **errp);
struct kvm_runtime *kvm_files_load_runtime(const char *guest, GError **errp);
bool kvm_files_save_runtime(const char *guest, const struct kvm_runtime *runtime, GError **errp);

/* Names of guests that have a runtime file (char *, freed with the array). */
GPtrArray *kvm_files_guests(GError **errp);

/* The node's interface of a guest's interface; NULL if it is not known. */
char *kvm_files_read_nic(const char *guest, size_t index);
bool kvm_files_write_nic(const char *guest, size_t index, const char *interface, GError **errp);
bool kvm_files_remove_nic(const char *guest, size_t index, GError **errp);

/* That the guest went down from inside, which the daemon kvmd notes. */
bool kvm_files_went_down(const char *guest);
bool kvm_files_forget_down(const char *guest, GError **errp);

bool kvm_files_write_uid(const char *guest, uint32_t id, GError **errp);
/* The folder that the guest is shut in, made if it is not there. */
bool kvm_files_make_chroot(const char *guest, GError **errp);

/* All of it, when the guest is gone (_RemoveInstanceRuntimeFiles). */
bool kvm_files_remove(const char *guest, GError **errp);

#endif
