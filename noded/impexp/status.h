/* The status file of a transfer (daemons/import-export StatusFile): JSON, replaced as a whole, mode
 * 0400. The node daemon and through it the master read it while the transfer runs. */
#ifndef GANTRY_NODED_IMPEXP_STATUS_H
#define GANTRY_NODED_IMPEXP_STATUS_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "facts/objects.h"

struct status {
    char *path;
    struct import_export_status data; /* change it, then write */
};

struct status *status_new(const char *path);
void status_free(struct status *status);
DEFINE_CLEANUP(struct status *, status_free)

/* Adds a line of output; the oldest go. What is not UTF-8 is made so. */
void status_add_output(struct status *status, const char *line);
/* Writes the file, unless that was done seconds ago and `now` is false. A file that cannot be
 * written is logged: the transfer matters more. */
void status_write(struct status *status, bool now);
/* The end: message NULL is success. */
void status_set_exit(struct status *status, int exit_status, const char *message);

#endif
