/* Exports of instances on this node. */
#include "config.h"

#include <string.h>

#include "base/fs-tree.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/proto/ini.h"

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

NODED_CALL(export_info, NODED_WORKER)
{
    g_autofree char *path = g_build_filename(args->path, C_EXPORT_CONF_FILE, NULL);
    CLEANUP(ini_freep) struct ini *ini = NULL;
    g_autofree char *text = NULL, *dumped = NULL;

    if (!g_path_is_absolute(args->path)) {
        return noded_fail(errp, "'%s' is not the full path of an export", args->path);
    }
    text = fs_read_file(path, MAX_CONFIG, NULL, errp);
    ini = text == NULL ? NULL : ini_parse(text, errp);
    if (ini == NULL) {
        g_prefix_error(errp, "%s on %s: ", path, backend_node_name());
        return false;
    }
    if (!ini_has_section(ini, C_INISECT_EXP) || !ini_has_section(ini, C_INISECT_INS)) {
        return noded_fail(errp, "%s on %s has no section [%s] or no section [%s]", path,
                          backend_node_name(), C_INISECT_EXP, C_INISECT_INS);
    }
    dumped = ini_dump(ini);
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
