#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/fs.h"

struct logger {
    char *program;
    char *thread;
    char *path;
    char *console;
    enum log_format format;
    enum log_level level;
    enum log_level stderr_level;
    enum log_syslog syslog;
    int fd; /* -1: none */
};

static struct logger *logger;

static const struct {
    const char *name;
    const char *python; /* Python's logging has no "notice" */
    int priority;
} levels[] = {
    [LOG_LEVEL_DEBUG] = {"DEBUG", "DEBUG", LOG_DEBUG},
    [LOG_LEVEL_INFO] = {"INFO", "INFO", LOG_INFO},
    [LOG_LEVEL_NOTICE] = {"NOTICE", "INFO", LOG_NOTICE},
    [LOG_LEVEL_WARNING] = {"WARNING", "WARNING", LOG_WARNING},
    [LOG_LEVEL_ERROR] = {"ERROR", "ERROR", LOG_ERR},
    [LOG_LEVEL_CRITICAL] = {"CRITICAL", "CRITICAL", LOG_CRIT},
};

static int open_log(const char *path, GError **errp)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

    if (fd < 0) {
        fs_error_set(errp, errno, "open log file", path);
    }
    return fd;
}

static void logger_free(struct logger *log)
{
    if (log == NULL) {
        return;
    }
    if (log->fd >= 0) {
        (void)close(log->fd);
    }
    g_free(log->program);
    g_free(log->thread);
    g_free(log->path);
    g_free(log->console);
    g_free(log);
}

static void glib_message(const char *domain, GLogLevelFlags flags, const char *message,
                         void *data G_GNUC_UNUSED)
{
    static const struct {
        GLogLevelFlags flag;
        enum log_level level;
    } map[] = {
        {G_LOG_LEVEL_ERROR, LOG_LEVEL_CRITICAL},  {G_LOG_LEVEL_CRITICAL, LOG_LEVEL_ERROR},
        {G_LOG_LEVEL_WARNING, LOG_LEVEL_WARNING}, {G_LOG_LEVEL_MESSAGE, LOG_LEVEL_NOTICE},
        {G_LOG_LEVEL_INFO, LOG_LEVEL_INFO},
    };
    enum log_level level = LOG_LEVEL_DEBUG;

    for (size_t i = 0; i < G_N_ELEMENTS(map); i++) {
        if ((flags & map[i].flag) != 0) {
            level = map[i].level;
            break;
        }
    }
    log_at(level, "%s%s%s", domain == NULL ? "" : domain, domain == NULL ? "" : ": ", message);
}

bool log_setup(const struct log_opts *opts, GError **errp)
{
    struct logger *log = g_new0(struct logger, 1);
    g_autoptr(GError) error = NULL;
    bool file = opts->file != NULL && opts->syslog != LOG_SYSLOG_ONLY;

    log->program = g_strdup(opts->program);
    log->thread = g_strdup(opts->thread);
    log->path = g_strdup(opts->file);
    log->console = g_strdup(opts->console);
    log->format = opts->format;
    log->level = opts->level;
    log->stderr_level = opts->stderr_level;
    log->syslog = opts->syslog;
    log->fd = file ? open_log(opts->file, &error) : -1;
    if (error != NULL && opts->stderr_level == LOG_LEVEL_NONE && opts->syslog == LOG_SYSLOG_NO) {
        logger_free(log);
        g_propagate_error(errp, g_steal_pointer(&error));
        return false;
    }
    log_shutdown();
    logger = log;
    if (opts->syslog != LOG_SYSLOG_NO) {
        openlog(log->program, LOG_PID | LOG_NDELAY, LOG_DAEMON);
    }
    g_log_set_default_handler(glib_message, NULL);
    if (error != NULL) {
        log_error("%s", error->message);
    }
    return true;
}

bool log_reopen(GError **errp)
{
    int fd;

    if (logger == NULL || logger->fd < 0) {
        return true;
    }
    fd = open_log(logger->path, errp);
    if (fd < 0) {
        return false;
    }
    (void)close(logger->fd);
    logger->fd = fd;
    return true;
}

