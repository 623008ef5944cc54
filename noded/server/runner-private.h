/* Shared by runner.c (the daemon's side) and runner-process.c (the runner's) only. */
#ifndef GANTRY_NODED_SERVER_RUNNER_PRIVATE_H
#define GANTRY_NODED_SERVER_RUNNER_PRIVATE_H

#include "noded/server/runner.h"

/* What goes over the socket, with two descriptors: the file with the request, and the writing end
 * of the pipe for the answer. */
struct runner_message {
    unsigned id;
};
enum {
    RUNNER_FD_REQUEST,
    RUNNER_FD_ANSWER,
    RUNNER_FDS,
    /* The last byte of an answer that is complete; no JSON text on one line holds it. */
    RUNNER_END = '\n',
};

/* The runner's process: serves until the daemon closes its end. */
void runner_serve(int socket, const struct runner_opts *opts) G_GNUC_NORETURN;

#endif
