/* Values as Python prints them. Lists of the reference show values of no particular kind this way
 * ("['a', None, True]"), and scripts read that. */
#ifndef GANTRY_CLI_COMPAT_CORE_PYREPR_H
#define GANTRY_CLI_COMPAT_CORE_PYREPR_H

#include <glib.h>

struct json;

/* str(value): texts stand as they are. */
char *pyrepr_str(const struct json *value);
/* repr(value): texts are quoted and escaped. */
void pyrepr_append(GString *out, const struct json *value);

#endif
