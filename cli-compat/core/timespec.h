/* Spans of time as people type them. */
#ifndef GANTRY_CLI_COMPAT_CORE_TIMESPEC_H
#define GANTRY_CLI_COMPAT_CORE_TIMESPEC_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* "90", "90s", "30m", "4h", "1d", "2w" as seconds; ERR_OP_PREREQ (lib/cli.py ParseTimespec). */
bool timespec_parse(const char *text, int64_t *ret_seconds, GError **errp);

#endif
