/* Workers: one process per call, so that a tool that hangs or code that crashes takes nobody along.
 *
 * The runner is a small process that is forked while the daemon has one thread and no connection;
 * it forks the workers, a copy of itself each, which costs well below a millisecond. Requests and
 * answers travel in unnamed files and pipes. A worker outlives the daemon: what it began it ends,
 * only its answer is lost. */
#ifndef GANTRY_NODED_SERVER_RUNNER_H
#define GANTRY_NODED_SERVER_RUNNER_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

#define RUNNER_ERROR (runner_error_quark())
GQuark runner_error_quark(void);
enum runner_error {
    RUNNER_ERROR_START, /* no process, no descriptors */
    RUNNER_ERROR_LOST,  /* the worker ended without an answer, or the runner is gone */
};

struct runner;

struct runner_opts {
    /* In the worker: appends the answer to a request; text is NUL-terminated. */
    void (*work)(unsigned id, const char *text, size_t len, GString *answer);
    /* In the runner, right after it was forked. May be NULL. */
    void (*forked)(void *user);
    /* In the daemon: the runner is gone, nothing can be started any more. May be NULL. */
    void (*lost)(void *user);
    void *user;
    unsigned max_workers; /* at the same time; further requests wait their turn */
};

/* In the daemon, once per request; answer is NULL if there is none, and error tells why. */
typedef void runner_done(const char *answer, size_t len, const GError *error, void *user);

struct runner *runner_new(const struct runner_opts *opts, GError **errp)
    __attribute__((warn_unused_result));
/* Begins to watch; from here on the loop (the default one) must run. */
void runner_attach(struct runner *runner);
/* The text is copied. Never calls back before it returns. */
void runner_submit(struct runner *runner, unsigned id, const char *text, size_t len,
                   runner_done *done, void *user);
/* Requests that are not answered yet. */
unsigned runner_busy(const struct runner *runner);
/* The runner and the workers to come open their log anew. */
void runner_reopen_log(struct runner *runner);
/* Ends the runner, not the workers. Requests that are not answered are forgotten. */
void runner_free(struct runner *runner);
DEFINE_CLEANUP(struct runner *, runner_free)

#endif
