/* Transfers of disks, each carried by a program that outlives the call that starts it. */
#ifndef GANTRY_NODED_BACKEND_IMPEXP_H
#define GANTRY_NODED_BACKEND_IMPEXP_H

#include "noded/backend/os.h"
#include "noded/proto/impexp-options.h"

/* Where the data of a transfer comes from or goes. */
struct impexp_io {
    struct guest *guest;
    struct os_work *work; /* scripts only */
};

/* Fills the options for the command and its size, and makes ready what it needs; what is of the
 * kind `kind` with its arguments `args` (backend.py _GetImportExportIoCommand). impexp_io_clear(),
 * also after an error. */
bool impexp_io_open(struct impexp_io *io, const struct any_dict *instance, const struct json *kind,
                    const struct json *args, struct impexp_options *options, GError **errp);
void impexp_io_clear(struct impexp_io *io);

#endif
