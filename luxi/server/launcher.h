/* luxid's end of the job launcher: starts the program, keeps it running, asks it for processes.
 *
 * If the launcher dies, it is started again and asked again for what it had not answered: a job
 * that has its process already cannot get another one (jobs/queue/launch-protocol.h). */
#ifndef GANTRY_LUXI_SERVER_LAUNCHER_H
#define GANTRY_LUXI_SERVER_LAUNCHER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "jobs/queue/launch-protocol.h"

struct launcher;

/* Called once for each request, never from within launcher_start_job(). The pidfd of the reply may
 * be kept: set it to -1. */
typedef void launcher_reply_fn(struct launch_reply *reply, void *data);

/* The program starts when the first job does. */
struct launcher *launcher_new(const char *program, bool debug, launcher_reply_fn *fn, void *data);
/* The launcher ends; jobs go on. Requests without an answer get none. */
void launcher_free(struct launcher *launcher);
DEFINE_CLEANUP(struct launcher *, launcher_free)

/* Starts the program ahead of the first job, so that it has its configuration at hand. */
void launcher_warm_up(struct launcher *launcher);
/* secrets: see struct launch_request; copied. */
void launcher_start_job(struct launcher *launcher, int64_t job, const char *secrets);

#endif
