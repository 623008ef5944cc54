/* The contract of logical units: one opcode being carried out (reference: lib/cmdlib/base.py
 * LogicalUnit).
 *
 *     struct own { const struct node *node; };
 *
 *     static bool check_prereq(struct lu *lu, GError **errp) { ... }
 *     static bool exec(struct lu *lu, struct json_writer *result, GError **errp) { ... }
 *
 *     LU(node_powercycle, .own_size = sizeof(struct own), .expand_names = expand_names,
 *        .check_prereq = check_prereq, .exec = exec)
 *
 * makes `lu_node_powercycle`, and jobs/lu/table.c expands facts/opcodes.def into the table of all
 * of them: an opcode without its unit does not link.
 *
 * Phases, in this order (jobs/lu/processor.h runs them): cluster lock (the row says shared or
 * alone), check_arguments, expand_names, then for each level of locks that was asked for
 * declare_locks and the locks themselves, a refreshed snapshot of the configuration, check_prereq,
 * pre hooks, exec, post hooks. With dry_run it ends before exec. Whatever happens, locks and
 * reservations are given back and clear() is called.
 *
 * A unit belongs to one thread and one opcode. What it finds in the snapshot is borrowed from it
 * (lu_cfg()) and dies with lu_refresh() and lu_commit(); keep UUIDs over these. */
#ifndef GANTRY_JOBS_LU_LU_H
#define GANTRY_JOBS_LU_LU_H

#include <glib.h>
#include <stdbool.h>

#include "base/json-writer.h"
#include "compat-config/model/cfg.h"
#include "compat-config/model/txn.h"
#include "facts/errors.h"
#include "facts/opcode.h"
#include "facts/wconfdcalls.h"
#include "jobs/hooks/hooks.h"

struct lu_env;

/* What a unit wants at one level of locks. */
struct lu_need {
    bool wanted;        /* the level is asked for: declare_locks is called */
    bool all;           /* every lock of the level, one lock on the wire */
    bool shared;        /* else alone */
    bool opportunistic; /* whichever of the names are free */
    size_t at_least;    /* opportunistic: how many must be free, 1 unless set */
    bool apart;         /* do not ask for the levels before in one request with this one */
    GPtrArray *names;   /* UUIDs; names of instances. Owned texts; may be NULL */
    GPtrArray *added;   /* locks of objects that do not exist yet (base.py add_locks) */
};

struct lu {
    const struct lu_ops *ops;
    struct opcode *op; /* may be brought to its full form; the job file shows that */
    struct lu_env *env;
    void *own; /* own_size zeroed bytes */
    struct lu_need needs[LOCK_LEVEL_CONFIG];
    GPtrArray *jobs; /* see lu_jobs_begin() */
};

/* Members that are NULL have the stated default. All functions may change lu->op. */
struct lu_ops {
    enum op_id id;
    size_t own_size;
    /* Frees what own holds. NULL: it holds nothing. */
    void (*clear)(void *own);

    /* Syntax only: neither configuration nor nodes are looked at. NULL: all is well. */
    bool (*check_arguments)(struct lu *lu, GError **errp);
    /* Completes names, says what to lock: lu_need() and its friends. NULL: no locks beyond the
     * cluster's. */
    bool (*expand_names)(struct lu *lu, GError **errp);
    /* Called before a wanted level is locked, with the locks of the levels before held (those that
     * were asked for in the same request are granted together, see `apart`): for needs that follow
     * from the configuration. NULL: nothing to add. */
    bool (*declare_locks)(struct lu *lu, enum lock_level level, GError **errp);
    /* With all locks held. Must change nothing anywhere. An error of ECODE_TEMP_NORES leads to
     * prepare_retry. NULL: all is well. */
    bool (*check_prereq)(struct lu *lu, GError **errp);
    /* Makes it possible to try again from the locks on, with more of them. NULL: no retry. */
    bool (*prepare_retry)(struct lu *lu, GError **errp);

    /* Carries it out and writes exactly one value, which must be of the row's result type. A unit
     * that writes nothing has the result null. */
    bool (*exec)(struct lu *lu, struct json_writer *result, GError **errp);
    /* The result of a dry run. NULL: null. */
    void (*dry_run_result)(struct lu *lu, struct json_writer *result);

    /* --- Hooks: only for rows with a hooks path ------------------------------------------------
     *
     * Variables without their prefix; called before exec and once more after it (then they come as
     * GANETI_POST_...). NULL: none of its own. */
    bool (*hooks_env)(struct lu *lu, struct hooks_env *env, GError **errp);
    /* UUIDs of the nodes on which the hooks run; the arrays own their texts. NULL: none, so no
     * hook runs. */
    bool (*hooks_nodes)(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp);
    /* The nodes of the post phase, corrected after exec. NULL: as they are. */
    void (*post_hooks_nodes)(struct lu *lu, GPtrArray *post);
    /* Judges what the hooks said; *result (owned, may be replaced) is NULL in the pre phase.
     * NULL: the result stays. */
    bool (*hooks_results)(struct lu *lu, enum hooks_phase phase,
                          const struct hooks_results *results, struct json **result, GError **errp);
};

