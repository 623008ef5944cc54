/* Folders of scripts: finding and checking them. A problem is a text for people, allocated; NULL
 * means that there is none. */
#ifndef GANTRY_PROVIDER_INTERFACE_PROVIDER_H
#define GANTRY_PROVIDER_INTERFACE_PROVIDER_H

#include <glib.h>
#include <stdbool.h>

/* The first folder of that name in the search path (NULL-terminated); NULL if there is none, or the
 * name cannot be one (utils.FindFile with EXT_PLUGIN_MASK). */
char *provider_find_dir(const char *name, const char *const *dirs);

enum provider_file_flags {
    PROVIDER_FILE_REQUIRED = 1 << 0,
    PROVIDER_FILE_SCRIPT = 1 << 1, /* its owner must be allowed to execute it */
};
/* Whether the file is what it should be. *ret_path is NULL if it is not there, which is good unless
 * it is required. */
bool provider_check_file(const char *dir, const char *name, unsigned flags, char **ret_path,
                         char **ret_problem);

/* The lines of a file of the folder; NULL and *ret_problem if it cannot be read. g_strfreev(). */
char **provider_read_lines(const char *dir, const char *name, char **ret_problem);

/* A line of a list of parameters; help is NULL if there is none, name too on an empty line. */
struct provider_parameter {
    char *name, *help;
};
struct provider_parameters {
    struct provider_parameter *v;
    size_t n;
};
/* Reads "NAME HELP" lines. */
bool provider_read_parameters(const char *dir, const char *name, struct provider_parameters *ret,
                              char **ret_problem);
void provider_parameters_clear(struct provider_parameters *parameters);
bool provider_has_parameter(const struct provider_parameters *parameters, const char *name);

#endif
