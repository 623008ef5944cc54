#include "config.h"

#include <stdint.h>

#include "noded/storage/lvm/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(char **fields, void *user)
{
    double size;

    (void)user;
    (void)lvm_size_parse(fields[1], &size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    GHashTable *disks = lvm_disks_parse(text, NULL);
    GPtrArray *groups = lvm_groups_parse(text, NULL);

    g_clear_pointer(&disks, g_hash_table_unref);
    g_clear_pointer(&groups, g_ptr_array_unref);
    for (int with_lvs = 0; with_lvs < 2; with_lvs++) {
        GPtrArray *pvs = lvm_pvs_parse(text, with_lvs != 0, NULL);

        g_clear_pointer(&pvs, g_ptr_array_unref);
    }
    lvm_lines_parse(text, "|", 2, look, NULL);
    lvm_lines_parse(text, " ", 2, look, NULL);
    return 0;
}
