/* The queue daemon: what its parts share. */
#ifndef GANTRY_LUXI_SERVER_LUXID_H
#define GANTRY_LUXI_SERVER_LUXID_H

#include "compat-config/store/store.h"
#include "facts/luximethods.h"
#include "facts/rpccalls.h"
#include "luxi/query/query.h"
#include "luxi/server/job-queue.h"
#include "luxi/server/server.h"

struct luxid {
    struct cfg_watch *config;
    struct luxi_server *server;
    struct query_env env;
    struct fs_lock *livelock; /* proves to wconfd that we live */
    struct job_queue *queue;
    struct job_waiters *waiters;
    struct submissions *submissions;
};

/* Handles one call: decodes its arguments by its row and calls the method's handler. */
luxi_handler luxid_dispatch;

/* A handler: args points to struct luxi_args_<method> and lives until it returns. */
typedef void luxi_method(struct luxid *luxid, struct luxi_call *call, const void *args);

/* The present configuration as a new reference, or the call is answered with an error and NULL
 * returned. */
const struct cfg *luxid_config(struct luxid *luxid, struct luxi_call *call);

/* WaitForJobChange (wait.c). */
struct job_waiters *job_waiters_new(void);
void job_waiters_free(struct job_waiters *waiters);
/* The file of a job has changed: answers who waits for that. */
void job_waiters_changed(struct job_waiters *waiters, int64_t job);

/* SubmitJob and the like (submit.c). */
struct submissions *submissions_new(struct luxid *luxid);
void submissions_free(struct submissions *submissions);

/* Answers [success, text], as the methods that change jobs do. */
void luxid_answer_pair(struct luxi_call *call, bool success, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* The same call to some nodes; then(data) when all have answered, failures are in the log. The
 * nodes: master candidates without the master itself, or all of these with it. */
void luxid_tell_candidates(struct luxid *luxid, const struct cfg *cfg, enum rpc_id id,
                           bool with_master, const char *arguments, void (*then)(void *data),
                           void *data);
/* A call to the master's node daemon; a failure is in the log. */
void luxid_tell_master(struct luxid *luxid, const struct node *master, enum rpc_id id,
                       const char *arguments);

#endif
