/* One transfer: starts the programs, moves the data, keeps the status file (daemons/import-export).
 */
#ifndef GANTRY_NODED_IMPEXP_TRANSFER_H
#define GANTRY_NODED_IMPEXP_TRANSFER_H

#include <stdbool.h>

#include "noded/proto/impexp-options.h"

/* Runs to the end, on the default loop; TERM and INT stop it. Whether it succeeded; the status file
 * says more. */
bool transfer_run(const struct impexp_options *options);

#endif
