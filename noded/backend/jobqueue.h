/* The job queue's directory on a node. */
#ifndef GANTRY_NODED_BACKEND_JOBQUEUE_H
#define GANTRY_NODED_BACKEND_JOBQUEUE_H

#include <glib.h>
#include <stdbool.h>

/* Begins the queue where there is none: its version, and no job so far (jstore.py InitAndVerifyQueue). Somebody who
 * holds its lock has done so already. */
bool jobqueue_begin(GError **errp);

#endif
