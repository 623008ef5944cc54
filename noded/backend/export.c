/* Exports of instances on this node. */
#include "config.h"

#include <string.h>

#include "base/fs-tree.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"

enum { MAX_CONFIG = 16 * 1024 * 1024 };

NODED_CALL(export_list, NODED_WORKER)
{
    const char *dir = path_get(PATH_EXPORT_DIR);
    g_autoptr(GPtrArray) names = NULL;

    if (!g_file_test(dir, G_FILE_TEST_IS_DIR)) {
        return noded_fail(errp, "there is no folder of exports (%s) on %s", dir,
                          backend_node_name());
    }
    names = backend_list_visible(dir, errp);
    if (names == NULL) {
        return false;
    }
    json_write_array_begin(result);
    for (guint i = 0; i < names->len; i++) {
        json_write_string(result, g_ptr_array_index(names, i));
    }
    json_write_array_end(result);
    return true;
}

/* As Python's configparser writes it: names of members in lower case, a blank line behind each
 * section. */
static char *dump(GKeyFile *file)
{
    GString *text = g_string_new(NULL);
    g_auto(GStrv) sections = g_key_file_get_groups(file, NULL);

    for (char **section = sections; *section != NULL; section++) {
        g_auto(GStrv) keys = g_key_file_get_keys(file, *section, NULL, NULL);

        g_string_append_printf(text, "[%s]\n", *section);
        for (char **key = keys; key != NULL && *key != NULL; key++) {
            g_autofree char *lower = g_utf8_strdown(*key, -1);
            g_autofree char *value = g_key_file_get_value(file, *section, *key, NULL);

            g_string_append_printf(text, "%s = %s\n", lower, value);
        }
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

/* Python's configparser takes ":" for "=". */
static void use_equals(char *text)
{
    for (char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (*line != '[' && *line != '#' && line[strcspn(line, "=:\n")] == ':') {
            line[strcspn(line, ":")] = '=';
        }
    }
}

NODED_CALL(export_info, NODED_WORKER)
{
    g_autofree char *path = g_build_filename(args->path, C_EXPORT_CONF_FILE, NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *text = NULL, *dumped = NULL;
    size_t len;

    if (!g_path_is_absolute(args->path)) {
        return noded_fail(errp, "'%s' is not the full path of an export", args->path);
    }
    text = fs_read_file(path, MAX_CONFIG, &len, errp);
    if (text != NULL) {
        use_equals(text);
    }
    if (text == NULL || !g_key_file_load_from_data(file, text, len, G_KEY_FILE_NONE, errp)) {
        g_prefix_error(errp, "%s on %s: ", path, backend_node_name());
        return false;
    }
    if (!g_key_file_has_group(file, C_INISECT_EXP) || !g_key_file_has_group(file, C_INISECT_INS)) {
        return noded_fail(errp, "%s on %s has no section [%s] or no section [%s]", path,
                          backend_node_name(), C_INISECT_EXP, C_INISECT_INS);
    }
    dumped = dump(file);
    json_write_string(result, dumped);
    return true;
}

NODED_CALL(export_remove, NODED_WORKER)
{
    g_autofree char *path = NULL;

    if (*args->export == '\0' || *args->export == '.' || strchr(args->export, '/') != NULL) {
        return noded_fail(errp, "'%s' is not the name of an export", args->export);
    }
    path = g_build_filename(path_get(PATH_EXPORT_DIR), args->export, NULL);
    json_write_null(result);
    return fs_remove_tree(path, errp);
}
