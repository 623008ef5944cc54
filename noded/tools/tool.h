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

/* The exit code; an error is told on standard error and freed. */
int tool_end(bool ok, GError *error);

/* The whole main() of a program that does what a request on standard input says. run() checks the
 * request and carries it out, unless dry_run. */
typedef bool tool_request_fn(const void *request, bool dry_run, GError **errp);
int tool_request_main(const struct tool *tool, const struct fact_object *object,
                      tool_request_fn *run, int argc, char **argv);

#endif
