/* The only way to start another program: an argument vector, never a shell.
 *
 *     CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("lvs", "--noheadings", NULL);
 *     cmd_set_timeout(cmd, 30 * 1000);
 *     if (!cmd_check(cmd, &text, errp)) ...
 *
 * The child gets: a clean environment (PATH, LC_ALL=C and what cmd_pass_variable() named), "/" as
 * working directory, /dev/null as input, no descriptor but its own, a process group of its own,
 * default signals. A deadline ends the whole group: TERM, CMD_TERM_GRACE_MS later KILL. Output is
 * captured up to a bound; what is beyond is read and dropped, and the result says so. Children are
 * watched by pidfd, no SIGCHLD handler is involved. Every start is logged ("RunCmd ...", as the
 * reference does), without environment and input.
 *
 * For tests see base/cmd-testing.h: a recorder that starts nothing. */
#ifndef GANTRY_BASE_CMD_H
#define GANTRY_BASE_CMD_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

#define CMD_ERROR (cmd_error_quark())
GQuark cmd_error_quark(void);
enum cmd_error {
    CMD_ERROR_START,  /* not found, no permission, no such directory */
    CMD_ERROR_EXIT,   /* an exit code but 0 */
    CMD_ERROR_SIGNAL, /* ended by a signal that was not ours */
    CMD_ERROR_TIMEOUT,
    CMD_ERROR_CANCELLED,
    CMD_ERROR_TOO_LONG, /* output beyond the bound (cmd_check() only) */
};

enum {
    /* The reference's constants.CHILD_LINGER_TIMEOUT. */
    CMD_TERM_GRACE_MS = 5000,
    /* How long output is awaited that descendants of a finished program keep open. */
    CMD_LINGER_MS = 2000,
    CMD_DEFAULT_MAX_OUTPUT = 64 * 1024 * 1024,
    CMD_MAX_KEPT_FDS = 64,
};

struct cmd;

struct cmd *cmd_new(const char *program, ...) G_GNUC_NULL_TERMINATED;
/* argv[0] is the program. */
struct cmd *cmd_new_argv(const char *const *argv);
void cmd_free(struct cmd *cmd);
DEFINE_CLEANUP(struct cmd *, cmd_free)

void cmd_add(struct cmd *cmd, const char *arg, ...) G_GNUC_NULL_TERMINATED;
void cmd_addf(struct cmd *cmd, const char *format, ...) G_GNUC_PRINTF(2, 3);
void cmd_add_all(struct cmd *cmd, const char *const *args);

/* This process' own environment (with LC_ALL=C) instead of the clean one. */
void cmd_inherit_env(struct cmd *cmd);
/* value NULL: the variable is absent. */
void cmd_set_env(struct cmd *cmd, const char *name, const char *value);
void cmd_set_cwd(struct cmd *cmd, const char *dir);
/* Milliseconds from the start; 0 (the default): none. */
void cmd_set_timeout(struct cmd *cmd, guint ms);
/* Bytes kept of each of the two outputs. */
void cmd_set_max_output(struct cmd *cmd, size_t bytes);
/* The data is copied; the child reads it from an unnamed file. */
void cmd_set_input(struct cmd *cmd, const void *data, size_t len);
/* Descriptors stay the caller's and must be open until the start; -1: default. A redirected output
 * is not captured. */
void cmd_set_input_fd(struct cmd *cmd, int fd);
void cmd_set_output_fds(struct cmd *cmd, int out, int err);
/* Hands a descriptor to the child; returns its number there (3, 4, ... in the order of calls). */
int cmd_keep_fd(struct cmd *cmd, int fd);
/* For programs that talk to the person at the terminal: inherits the three standard descriptors and
 * the process group; but for standard input if there is one of its own (they ask at /dev/tty then).
 */
void cmd_set_interactive(struct cmd *cmd);

/* A session of its own, for what shall outlive this process and its terminal. Redirect its output.
 */
void cmd_set_session(struct cmd *cmd);

/* Shell-quoted, for people. Borrowed until the command changes. */
const char *cmd_text(struct cmd *cmd);

/* Variables that every clean environment takes from this process, e.g. of a virtual cluster. Called
 * at the start of a program. */
void cmd_pass_variable(const char *name);

struct cmd_result {
    char *text;      /* the command, shell-quoted */
    int exit_code;   /* -1 if ended by a signal */
    int term_signal; /* 0 if it exited */
    bool timed_out;
    bool cancelled;
    bool truncated; /* output was longer than the bound */
    guint timeout_ms;
    char *out; /* NUL-terminated; may hold NUL bytes */
    size_t out_len;
    char *err;
    size_t err_len;
};
void cmd_result_free(struct cmd_result *result);
DEFINE_CLEANUP(struct cmd_result *, cmd_result_free)

/* Exit code 0, in time. */
bool cmd_result_ok(const struct cmd_result *result);
/* How it ended if it is not ok: "failed with exit code 3"; allocated. */
char *cmd_result_how(const struct cmd_result *result);
/* Sets an error that names the command, what ended it and the end of its output. The result must
 * not be ok. Returns false. */
bool cmd_result_fail(const struct cmd_result *result, GError **errp);

/* Runs to the end, however it ends; NULL only if it could not be started. */
struct cmd_result *cmd_run(struct cmd *cmd, GError **errp) __attribute__((warn_unused_result));
/* Runs and demands success and complete output. *ret_out (may be NULL) is the standard output. */
bool cmd_check(struct cmd *cmd, char **ret_out, GError **errp) __attribute__((warn_unused_result));

/* Starts the program and returns at once; done is called exactly once, from context (NULL: the
 * default one), never from within this call. The result is done's to free. The cmd may be freed.
 * The job is freed after done returns. */
struct cmd_job;
typedef void (*cmd_done_fn)(struct cmd_result *result, void *user);
struct cmd_job *cmd_start(struct cmd *cmd, GMainContext *context, cmd_done_fn done, void *user,
                          GError **errp) __attribute__((warn_unused_result));
/* Ends the group as a deadline would; done is called with result->cancelled when it is over. */
void cmd_job_cancel(struct cmd_job *job);
/* Starts a program that shall outlive this process, in a session of its own, and does not look
 * after it any more: this process must end soon, for init to take the program over. Its outputs
 * must be redirected. *ret_pid is 0 under the recorder. */
bool cmd_start_detached(struct cmd *cmd, GPid *ret_pid, GError **errp)
    __attribute__((warn_unused_result));
/* 0 under the recorder. */
GPid cmd_job_pid(const struct cmd_job *job);

#endif
