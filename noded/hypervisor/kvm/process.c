#include "config.h"

#include "noded/hypervisor/kvm/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/parse.h"
#include "noded/hypervisor/hv-common.h"

enum {
    MAX_PID_FILE = 64,
    MAX_CMDLINE = 4 * 1024 * 1024,
    MS = 1000,
    TERM_MS = 30 * 1000,
    /* For the kernel to end what was killed. */
    KILL_MS = 5 * 1000,
};

void kvm_cmdline_clear(struct kvm_cmdline *cmdline)
{
    g_free(cmdline->name);
    *cmdline = (struct kvm_cmdline){0};
}

/* The number before the first comma; 0 if there is none. */
static int64_t leading_number(const char *text)
{
    g_autofree char *word = g_strndup(text, strcspn(text, ","));
    int64_t number = 0;

    return parse_int64(word, 0, INT64_MAX, &number, NULL) ? number : 0;
}

void kvm_cmdline_parse(const char *text, size_t len, struct kvm_cmdline *ret)
{
    g_autoptr(GPtrArray) args = g_ptr_array_new_with_free_func(g_free);

    *ret = (struct kvm_cmdline){0};
    for (size_t start = 0; start < len;) {
        size_t n = strnlen(text + start, len - start);

        g_ptr_array_add(args, g_strndup(text + start, n));
        start += n + 1;
    }
    for (guint i = 0; i + 1 < args->len; i++) {
        const char *option = args->pdata[i], *value = args->pdata[i + 1];

        if (strcmp(option, "-name") == 0) {
            /* Behind a comma later releases tell more. */
            g_free(ret->name);
            ret->name = g_strndup(value, strcspn(value, ","));
        } else if (strcmp(option, "-m") == 0) {
            ret->memory = leading_number(value);
        } else if (strcmp(option, "-smp") == 0) {
            ret->vcpus = leading_number(value);
        } else {
            continue;
        }
        i++;
    }
}

/* 0: there is no pid. */
static pid_t read_pid(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = fs_read_file(path, MAX_PID_FILE, NULL, &error);
    int pid = 0;

    if (text == NULL) {
        if (!g_error_matches(error, FS_ERROR, ENOENT)) {
            log_warning("%s", error->message);
        }
        return 0;
    }
    if (!parse_int(g_strstrip(text), 1, G_MAXINT, &pid, &error)) {
        log_warning("%s: %s", path, error->message);
    }
    return pid;
}

bool kvm_process_find(const char *guest, pid_t *ret_pid, struct kvm_cmdline *cmdline, GError **errp)
{
    g_autofree char *path = hv_guest_file(PATH_KVM_PIDS_DIR, guest, errp);
    g_autofree char *proc = NULL, *text = NULL;
    struct kvm_cmdline found = {0};
    size_t len = 0;
    pid_t pid;

    *ret_pid = 0;
    if (cmdline != NULL) {
        *cmdline = found;
    }
    if (path == NULL) {
        return false;
    }
    pid = read_pid(path);
    if (pid == 0) {
        return true;
    }
    proc = g_strdup_printf("/proc/%d/cmdline", (int)pid);
    text = fs_read_file(proc, MAX_CMDLINE, &len, NULL);
    if (text != NULL) {
        kvm_cmdline_parse(text, len, &found);
    }
    if (g_strcmp0(found.name, guest) != 0) {
        kvm_cmdline_clear(&found);
        return true;
    }
    *ret_pid = pid;
    if (cmdline != NULL) {
        *cmdline = found;
    } else {
        kvm_cmdline_clear(&found);
    }
    return true;
}

/* --- The end ------------------------------------------------------------------------------------
 */

/* A descriptor that means this process and never a later one with its number; -1: it is gone. */
static int hold(const char *guest, pid_t *ret_pid)
{
    pid_t again = 0;
    int fd;

    if (!kvm_process_find(guest, ret_pid, NULL, NULL) || *ret_pid == 0) {
        return -1;
    }
    fd = pidfd_open(*ret_pid, 0);
    if (fd >= 0 && (!kvm_process_find(guest, &again, NULL, NULL) || again != *ret_pid)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static bool has_ended(int fd, int ms)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};

    return poll(&polled, 1, ms) > 0;
}

void kvm_process_wait(const char *guest, int ms)
{
    pid_t pid;
    int fd = hold(guest, &pid);

    if (fd >= 0) {
        (void)has_ended(fd, ms);
        (void)close(fd);
    }
}

bool kvm_process_kill(const char *guest, GError **errp)
{
    pid_t pid = 0;
    int fd = hold(guest, &pid);
    bool ended;

    if (fd < 0) {
        return pid == 0 || !kvm_process_find(guest, &pid, NULL, NULL) || pid == 0 ||
               hv_fail(errp, "cannot hold process %d of %s: %s", (int)pid, guest,
                       g_strerror(errno));
    }
    (void)pidfd_send_signal(fd, SIGTERM, NULL, 0);
    ended = has_ended(fd, TERM_MS);
    if (!ended) {
        log_warning("process %d of %s ignores SIGTERM, killing it", (int)pid, guest);
        (void)pidfd_send_signal(fd, SIGKILL, NULL, 0);
        ended = has_ended(fd, KILL_MS);
    }
    (void)close(fd);
    return ended || hv_fail(errp,
                            "process %d of %s does not end, not even by SIGKILL: it may wait "
                            "for its storage",
                            (int)pid, guest);
}
