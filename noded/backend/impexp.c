#include "config.h"

#include "noded/backend/impexp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/fs-tree.h"
#include "base/json.h"
#include "base/log.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/backend/crypto.h"
#include "provider-interface/script.h"

enum {
    MAX_STATUS = 1024 * 1024,
    MAX_PEM = 1024 * 1024,
    CA_MODE = 0400,
    LOG_MODE = 0600,
    END_TIMEOUT_MS = 30 * 1000,
};

/* Files in a transfer's folder. */
static const char status_file[] = "status", pid_file[] = "pid", ca_file[] = "ca";

/* --- Start --------------------------------------------------------------------------------------
 */

struct start {
    const struct import_export_options *opts;
    const struct any_dict *instance;
    const char *component;
    const struct any_list *io; /* kind and arguments */
};

static bool set_keys(const struct import_export_options *opts, struct impexp_options *options,
                     GError **errp)
{
    if (opts->has.key_name != opts->has.ca_pem) {
        return noded_fail(errp, "the cluster's certificate can only be used for both sides");
    }
    if (opts->has.key_name) {
        if (!crypto_transfer_files(opts->key_name, &options->key, &options->cert, errp)) {
            return false;
        }
    } else {
        options->key = g_strdup(path_get(PATH_NODED_CERT_FILE));
        options->cert = g_strdup(path_get(PATH_NODED_CERT_FILE));
    }
    if (!g_file_test(options->key, G_FILE_TEST_EXISTS) ||
        !g_file_test(options->cert, G_FILE_TEST_EXISTS)) {
        return noded_fail(errp, "%s or %s does not exist on %s", options->key, options->cert,
                          backend_node_name());
    }
    return true;
}

/* The other side's certificate: the cluster's, unless it is another cluster. */
static bool write_ca(const char *dir, const struct import_export_options *opts,
                     struct impexp_options *options, GError **errp)
{
    const struct fs_write_opts how = {.mode = CA_MODE, .flags = FS_WRITE_VOLATILE};
    g_autofree char *own = opts->has.ca_pem
                               ? g_strdup(opts->ca_pem)
                               : fs_read_file(path_get(PATH_NODED_CERT_FILE), MAX_PEM, NULL, errp);

    options->ca = g_build_filename(dir, ca_file, NULL);
    return own != NULL && fs_write_atomic(options->ca, own, strlen(own), &how, errp);
}

static void set_network(const struct import_export_options *opts, struct impexp_options *options)
{
    options->ipv6 = opts->ipv6;
    options->ipv4 = !opts->ipv6;
    options->compress =
        opts->compress == NULL || *opts->compress == '\0' ? NULL : g_strdup(opts->compress);
    options->magic = opts->magic == NULL || *opts->magic == '\0' ? NULL : g_strdup(opts->magic);
    if (!options->import) {
        options->connect_retries = C_RIE_CONNECT_RETRIES;
        options->connect_timeout = C_RIE_CONNECT_ATTEMPT_TIMEOUT;
    } else if (opts->has.connect_timeout) {
        options->connect_timeout = (int)CLAMP(opts->connect_timeout, 0, G_MAXINT);
    }
}

static char *make_dir(const struct impexp_options *options, const char *component, GError **errp)
{
    g_autofree char *stamp = script_timestamp();
    g_autofree char *name = g_strdup_printf(
        "%s-%s-%s-XXXXXX", options->import ? C_IEM_IMPORT : C_IEM_EXPORT, component, stamp);
    char *path = NULL;

    if (strchr(name, '/') != NULL) {
        noded_error_set(errp, "'%s' cannot be the name of a transfer", name);
        return NULL;
    }
    path = g_build_filename(path_get(PATH_IMPORT_EXPORT_DIR), name, NULL);
    if (g_mkdtemp(path) == NULL) {
        fs_error_set(errp, errno, "make folder", path);
        g_clear_pointer(&path, g_free);
    }
    return path;
}

