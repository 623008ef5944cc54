/* Reads a configuration and writes it again: config-roundtrip IN OUT.
 *
 * For the comparison of qa/conformance: exit code 1 and one line on stderr if IN is no
 * configuration. */
#include "config.h"

#include <stdio.h>

#include "compat-config/store/store.h"

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    const struct cfg *cfg;
    bool saved;

    if (argc != 3) {
        fprintf(stderr, "usage: config-roundtrip IN OUT\n");
        return 2;
    }
    cfg = cfg_load(argv[1], &error);
    if (cfg == NULL) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    saved = cfg_save(cfg, argv[2], NULL, &error);
    cfg_unref(cfg);
    if (!saved) {
        fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    return 0;
}
