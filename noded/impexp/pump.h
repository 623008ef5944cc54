/* Moves data from one pipe to another, within the kernel, and counts it. */
#ifndef GANTRY_NODED_IMPEXP_PUMP_H
#define GANTRY_NODED_IMPEXP_PUMP_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

enum pump_end {
    PUMP_DONE,   /* all that came went out */
    PUMP_BROKEN, /* nobody takes it any more */
    PUMP_FAILED, /* errno, or a wrong magic text */
};

struct pump;
/* Called once from the default loop; text says what is wrong, NULL for PUMP_DONE. */
typedef void (*pump_fn)(enum pump_end end, const char *text, void *user);

/* Takes both ends over; they must be pipes. send (may be NULL) goes out first; what comes must
 * begin with expect (may be NULL), which is not passed on. The output stays open after PUMP_DONE
 * until pump_free(). */
struct pump *pump_new(int in, int out, const char *send, const char *expect, pump_fn done,
                      void *user);
void pump_free(struct pump *pump);
DEFINE_CLEANUP(struct pump *, pump_free)

/* So far, without the magic text. */
int64_t pump_bytes(const struct pump *pump);

#endif
