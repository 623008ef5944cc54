/* What carries logical units: a job process (jobs/exec) or the harness of the unit tests
 * (jobs/lu/tests/lu-harness.h). Units do not touch it; lu.h and rpc.h have the functions over it.
 */
#ifndef GANTRY_JOBS_LU_ENV_H
#define GANTRY_JOBS_LU_ENV_H

#include <glib.h>
#include <stdbool.h>

#include "facts/objects.h"
#include "facts/rpccalls.h"
#include "noded/client/rpc.h"

struct cfg_replica;
struct lu;
struct lu_env;
struct wconfd_client;

struct lu_env_ops {
    /* Appends an entry to the log of the opcode under way. message is borrowed. */
    void (*log)(struct lu_env *env, enum job_log_type type, struct json *message);
    /* Sends a call to n nodes and waits for all answers (zeroed memory, to be filled). */
    void (*call)(struct lu_env *env, const struct rpc_row *row, unsigned timeout,
                 const struct rpc_request *requests, struct rpc_answer *answers, size_t n);
    /* Submits jobs: a list of lists of opcodes. *ret is the list of [success, id or text]. */
    bool (*submit)(struct lu_env *env, struct json *jobs, struct json **ret, GError **errp);
    /* The locks are held, the unit is about to start (mcpu.py NotifyStart). False: the job was
     * cancelled meanwhile; the error is ERR_JOB_CANCELED. */
    bool (*started)(struct lu_env *env, GError **errp);
    /* Back to waiting (NotifyRetry). */
    void (*retrying)(struct lu_env *env);
    /* The present priority of the opcode, before locks are asked for; false with
     * ERR_JOB_CANCELED if the job was cancelled (CurrentPriority). */
    bool (*priority)(struct lu_env *env, int64_t *ret, GError **errp);
    /* Lets time pass, as the whole of a unit's pauses does. NULL: the process sleeps. */
    void (*pause)(struct lu_env *env, double seconds);
    /* Asked while waiting for locks: whether priority() would answer otherwise now. */
    bool (*should_stop)(struct lu_env *env);
};

struct lu_env {
    const struct lu_env_ops *ops;
    struct wconfd_client *wconfd;
    struct cfg_replica *replica;
    /* Who holds the locks: [job id, livelock file, pid]. */
    const struct client_id *client;
    /* Locks held: names as on the wire, "node/UUID" (owned), to their enum lock_mode. */
    GHashTable *locks;
    bool reserved;  /* the daemon may keep reservations for us */
    size_t commits; /* changes of the configuration so far */
    void *data;     /* of the ops */
};

/* What lu_env_ops are set already, and the rest zero: gives it its table of locks. */
void lu_env_init(struct lu_env *env);
/* Forgets the locks; wconfd and replica stay the caller's. */
void lu_env_clear(struct lu_env *env);

#endif
