#include "base/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"

#define ENV_FAULT "GANTRY_FAULT"
#define ENV_LIST  "GANTRY_FAULT_LIST"

enum {
    EVERY_PASS = 0,
    MAX_DELAY_MS = 600 * 1000,
    EXIT_BAD_SETTING = 2,
};

enum action {
    ACTION_ABORT,
    ACTION_ERRNO,
    ACTION_DELAY,
};

struct fault {
    char *name;
    int pass; /* EVERY_PASS or counted from 1 */
    int seen;
    enum action action;
    int value; /* errno or milliseconds */
};

enum fault_state fault_state = FAULT_UNREAD;
static GArray *faults;

static const struct {
    const char *name;
    int value;
} errnos[] = {
    {"EACCES", EACCES},
    {"EAGAIN", EAGAIN},
    {"ECONNREFUSED", ECONNREFUSED},
    {"ECONNRESET", ECONNRESET},
    {"EDQUOT", EDQUOT},
    {"EINTR", EINTR},
    {"EIO", EIO},
    {"EMFILE", EMFILE},
    {"ENOENT", ENOENT},
    {"ENOMEM", ENOMEM},
    {"ENOSPC", ENOSPC},
    {"EPERM", EPERM},
    {"EPIPE", EPIPE},
    {"EROFS", EROFS},
    {"ETIMEDOUT", ETIMEDOUT},
};

static void clear_fault(void *data)
{
    g_free(((struct fault *)data)->name);
}

static bool parse_action(const char *text, struct fault *fault)
{
    if (strcmp(text, "abort") == 0) {
        fault->action = ACTION_ABORT;
        return true;
    }
    if (g_str_has_prefix(text, "delay")) {
        fault->action = ACTION_DELAY;
        return parse_int(text + strlen("delay"), 0, MAX_DELAY_MS, &fault->value, NULL);
    }
    fault->action = ACTION_ERRNO;
    for (size_t i = 0; i < G_N_ELEMENTS(errnos); i++) {
        if (strcmp(text, errnos[i].name) == 0) {
            fault->value = errnos[i].value;
            return true;
        }
    }
    return false;
}

static bool parse_fault(const char *text, struct fault *fault)
{
    const char *equals = strchr(text, '=');
    g_autofree char *name = NULL;
    char *colon;

    if (equals == NULL || equals == text || !parse_action(equals + 1, fault)) {
        return false;
    }
    name = g_strndup(text, (size_t)(equals - text));
    fault->pass = 1;
    colon = strchr(name, ':');
    if (colon != NULL) {
        *colon = '\0';
        if (strcmp(colon + 1, "*") == 0) {
            fault->pass = EVERY_PASS;
        } else if (!parse_int(colon + 1, 1, G_MAXINT, &fault->pass, NULL)) {
            return false;
        }
    }
    fault->name = g_steal_pointer(&name);
    return true;
}

void fault_set(const char *spec)
{
    g_auto(GStrv) parts = g_strsplit(spec == NULL ? "" : spec, ",", -1);

    g_clear_pointer(&faults, g_array_unref);
    for (size_t i = 0; parts[i] != NULL; i++) {
        struct fault fault = {0};

        if (!parse_fault(parts[i], &fault)) {
            g_printerr(ENV_FAULT ": '%s' is not name[:pass]=action\n", parts[i]);
            _exit(EXIT_BAD_SETTING);
        }
        if (faults == NULL) {
            faults = g_array_new(FALSE, FALSE, sizeof(struct fault));
            g_array_set_clear_func(faults, clear_fault);
        }
        g_array_append_val(faults, fault);
    }
    fault_state = faults != NULL || g_getenv(ENV_LIST) != NULL ? FAULT_ON : FAULT_OFF;
}

static void list_pass(const char *name)
{
    const char *path = g_getenv(ENV_LIST);
    g_autofree char *line = NULL;
    size_t len;
    int fd;

    if (path == NULL) {
        return;
    }
    line = g_strconcat(name, "\n", NULL);
    len = strlen(line);
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line, len) != (ssize_t)len) {
        g_printerr(ENV_LIST ": cannot write %s: %s\n", path, g_strerror(errno));
        _exit(EXIT_BAD_SETTING);
    }
    (void)close(fd);
}

static int run_action(const struct fault *fault)
{
    switch (fault->action) {
    case ACTION_ABORT:
        (void)kill(getpid(), SIGKILL);
        return 0;
    case ACTION_DELAY:
        g_usleep((gulong)fault->value * 1000);
        return 0;
    case ACTION_ERRNO:
        break;
    }
    return fault->value;
}

int fault_pass(const char *name)
{
    int result = 0;

    if (fault_state == FAULT_UNREAD) {
        fault_set(g_getenv(ENV_FAULT));
    }
    if (fault_state == FAULT_OFF) {
        return 0;
    }
    list_pass(name);
    for (guint i = 0; faults != NULL && i < faults->len; i++) {
        struct fault *fault = &g_array_index(faults, struct fault, i);

        if (strcmp(fault->name, name) == 0) {
            fault->seen++;
            if (fault->pass == EVERY_PASS || fault->pass == fault->seen) {
                int value = run_action(fault);

                result = value != 0 ? value : result;
            }
        }
    }
    return result;
}
