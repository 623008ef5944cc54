/* What xl prints. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "facts/codec.h"
#include "noded/hypervisor/xen/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL, second = NULL;
    g_autoptr(GPtrArray) guests = xen_parse_list(text, &error);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    struct node_hv_info info = {0};

    if ((guests == NULL) != (error != NULL)) {
        abort();
    }
    if (xen_parse_info(text, guests != NULL ? guests : none, &info, &second) == (second != NULL)) {
        abort();
    }
    fact_object_clear(&fact_object_node_hv_info, &info);
    return 0;
}