/* The program holds the lock of its pid file as long as it runs: it got the descriptor. */
static bool launch(const struct impexp_options *options, const struct script_env *env,
                   const char *dir, const char *log, GError **errp)
{
    g_autoptr(GPtrArray) argv = impexp_options_argv(options, path_get(PATH_IMPORT_EXPORT_DAEMON));
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new_argv((const char *const *)argv->pdata);
    g_autofree char *pid_path = g_build_filename(dir, pid_file, NULL);
    CLEANUP(fs_lock_freep)
    struct fs_lock *lock = fs_lock_take(pid_path, FS_LOCK_FLOCK, errp);
    CLEANUP(fs_closep)
    int output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, LOG_MODE);
    g_autofree char *text = NULL;
    GPid pid;

    if (lock == NULL) {
        return false;
    }
    if (output < 0) {
        return fs_error_set(errp, errno, "open", log);
    }
    cmd_inherit_env(cmd);
    if (env != NULL && !script_env_apply(env, cmd, errp)) {
        return false;
    }
    cmd_set_output_fds(cmd, output, output);
    (void)cmd_keep_fd(cmd, fs_lock_fd(lock));
    if (!cmd_start_detached(cmd, &pid, errp)) {
        return false;
    }
    text = g_strdup_printf("%d\n", (int)pid);
    return fs_lock_write(lock, text, errp);
}

/* options has what is the same for all kinds; its name is the answer. */
static char *start_in(const struct start *start, struct impexp_options *options,
                      const struct impexp_io *io, GError **errp)
{
    const struct instance *instance = io->guest->instance;
    g_autofree char *dir = make_dir(options, start->component, errp);
    g_autofree char *log = NULL;

    if (dir == NULL) {
        return NULL;
    }
    options->status_file = g_build_filename(dir, status_file, NULL);
    log = script_log_path(path_get(PATH_LOG_OS_DIR), errp,
                          options->import ? C_IEM_IMPORT : C_IEM_EXPORT, instance->os,
                          instance->name, start->component, NULL);
    if (log == NULL || !write_ca(dir, start->opts, options, errp) ||
        !launch(options, io->work == NULL ? NULL : io->work->env, dir, log, errp)) {
        (void)!fs_remove_tree(dir, NULL);
        return NULL;
    }
    return g_path_get_basename(dir);
}

static bool start_transfer(const struct start *start, struct impexp_options *options,
                           struct json_writer *result, GError **errp)
{
    struct impexp_io io = {NULL, NULL};
    g_autofree char *name = NULL;

    if (start->io->n != 2) {
        return noded_fail(errp, "a transfer needs its kind and the arguments of that");
    }
    set_network(start->opts, options);
    if (set_keys(start->opts, options, errp) &&
        impexp_io_open(&io, start->instance, start->io->v[0], start->io->v[1], options, errp)) {
        name = start_in(start, options, &io, errp);
    }
    impexp_io_clear(&io);
    impexp_options_clear(options);
    if (name != NULL) {
        json_write_string(result, name);
    }
    return name != NULL;
}

NODED_CALL(import_start, NODED_WORKER)
{
    const struct start start = {.opts = &args->opts,
                                .instance = &args->instance,
                                .component = args->component,
                                .io = &args->dest};
    struct impexp_options options;

    impexp_options_init(&options);
    options.import = true;
    return start_transfer(&start, &options, result, errp);
}

NODED_CALL(export_start, NODED_WORKER)
{
    const struct start start = {.opts = &args->opts,
                                .instance = &args->instance,
                                .component = args->component,
                                .io = &args->source};
    struct impexp_options options;

    if (json_kind(args->port) != JSON_INT) {
        return noded_fail(errp, "an export needs the port of the other side");
    }
    impexp_options_init(&options);
    options.host = g_strdup(args->host);
    options.port = (int)CLAMP(json_int(args->port), 0, G_MAXUINT16);
    return start_transfer(&start, &options, result, errp);
}

