#include "config.h"

#include "noded/impexp/progress.h"

#include <string.h>

#include <glib.h>

enum { MIB = 1024 * 1024 };

static int64_t to_mib(int64_t bytes)
{
    return bytes / MIB + (bytes % MIB >= MIB / 2 ? 1 : 0);
}

/* In MiB per second; below 0: not known yet. */
static double rate(const struct progress *progress)
{
    double seconds, mib;

    if (progress->n < 2) {
        return -1;
    }
    seconds = progress->samples[progress->n - 1].time - progress->samples[0].time;
    mib = (double)(progress->samples[progress->n - 1].bytes - progress->samples[0].bytes) / MIB;
    return seconds > 0 ? mib / seconds : -1;
}

static void set(double *member, bool *has, double value, bool known)
{
    *member = known ? value : 0;
    *has = known;
}

void progress_add(struct progress *progress, double time, int64_t bytes, int64_t expected_mib,
                  struct import_export_status *status)
{
    double speed, mib = (double)bytes / MIB;

    if (progress->n == PROGRESS_SAMPLES) {
        progress->n--;
        memmove(progress->samples, progress->samples + 1,
                progress->n * sizeof(progress->samples[0]));
    }
    progress->samples[progress->n].time = time;
    progress->samples[progress->n++].bytes = bytes;
    speed = rate(progress);
    status->progress_mbytes = to_mib(bytes);
    status->has.progress_mbytes = true;
    set(&status->progress_throughput, &status->has.progress_throughput, speed, speed >= 0);
    set(&status->progress_percent, &status->has.progress_percent,
        expected_mib > 0 ? CLAMP(100 * mib / (double)expected_mib, 0, 100) : 0, expected_mib > 0);
    set(&status->progress_eta, &status->has.progress_eta,
        speed > 0 ? MAX(0, ((double)expected_mib - mib) / speed) : 0,
        expected_mib >= 0 && speed > 0);
}
