/* Operating systems of this node. */
#ifndef GANTRY_NODED_BACKEND_OS_H
#define GANTRY_NODED_BACKEND_OS_H

#include "base/json-writer.h"

/* The list that os_diagnose answers (backend.py DiagnoseOS). */
void backend_write_os_list(struct json_writer *result);

#endif
