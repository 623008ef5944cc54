/* A socket in a folder of its own on which a test program tells a logical unit to go on
 * (cmdlib/test.py TestSocketWrapper). */
#ifndef GANTRY_JOBS_LU_SIGNPOST_H
#define GANTRY_JOBS_LU_SIGNPOST_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

struct signpost;

struct signpost *signpost_new(GError **errp);
/* Removes the socket; a connection that was taken goes too. NULL is allowed. */
void signpost_free(struct signpost *post);
DEFINE_CLEANUP(struct signpost *, signpost_free)

const char *signpost_path(const struct signpost *post);
/* Takes one connection; false if none came within the seconds. */
bool signpost_accept(struct signpost *post, double timeout);
/* Waits until the other side sends or closes; false if it did not within the seconds. */
bool signpost_wait(struct signpost *post, double timeout);

#endif