/* --- Afterwards ---------------------------------------------------------------------------------
 */

/* A file in the folder of a transfer; file NULL: the folder. Allocated. */
static char *path_in(const char *name, const char *file, GError **errp)
{
    if (*name == '\0' || *name == '.' || strchr(name, '/') != NULL) {
        noded_error_set(errp, "'%s' is not the name of a transfer", name);
        return NULL;
    }
    return g_build_filename(path_get(PATH_IMPORT_EXPORT_DIR), name, file, NULL);
}

/* Null as long as there is no status. */
static bool write_status(struct json_writer *result, const char *name, GError **errp)
{
    g_autofree char *path = path_in(name, status_file, errp);
    CLEANUP(json_unrefp) struct json *status = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    size_t len = 0;

    if (path == NULL) {
        return false;
    }
    text = fs_read_file(path, MAX_STATUS, &len, &error);
    if (text == NULL && !g_error_matches(error, FS_ERROR, ENOENT)) {
        g_propagate_error(errp, g_steal_pointer(&error));
        return false;
    }
    if (len > 0 && !json_parse(text, (gssize)len, &status, errp)) {
        g_prefix_error(errp, "%s: ", path);
        return false;
    }
    json_write_value(result, status);
    return true;
}

NODED_CALL(impexp_status, NODED_WORKER)
{
    json_write_array_begin(result);
    for (size_t i = 0; i < args->names.n; i++) {
        if (json_kind(args->names.v[i]) != JSON_STRING) {
            return noded_fail(errp, "the name of a transfer must be a text");
        }
        if (!write_status(result, json_string(args->names.v[i]), errp)) {
            return false;
        }
    }
    json_write_array_end(result);
    return true;
}

/* A pidfd of the program that holds the lock; -1 if it runs no more. */
static int running(const char *path)
{
    g_autofree char *text = NULL;
    int pid, fd;

    if (fs_lock_is_dead(path, FS_LOCK_FLOCK)) {
        return -1;
    }
    text = fs_read_file(path, 100, NULL, NULL);
    if (text == NULL || !parse_int(g_strstrip(text), 1, G_MAXINT, &pid, NULL)) {
        return -1;
    }
    fd = pidfd_open(pid, 0);
    /* Still it, so the number cannot have gone to another one before. */
    if (fd >= 0 && fs_lock_is_dead(path, FS_LOCK_FLOCK)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

NODED_CALL(impexp_abort, NODED_WORKER)
{
    g_autofree char *path = path_in(args->name, pid_file, errp);
    CLEANUP(fs_closep) int fd = path == NULL ? -1 : running(path);

    if (path == NULL) {
        return false;
    }
    log_info("aborting transfer %s%s", args->name, fd < 0 ? ", which does not run" : "");
    if (fd >= 0) {
        (void)pidfd_send_signal(fd, SIGTERM, NULL, 0);
    }
    json_write_null(result);
    return true;
}

static void end_program(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};

    (void)pidfd_send_signal(fd, SIGTERM, NULL, 0);
    if (poll(&polled, 1, END_TIMEOUT_MS) <= 0) {
        (void)pidfd_send_signal(fd, SIGKILL, NULL, 0);
        (void)poll(&polled, 1, END_TIMEOUT_MS);
    }
}

NODED_CALL(impexp_cleanup, NODED_WORKER)
{
    g_autofree char *dir = path_in(args->name, NULL, errp);
    g_autofree char *pid_path = dir == NULL ? NULL : g_build_filename(dir, pid_file, NULL);
    CLEANUP(fs_closep) int fd = dir == NULL ? -1 : running(pid_path);

    if (dir == NULL) {
        return false;
    }
    log_info("cleaning up transfer %s%s", args->name, fd < 0 ? "" : ", which still runs");
    if (fd >= 0) {
        end_program(fd);
    }
    json_write_null(result);
    return !g_file_test(dir, G_FILE_TEST_IS_DIR) || fs_remove_tree(dir, errp);
}
