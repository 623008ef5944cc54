#include "config.h"

#include "jobs/queue/launch-protocol.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"

/* One packet per message, one descriptor at most beside it: secrets may be long, so they travel as
 * an unnamed file. Both ends are of one build; packet_version tells when they are not, which
 * happens when a package is exchanged under a running daemon. */
enum {
    PACKET_VERSION = 1,
    MAX_ERROR = 1000,
};

struct request_packet {
    uint32_t version;
    uint32_t debug;
    int64_t job;
};

struct reply_packet {
    uint32_t version;
    uint32_t outcome;
    int64_t job;
    int64_t pid;
    char error[MAX_ERROR + 1];
};

static const char channel[] = "the job launcher's channel";

static const char livelock_prefix[] = "job_";

char *launch_livelock_path(int64_t job)
{
    return g_strdup_printf("%s/%s%" G_GINT64_FORMAT, path_get(PATH_LIVELOCK_DIR), livelock_prefix,
                           (gint64)job);
}

bool launch_parse_livelock_name(const char *name, int64_t *ret_job)
{
    size_t n = strlen(livelock_prefix);

    return strncmp(name, livelock_prefix, n) == 0 && g_ascii_isdigit(name[n]) &&
           parse_int64(name + n, 0, INT64_MAX, ret_job, NULL);
}

char *launch_priority_path(int64_t job)
{
    return g_strdup_printf("%s/%" G_GINT64_FORMAT ".prio", path_get(PATH_LUXID_MESSAGE_DIR),
                           (gint64)job);
}

bool launch_open_channel(int ret_fds[2], GError **errp)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) != 0) {
        return fs_error_set(errp, errno, "open", channel);
    }
    return true;
}

/* ---- packets ---- */

union control {
    struct cmsghdr align;
    char space[CMSG_SPACE(sizeof(int))];
};

/* extra_fd: -1 for none. */
static enum launch_io send_packet(int fd, const void *packet, size_t len, int extra_fd,
                                  GError **errp)
{
    struct iovec part = {.iov_base = (void *)packet, .iov_len = len};
    union control control = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t n;

    if (extra_fd >= 0) {
        struct cmsghdr *header;

        message.msg_control = control.space;
        message.msg_controllen = sizeof control.space;
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &extra_fd, sizeof extra_fd);
    }
    do {
        n = sendmsg(fd, &message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n >= 0) {
        return LAUNCH_IO_OK;
    }
    if (errno == EAGAIN) {
        return LAUNCH_IO_AGAIN;
    }
    if (errno == EPIPE || errno == ECONNRESET) {
        return LAUNCH_IO_END;
    }
    fs_error_set(errp, errno, "write to", channel);
    return LAUNCH_IO_ERROR;
}

static int take_descriptor(struct msghdr *message)
{
    int fd = -1;

    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
            header->cmsg_len >= CMSG_LEN(sizeof(int))) {
            memcpy(&fd, CMSG_DATA(header), sizeof fd);
        }
    }
    return fd;
}

static enum launch_io receive_packet(int fd, void *packet, size_t len, int *ret_extra_fd,
                                     GError **errp)
{
    struct iovec part = {.iov_base = packet, .iov_len = len};
    union control control;
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof control.space};
    ssize_t n;

    do {
        n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n == 0 || (n < 0 && errno == ECONNRESET)) {
        return LAUNCH_IO_END;
    }
    if (n < 0 && errno == EAGAIN) {
        return LAUNCH_IO_AGAIN;
    }
    if (n < 0) {
        fs_error_set(errp, errno, "read from", channel);
        return LAUNCH_IO_ERROR;
    }
    *ret_extra_fd = take_descriptor(&message);
    if ((size_t)n != len || *(uint32_t *)packet != PACKET_VERSION) {
        if (*ret_extra_fd >= 0) {
            (void)close(*ret_extra_fd);
        }
        g_set_error(errp, FS_ERROR, EPROTO,
                    "luxid and the job launcher are not of the same release; restart ganeti-luxid");
        return LAUNCH_IO_ERROR;
    }
    return LAUNCH_IO_OK;
}

/* ---- requests ---- */

/* An unnamed file with the text, to be read from its start; -1 with an error. */
static int secrets_to_fd(const char *secrets, GError **errp)
{
    int fd = memfd_create("job-secrets", MFD_CLOEXEC);

    if (fd < 0) {
        fs_error_set(errp, errno, "create", "a file for the secrets of a job");
        return -1;
    }
    if (!fs_write_fd(fd, "secrets of a job", secrets, strlen(secrets), errp) ||
        lseek(fd, 0, SEEK_SET) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

enum launch_io launch_send_request(int fd, const struct launch_request *request, GError **errp)
{
    struct request_packet packet = {
        .version = PACKET_VERSION, .debug = request->debug, .job = request->job};
    int secrets = -1;
    enum launch_io io;

    if (request->secrets != NULL) {
        secrets = secrets_to_fd(request->secrets, errp);
        if (secrets < 0) {
            return LAUNCH_IO_ERROR;
        }
    }
    io = send_packet(fd, &packet, sizeof packet, secrets, errp);
    if (secrets >= 0) {
        (void)close(secrets);
    }
    return io;
}

enum launch_io launch_receive_request(int fd, struct launch_request *ret, GError **errp)
{
    struct request_packet packet;
    int secrets = -1;
    enum launch_io io = receive_packet(fd, &packet, sizeof packet, &secrets, errp);

    if (io != LAUNCH_IO_OK) {
        return io;
    }
    *ret = (struct launch_request){.job = packet.job, .debug = packet.debug != 0};
    if (secrets >= 0) {
        ret->secrets = fs_read_fd(secrets, "secrets of a job", LAUNCH_MAX_SECRETS, NULL, errp);
        (void)close(secrets);
        if (ret->secrets == NULL) {
            return LAUNCH_IO_ERROR;
        }
    }
    return LAUNCH_IO_OK;
}

void launch_request_clear(struct launch_request *request)
{
    g_free(request->secrets);
    *request = (struct launch_request){0};
}

/* ---- replies ---- */

enum launch_io launch_send_reply(int fd, const struct launch_reply *reply, GError **errp)
{
    struct reply_packet packet = {
        .version = PACKET_VERSION, .outcome = reply->outcome, .job = reply->job, .pid = reply->pid};

    if (reply->error != NULL) {
        (void)g_strlcpy(packet.error, reply->error, sizeof packet.error);
    }
    return send_packet(fd, &packet, sizeof packet,
                       reply->outcome == LAUNCH_STARTED ? reply->pidfd : -1, errp);
}

enum launch_io launch_receive_reply(int fd, struct launch_reply *ret, GError **errp)
{
    struct reply_packet packet;
    int pidfd = -1;
    enum launch_io io = receive_packet(fd, &packet, sizeof packet, &pidfd, errp);

    if (io != LAUNCH_IO_OK) {
        return io;
    }
    packet.error[MAX_ERROR] = '\0';
    *ret = (struct launch_reply){.job = packet.job,
                                 .outcome = (enum launch_outcome)packet.outcome,
                                 .pid = (pid_t)packet.pid,
                                 .pidfd = pidfd};
    if (ret->outcome == LAUNCH_FAILED) {
        ret->error = g_utf8_make_valid(packet.error, -1);
    }
    return LAUNCH_IO_OK;
}

void launch_reply_clear(struct launch_reply *reply)
{
    if (reply->pidfd >= 0) {
        (void)close(reply->pidfd);
    }
    g_free(reply->error);
    *reply = (struct launch_reply){.pidfd = -1};
}
