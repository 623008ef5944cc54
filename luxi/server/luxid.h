/* The queue daemon: what its parts share. */
#ifndef GANTRY_LUXI_SERVER_LUXID_H
#define GANTRY_LUXI_SERVER_LUXID_H

#include "compat-config/store/store.h"
#include "facts/luximethods.h"
#include "luxi/query/query.h"
#include "luxi/server/server.h"

struct luxid {
    struct cfg_watch *config;
    struct luxi_server *server;
    struct query_env env;
    struct job_waiters *waiters;
};

/* Handles one call: decodes its arguments by its row and calls the method's handler. */
luxi_handler luxid_dispatch;

/* A handler: args points to struct luxi_args_<method> and lives until it returns. */
typedef void luxi_method(struct luxid *luxid, struct luxi_call *call, const void *args);

/* The present configuration as a new reference, or the call is answered with an error and NULL
 * returned. */
const struct cfg *luxid_config(struct luxid *luxid, struct luxi_call *call);

/* WaitForJobChange (wait.c). */
struct job_waiters *job_waiters_new(const char *queue_dir);
void job_waiters_free(struct job_waiters *waiters);

#endif
