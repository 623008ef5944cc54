#include "config.h"

#include "compat-config/paths/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "facts/constants.h"
#include "facts/errors.h"

/* Of this node; NULL: no virtual cluster. */
static char *node_root, *base_folder, *hostname;
static bool is_initialized;

static bool is_name(const char *word)
{
    return word[0] != '\0' && strchr(word, '/') == NULL && strcmp(word, ".") != 0 &&
           strcmp(word, "..") != 0;
}

static bool fail(GError **errp, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool fail(GError **errp, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    return err_fail(errp, ERR_PROGRAMMER, ECODE_NONE, "%s", text);
}

static bool check_hostname(const char *name, GError **errp)
{
    return is_name(name) || fail(errp, "host name \"%s\" cannot be part of a path", name);
}

/* Keeps nothing on error. */
static bool read_environment(const char *root, const char *name, GError **errp)
{
    g_autofree char *folder = NULL;
    g_autofree char *last = NULL;

    if (!g_path_is_absolute(root)) {
        return fail(errp, "root folder in %s must be absolute: %s", C_V_CLUSTER_ROOTDIR_ENVNAME,
                    root);
    }
    if (!check_hostname(name, errp)) {
        return false;
    }
    folder = g_canonicalize_filename(root, "/");
    last = g_path_get_basename(folder);
    if (strcmp(last, name) != 0) {
        return fail(errp, "root folder \"%s\" must end with the host name \"%s\"", folder, name);
    }
    base_folder = g_path_get_dirname(folder);
    node_root = g_steal_pointer(&folder);
    hostname = g_strdup(name);
    return true;
}

bool paths_init(GError **errp)
{
    const char *root = getenv(C_V_CLUSTER_ROOTDIR_ENVNAME);
    const char *name = getenv(C_V_CLUSTER_HOSTNAME_ENVNAME);
    bool has_root = root != NULL && root[0] != '\0';
    bool has_name = name != NULL && name[0] != '\0';

    if (is_initialized) {
        return true;
    }
    if (has_root != has_name) {
        return fail(errp, "a virtual cluster needs both %s and %s in the environment",
                    C_V_CLUSTER_ROOTDIR_ENVNAME, C_V_CLUSTER_HOSTNAME_ENVNAME);
    }
    if (has_root && !read_environment(root, name, errp)) {
        return false;
    }
    is_initialized = true;
    return true;
}

static void need_init(void)
{
    g_autoptr(GError) error = NULL;

    if (!is_initialized && !paths_init(&error)) {
        g_error("%s", error->message);
    }
}

static char *below(const char *root, const char *path)
{
    g_autofree char *whole = g_strconcat(root, "/", path, NULL);

    return g_canonicalize_filename(whole, "/");
}

char *path_of_node(const char *path)
{
    need_init();
    return node_root != NULL ? below(node_root, path) : g_canonicalize_filename(path, "/");
}

const char *path_get(enum path_id id)
{
    static char *paths[PATH_COUNT];

    need_init();
    if (node_root == NULL || !path_is_of_node(id)) {
        return path_plain(id);
    }
    if (paths[id] == NULL) {
        paths[id] = path_of_node(path_plain(id));
    }
    return paths[id];
}

char *path_format(enum path_id id, const char *word)
{
    const char *path = path_get(id);
    const char *at = strstr(path, "%s");

    g_assert(at != NULL);
    if (!is_name(word)) {
        return NULL;
    }
    return g_strdup_printf("%.*s%s%s", (int)(at - path), path, word, at + strlen("%s"));
}

const char *const *path_list(enum search_path_id id)
{
    static char **lists[SEARCH_PATH_COUNT];

    if (lists[id] == NULL) {
        lists[id] = g_strsplit(search_path_rows[id].folders, ",", -1);
    }
    return (const char *const *)lists[id];
}

char *path_of_daemon(enum daemon_id id)
{
    return g_build_filename(path_get(PATH_SBINDIR), daemon_rows[id].name, NULL);
}

char *path_of_log(enum daemon_id id, enum daemon_log log)
{
    g_autofree char *base = daemon_log_base(id, log);

    return path_format(PATH_LOG_FILE, base);
}

const char *vcluster_hostname(void)
{
    need_init();
    return hostname;
}

const char *vcluster_node_root(void)
{
    need_init();
    return node_root;
}

/* The path without this node's folder. */
static char *strip_node_root(const char *path, GError **errp)
{
    g_autofree char *whole = g_canonicalize_filename(path, "/");
    size_t length = strlen(node_root);

    if (!g_path_is_absolute(path) || strncmp(whole, node_root, length) != 0 ||
        whole[length] != '/') {
        fail(errp, "path \"%s\" is not below this node's folder \"%s\"", path, node_root);
        return NULL;
    }
    return g_strdup(whole + length);
}

char *vcluster_path_on(const char *node_name, const char *path, GError **errp)
{
    g_autofree char *pure = NULL;
    g_autofree char *root = NULL;

    need_init();
    if (node_root == NULL) {
        return g_canonicalize_filename(path, "/");
    }
    if (!check_hostname(node_name, errp)) {
        return NULL;
    }
    pure = strip_node_root(path, errp);
    if (pure == NULL) {
        return NULL;
    }
    root = g_build_filename(base_folder, node_name, NULL);
    return below(root, pure);
}

char **vcluster_environment(const char *node_name, GError **errp)
{
    GPtrArray *env;

    need_init();
    if (node_root != NULL && !check_hostname(node_name, errp)) {
        return NULL;
    }
    env = g_ptr_array_new();
    if (node_root != NULL) {
        g_autofree char *root = g_build_filename(base_folder, node_name, NULL);

        g_ptr_array_add(env, g_strconcat(C_V_CLUSTER_ROOTDIR_ENVNAME, "=", root, NULL));
        g_ptr_array_add(env, g_strconcat(C_V_CLUSTER_HOSTNAME_ENVNAME, "=", node_name, NULL));
    }
    g_ptr_array_add(env, NULL);
    return (char **)g_ptr_array_free(env, FALSE);
}

/* What is not translated: the same file for all nodes (vcluster.py _VPATH_WHITELIST). */
static bool is_common(const char *path)
{
    return node_root == NULL || strcmp(path, path_plain(PATH_ETC_HOSTS)) == 0;
}

char *vcluster_path_to_wire(const char *path, GError **errp)
{
    g_autofree char *pure = NULL;

    need_init();
    if (is_common(path)) {
        return g_strdup(path);
    }
    pure = strip_node_root(path, errp);
    return pure != NULL ? g_strconcat(C_V_CLUSTER_VIRT_PATH_PREFIX, pure, NULL) : NULL;
}

/* Refuses what climbs out of the node's folder; the reference lets it pass. */
char *vcluster_path_from_wire(const char *path, GError **errp)
{
    g_autofree char *whole = NULL;
    g_autofree char *pure = NULL;
    size_t length = strlen(C_V_CLUSTER_VIRT_PATH_PREFIX);

    need_init();
    if (is_common(path)) {
        return g_strdup(path);
    }
    if (strncmp(path, C_V_CLUSTER_VIRT_PATH_PREFIX, length) != 0 || path[length] != '/') {
        fail(errp, "path \"%s\" is not one of a virtual cluster", path);
        return NULL;
    }
    whole = path_of_node(path + length);
    pure = strip_node_root(whole, errp);
    return pure != NULL ? g_steal_pointer(&whole) : NULL;
}

bool paths_take_level(GError **errp)
{
    enum { LEVEL_FILE_MAX = 64 };
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    enum fact_level level;

    if (getenv("GANTRY_LEVEL") != NULL) {
        return true;
    }
    text = fs_read_file(path_get(PATH_LEVEL_FILE), LEVEL_FILE_MAX, NULL, &error);
    if (text == NULL && g_error_matches(error, FS_ERROR, ENOENT)) {
        return true;
    }
    if (text == NULL) {
        g_propagate_error(errp, g_steal_pointer(&error));
        return false;
    }
    if (!fact_level_parse(g_strstrip(text), &level)) {
        return fail(errp, "%s: 3.0 or 3.1 expected", path_get(PATH_LEVEL_FILE));
    }
    fact_level_set(level);
    return true;
}
