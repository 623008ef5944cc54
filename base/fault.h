/* Named fault points for crash and error tests.
 *
 * Code that makes something durable passes points by name; the environment makes one of them fail:
 *
 *     GANTRY_FAULT="fs-write-before-rename=abort"       at the first pass
 *     GANTRY_FAULT="fs-write-data:3=ENOSPC,job-start=delay250"
 *
 * name[:n]=action[,...]: n counts passes from 1 (default 1), "*" means every pass. Actions: abort
 * (the process kills itself with SIGKILL, so nothing is cleaned up), the name of an errno (the
 * point returns it, and the caller fails as if the system call had), delayMS (blocks that many
 * milliseconds). GANTRY_FAULT_LIST=FILE appends the name of each point passed, one per line and
 * pass: a chaos test runs once with it and then once per line.
 *
 * Without these variables a point costs one comparison. A wrong GANTRY_FAULT ends the process at
 * once with exit code 2: a chaos test that tests nothing must not be green. */
#ifndef GANTRY_BASE_FAULT_H
#define GANTRY_BASE_FAULT_H

#include <glib.h>

/* 0, or the errno that the step shall pretend to have failed with. name: lower case, digits, "-".
 */
#define FAULT_POINT(name) (fault_state == FAULT_OFF ? 0 : fault_pass(name))

/* Private to the macro. */
enum fault_state {
    FAULT_UNREAD,
    FAULT_OFF,
    FAULT_ON,
};
extern enum fault_state fault_state;
int fault_pass(const char *name);

/* For unit tests: replaces the settings by this text (NULL: none), counters start again. */
void fault_set(const char *spec);

#endif
