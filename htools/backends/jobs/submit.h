/* Carrying plans out through the master daemon (the reference's src/Ganeti/Jobs.hs). */
#ifndef GANTRY_HTOOLS_BACKENDS_JOBS_SUBMIT_H
#define GANTRY_HTOOLS_BACKENDS_JOBS_SUBMIT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "facts/objects.h"

struct luxi_client;

#define SUBMIT_ERROR (submit_error_quark())
GQuark submit_error_quark(void);
enum submit_error {
    SUBMIT_ERROR_ANSWER, /* the daemon said something else than it should */
    SUBMIT_ERROR_JOB,    /* a job was refused or did not succeed */
};

/* What all opcodes are told. */
struct submit_note {
    const char *program;           /* the source of the step in the reason trail */
    const char *reason;            /* NULL: that the program was called */
    const char *comment;           /* the version follows */
    enum submit_priority priority; /* of the jobs, if has_priority */
    bool has_priority;
};

/* Jobs that may run at the same time. */
struct submit_set {
    char *description;
    GPtrArray *jobs; /* of jobs, see opcodes.h; owned */
};
/* An array of struct submit_set that owns what it holds. */
GArray *submit_sets_new(void);
struct submit_set *submit_sets_add(GArray *sets, char *description);

/* Submits the jobs; the numbers (int64_t) are the caller's. The opcodes get the note. */
GArray *submit_jobs(struct luxi_client *client, const struct submit_note *note,
                    const GPtrArray *jobs, GError **errp) __attribute__((warn_unused_result));
/* The states (enum job_status as int) of the jobs, in their order. */
bool submit_query(struct luxi_client *client, const GArray *ids, int *ret_states, GError **errp)
    __attribute__((warn_unused_result));
/* Submits one job and waits until it has succeeded. */
bool submit_and_wait(struct luxi_client *client, const struct submit_note *note, GPtrArray *job,
                     GError **errp) __attribute__((warn_unused_result));

/* Runs one set after the other, telling so on standard output. The first set in which a job fails
 * ends it with an error. SIGINT ends it after the set that runs, which is no error; SIGTERM ends
 * the program at once with status 2. Jobs that are submitted run on in any case. */
bool submit_sets(const char *socket, const struct submit_note *note, const GArray *sets,
                 GError **errp) __attribute__((warn_unused_result));

#endif
