/* The log: the reference's line formats, to a file, standard error and syslog.
 *
 * Before log_setup() warnings and worse go to standard error as "PROGRAM: level: text"
 * (g_get_prgname). GLib's own messages (g_warning...) come out here too after log_setup(). Each
 * line is one write to an append-only file, so processes may share it. */
#ifndef GANTRY_BASE_LOG_H
#define GANTRY_BASE_LOG_H

#include <glib.h>
#include <stdbool.h>

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_NOTICE,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_CRITICAL,
    LOG_LEVEL_NONE, /* as a threshold: nothing */
};

enum log_format {
    /* 2026-01-31 08:05:10,774: ganeti-noded pid=12 INFO text
       With debug on, " file:line" precedes the level. (utils/log.py _GetLogFormatter) */
    LOG_FORMAT_PYTHON,
    /* 2026-01-31 08:05:10,774221149000 UTC: ganeti-confd pid=12/ThreadId 1 NOTICE text
       (Logging.hs logFormatter) */
    LOG_FORMAT_HASKELL,
    /* 2026-01-31 08:05:10,774: text; with the level if info or debug is shown
       (utils/log.py SetupToolLogging) */
    LOG_FORMAT_TOOL,
};

enum log_syslog {
    LOG_SYSLOG_NO,
    LOG_SYSLOG_YES,
    LOG_SYSLOG_ONLY, /* no file */
};

struct log_opts {
    const char *program;
    const char *thread; /* NULL: none (Haskell: "ThreadId 1") */
    enum log_format format;
    const char *file;            /* NULL: none */
    enum log_level level;        /* of file; syslog never gets debug */
    enum log_level stderr_level; /* LOG_LEVEL_NONE: nothing there */
    enum log_syslog syslog;
    /* A device that gets the lines the file cannot take (disk full); NULL: they are lost. */
    const char *console;
};

/* Replaces the present setup. If the file cannot be opened but standard error or syslog is on, that
 * is logged there and counts as success (utils/log.py SetupLogging); otherwise it is an error and
 * the old setup stays. Strings are copied. */
bool log_setup(const struct log_opts *opts, GError **errp) __attribute__((warn_unused_result));
/* Opens the file anew after somebody moved it away; on failure the old one stays in use. */
bool log_reopen(GError **errp) __attribute__((warn_unused_result));
void log_shutdown(void);

bool log_enabled(enum log_level level);

#define log_debug(...)    log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...)     log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_notice(...)   log_at(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_warning(...)  log_at(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_error(...)    log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_critical(...) log_at(LOG_LEVEL_CRITICAL, __VA_ARGS__)
/* Arguments are not evaluated if the level is off. */
#define log_at(level, ...)                                                                         \
    do {                                                                                           \
        if (log_enabled(level)) {                                                                  \
            log_write(level, __FILE__, __LINE__, __VA_ARGS__);                                     \
        }                                                                                          \
    } while (0)

void log_write(enum log_level level, const char *file, int line, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

#endif
