/* Shared by cmd*.c only. */
#ifndef GANTRY_BASE_CMD_PRIVATE_H
#define GANTRY_BASE_CMD_PRIVATE_H

#include "base/cmd.h"

struct cmd {
    GPtrArray *argv;   /* NULL-terminated only while cmd_argv() is in use */
    GHashTable *env;   /* name -> value, value NULL: absent */
    char *cwd;         /* NULL: "/" */
    char *text;        /* cache of cmd_text() */
    GBytes *input;     /* NULL: /dev/null or input_fd */
    GArray *kept;      /* int */
    size_t max_output; /* of each stream */
    guint timeout_ms;
    int input_fd, out_fd, err_fd; /* -1: default */
    bool inherit_env;
    bool interactive;
    bool session;
};

/* Borrowed, NULL-terminated. */
char *const *cmd_argv(struct cmd *cmd);
/* The child's environment, sorted by name. */
char **cmd_build_env(const struct cmd *cmd);

/* Starts the child. *ret_pidfd is always set; *ret_out and *ret_err are the ends to read, or -1. */
bool cmd_spawn(struct cmd *cmd, GPid *ret_pid, int *ret_pidfd, int *ret_out, int *ret_err,
               GError **errp);

/* The recorder's answer, or NULL if none is installed. */
struct cmd_result *cmd_recorder_ask(struct cmd *cmd);

#endif
