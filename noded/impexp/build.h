/* Command lines of a transfer's programs (lib/impexpd CommandBuilder). Pure. The arrays end with
 * NULL and free their elements. */
#ifndef GANTRY_NODED_IMPEXP_BUILD_H
#define GANTRY_NODED_IMPEXP_BUILD_H

#include <glib.h>

#include "noded/proto/impexp-options.h"

/* peer_name: what the other side's certificate must be for (export; NULL for an import). NULL and
 * *errp if an option cannot be given to socat. */
GPtrArray *build_socat(const struct impexp_options *options, const char *peer_name, GError **errp);

/* NULL: no compression. */
GPtrArray *build_compression(const struct impexp_options *options);
/* The same program, asked whether it is there; NULL: no compression. */
GPtrArray *build_compression_check(const struct impexp_options *options);

/* Where the data comes from (export) or goes (import): standard input and output, or what the shell
 * text makes of them. */
GPtrArray *build_command(const struct impexp_options *options);

/* "M=TEXT"; NULL: no magic text. Allocated. */
char *build_magic(const struct impexp_options *options);

#endif
