/* Making an instance, empty or from an export (lib/cli.py GenericInstanceCreate). */
#ifndef GANTRY_CLI_COMPAT_INSTANCE_ADD_H
#define GANTRY_CLI_COMPAT_INSTANCE_ADD_H

#include <stdbool.h>

#include "cli-compat/core/run.h"
#include "facts/objects.h"

/* From the options of gnt-instance add or, in the mode INST_CREATE_IMPORT, of gnt-backup import. */
bool instance_create(struct cli_run *run, enum inst_create_mode mode, GError **errp);

#endif
