/* Tables as the list commands print them (reference: FormatTable in lib/cli.py): columns padded to
 * the widest cell, or cells joined by a separator. */
#ifndef GANTRY_CLI_COMPAT_CORE_TABLE_H
#define GANTRY_CLI_COMPAT_CORE_TABLE_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

struct table;

struct table *table_new(void);
void table_free(struct table *table);
DEFINE_CLEANUP(struct table *, table_free)

/* All columns come before the first cell. */
void table_add_column(struct table *table, const char *title, bool align_right);
/* The next cell of the present row, taken over; rows fill up by themselves. */
void table_add_cell(struct table *table, char *text);
/* The same for a text that counts as `width` characters, whatever it has. */
void table_add_cell_counted(struct table *table, char *text, glong width);

struct table_options {
    bool header;
    /* NULL: pad columns. */
    const char *separator;
};
/* Appends one line per row. */
void table_print(const struct table *table, const struct table_options *options, GString *out);

#endif
