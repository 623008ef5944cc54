/* What xl prints. Pure and bounded (hv_xen.py). */
#ifndef GANTRY_NODED_HYPERVISOR_XEN_PARSE_H
#define GANTRY_NODED_HYPERVISOR_XEN_PARSE_H

#include <glib.h>
#include <stdbool.h>

#include "noded/hypervisor/hv.h"

#define XEN_DOM0 "Domain-0"

/* The output of "xl list": struct hv_guest *, freed with the array, the node's own domain among
 * them. Crashed ones are left out: Xen restarts them. NULL and *errp if a line cannot be read
 * (_ParseInstanceList). */
GPtrArray *xen_parse_list(const char *text, GError **errp);

/* A state such as "-b----"; *ret_crashed goes before *ret_state (_XenToHypervisorInstanceState). */
bool xen_parse_state(const char *word, enum hv_state *ret_state, bool *ret_crashed, GError **errp);

/* The output of "xl info", joined with the list (_GetNodeInfo). */
bool xen_parse_info(const char *text, const GPtrArray *guests, struct node_hv_info *ret,
                    GError **errp);

#endif