#define LU(name, ...)                                                                              \
    extern const struct lu_ops lu_##name;                                                          \
    const struct lu_ops lu_##name = {.id = OP_ID_##name, __VA_ARGS__};

/* The unit of an opcode. */
const struct lu_ops *lu_ops_of(enum op_id id);

/* Takes over op. */
struct lu *lu_new(const struct lu_ops *ops, struct opcode *op, struct lu_env *env);
/* Frees all but the opcode, which it returns: the job file keeps it. */
struct opcode *lu_free(struct lu *lu);

/* struct op_<name> of the opcode, for the unit of that name only. */
static inline void *lu_params(struct lu *lu)
{
    return lu->op->params;
}

/* --- What to lock -------------------------------------------------------------------------------
 *
 * Levels from LOCK_LEVEL_INSTANCE to LOCK_LEVEL_NETWORK. Names are copied. */
/* The level is wanted; which locks comes in declare_locks. */
void lu_need_level(struct lu *lu, enum lock_level level);
void lu_need(struct lu *lu, enum lock_level level, const char *name);
void lu_need_many(struct lu *lu, enum lock_level level, const char *const *names, size_t n);
void lu_need_all(struct lu *lu, enum lock_level level);
/* The level is wanted, and declare_locks of it needs the locks of the levels before it. */
void lu_need_apart(struct lu *lu, enum lock_level level);
/* Forgets what was asked for at the level, which stays wanted. */
void lu_need_reset(struct lu *lu, enum lock_level level);
/* A lock of something that the unit is about to make. */
void lu_need_new(struct lu *lu, enum lock_level level, const char *name);
void lu_need_shared(struct lu *lu, enum lock_level level);
/* All levels shared (common.py ShareAll). */
void lu_need_all_shared(struct lu *lu);
void lu_need_opportunistic(struct lu *lu, enum lock_level level, size_t at_least);

/* --- Locks that are held ------------------------------------------------------------------------
 */
bool lu_owns(const struct lu *lu, enum lock_level level, const char *name);
/* Names of the locks held at a level, sorted; each of the level if its set is held (base.py
 * owned_locks). Owned by the caller; freeing the array frees them. */
GPtrArray *lu_owned(const struct lu *lu, enum lock_level level);
/* Gives locks back: those named, or all but those named (common.py ReleaseLocks). */
bool lu_release(struct lu *lu, enum lock_level level, const char *const *names, size_t n,
                GError **errp);
bool lu_release_all_but(struct lu *lu, enum lock_level level, const char *const *keep, size_t n,
                        GError **errp);
bool lu_downgrade(struct lu *lu, enum lock_level level, GError **errp);

/* --- Configuration ------------------------------------------------------------------------------
 */
/* The snapshot; the processor refreshes it once the locks are held. */
const struct cfg *lu_cfg(const struct lu *lu);
/* Reads what others have changed since. */
bool lu_refresh(struct lu *lu, GError **errp);
/* A change over a refreshed snapshot; end it with lu_commit() or cfg_txn_abort(). */
struct cfg_txn *lu_begin(struct lu *lu, GError **errp);
/* Takes the transaction in any case; durable and visible to others when it returns true. */
bool lu_commit(struct lu *lu, struct cfg_txn *txn, GError **errp);
/* Any other method of the configuration daemon. The member `client` of args, where the method has
 * it, is filled in and cleared here; the rest stays the caller's. ret may be NULL. */
bool lu_wconfd(struct lu *lu, enum method_id method, void *args, struct json **ret, GError **errp);

/* --- What people read ---------------------------------------------------------------------------
 *
 * Entries of the opcode's log; gnt-* print them while the job runs (mcpu.py Log...). */
void lu_log(struct lu *lu, const char *format, ...) G_GNUC_PRINTF(2, 3);
void lu_info(struct lu *lu, const char *format, ...) G_GNUC_PRINTF(2, 3);
void lu_warn(struct lu *lu, const char *format, ...) G_GNUC_PRINTF(2, 3);
void lu_hint(struct lu *lu, const char *format, ...) G_GNUC_PRINTF(2, 3);
void lu_step(struct lu *lu, int current, int total, const char *format, ...) G_GNUC_PRINTF(4, 5);
/* An entry that a program reads; takes over message. */
void lu_log_typed(struct lu *lu, enum job_log_type type, struct json *message);

/* --- Time ---------------------------------------------------------------------------------------
 */
/* Waits between two looks at something that takes its time. */
void lu_pause(struct lu *lu, double seconds);

/* --- Jobs that a unit submits -------------------------------------------------------------------
 *
 * Submitted when exec has succeeded; the result is then an object (that which exec wrote, or {})
 * with the member "jobs": [[true, id], [false, text], ...] (base.py ResultWithJobs). */
/* The result has jobs, even if none is added. */
void lu_jobs_begin(struct lu *lu);
/* One job of n opcodes, which are taken over. Comment, priority, debug level and reason follow
 * those of the unit's own opcode unless they are set (mcpu.py _SetBaseOpParams). */
void lu_jobs_add(struct lu *lu, struct opcode *const *ops, size_t n);

#endif
