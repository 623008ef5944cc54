#include "config.h"

#include <glib.h>
#include <stdint.h>

/* The main function of every fuzz target in a build without libFuzzer: feeds it the files and the
 * folders' files that are named on the command line. Arguments with a dash are libFuzzer's and
 * ignored. A corpus without a single file is a mistake, so it fails. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replay_file(const char *path)
{
    g_autofree char *data = NULL;
    g_autoptr(GError) error = NULL;
    gsize size;

    if (!g_file_get_contents(path, &data, &size, &error)) {
        g_printerr("%s\n", error->message);
        return 0;
    }
    /* A copy of exactly this size, so that the address sanitizer sees a read behind the end. */
    g_autofree uint8_t *exact = size > 0 ? g_memdup2(data, size) : g_malloc(1);
    g_print("%s\n", path);
    (void)LLVMFuzzerTestOneInput(exact, size);
    return 1;
}

static unsigned replay(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    unsigned count = 0;
    const char *name;

    if (dir == NULL) {
        return replay_file(path);
    }
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        count += replay_file(file);
    }
    return count;
}

int main(int argc, char **argv)
{
    unsigned count = 0;

    for (int i = 1; i < argc; i++) {
        count += argv[i][0] == '-' ? 0 : replay(argv[i]);
    }
    g_print("%u inputs\n", count);
    return count > 0 ? 0 : 1;
}
