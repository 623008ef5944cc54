#include "config.h"

#include "noded/hypervisor/kvm/files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fs-tree.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/hypervisor/hv-common.h"
#include "noded/hypervisor/kvm/build-private.h"
#include "noded/hypervisor/uid-pool.h"

enum {
    MAX_RUNTIME = 16 * 1024 * 1024,
    MAX_SMALL = 256,
    MAX_GUESTS = 1000 * 1000,
};

/* All of it is below /run: a power cut removes it anyway. */
static const struct fs_write_opts volatile_file = {.flags = FS_WRITE_VOLATILE};
static const char runtime_ending[] = ".runtime";
static const char down_ending[] = ".shutdown";

/* A guest's files in the folder of sockets. */
static const char *const ctrl_endings[] = {".monitor", ".serial", ".qmp", ".kvmd", ".qga"};

bool kvm_files_prepare(GError **errp)
{
    static const enum path_id dirs[] = {
        PATH_KVM_ROOT_DIR, PATH_KVM_PIDS_DIR, PATH_KVM_UIDS_DIR,   PATH_KVM_CTRL_DIR,
        PATH_KVM_CONF_DIR, PATH_KVM_NICS_DIR, PATH_KVM_CHROOT_DIR, PATH_KVM_CHROOT_QUARANTINE_DIR};

    return hv_make_dirs(dirs, G_N_ELEMENTS(dirs), errp);
}

static bool wrap(bool ok, GError **errp)
{
    if (!ok) {
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
    }
    return ok;
}

/* The guest's name with an ending in a folder; NULL and *errp if that is no file name. */
static char *file_of(enum path_id dir, const char *guest, const char *ending, GError **errp)
{
    g_autofree char *plain = hv_guest_file(dir, guest, errp);

    return plain != NULL ? g_strconcat(plain, ending, NULL) : NULL;
}

/* --- Runtime ------------------------------------------------------------------------------------
 */

char *kvm_files_read_runtime(const char *guest, GError **errp)
{
    g_autofree char *path = file_of(PATH_KVM_CONF_DIR, guest, runtime_ending, errp);
    char *text = path != NULL ? fs_read_file(path, MAX_RUNTIME, NULL, errp) : NULL;

    (void)wrap(text != NULL, errp);
    return text;
}

bool kvm_files_write_runtime(const char *guest, const char *text, GError **errp)
{
    g_autofree char *path = file_of(PATH_KVM_CONF_DIR, guest, runtime_ending, errp);

    return path != NULL &&
           wrap(fs_write_atomic(path, text, strlen(text), &volatile_file, errp), errp);
}

struct kvm_runtime *kvm_files_load_runtime(const char *guest, GError **errp)
{
    g_autofree char *text = kvm_files_read_runtime(guest, errp);
    struct kvm_runtime *runtime = text != NULL ? kvm_runtime_parse(text, -1, errp) : NULL;

    if (runtime == NULL) {
        g_prefix_error(errp, "%s: ", guest);
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
    }
    return runtime;
}

bool kvm_files_save_runtime(const char *guest, const struct kvm_runtime *runtime, GError **errp)
{
    g_autofree char *text = kvm_runtime_to_text(runtime);

    return kvm_files_write_runtime(guest, text, errp);
}

GPtrArray *kvm_files_guests(GError **errp)
{
    g_autoptr(GPtrArray) names = fs_list_dir(path_get(PATH_KVM_CONF_DIR), MAX_GUESTS, errp);
    GPtrArray *guests;

    if (names == NULL) {
        (void)wrap(false, errp);
        return NULL;
    }
    guests = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];

        if (g_str_has_suffix(name, runtime_ending) && *name != *runtime_ending) {
            g_ptr_array_add(guests, g_strndup(name, strlen(name) - strlen(runtime_ending)));
        }
    }
    return guests;
}

/* --- Interfaces ---------------------------------------------------------------------------------
 */

static char *nic_path(const char *guest, size_t index, GError **errp)
{
    g_autofree char *dir = hv_guest_file(PATH_KVM_NICS_DIR, guest, errp);

    return dir != NULL ? g_strdup_printf("%s/%" G_GSIZE_FORMAT, dir, index) : NULL;
}

char *kvm_files_read_nic(const char *guest, size_t index)
{
    g_autofree char *path = nic_path(guest, index, NULL);
    char *text = path != NULL ? fs_read_file(path, MAX_SMALL, NULL, NULL) : NULL;

    return text != NULL ? g_strstrip(text) : NULL;
}

bool kvm_files_write_nic(const char *guest, size_t index, const char *interface, GError **errp)
{
    g_autofree char *dir = hv_guest_file(PATH_KVM_NICS_DIR, guest, errp);
    g_autofree char *path = nic_path(guest, index, NULL);

    return dir != NULL &&
           wrap(fs_make_dir(dir, C_RUN_DIRS_MODE, (uid_t)-1, (gid_t)-1, errp) &&
                    fs_write_atomic(path, interface, strlen(interface), &volatile_file, errp),
                errp);
}

