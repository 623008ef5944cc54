/* The description of an export as Python's configparser reads and writes it: sections of "name =
 * value" or "name: value", names in lower case, further lines of a value indented. Values stay as
 * they are written (a "%" is doubled). Pure. */
#ifndef GANTRY_NODED_PROTO_INI_H
#define GANTRY_NODED_PROTO_INI_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

struct ini;

/* NULL and *errp, with the line's number, if the text is none. */
struct ini *ini_parse(const char *text, GError **errp);
void ini_free(struct ini *ini);
DEFINE_CLEANUP(struct ini *, ini_free)

bool ini_has_section(const struct ini *ini, const char *name);
/* The value of a member, "%%" read as "%"; NULL if there is none. Owned by the caller. */
char *ini_get(const struct ini *ini, const char *section, const char *name);
/* Calls fn for each member of a section, which may not exist, with its value as ini_get() has it.
 */
typedef void ini_fn(const char *name, const char *value, void *data);
void ini_each(const struct ini *ini, const char *section, ini_fn *fn, void *data);
/* The whole text, as configparser writes it. */
char *ini_dump(const struct ini *ini);

/* Writes a section's head or a member; value as it shall be read. */
void ini_put_section(GString *out, const char *name);
void ini_put(GString *out, const char *name, const char *value);

#endif
