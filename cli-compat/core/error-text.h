/* How a failed command says so (lib/cli.py FormatError): the first words tell scripts the kind of
 * error. */
#ifndef GANTRY_CLI_COMPAT_CORE_ERROR_TEXT_H
#define GANTRY_CLI_COMPAT_CORE_ERROR_TEXT_H

#include <glib.h>

/* One or more lines, the last without its end; allocated. */
char *error_text(const GError *error);
int error_exit_code(const GError *error);

#endif
