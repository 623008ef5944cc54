/* Shared by daemon*.c only. */
#ifndef GANTRY_BASE_DAEMON_PRIVATE_H
#define GANTRY_BASE_DAEMON_PRIVATE_H

#include <stdio.h>

#include "base/daemon.h"

/* The end of a pipe on which the starter of a detached daemon waits. */
struct daemon_starter {
    int fd; /* -1: foreground, or told already */
};

/* Fills options; false after printing what is wrong to standard error. */
bool daemon_options_parse(const struct daemon_desc *desc, int argc, char **argv, void *user,
                          struct daemon_options *options);
void daemon_options_help(const struct daemon_desc *desc, FILE *out);
void daemon_options_completion(const struct daemon_desc *desc, FILE *out);

/* Demands or becomes the user and group of the description. */
bool daemon_become_user(const struct daemon_desc *desc, GError **errp);

/* Detaches; returns in the daemon only. The starter exits: 0 once daemon_starter_ok() is called,
 * else with the code and text of daemon_starter_fail(), or with 1 if the daemon vanishes before. */
bool daemon_detach(struct daemon_starter *starter, GError **errp);
void daemon_starter_ok(struct daemon_starter *starter);
void daemon_starter_fail(struct daemon_starter *starter, int exit_code, const char *text);
/* The same for a process that is not the daemon but its child: it must not keep the starter
 * waiting.
 */
void daemon_starter_leave(struct daemon_starter *starter);
/* Standard output and error go to the file, input comes from nowhere. */
bool daemon_redirect(const char *log_file, GError **errp);

/* A message to systemd ("READY=1"), if it started this process. */
void daemon_notify(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif
