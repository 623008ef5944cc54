/* Makes up a cluster and what to ask the htools programs about it:
 *
 *     generate SEED DIRECTORY [MAX-NODES]
 *
 * writes cluster.data, dynu, mond.json, mond-xen.json, the requests and rapi/ to the
 * directory, and commands: one command line each, words separated by tabs, with file names relative
 * to the directory. The same seed and limit make the same files. */
#include "config.h"

#include <errno.h>

#include "qa/htools/commands.h"
#include "qa/htools/model.h"
#include "qa/htools/write.h"

enum { DEFAULT_MAX_NODES = 60, MAX_GROUPS = 5, MAX_PER_NODE = 10 };

static bool save(const char *directory, const char *name, char *text)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autofree char *owned = text;
    g_autoptr(GError) error = NULL;

    if (!g_file_set_contents(path, owned, -1, &error)) {
        fprintf(stderr, "Error: %s\n", error->message);
        return false;
    }
    return true;
}

static bool save_requests(struct model *model, const char *directory, GString *commands)
{
    unsigned n = (unsigned)rng_range(&model->rng, 2, 5);

    for (unsigned i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("request-%u.json", i);

        if (!save(directory, name, commands_add_request(model, name, commands))) {
            return false;
        }
    }
    return true;
}

static bool save_rapi(const struct model *model, const char *directory)
{
    g_autofree char *rapi = g_build_filename(directory, "rapi", NULL);

    if (g_mkdir_with_parents(rapi, 0777) != 0) {
        fprintf(stderr, "Error: cannot make %s: %s\n", rapi, g_strerror(errno));
        return false;
    }
    for (int part = 0; part < WRITE_RAPI_PARTS; part++) {
        if (!save(rapi, write_rapi_names[part], write_rapi(model, part))) {
            return false;
        }
    }
    return true;
}

static bool generate(uint64_t seed, const char *directory, int max_nodes)
{
    const struct model_limits limits = {
        .max_nodes = max_nodes, .max_groups = MAX_GROUPS, .max_per_node = MAX_PER_NODE};
    struct model *model = model_new(seed, &limits);
    GString *commands = g_string_new(NULL);
    bool ok = save(directory, "cluster.data", write_text(model)) &&
              save(directory, "dynu", write_utilisation(model)) &&
              save(directory, "mond.json", write_mond(model, false)) &&
              save(directory, "mond-xen.json", write_mond(model, true)) &&
              save_requests(model, directory, commands) && save_rapi(model, directory);

    commands_add_tools(model, commands);
    ok = ok && save(directory, "commands", g_strdup(commands->str));
    g_string_free(commands, TRUE);
    model_free(model);
    return ok;
}

int main(int argc, char **argv)
{
    guint64 seed, max_nodes = DEFAULT_MAX_NODES;

    if (argc < 3 || argc > 4 ||
        !g_ascii_string_to_unsigned(argv[1], 10, 0, G_MAXUINT64, &seed, NULL) ||
        (argc == 4 && !g_ascii_string_to_unsigned(argv[3], 10, 1, 5000, &max_nodes, NULL))) {
        fprintf(stderr, "Usage: generate SEED DIRECTORY [MAX-NODES]\n");
        return EXIT_FAILURE;
    }
    return generate(seed, argv[2], (int)max_nodes) ? EXIT_SUCCESS : EXIT_FAILURE;
}