void log_shutdown(void)
{
    if (logger == NULL) {
        return;
    }
    g_log_set_default_handler(g_log_default_handler, NULL);
    if (logger->syslog != LOG_SYSLOG_NO) {
        closelog();
    }
    g_clear_pointer(&logger, logger_free);
}

bool log_enabled(enum log_level level)
{
    if (logger == NULL) {
        return level >= LOG_LEVEL_WARNING;
    }
    return level >= logger->stderr_level ||
           ((logger->fd >= 0 || logger->syslog != LOG_SYSLOG_NO) && level >= logger->level);
}

static void append_time(GString *line, enum log_format format)
{
    struct timespec now;
    struct tm parts = {0};
    char text[64];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)localtime_r(&now.tv_sec, &parts);
    (void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
    g_string_append(line, text);
    if (format == LOG_FORMAT_HASKELL) {
        (void)strftime(text, sizeof(text), "%Z", &parts);
        /* Picoseconds, as its %q prints. */
        g_string_append_printf(line, ",%09ld000 %s: ", now.tv_nsec, text);
    } else {
        g_string_append_printf(line, ",%03ld: ", now.tv_nsec / 1000000);
    }
}

static const char *level_name(enum log_level level)
{
    return logger->format == LOG_FORMAT_HASKELL ? levels[level].name : levels[level].python;
}

static void append_origin(GString *line, const char *file, int number)
{
    g_autofree char *base = g_path_get_basename(file);
    char *dot = strrchr(base, '.');

    if (dot != NULL) {
        *dot = '\0';
    }
    g_string_append_printf(line, " %s:%d", base, number);
}

static GString *make_line(enum log_level level, const char *file, int number, const char *text)
{
    GString *line = g_string_sized_new(160 + strlen(text));
    bool debug = MIN(logger->level, logger->stderr_level) == LOG_LEVEL_DEBUG;

    append_time(line, logger->format);
    if (logger->format == LOG_FORMAT_TOOL) {
        if (logger->stderr_level <= LOG_LEVEL_INFO) {
            g_string_append_printf(line, "%s ", level_name(level));
        }
    } else {
        const char *thread = logger->thread;

        if (thread == NULL && logger->format == LOG_FORMAT_HASKELL) {
            thread = "ThreadId 1";
        }
        g_string_append_printf(line, "%s pid=%d%s%s", logger->program, (int)getpid(),
                               thread == NULL ? "" : "/", thread == NULL ? "" : thread);
        if (debug && logger->format == LOG_FORMAT_PYTHON) {
            append_origin(line, file, number);
        }
        g_string_append_printf(line, " %s ", level_name(level));
    }
    g_string_append(line, text);
    g_string_append_c(line, '\n');
    return line;
}

static bool put_line(int fd, const GString *line)
{
    return fs_write_fd(fd, "log", line->str, line->len, NULL);
}

static void put_on_console(const GString *line)
{
    int fd = open(logger->console, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0) {
        (void)put_line(fd, line);
        (void)close(fd);
    }
}

static void put_everywhere(enum log_level level, const char *file, int number, const char *text)
{
    g_autoptr(GString) line = make_line(level, file, number, text);

    if (level >= logger->stderr_level) {
        (void)put_line(STDERR_FILENO, line);
    }
    if (level < logger->level) {
        return;
    }
    if (logger->fd >= 0 && !put_line(logger->fd, line) && logger->console != NULL) {
        put_on_console(line);
    }
    if (logger->syslog != LOG_SYSLOG_NO && level > LOG_LEVEL_DEBUG) {
        syslog(levels[level].priority, "%s %s", level_name(level), text);
    }
}

void log_write(enum log_level level, const char *file, int line, const char *format, ...)
{
    g_autofree char *text = NULL;
    int saved = errno;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    if (logger != NULL) {
        put_everywhere(level, file, line, text);
    } else {
        const char *program = g_get_prgname();
        g_autofree char *name = g_ascii_strdown(levels[level].name, -1);

        g_printerr("%s%s%s: %s\n", program == NULL ? "" : program, program == NULL ? "" : ": ",
                   name, text);
    }
    errno = saved;
}
