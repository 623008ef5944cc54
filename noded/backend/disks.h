/* Disks as they come with a call. */
#ifndef GANTRY_NODED_BACKEND_DISKS_H
#define GANTRY_NODED_BACKEND_DISKS_H

#include "base/cleanup.h"
#include "facts/objects.h"
#include "noded/backend/call.h"
#include "noded/storage/bdev.h"

/* A disk with parameters in force; what no configuration has given it yet (a UUID) is empty. */
struct disk *backend_disk(struct json *json, GError **errp);
void backend_disk_free(struct disk *disk);
DEFINE_CLEANUP(struct disk *, backend_disk_free)

/* All of a list; elements are freed with the array. */
GPtrArray *backend_disks(const struct any_list *list, GError **errp);

/* "disk/0 (drbd, 5d...)": for people; allocated. */
char *backend_disk_text(const struct disk *disk);

/* The disk, which must be there (_RecursiveFindBD); it borrows from `disk`. */
struct bdev *backend_disk_find(const struct disk *disk, GError **errp);
/* The same for each of an array of disks; elements are freed with the array. */
GPtrArray *backend_disks_find(const GPtrArray *disks, GError **errp);

/* Adds to an array of texts what an error says, and clears it. */
void backend_note_problem(GPtrArray *problems, GError **error);
/* Fails with all of them if there are any. */
bool backend_no_problems(const GPtrArray *problems, const char *what, GError **errp);

#endif
