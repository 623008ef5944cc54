/* A recorder for tests: while it is installed, no program is started. Each command is written down
 * and gets a canned answer. */
#ifndef GANTRY_BASE_CMD_TESTING_H
#define GANTRY_BASE_CMD_TESTING_H

#include <glib.h>

#include "base/cleanup.h"

struct cmd_recorder;

/* Installs it; there may be one at a time. */
struct cmd_recorder *cmd_recorder_new(void);
/* Uninstalls it. */
void cmd_recorder_free(struct cmd_recorder *recorder);
DEFINE_CLEANUP(struct cmd_recorder *, cmd_recorder_free)

/* Commands whose text matches the glob (*, ?) get this answer; the first rule that matches counts.
 * times: how often the rule may be used, 0 for ever. Without a rule: exit code 0, no output. out
 * and err may be NULL. */
void cmd_recorder_answer(struct cmd_recorder *recorder, const char *glob, guint times,
                         int exit_code, const char *out, const char *err);

/* What was "run" so far, one command per line, shell-quoted. In front of it " NAME=VALUE" for each
 * variable set with cmd_set_env(), "(cd DIR)" and behind it "<<< INPUT" where set. Borrowed. */
const char *cmd_recorder_text(const struct cmd_recorder *recorder);
void cmd_recorder_clear(struct cmd_recorder *recorder);

#endif
