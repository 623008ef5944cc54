/* Which processors of the node a guest may use: "0-2,4:all:1,3", a mask for each virtual processor,
 * or one for the guest (utils/__init__.py ParseMultiCpuMask). */
#ifndef GANTRY_NODED_HYPERVISOR_CPU_MASK_H
#define GANTRY_NODED_HYPERVISOR_CPU_MASK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Masks (GArray of int64_t, ascending, each once; empty: all processors); NULL and *errp if the
 * text is none. */
GPtrArray *cpu_masks_parse(const char *text, GError **errp);
/* Whether a parameter's text restricts anything. */
bool cpu_mask_is_set(const char *text);
/* A mask as text: ranges, commas; "all" is C_CPU_PINNING_ALL_XEN in Xen's words. */
char *cpu_mask_join(const GArray *mask);
/* Binds a thread to a mask. */
bool cpu_mask_apply(int thread, const GArray *mask, GError **errp);

#endif
