/* The tool xl: asked and told. */
#ifndef GANTRY_NODED_HYPERVISOR_XEN_XL_H
#define GANTRY_NODED_HYPERVISOR_XEN_XL_H

#include <glib.h>
#include <stdbool.h>

#include "base/cmd.h"
#include "noded/hypervisor/xen/parse.h"

#define XEN_XL "xl"

/* Runs "xl" with arguments, ends with NULL; an error names what it was to do with which guest. */
bool xl_run(GError **errp, const char *arg, ...) G_GNUC_NULL_TERMINATED;
/* All domains (xen_parse_list()); asked again for some seconds if Xen is busy. */
GPtrArray *xl_list(GError **errp);
/* One of them; *ret is NULL if there is none of the name, else hv_guest_free(). */
bool xl_find(const char *guest, struct hv_guest **ret, GError **errp);
/* The output of "xl info"; g_free(). */
char *xl_info(GError **errp);

#endif
