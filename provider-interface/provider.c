#include "config.h"

#include "provider-interface/provider.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"

enum { MAX_FILE = 1024 * 1024 };

static bool is_name(const char *name)
{
    return *name != '\0' && name[strspn(name, G_CSET_a_2_z G_CSET_A_2_Z "0123456789_-")] == '\0';
}

char *provider_find_dir(const char *name, const char *const *dirs)
{
    for (; is_name(name) && *dirs != NULL; dirs++) {
        g_autofree char *path = g_build_filename(*dirs, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            return g_steal_pointer(&path);
        }
    }
    return NULL;
}

bool provider_check_file(const char *dir, const char *name, unsigned flags, char **ret_path,
                         char **ret_problem)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    struct stat st;

    *ret_path = NULL;
    if (stat(path, &st) != 0) {
        if (errno == ENOENT && (flags & PROVIDER_FILE_REQUIRED) == 0) {
            return true;
        }
        *ret_problem =
            g_strdup_printf("file '%s' is missing in %s: %s", name, dir, g_strerror(errno));
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        *ret_problem = g_strdup_printf("'%s' in %s is not a regular file", name, dir);
        return false;
    }
    if ((flags & PROVIDER_FILE_SCRIPT) != 0 && (st.st_mode & S_IXUSR) == 0) {
        *ret_problem = g_strdup_printf("'%s' in %s is not executable", name, dir);
        return false;
    }
    *ret_path = g_steal_pointer(&path);
    return true;
}

char **provider_read_lines(const char *dir, const char *name, char **ret_problem)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = fs_read_file(path, MAX_FILE, NULL, &error);
    size_t len;

    if (text == NULL) {
        *ret_problem = g_strdup(error->message);
        return NULL;
    }
    len = strlen(text);
    if (len > 0 && text[len - 1] == '\n') {
        text[len - 1] = '\0';
    }
    return len == 0 ? g_new0(char *, 1) : g_strsplit(text, "\n", -1);
}

static struct provider_parameter parse_parameter(char *line)
{
    struct provider_parameter row = {NULL, NULL};
    size_t len;

    g_strstrip(line);
    len = strcspn(line, " \t");
    if (len > 0) {
        row.name = g_strndup(line, len);
    }
    line += len;
    line += strspn(line, " \t");
    if (*line != '\0') {
        row.help = g_strdup(line);
    }
    return row;
}

bool provider_read_parameters(const char *dir, const char *name, struct provider_parameters *ret,
                              char **ret_problem)
{
    g_auto(GStrv) lines = provider_read_lines(dir, name, ret_problem);

    if (lines == NULL) {
        return false;
    }
    ret->n = g_strv_length(lines);
    ret->v = g_new0(struct provider_parameter, ret->n + 1);
    for (size_t i = 0; i < ret->n; i++) {
        ret->v[i] = parse_parameter(lines[i]);
    }
    return true;
}

void provider_parameters_clear(struct provider_parameters *parameters)
{
    for (size_t i = 0; i < parameters->n; i++) {
        g_free(parameters->v[i].name);
        g_free(parameters->v[i].help);
    }
    g_free(parameters->v);
    *parameters = (struct provider_parameters){NULL, 0};
}

bool provider_has_parameter(const struct provider_parameters *parameters, const char *name)
{
    for (size_t i = 0; i < parameters->n; i++) {
        if (g_strcmp0(parameters->v[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}
