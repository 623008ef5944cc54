#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "extstorage-interface/ext.h"
#include "noded/impexp/output.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What socat, commands and storage providers print. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    struct ext_attached attached;
    struct socat_line line;
    int64_t mib;

    socat_line_parse(text, size % 2 == 0, &line);
    if (line.event == SOCAT_LISTENS && (line.port < 1 || line.port > 65535)) {
        abort();
    }
    g_free(line.shown);
    if (output_parse_size(text, &mib) && mib < 0) {
        abort();
    }
    ext_attached_parse(text, &attached);
    (void)ext_attached_uri(&attached, "kvm");
    ext_attached_clear(&attached);
    return 0;
}
