/* Lines of running text. */
#ifndef GANTRY_CLI_COMPAT_CORE_TEXT_WRAP_H
#define GANTRY_CLI_COMPAT_CORE_TEXT_WRAP_H

#include <glib.h>

/* Cuts text at blanks into lines of at most `width` characters; a longer word is cut too.
 * NULL-terminated, g_strfreev(). Empty text gives no line. */
char **text_wrap(const char *text, size_t width);

#endif
