/* The stop watch of qa/bench, in C so that it costs less than what it measures.
 *
 *     measure run COUNT PROGRAM ARG...         whole processes, output thrown away
 *     measure luxi COUNT SOCKET REQUEST        round trips on one connection
 *
 * Prints "MEDIAN MIN MAX" in microseconds. Exit code 1 if a process fails or the server hangs up.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/parse.h"

#define END_OF_MESSAGE '\3'

extern char **environ;

static int64_t now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void print_times(int64_t *times, size_t count)
{
    qsort(times, count, sizeof(times[0]), compare_times);
    printf("%.1f %.1f %.1f\n", (double)times[count / 2] / 1e3, (double)times[0] / 1e3,
           (double)times[count - 1] / 1e3);
}

static bool run_once(char **argv, const posix_spawn_file_actions_t *actions)
{
    int status = 0;
    pid_t pid;
    int error = posix_spawnp(&pid, argv[0], actions, NULL, argv, environ);

    if (error != 0) {
        fprintf(stderr, "measure: cannot start %s: %s\n", argv[0], g_strerror(error));
        return false;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "measure: %s ended with status %d\n", argv[0], status);
        return false;
    }
    return true;
}

static bool measure_run(int64_t *times, size_t count, char **argv)
{
    posix_spawn_file_actions_t actions;
    bool good = true;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    for (size_t i = 0; i < count && good; i++) {
        int64_t start = now_ns();

        good = run_once(argv, &actions);
        times[i] = now_ns() - start;
    }
    posix_spawn_file_actions_destroy(&actions);
    return good;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 ||
        g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path) ||
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        fprintf(stderr, "measure: cannot connect to %s: %s\n", path, g_strerror(errno));
        return -1;
    }
    return fd;
}

static bool ask_once(int fd, const char *request, size_t len, char *buffer, size_t size)
{
    if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
        return false;
    for (;;) {
        ssize_t got = recv(fd, buffer, size, 0);

        if (got <= 0)
            return false;
        if (buffer[got - 1] == END_OF_MESSAGE)
            return true;
    }
}

static bool measure_luxi(int64_t *times, size_t count, const char *path, const char *text)
{
    enum { BUFFER = 1 << 20 };
    g_autofree char *buffer = g_malloc(BUFFER);
    g_autofree char *request = g_strdup_printf("%s%c", text, END_OF_MESSAGE);
    size_t len = strlen(request);
    bool good = true;
    int fd = connect_to(path);

    if (fd < 0)
        return false;
    for (size_t i = 0; i < count && good; i++) {
        int64_t start = now_ns();

        good = ask_once(fd, request, len, buffer, BUFFER);
        times[i] = now_ns() - start;
    }
    close(fd);
    if (!good)
        fprintf(stderr, "measure: %s hung up\n", path);
    return good;
}

int main(int argc, char **argv)
{
    g_autofree int64_t *times = NULL;
    int count = 0;
    bool good;

    if (argc < 4 || !parse_int(argv[2], 1, 1000000, &count, NULL) ||
        !(g_str_equal(argv[1], "run") || (g_str_equal(argv[1], "luxi") && argc == 5))) {
        fprintf(
            stderr,
            "usage: measure run COUNT PROGRAM ARG...\n       measure luxi COUNT SOCKET REQUEST\n");
        return 2;
    }
    times = g_new0(int64_t, (size_t)count);
    good = g_str_equal(argv[1], "run") ? measure_run(times, (size_t)count, argv + 3)
                                       : measure_luxi(times, (size_t)count, argv[3], argv[4]);
    if (good)
        print_times(times, (size_t)count);
    return good ? 0 : 1;
}
