/* Changes of lists of devices, the disks or interfaces of an instance, as opcodes carry them:
 * [[action, device, parameters], ...] (reference: lib/cmdlib/instance_set_params.py
 * _UpgradeDiskNicMods, lib/cmdlib/instance_utils.py ApplyContainerMods). */
#ifndef GANTRY_JOBS_LU_DEVICE_MODS_H
#define GANTRY_JOBS_LU_DEVICE_MODS_H

#include <glib.h>
#include <stdbool.h>

#include "base/json.h"
#include "facts/objects.h"

struct lu_mod {
    enum ddm_full action;
    char *device;        /* a number (-1: the last, or behind it), a name or a UUID */
    struct json *params; /* an object of its own, to be completed by the unit */
};

/* An array of struct lu_mod that owns what it holds. The form of old clients, [[action or index,
 * parameters], ...], has at most one that adds or removes. kind: "disk", "NIC". NULL on error. */
GArray *lu_mods_read(const struct json *mods, const char *kind, GError **errp);
/* Appends one; params is taken over. */
void lu_mods_add(GArray *mods, enum ddm_full action, const char *device, struct json *params);
struct lu_mod *lu_mods_at(const GArray *mods, guint index);

/* What identifies devices of a list beside their place; borrowed. */
struct lu_device_id {
    const char *name; /* NULL: none */
    const char *uuid; /* NULL: it has none yet */
};
/* Where in a list of n something new is put. */
bool lu_mod_place(const struct lu_mod *mod, const char *kind, size_t n, size_t *ret, GError **errp);
/* Which of n devices is meant; v NULL: it must be told by its number. */
bool lu_mod_find(const struct lu_mod *mod, const char *kind, const struct lu_device_id *v, size_t n,
                 size_t *ret, GError **errp);
/* Names are no numbers, and neither those nor the UUIDs of others (utils ValidateDeviceNames). */
bool lu_device_names_check(const struct lu_device_id *v, size_t n, const char *kind, GError **errp);

/* A parameter of a change: whether it is given; *ret (may be NULL) is NULL where it is given as
 * null or as none. */
bool lu_mod_text(const struct lu_mod *mod, const char *key, const char **ret);
/* "none" in any case becomes null. */
void lu_mod_take_none(struct lu_mod *mod, const char *key);

/* Appends [name, value] to a list of changes, as opcodes have in their results; value is taken
 * over. */
void lu_change_add(struct json *changes, struct json *value, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

#endif
