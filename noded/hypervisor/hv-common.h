/* For drivers: what several of them do, and the operations of those that cannot (hv_base.py). */
#ifndef GANTRY_NODED_HYPERVISOR_HV_COMMON_H
#define GANTRY_NODED_HYPERVISOR_HV_COMMON_H

#include "facts/params.h"
#include "noded/hypervisor/hv.h"

extern const struct hv_ops hv_chroot, hv_fake, hv_kvm, hv_lxc, hv_xen_hvm, hv_xen_pvm;

/* Sets a HypervisorError; returns false. */
bool hv_fail(GError **errp, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A parameter's value: "" for a text that is not set, false for a truth value, `dflt` for a number.
 */
const char *hv_text(const struct value_map *hvparams, enum hv_name_id name);
bool hv_true(const struct value_map *hvparams, enum hv_name_id name);
int64_t hv_int(const struct value_map *hvparams, enum hv_name_id name, int64_t dflt);

/* Whether the files and folders that parameters name are there (ValidateParameters). */
bool hv_validate_paths(enum hypervisor hypervisor, const struct value_map *hvparams, GError **errp);

/* --- Consoles ---------------------------------------------------------------------------------
 */

void hv_message_console(const struct hv_console_args *args, const char *message,
                        struct console_info *ret);
/* Something that listens on the instance's port: VNC, SPICE. */
void hv_port_console(const struct hv_console_args *args, const char *kind, const char *host,
                     struct console_info *ret);
/* A command on the primary node, of which the words are to be added. */
void hv_ssh_console(const struct hv_console_args *args, struct console_info *ret);
void hv_console_word(struct console_info *ret, const char *word);
void hv_console_quoted(struct console_info *ret, const char *word);
void hv_console_wordf(struct console_info *ret, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* --- The node ---------------------------------------------------------------------------------
 */

/* Makes folders with the mode of run-time folders (EnsureDirs with RUN_DIRS_MODE). */
bool hv_make_dirs(const enum path_id *dirs, size_t n, GError **errp);

/* The file of a guest in a folder; NULL and *errp if its name is no file name. */
char *hv_guest_file(enum path_id dir, const char *name, GError **errp);

/* Memory and processors of a Linux node (GetLinuxNodeInfo). */
bool hv_linux_node_info(struct node_hv_info *ret, GError **errp);
/* The pure half of it: the texts of /proc/meminfo and /proc/cpuinfo. */
bool hv_linux_node_info_parse(const char *meminfo, const char *cpuinfo, struct node_hv_info *ret,
                              GError **errp);
/* Reboots at once (LinuxPowercycle). */
bool hv_linux_powercycle(const struct value_map *hvparams, GError **errp);

/* Starts a daemon of this node that does not run. */
bool hv_ensure_daemon(enum daemon_id id, GError **errp);

/* Memory to start a guest with on a node that has `free` left (_InstanceStartupMemory). */
int64_t hv_startup_memory(const struct beparams *beparams, int64_t free);

/* --- Operations that do nothing, and those that fail ------------------------------------------ */

void hv_short_wait(const char *name, int ms);
bool hv_always_complete(const struct instance *instance);
bool hv_no_restore(const struct instance *instance, const struct hv_disk *disks, size_t n_disks,
                   GError **errp);
bool hv_no_validate(const struct value_map *hvparams, GError **errp);
bool hv_no_cleanup(const char *name, GError **errp);
char *hv_no_migration_info(const struct instance *instance, GError **errp);
bool hv_no_accept(const struct instance *instance, const char *info, const char *target,
                  GError **errp);
bool hv_no_finish_target(const struct instance *instance, const char *info, bool success,
                         GError **errp);
bool hv_no_finish_source(const struct instance *instance, bool success, bool live, GError **errp);

bool hv_unsupported_migrate(const char *cluster_name, const struct instance *instance,
                            const char *target, bool live, GError **errp);
bool hv_unsupported_migration_status(const struct instance *instance, struct hv_migration *ret,
                                     GError **errp);
bool hv_unsupported_balloon(const struct instance *instance, int64_t memory, GError **errp);
bool hv_unsupported_hot_supported(const struct instance *instance, GError **errp);
bool hv_unsupported_hot_verify(const struct instance *instance, enum hv_hot_action action,
                               enum hv_hot_target target, GError **errp);
bool hv_unsupported_hot_change(const struct instance *instance, enum hv_hot_action action,
                               const struct hv_device *device, GError **errp);
bool hv_unsupported_resize_disk(const struct instance *instance, const struct disk *disk,
                                int64_t size, GError **errp);

#define HV_OPS_WITHOUT_MIGRATION                                                                   \
    .migration_info = hv_no_migration_info, .accept = hv_no_accept,                                \
    .migrate = hv_unsupported_migrate, .migration_status = hv_unsupported_migration_status,        \
    .finish_target = hv_no_finish_target, .finish_source = hv_no_finish_source

#define HV_OPS_WITHOUT_HOTPLUG                                                                     \
    .hot_supported = hv_unsupported_hot_supported, .hot_verify = hv_unsupported_hot_verify,        \
    .hot_change = hv_unsupported_hot_change, .resize_disk = hv_unsupported_resize_disk

#endif