bool kvm_files_remove_nic(const char *guest, size_t index, GError **errp)
{
    g_autofree char *path = nic_path(guest, index, errp);

    return path != NULL && wrap(fs_remove_file(path, errp), errp);
}

/* --- Down, user, folder -------------------------------------------------------------------------
 */

bool kvm_files_went_down(const char *guest)
{
    g_autofree char *path = file_of(PATH_KVM_CTRL_DIR, guest, down_ending, NULL);

    return path != NULL && g_file_test(path, G_FILE_TEST_EXISTS);
}

bool kvm_files_forget_down(const char *guest, GError **errp)
{
    g_autofree char *path = file_of(PATH_KVM_CTRL_DIR, guest, down_ending, errp);

    return path != NULL && wrap(fs_remove_file(path, errp), errp);
}

bool kvm_files_write_uid(const char *guest, uint32_t id, GError **errp)
{
    g_autofree char *path = hv_guest_file(PATH_KVM_UIDS_DIR, guest, errp);
    g_autofree char *text = g_strdup_printf("%" G_GUINT32_FORMAT, id);

    return path != NULL &&
           wrap(fs_write_atomic(path, text, strlen(text), &volatile_file, errp), errp);
}

bool kvm_files_make_chroot(const char *guest, GError **errp)
{
    g_autofree char *path = hv_guest_file(PATH_KVM_CHROOT_DIR, guest, errp);

    return path != NULL &&
           wrap(fs_make_dir(path, C_SECURE_DIR_MODE, (uid_t)-1, (gid_t)-1, errp), errp);
}

/* --- The end ------------------------------------------------------------------------------------
 */

static bool remove_uid(const char *guest, GError **errp)
{
    g_autofree char *path = hv_guest_file(PATH_KVM_UIDS_DIR, guest, errp);
    g_autofree char *text = path != NULL ? fs_read_file(path, MAX_SMALL, NULL, NULL) : NULL;
    uint64_t id;

    if (path == NULL || !fs_remove_file(path, errp)) {
        return false;
    }
    if (text == NULL) {
        return true;
    }
    if (!parse_uint64(g_strstrip(text), (uint64_t)C_UIDPOOL_UID_MAX, &id, NULL)) {
        log_warning("%s: '%s' is no user id", path, text);
        return true;
    }
    return uid_pool_release((uint32_t)id, errp);
}

/* An empty folder is what a guest is shut in; one that is not may mean a break-in, and is kept for
 * who investigates. */
static bool quarantine(const char *guest, const char *dir, GError **errp)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *stamp = g_date_time_format(now, "%Y-%m-%d_%H_%M_%S");
    g_autofree char *to =
        g_strdup_printf("%s/%s-%s-XXXXXX", path_get(PATH_KVM_CHROOT_QUARANTINE_DIR), guest, stamp);

    if (g_mkdtemp(to) == NULL) {
        return fs_error_set(errp, errno, "make the folder", to);
    }
    log_warning("The folder that %s was shut in is not empty. It is %s now: find out what made "
                "the files, then remove it",
                guest, to);
    return rename(dir, to) == 0 || fs_error_set(errp, errno, "move", dir);
}

static bool remove_chroot(const char *guest, GError **errp)
{
    g_autofree char *dir = hv_guest_file(PATH_KVM_CHROOT_DIR, guest, errp);

    if (dir == NULL) {
        return false;
    }
    if (rmdir(dir) == 0 || errno == ENOENT) {
        return true;
    }
    if (errno == ENOTEMPTY || errno == EEXIST) {
        return quarantine(guest, dir, errp);
    }
    return fs_error_set(errp, errno, "remove", dir);
}

static bool remove_nics(const char *guest, GError **errp)
{
    g_autofree char *dir = hv_guest_file(PATH_KVM_NICS_DIR, guest, errp);

    return dir != NULL && (!g_file_test(dir, G_FILE_TEST_EXISTS) || fs_remove_tree(dir, errp));
}

static bool remove_all(const char *guest, GError **errp)
{
    g_autofree char *pid_file = hv_guest_file(PATH_KVM_PIDS_DIR, guest, errp);
    g_autofree char *runtime = file_of(PATH_KVM_CONF_DIR, guest, runtime_ending, NULL);

    if (pid_file == NULL || !fs_remove_file(pid_file, errp)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ctrl_endings); i++) {
        g_autofree char *path = file_of(PATH_KVM_CTRL_DIR, guest, ctrl_endings[i], NULL);

        if (!fs_remove_file(path, errp)) {
            return false;
        }
    }
    return fs_remove_file(runtime, errp) && remove_uid(guest, errp) && remove_nics(guest, errp) &&
           remove_chroot(guest, errp);
}

bool kvm_files_remove(const char *guest, GError **errp)
{
    return wrap(remove_all(guest, errp), errp);
}
