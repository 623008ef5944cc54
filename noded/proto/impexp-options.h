/* The command line of the program that carries disks between nodes: what the node daemon gives and
 * the program takes, from the rows of facts/impexp.def. */
#ifndef GANTRY_NODED_PROTO_IMPEXP_OPTIONS_H
#define GANTRY_NODED_PROTO_IMPEXP_OPTIONS_H

#include <glib.h>
#include <stdbool.h>

enum {
    /* Options that were not given. */
    IMPEXP_UNSET = -1,
    IMPEXP_SIZE_FROM_COMMAND = -2,
};

struct impexp_options {
    char *status_file;
    bool import; /* else export */
    bool debug, verbose, help;
#define IMPEXP_TEXT(option, member, doc)      char *member;
#define IMPEXP_INT(option, member, dflt, doc) int member;
#define IMPEXP_FLAG(option, member, doc)      bool member;
#include "facts/impexp.def"
    int exp_mib; /* what exp_size means: MiB, IMPEXP_UNSET or IMPEXP_SIZE_FROM_COMMAND */
};

/* Everything unset, or its default. */
void impexp_options_init(struct impexp_options *options);
void impexp_options_clear(struct impexp_options *options);

/* The whole command line; only what differs from the defaults. g_ptr_array with g_free. */
GPtrArray *impexp_options_argv(const struct impexp_options *options, const char *program);

/* options must be initialised. False and *errp if the command line is wrong; with --help nothing
 * else is checked. */
bool impexp_options_parse(struct impexp_options *options, int argc, char **argv, GError **errp);
/* What --help prints; allocated. */
char *impexp_options_help(const char *program);

#endif
