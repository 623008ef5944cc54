/* The list and list-fields commands: a query, printed as a table (lib/cli.py GenericList,
 * GenericListFields). */
#ifndef GANTRY_CLI_COMPAT_CORE_LIST_H
#define GANTRY_CLI_COMPAT_CORE_LIST_H

#include <glib.h>
#include <stdbool.h>

#include "cli-compat/core/run.h"
#include "facts/queryfields.h"

/* How the values of one field are shown, in place of what its type says. */
struct list_format {
    const char *field;
    char *(*text)(const struct json *value); /* allocated */
    /* Characters that the value counts as when columns are measured; NULL: as many as it has. */
    glong (*width)(const struct json *value);
};

struct list_spec {
    enum query_kind kind;
    /* Arguments are names of this field or a filter; NULL: arguments play no part. */
    const char *name_field;
    bool numeric_names;
    const struct list_format *formats; /* ends with field NULL; NULL: none */
    const char *extra_field;           /* added to the columns unless it is there; NULL: none */
    struct json *filter;               /* of its own, borrowed; NULL: none */
};

/* Queries and prints by whatever the command has of the options --output, --separator,
 * --no-headers, --units, --verbose and
 * --filter. Sets the exit code 14 for unknown fields. */
bool list_run(struct cli_run *run, const struct list_spec *spec, GError **errp);
/* Prints the fields of a resource, all or those of the arguments. */
bool list_run_fields(struct cli_run *run, enum query_kind kind, GError **errp);

/* ["|", ["=", field, value], ...] (lib/qlang.py MakeSimpleFilter); NULL if values is no list or
 * empty. Owned by the caller. */
struct json *list_any_of(const char *field, const struct json *values);

/* A list_format: elements joined by commas, as the reference's str() shows each. */
char *list_text_joined(const struct json *value);

/* The unit of sizes, for text_format_mib(). Without --units: MiB for programs, which ask for a
 * separator, what reads best for people. */
char list_unit(const struct cli_run *run);
/* The names of the columns, a list of texts: --output replaces the usual ones, or adds to them with
 * a plus sign (lib/cli.py ParseFields). extra: added unless it is there; NULL: none. Owned by the
 * caller. */
struct json *list_fields(const struct cli_run *run, const char *extra);

#endif
