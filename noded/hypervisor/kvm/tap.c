#include "config.h"

#include "noded/hypervisor/kvm/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "noded/hypervisor/hv-common.h"

static const char tun_path[] = "/dev/net/tun";
static const char vhost_path[] = "/dev/vhost-net";

static void close_all(int *fds, size_t *n)
{
    for (size_t i = 0; i < *n; i++) {
        (void)close(fds[i]);
    }
    *n = 0;
}

void kvm_tap_close(struct kvm_open_tap *tap)
{
    close_all(tap->fds, &tap->n_fds);
    close_all(tap->vhost_fds, &tap->n_vhost_fds);
}

static bool open_device(const char *path, int *fds, size_t *n, GError **errp)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd < 0) {
        return hv_fail(errp, "cannot open %s: %s", path, g_strerror(errno));
    }
    fds[(*n)++] = fd;
    return true;
}

/* The flags that are wanted and that this kernel has. */
static short tap_flags(int fd, const struct kvm_tap_needs *needs)
{
    unsigned has = 0;
    int flags = IFF_TAP | IFF_NO_PI;

    if (ioctl(fd, TUNGETFEATURES, &has) != 0) {
        log_warning("cannot ask what taps can do: %s", g_strerror(errno));
    }
    if (needs->vnet_hdr && (has & IFF_VNET_HDR) != 0) {
        flags |= IFF_VNET_HDR;
    }
    flags |= needs->queues > 1 && (has & IFF_MULTI_QUEUE) != 0 ? IFF_MULTI_QUEUE : IFF_ONE_QUEUE;
    return (short)flags;
}

static bool open_queue(const struct kvm_tap_needs *needs, struct kvm_open_tap *tap, GError **errp)
{
    struct ifreq request = {0};

    if (!open_device(tun_path, tap->fds, &tap->n_fds, errp)) {
        return false;
    }
    (void)g_strlcpy(request.ifr_name, tap->name, sizeof(request.ifr_name));
    request.ifr_flags = tap_flags(tap->fds[tap->n_fds - 1], needs);
    if (ioctl(tap->fds[tap->n_fds - 1], TUNSETIFF, &request) != 0) {
        return hv_fail(errp, "cannot make a new tap: %s", g_strerror(errno));
    }
    /* Further queues are of the same interface. */
    (void)g_strlcpy(tap->name, request.ifr_name, sizeof(tap->name));
    return !needs->vhost || open_device(vhost_path, tap->vhost_fds, &tap->n_vhost_fds, errp);
}

bool kvm_tap_open(const char *name, const struct kvm_tap_needs *needs, struct kvm_open_tap *ret,
                  GError **errp)
{
    *ret = (struct kvm_open_tap){0};
    (void)g_strlcpy(ret->name, name, sizeof(ret->name));
    if (needs->queues > KVM_MAX_QUEUES) {
        return hv_fail(errp, "a tap of %d queues is too much: at most %d", needs->queues,
                       KVM_MAX_QUEUES);
    }
    for (int i = 0; i < needs->queues; i++) {
        if (!open_queue(needs, ret, errp)) {
            kvm_tap_close(ret);
            return false;
        }
    }
    return true;
}
