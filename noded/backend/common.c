#include "config.h"

#include "noded/backend/common.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "compat-config/paths/paths.h"

enum {
    LOCK_RETRY_MS = 20,
    MAX_NAMES = 100000,
};

void noded_error_set(GError **errp, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    (void)err_fail(errp, ERR_GENERIC, ECODE_NONE, "%s", text);
}

const char *backend_node_name(void)
{
    static char name[256];
    const char *virtual_name = vcluster_hostname();

    if (virtual_name != NULL) {
        return virtual_name;
    }
    if (name[0] == '\0' && gethostname(name, sizeof(name) - 1) != 0) {
        name[0] = '\0';
    }
    return name;
}

struct fs_lock *backend_lock(enum path_id path, unsigned seconds, GError **errp)
{
    int64_t end = g_get_monotonic_time() + (int64_t)seconds * G_USEC_PER_SEC;

    for (;;) {
        g_autoptr(GError) error = NULL;
        struct fs_lock *lock = fs_lock_take(path_get(path), FS_LOCK_FLOCK, &error);

        if (lock != NULL) {
            return lock;
        }
        if (!g_error_matches(error, FS_ERROR, EWOULDBLOCK) || g_get_monotonic_time() > end) {
            g_propagate_error(errp, g_steal_pointer(&error));
            return NULL;
        }
        (void)poll(NULL, 0, LOCK_RETRY_MS);
    }
}

bool backend_file_owner(enum daemon_id user, enum group_id group, mode_t mode,
                        struct fs_write_opts *opts, GError **errp)
{
    const struct passwd *passwd = getpwnam(daemon_rows[user].user);
    const struct group *row = getgrnam(group_name(group));

    if (passwd == NULL || row == NULL) {
        return noded_fail(errp, "there is no %s '%s' on this node",
                          passwd == NULL ? "user" : "group",
                          passwd == NULL ? daemon_rows[user].user : group_name(group));
    }
    *opts = (struct fs_write_opts){
        .mode = mode, .chown = true, .uid = passwd->pw_uid, .gid = row->gr_gid};
    return true;
}

char *backend_path_below(enum path_id folder, const char *wire, GError **errp)
{
    g_autofree char *local = vcluster_path_from_wire(wire, errp);
    g_autofree char *path = NULL;
    const char *dir = path_get(folder);
    size_t len = strlen(dir);

    if (local == NULL) {
        return NULL;
    }
    path = g_canonicalize_filename(local, "/");
    if (*local != '/' || strncmp(path, dir, len) != 0 || path[len] != '/') {
        noded_error_set(errp, "'%s' is not in the folder %s", wire, dir);
        return NULL;
    }
    return g_steal_pointer(&path);
}

bool backend_is_plugin_name(const char *name)
{
    return *name != '\0' && name[strspn(name, G_CSET_a_2_z G_CSET_A_2_Z "0123456789_-")] == '\0';
}

GPtrArray *backend_list_visible(const char *dir, GError **errp)
{
    GPtrArray *names = fs_list_dir(dir, MAX_NAMES, errp);

    for (guint i = names == NULL ? 0 : names->len; i > 0; i--) {
        if (*(const char *)g_ptr_array_index(names, i - 1) == '.') {
            g_ptr_array_remove_index(names, i - 1);
        }
    }
    return names;
}

void backend_write_definitions(struct json_writer *result, enum search_path_id path,
                               void (*write)(struct json_writer *result, const char *dir,
                                             const char *name))
{
    json_write_array_begin(result);
    for (const char *const *dir = path_list(path); *dir != NULL; dir++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) names = NULL;

        if (!g_file_test(*dir, G_FILE_TEST_IS_DIR)) {
            continue;
        }
        names = backend_list_visible(*dir, &error);
        if (names == NULL) {
            log_error("definitions in %s: %s", *dir, error->message);
            break;
        }
        for (guint i = 0; i < names->len; i++) {
            write(result, *dir, g_ptr_array_index(names, i));
        }
    }
    json_write_array_end(result);
}

void backend_write_parameters(struct json_writer *result,
                              const struct provider_parameters *parameters)
{
    json_write_array_begin(result);
    for (size_t i = 0; i < parameters->n; i++) {
        const struct provider_parameter *row = &parameters->v[i];

        json_write_array_begin(result);
        if (row->name != NULL) {
            json_write_string(result, row->name);
        }
        if (row->help != NULL) {
            json_write_string(result, row->help);
        }
        json_write_array_end(result);
    }
    json_write_array_end(result);
}

char *backend_output(const struct cmd_result *result)
{
    return g_strconcat(result->out, result->err, NULL);
}
