/* Operating systems of this node. */
#ifndef GANTRY_NODED_BACKEND_OS_H
#define GANTRY_NODED_BACKEND_OS_H

#include "noded/backend/guest.h"
#include "os-interface/environment.h"

/* The list that os_diagnose answers (backend.py DiagnoseOS). */
void backend_write_os_list(struct json_writer *result);

/* Seconds that a script of an operating system may take in that call: a little less than the caller
 * waits, for the error to get through. */
unsigned os_script_timeout(enum rpc_id call);

/* The definition of that name (with or without variant); NULL and *errp if there is no good one. */
struct os_definition *os_open(const char *full_name, GError **errp);

/* A script of an operating system that works on an instance's disks, which are open as long as
 * this lives. */
struct os_work {
    struct guest *guest;
    struct os_definition *os;
    struct bdev **devs; /* of the guest's disks */
    struct os_disk *disks;
    size_t n_disks;
    struct script_env *env; /* OSEnvironment */
};
struct os_work *os_work_open(const struct any_dict *instance, int debug, GError **errp);
void os_work_free(struct os_work *work);
DEFINE_CLEANUP(struct os_work *, os_work_free)

/* A disk, which must be assembled, opened for writing (_OpenRealBD). */
struct bdev *os_open_disk(const struct disk *disk, GError **errp);

#endif
