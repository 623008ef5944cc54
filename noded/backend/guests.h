/* Guests of this node, whatever hypervisor they run on. */
#ifndef GANTRY_NODED_BACKEND_GUESTS_H
#define GANTRY_NODED_BACKEND_GUESTS_H

#include "facts/objects.h"
#include "noded/backend/call.h"
#include "noded/hypervisor/hv.h"

/* A hypervisor that is ready to be asked, with the parameters to ask it with. */
struct backend_hv {
    const struct hv_ops *ops;
    struct value_map params;
};

/* word: its name on the wire; params: JSON object or null. */
bool backend_hv_open(const char *word, struct json *params, struct backend_hv *hv, GError **errp);
void backend_hv_close(struct backend_hv *hv);

/* The member of that name; NULL also if all is not a dictionary. Borrowed. */
struct json *backend_member(const struct json *all, const char *name);

/* Writes the names of the guests of some hypervisors (list of words); all_params has the parameters
 * of each (GetInstanceList). */
bool backend_write_guest_names(const struct any_list *hypervisors, const struct json *all_params,
                               struct json_writer *result, GError **errp);
/* Writes the dictionary of memory and processors as the hypervisor sees them. */
bool backend_write_hv_info(struct json_writer *result, const char *word, struct json *params,
                           GError **errp);

#endif
