/* An instance as it comes with a call: decoded once, with its disks and its hypervisor. */
#ifndef GANTRY_NODED_BACKEND_GUEST_H
#define GANTRY_NODED_BACKEND_GUEST_H

#include "base/cleanup.h"
#include "facts/objects.h"
#include "noded/backend/call.h"
#include "noded/hypervisor/hv.h"

struct guest {
    const struct hv_ops *hv; /* prepared; NULL from guest_read() */
    struct instance *instance;
    struct disk_list disks; /* with parameters in force, as this node needs them */
};

/* dict: the instance with filled parameters (rpc_encoding INST_DICT). guest_free(). */
struct guest *guest_open(const struct any_dict *dict, GError **errp);
/* The same for work that has nothing to do with a hypervisor. */
struct guest *guest_read(const struct any_dict *dict, GError **errp);
void guest_free(struct guest *guest);
DEFINE_CLEANUP(struct guest *, guest_free)

/* An object of a call's arguments, which came as a dictionary; fact_object_free(). */
void *guest_decode(const struct fact_object *object, const struct any_dict *dict, GError **errp);

/* How the guest's disks are reached. */
struct guest_disks {
    struct hv_disk *v; /* borrows from the guest and from the texts below */
    size_t n;
    GPtrArray *texts;
};
/* Opens the disks, which must be assembled, and links them (_GatherAndLinkBlockDevs). */
struct guest_disks *guest_link_disks(const struct guest *guest, GError **errp);
void guest_disks_free(struct guest_disks *disks);
DEFINE_CLEANUP(struct guest_disks *, guest_disks_free)

/* Whether the hypervisor knows it, and in which state. */
bool guest_state(const struct guest *guest, bool *ret_known, enum hv_state *ret_state,
                 GError **errp);
/* Whether it is among those that run. */
bool guest_runs(const struct guest *guest, bool *ret_runs, GError **errp);

/* Keeps why the guest is in its state, for the monitoring daemon; the trail gets the call's own
 * line (noded.py _extendReasonTrail, backend.py _StoreInstReasonTrail). */
bool guest_keep_reason(const char *name, const char *call, const struct any_list *trail,
                       GError **errp);

#endif
