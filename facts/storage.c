#include "config.h"

#include "facts/storage.h"

static const enum storage_type types[] = {
#define STORAGE(disk_template, storage_type) [disk_template] = storage_type,
#include "facts/storage.def"
#undef STORAGE
};

enum storage_type storage_type_of(enum disk_template disk_template)
{
    return types[disk_template];
}
