/* Tables of commands whose rows are an opcode's result and whose columns have no description in the
 * answer (lib/cli.py GenerateTable). */
#ifndef GANTRY_CLI_COMPAT_CORE_OLD_TABLE_H
#define GANTRY_CLI_COMPAT_CORE_OLD_TABLE_H

#include "cli-compat/core/run.h"

struct old_column {
    const char *field, *title;
    bool mib; /* a size in MiB, shown by the command's --units, to the right */
    char *(*text)(const struct json *value); /* allocated; NULL: as Python's str() */
};

/* The rows of the result, each with a value for each of the fields (a list of texts). columns ends
 * with field NULL; a field that is not among them has its own name as title. */
bool old_table_print(struct cli_run *run, const struct old_column *columns,
                     const struct json *fields, const struct json *rows, GError **errp);

#endif
