/* /proc/drbd of DRBD 8 (lib/storage/drbd_info.py). Pure. */
#ifndef GANTRY_NODED_STORAGE_DRBD_PROC_H
#define GANTRY_NODED_STORAGE_DRBD_PROC_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

/* A device; the words are DRBD's own, NULL for one that is not configured. */
struct drbd_minor {
    int minor;
    char *connection;
    char *role, *peer_role;
    char *disk, *peer_disk;
    double sync_percent;    /* below 0: no sync is going on */
    int64_t estimated_time; /* seconds; -1: not known */
};

struct drbd_proc {
    int major, minor, point; /* of the module */
    char *version;           /* as people see it: "8.4.10-1 (api:1/proto:86-101)" */
    struct drbd_minor *minors;
    size_t n_minors;
};

/* NULL and *errp (BlockDeviceError) if the text is not such a file. */
struct drbd_proc *drbd_proc_parse(const char *text, GError **errp);
void drbd_proc_free(struct drbd_proc *proc);
DEFINE_CLEANUP(struct drbd_proc *, drbd_proc_free)

/* NULL: DRBD does not know the minor. */
const struct drbd_minor *drbd_proc_find(const struct drbd_proc *proc, int minor);

bool drbd_minor_in_use(const struct drbd_minor *minor);
bool drbd_minor_is_primary(const struct drbd_minor *minor);
bool drbd_minor_is_connected(const struct drbd_minor *minor);
/* Nobody is asked to connect. */
bool drbd_minor_is_standalone(const struct drbd_minor *minor);
bool drbd_minor_waits(const struct drbd_minor *minor);
bool drbd_minor_is_in_resync(const struct drbd_minor *minor);
bool drbd_minor_is_diskless(const struct drbd_minor *minor);
bool drbd_minor_is_up_to_date(const struct drbd_minor *minor);
bool drbd_minor_peer_is_up_to_date(const struct drbd_minor *minor);

#endif
