/* How far a transfer is and how fast. Pure: time comes from the caller. */
#ifndef GANTRY_NODED_IMPEXP_PROGRESS_H
#define GANTRY_NODED_IMPEXP_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "facts/objects.h"

enum {
    PROGRESS_INTERVAL_S = 5,
    /* The rate is that of the last minute. */
    PROGRESS_SAMPLES = 60 / PROGRESS_INTERVAL_S,
};

struct progress {
    struct {
        double time; /* seconds */
        int64_t bytes;
    } samples[PROGRESS_SAMPLES];
    size_t n;
};

/* Adds a sample and sets the members progress_* of the status. expected_mib: below 0: not known. */
void progress_add(struct progress *progress, double time, int64_t bytes, int64_t expected_mib,
                  struct import_export_status *status);

#endif
