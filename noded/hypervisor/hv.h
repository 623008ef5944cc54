/* Hypervisors: one table of operations per kind, one folder per driver (fake/, kvm/ ...).
 *
 *     const struct hv_ops *hv = hv_find(instance->hypervisor);
 *     if (!hv->prepare(errp) || !hv->start(instance, disks, n, false, errp)) ...
 *
 * Instances come as the master sends them, with parameters in force (no layer is missing). Memory
 * is in MiB, times in seconds. No operation is NULL: what a driver cannot do is an hv_unsupported
 * one, which fails as the reference's hv_base.py does, or does nothing where that does nothing.
 * Errors are of the class HypervisorError (HotplugError from the hot_ operations) unless they come
 * from below. Drivers keep no state in memory; each call may run in a process of its own.
 *
 * A driver has three layers: build (parameters to arguments, pure, golden files), parse (a tool's
 * output to a struct, pure, fuzzed), run (thin, through base/cmd.h). */
#ifndef GANTRY_NODED_HYPERVISOR_HV_H
#define GANTRY_NODED_HYPERVISOR_HV_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "facts/objects.h"
#include "facts/paths.h"

/* As it is on the wire (hv_base.py HvInstanceState). */
enum hv_state {
    HV_STATE_RUNNING = 0,
    HV_STATE_SHUTDOWN = 1, /* from inside; the guest's remains are still to be cleaned up */
};

/* A guest that a hypervisor knows. */
struct hv_guest {
    char *name;
    char *id; /* the hypervisor's own: a pid, a domain number */
    int64_t memory;
    int64_t vcpus;
    enum hv_state state;
    double cpu_time;
};
void hv_guest_clear(struct hv_guest *guest);
void hv_guest_free(struct hv_guest *guest);
DEFINE_CLEANUP(struct hv_guest *, hv_guest_free)

/* A disk of an instance and how the guest reaches it; all borrowed. */
struct hv_disk {
    const struct disk *disk;
    const char *link; /* below PATH_DISK_LINKS_DIR */
    const char *uri;  /* for hypervisors that reach storage themselves; NULL: none */
};

struct hv_stop {
    bool force;   /* pull the plug */
    bool retry;   /* not the first attempt */
    int timeout;  /* for the guest to go down by itself; -1: the driver's own */
    bool by_name; /* the instance may be NULL, as of a guest that no configuration has */
};

struct hv_migration {
    const char *status; /* one of C_HV_KVM_MIGRATION_VALID_STATUSES, static */
    /* Bytes; -1: not known. */
    int64_t transferred_ram, total_ram;
    bool postcopy; /* the target runs already */
};

/* What a console's address depends on; parameters are those in force. */
struct hv_console_args {
    const struct instance *instance;
    const struct node *primary;
    const struct node_group *group;
    const struct value_map *hvparams;
    const struct beparams *beparams;
};

enum hv_flags {
    HV_CAN_MIGRATE = 1 << 0,
};

enum hv_hot_target {
    HV_HOT_DISK,
    HV_HOT_NIC,
};
enum hv_hot_action {
    HV_HOT_ADD,
    HV_HOT_REMOVE,
    HV_HOT_MODIFY,
};
/* A device of a running guest; the member that target names is set. */
struct hv_device {
    enum hv_hot_target target;
    size_t index; /* in the instance */
    struct hv_disk disk;
    const struct nic *nic;
};

struct hv_ops {
    enum hypervisor id;
    unsigned flags; /* enum hv_flags */
    /* Files that must be the same on all nodes; ends with PATH_COUNT. */
    const enum path_id *ancillary_files;

    /* Makes the driver's folders. Before any other operation but console, check and validate. */
    bool (*prepare)(GError **errp);
    /* What is wrong with the hypervisor here; *ret_problem is NULL if nothing is. */
    bool (*verify)(const struct value_map *hvparams, char **ret_problem, GError **errp);
    /* Whether the parameters are good on this node (their syntax was checked before). */
    bool (*validate)(const struct value_map *hvparams, GError **errp);
    bool (*node_info)(const struct value_map *hvparams, struct node_hv_info *ret, GError **errp);

    /* Names of running guests (char *, freed with the array). */
    GPtrArray *(*list)(const struct value_map *hvparams, GError **errp);
    /* *ret is NULL if there is no such guest. */
    bool (*info)(const char *name, const struct value_map *hvparams, struct hv_guest **ret,
                 GError **errp);
    /* struct hv_guest *, freed with the array. */
    GPtrArray *(*info_all)(const struct value_map *hvparams, GError **errp);

    bool (*start)(const struct instance *instance, const struct hv_disk *disks, size_t n_disks,
                  bool paused, GError **errp);
    /* Whether a guest that runs has all that the driver keeps of it on this node; what is missing
     * (after a migration by hand, say) is restored. */
    bool (*is_complete)(const struct instance *instance);
    bool (*restore)(const struct instance *instance, const struct hv_disk *disks, size_t n_disks,
                    GError **errp);
    /* Asks the guest to go down, or ends it; returns before it is gone unless forced. */
    bool (*stop)(const struct instance *instance, const char *name, const struct hv_stop *how,
                 GError **errp);
    /* Waits for the guest to go down, at most so many milliseconds; may return early. */
    void (*wait_down)(const char *name, int ms);
    /* After the guest is gone. */
    bool (*cleanup)(const char *name, GError **errp);
    bool (*reboot)(const struct instance *instance, GError **errp);
    bool (*balloon)(const struct instance *instance, int64_t memory, GError **errp);

    /* Migration: source says info, target accepts, source migrates and both finish. */
    char *(*migration_info)(const struct instance *instance, GError **errp);
    bool (*accept)(const struct instance *instance, const char *info, const char *target,
                   GError **errp);
    bool (*migrate)(const char *cluster_name, const struct instance *instance, const char *target,
                    bool live, GError **errp);
    bool (*migration_status)(const struct instance *instance, struct hv_migration *ret,
                             GError **errp);
    bool (*finish_target)(const struct instance *instance, const char *info, bool success,
                          GError **errp);
    bool (*finish_source)(const struct instance *instance, bool success, bool live, GError **errp);

    /* *ret is zeroed; fact_object_clear(&fact_object_console_info, ret). */
    bool (*console)(const struct hv_console_args *args, struct console_info *ret, GError **errp);
    /* Reboots this node, without a word to its guests. Returns only if that failed. */
    bool (*powercycle)(const struct value_map *hvparams, GError **errp);

    bool (*hot_supported)(const struct instance *instance, GError **errp);
    bool (*hot_verify)(const struct instance *instance, enum hv_hot_action action,
                       enum hv_hot_target target, GError **errp);
    bool (*hot_change)(const struct instance *instance, enum hv_hot_action action,
                       const struct hv_device *device, GError **errp);
    bool (*resize_disk)(const struct instance *instance, const struct disk *disk, int64_t size,
                        GError **errp);
};

/* NULL: this build has no driver for it. */
const struct hv_ops *hv_find(enum hypervisor hypervisor);

#endif
