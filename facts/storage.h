/* Disk templates and the storage below them, from storage.def. */
#ifndef GANTRY_FACTS_STORAGE_H
#define GANTRY_FACTS_STORAGE_H

#include "facts/objects.h"

enum storage_type storage_type_of(enum disk_template disk_template);

#endif
