/* htools: one program with many names. Its own name, or the variable HTOOLS, says which it is. */
#include "config.h"

#include "htools/programs/cli.h"

static int complain_no_program(const char *name)
{
    g_autoptr(GString) list = g_string_new(NULL);

    cli_program_list(list);
    fprintf(stderr,
            "Error: there is no program '%s' here. Call this file by one of these names,\n"
            "or name one in the environment variable HTOOLS:\n%s",
            name, list->str);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    g_autofree char *own_name = g_path_get_basename(argc > 0 ? argv[0] : "htools");
    const char *wanted = g_getenv("HTOOLS");
    const char *name = wanted != NULL ? wanted : own_name;
    const struct cli_program *program = cli_program_find(name);

    return program != NULL ? cli_program_run(program, argv + (argc > 0))
                           : complain_no_program(name);
}
