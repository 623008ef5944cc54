/* Live migration of guests of KVM. See struct hv_ops. */
#ifndef GANTRY_NODED_HYPERVISOR_KVM_MIGRATE_H
#define GANTRY_NODED_HYPERVISOR_KVM_MIGRATE_H

#include "noded/hypervisor/hv.h"

char *kvm_migration_info(const struct instance *instance, GError **errp);
bool kvm_accept(const struct instance *instance, const char *info, const char *target,
                GError **errp);
bool kvm_migrate(const char *cluster_name, const struct instance *instance, const char *target,
                 bool live, GError **errp);
bool kvm_migration_status(const struct instance *instance, struct hv_migration *ret, GError **errp);
bool kvm_finish_target(const struct instance *instance, const char *info, bool success,
                       GError **errp);
bool kvm_finish_source(const struct instance *instance, bool success, bool live, GError **errp);

#endif
