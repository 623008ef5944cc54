/* What the programs of a node share (reference: lib/tools/common.py, utils.SetupToolLogging). */
#ifndef GANTRY_NODED_TOOLS_TOOL_H
#define GANTRY_NODED_TOOLS_TOOL_H

#include <glib.h>
#include <stdbool.h>

#include "facts/type.h"

enum {
    TOOL_OK = 0,
    TOOL_FAILURE = 1,
    TOOL_USAGE = 2,
};

struct tool_options {
    gboolean debug, verbose, dry_run;
};

struct tool {
    const char *name;
    const char *arguments; /* what stands behind the options in the usage line; NULL: none may */
    const char *summary;   /* for --help: what it does, how it is used */
    bool dry_run;          /* has --dry-run */
    const GOptionEntry *extra; /* options of its own, ends with {NULL}; NULL: none */
};

/* Reads options, sets paths and log up. Returns false if the program shall end with *ret_exit.
 * argv then holds the arguments that are left, from argv[1] on. */
bool tool_start(const struct tool *tool, struct tool_options *opts, int *argc, char ***argv,
                int *ret_exit);

/* The request on standard input, for fact_object_free(). NULL after an error. */
void *tool_read_request(const struct fact_object *object, GError **errp);

/* The exit code; an error is told on standard error and freed. */
int tool_end(bool ok, GError *error);

#endif
