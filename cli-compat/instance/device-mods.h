/* --disk and --net of gnt-instance modify: "index:op,key=value,..." (lib/client/gnt_instance.py
 * _ConvertNicDiskModifications, _ParseDiskSizes). */
#ifndef GANTRY_CLI_COMPAT_INSTANCE_DEVICE_MODS_H
#define GANTRY_CLI_COMPAT_INSTANCE_DEVICE_MODS_H

#include <glib.h>
#include <stdbool.h>

#include "base/json.h"

/* The option's value, [[ident, {...}], ...], as the opcode takes it: [[action, device, {...}],
 * ...]; owned by the caller, NULL on error. disks: sizes are read, and new ones need one. */
struct json *device_mods_read(const struct json *given, bool disks, GError **errp);
/* Whether one that is there changes. */
bool device_mods_modify(const struct json *mods);

#endif
