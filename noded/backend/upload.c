/* Files that the master gives to the nodes. */
#include "config.h"

#include <fcntl.h>
#include <grp.h>
#include <math.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/proto/content.h"

enum {
    SSCONF_LOCK_S = 10,
    MODE_MASK = 07777,
};

/* The master may replace these, and nothing else (_BuildUploadFileList); those of hypervisors are
 * listed with them. */
static const enum path_id allowed[] = {
    PATH_CLUSTER_CONF_FILE,          PATH_ETC_HOSTS,       PATH_SSH_KNOWN_HOSTS_FILE,
    PATH_VNC_PASSWORD_FILE,          PATH_RAPI_CERT_FILE,  PATH_SPICE_CERT_FILE,
    PATH_SPICE_CACERT_FILE,          PATH_RAPI_USERS_FILE, PATH_CONFD_HMAC_KEY,
    PATH_CLUSTER_DOMAIN_SECRET_FILE, PATH_KVM_VIF_BRIDGE,
};

static bool is_allowed(const char *path)
{
    for (size_t i = 0; i < G_N_ELEMENTS(allowed); i++) {
        if (strcmp(path_get(allowed[i]), path) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_daemon_user(const char *name)
{
    for (size_t i = 0; i < DAEMON_COUNT; i++) {
        if (strcmp(daemon_rows[i].user, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_daemon_group(const char *name)
{
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        if (strcmp(group_name((enum group_id)i), name) == 0) {
            return true;
        }
    }
    return false;
}

/* Names, because numbers may differ between nodes; only those of the cluster's own daemons
 * (runtime.py GetentResolver). */
static bool find_owner(const struct json *user, const struct json *group,
                       struct fs_write_opts *opts, GError **errp)
{
    const struct passwd *passwd;
    const struct group *row;

    if (json_kind(user) != JSON_STRING || json_kind(group) != JSON_STRING) {
        return noded_fail(errp, "user and group of a file must be names");
    }
    passwd = is_daemon_user(json_string(user)) ? getpwnam(json_string(user)) : NULL;
    row = is_daemon_group(json_string(group)) ? getgrnam(json_string(group)) : NULL;
    if (passwd == NULL || row == NULL) {
        return noded_fail(errp, "'%s' is not a %s of the cluster's daemons on this node",
                          json_string(passwd == NULL ? user : group),
                          passwd == NULL ? "user" : "group");
    }
    opts->chown = true;
    opts->uid = passwd->pw_uid;
    opts->gid = row->gr_gid;
    return true;
}

static bool to_timespec(const struct json *value, struct timespec *ret, GError **errp)
{
    double seconds, whole;

    if (value == NULL) {
        ret->tv_nsec = UTIME_OMIT;
        return true;
    }
    if (json_kind(value) != JSON_INT && json_kind(value) != JSON_FLOAT) {
        return noded_fail(errp, "the time of a file must be a number");
    }
    seconds = modf(json_double(value), &whole);
    if (fabs(whole) > (double)INT64_MAX / 2 || seconds < 0) {
        return noded_fail(errp, "the time of a file is out of range");
    }
    ret->tv_sec = (time_t)whole;
    ret->tv_nsec = (long)(seconds * 1e9);
    return true;
}

/* Writers that lock the file first wait for each other (utils/io.py SafeWriteFile). */
static bool write_locked(const char *path, const char *data, size_t len,
                         const struct fs_write_opts *opts, GError **errp)
{
    int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok;

    if (fd < 0) {
        return fs_error_set(errp, errno, "open", path);
    }
    ok = flock(fd, LOCK_EX | LOCK_NB) == 0 ? fs_write_atomic(path, data, len, opts, errp)
                                           : fs_error_set(errp, errno, "lock", path);
    (void)close(fd);
    return ok;
}

static bool upload(const struct rpc_call_upload_file_single *file, GError **errp)
{
    g_autofree char *path = vcluster_path_from_wire(file->file_name, errp);
    g_autofree char *data = NULL;
    struct fs_write_opts opts = {.mode = 0};
    struct timespec times[2] = {{0}};
    size_t len;

    if (path == NULL) {
        return false;
    }
    if (!is_allowed(path)) {
        return noded_fail(errp, "%s is not among the files that the master may replace",
                          file->file_name);
    }
    if (file->mode != NULL && json_kind(file->mode) != JSON_INT) {
        return noded_fail(errp, "the mode of a file must be a number");
    }
    opts.mode = file->mode == NULL ? 0 : (mode_t)json_int(file->mode) & MODE_MASK;
    if (!find_owner(file->uid, file->gid, &opts, errp) ||
        !to_timespec(file->atime, &times[0], errp) || !to_timespec(file->mtime, &times[1], errp)) {
        return false;
    }
    data = rpc_content_unpack(&file->content, &len, errp);
    if (data == NULL || !write_locked(path, data, len, &opts, errp)) {
        return false;
    }
    return utimensat(AT_FDCWD, path, times, 0) == 0 ||
           fs_error_set(errp, errno, "set the times of", path);
}

NODED_CALL(upload_file_single, NODED_WORKER)
{
    json_write_null(result);
    return upload(args, errp);
}

/* The same with all details as one argument. */
NODED_CALL(upload_file, NODED_WORKER)
{
    const struct fact_object *object = &fact_object_rpc_call_upload_file_single;
    CLEANUP(json_unrefp) struct json *list = json_new_array();
    struct rpc_call_upload_file_single *file;
    bool ok;

    for (size_t i = 0; i < args->file_name.n; i++) {
        json_append(list, json_ref(args->file_name.v[i]));
    }
    file = fact_object_decode(object, list, NULL, errp);
    if (file == NULL) {
        return false;
    }
    ok = upload(file, errp);
    fact_object_free(object, file);
    json_write_null(result);
    return ok;
}

/* --- The simple store ---------------------------------------------------------------------------
 */

/* A text, or a list of lines. */
static char *ssconf_text(const char *key, const struct json *value, GError **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (json_kind(value) == JSON_STRING) {
        return g_strdup(json_string(value));
    }
    for (size_t i = 0; json_kind(value) == JSON_ARRAY && i < json_len(value); i++) {
        const struct json *line = json_at(value, i);

        if (json_kind(line) != JSON_STRING) {
            noded_error_set(errp, "%s: a line must be a text", key);
            return NULL;
        }
        g_string_append_printf(text, "%s%s", i == 0 ? "" : "\n", json_string(line));
    }
    if (json_kind(value) != JSON_ARRAY) {
        noded_error_set(errp, "%s: the value must be a text or a list of texts", key);
        return NULL;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

NODED_CALL(write_ssconf_files, NODED_WORKER)
{
    CLEANUP(fs_lock_freep)
    struct fs_lock *lock = backend_lock(PATH_SSCONF_LOCK_FILE, SSCONF_LOCK_S, errp);

    if (lock == NULL) {
        return false;
    }
    for (size_t i = 0; i < args->values.n; i++) {
        const char *key = args->values.v[i].key;
        int id = ssconf_find(key);
        g_autofree char *text = NULL;

        if (id < 0) {
            return noded_fail(errp, "'%s' is not a key of the simple store", key);
        }
        text = ssconf_text(key, args->values.v[i].value, errp);
        if (text == NULL ||
            !ssconf_write_value(path_get(PATH_DATA_DIR), (enum ssconf_id)id, text, errp)) {
            return false;
        }
    }
    json_write_null(result);
    return true;
}
