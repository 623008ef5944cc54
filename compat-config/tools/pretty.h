/* JSON for people: indented by two, names sorted, numbers and texts as Python spells them. */
#ifndef GANTRY_COMPAT_CONFIG_TOOLS_PRETTY_H
#define GANTRY_COMPAT_CONFIG_TOOLS_PRETTY_H

#include <glib.h>

struct json;

/* Without a newline at the end. */
GString *json_pretty(const struct json *value);

#endif
