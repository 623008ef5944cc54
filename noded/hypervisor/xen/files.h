/* What a node keeps of guests of Xen: their configuration and what scripts must know of their
 * interfaces. */
#ifndef GANTRY_NODED_HYPERVISOR_XEN_FILES_H
#define GANTRY_NODED_HYPERVISOR_XEN_FILES_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

bool xen_files_prepare(GError **errp);

char *xen_files_config_path(const char *guest, GError **errp);
char *xen_files_read_config(const char *guest, GError **errp);
bool xen_files_write_config(const char *guest, const char *text, GError **errp);
bool xen_files_has_config(const char *guest);
/* Aside, for who looks why the guest did not start; *ret_path is allocated. */
bool xen_files_stash_config(const char *guest, char **ret_path, GError **errp);
bool xen_files_write_nic(const char *guest, size_t index, const char *text, GError **errp);
/* Configuration and interfaces. */
bool xen_files_remove(const char *guest, GError **errp);

/* The process that takes a guest which migrates here; 0: none. */
pid_t xen_files_receiver(void);
bool xen_files_set_receiver(pid_t pid, GError **errp);
bool xen_files_forget_receiver(GError **errp);

#endif
