/* Lines from a descriptor, as they come. */
#ifndef GANTRY_NODED_IMPEXP_LINES_H
#define GANTRY_NODED_IMPEXP_LINES_H

#include <glib.h>

#include "base/cleanup.h"

struct lines;

/* line is without its end; a very long one comes in pieces. */
typedef void (*lines_fn)(const char *line, void *user);

/* Takes the descriptor over. on_line is called from the default loop, also for a last line without
 * an end. */
struct lines *lines_new(int fd, lines_fn on_line, void *user);
/* Reads what is there already, then closes. */
void lines_free(struct lines *lines);
DEFINE_CLEANUP(struct lines *, lines_free)

#endif
