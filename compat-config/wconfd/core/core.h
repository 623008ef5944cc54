/* The configuration daemon without its surroundings: configuration, locks, reservations, and the
 * methods on them (src/Ganeti/WConfd/{Core,ConfigModifications,TempRes,Monad}.hs).
 *
 * A call changes the state in memory at once and is answered when the state is on disk: calls that
 * wait for that are a batch, and wconfd_core_settle() writes once for all of them. If the
 * configuration cannot be written, it goes back to what is on disk and the calls of the batch fail.
 */
#ifndef GANTRY_COMPAT_CONFIG_WCONFD_CORE_CORE_H
#define GANTRY_COMPAT_CONFIG_WCONFD_CORE_CORE_H

#include "base/cleanup.h"
#include "base/json-writer.h"
#include "compat-config/model/cfg.h"
#include "facts/wconfdcalls.h"

struct wconfd_core;

/* One call, a member of the caller's own struct; zeroed before it begins. */
struct wconfd_call {
    /* Where the result goes: one value, written before finish(call, NULL). */
    struct json_writer *result;
    /* Called exactly once, unless the call was cancelled, maybe before wconfd_core_begin() returns;
     * the call may be freed then. error NULL: the result is complete. */
    void (*finish)(struct wconfd_call *call, const GError *error);

    /* The core's own. */
    enum method_id method;
    void *args;
    GError *error;
    bool uses_config; /* fails if the configuration cannot be written */
    uint64_t ticket;  /* of the distribution it waits for; 0: none */
    GPtrArray *list;  /* the list it stands in; NULL: none */
    guint timer;
};

/* What the surroundings do; each may be NULL. */
struct wconfd_host {
    /* Durably, before they return. */
    bool (*save_config)(const struct cfg *cfg, void *user, GError **errp);
    /* So that they survive the end of this process; not necessarily that of the machine, with which
     * all owners end. */
    void (*save_locks)(const GString *text, void *user);
    void (*save_reservations)(const GString *text, void *user);
    /* Sends the configuration to the nodes (of the group with this UUID; NULL: all) and calls
     * wconfd_core_distributed(ticket) at its end, whether it went well or not. */
    void (*distribute)(const struct cfg *cfg, const char *group, uint64_t ticket, void *user);
    /* Locks were granted to a client that does not wait for an answer. */
    void (*wake)(const struct client_id *client, void *user);
    /* This client has something to lose now. */
    void (*watch)(const struct client_id *client, void *user);
    /* Looks for clients that are gone, now. */
    void (*find_dead)(void *user);
    /* wconfd_core_settle() is due as soon as the calls that are there have begun. */
    void (*settle_soon)(void *user);
    void *user;
};

/* cfg: a reference is taken. livelock: our own, under which the core holds locks itself. */
struct wconfd_core *wconfd_core_new(const struct cfg *cfg, const char *livelock,
                                    const struct wconfd_host *host);
void wconfd_core_free(struct wconfd_core *core);
DEFINE_CLEANUP(struct wconfd_core *, wconfd_core_free)

/* Texts of locks.data and tempres.data from an earlier life; before the first call. */
bool wconfd_core_load_locks(struct wconfd_core *core, const char *text, size_t len, GError **errp);
bool wconfd_core_load_reservations(struct wconfd_core *core, const char *text, size_t len,
                                   GError **errp);
/* Calls fn for each client that holds or waits for locks or has reserved something, maybe more than
 * once. */
void wconfd_core_each_client(struct wconfd_core *core,
                             void (*fn)(const struct client_id *client, void *data), void *data);

/* args: a list. */
void wconfd_core_begin(struct wconfd_core *core, struct wconfd_call *call, const char *method,
                       struct json *args);
/* The caller is gone: the call will not be finished. What it changed stays; what it waits for is
 * taken back. */
void wconfd_core_cancel(struct wconfd_core *core, struct wconfd_call *call);
void wconfd_core_settle(struct wconfd_core *core);
void wconfd_core_distributed(struct wconfd_core *core, uint64_t ticket);
/* A client is gone: locks and reservations are given back. True if it had any. */
bool wconfd_core_client_died(struct wconfd_core *core, const struct client_id *client);

/* The present snapshot, maybe not on disk yet; borrowed. */
const struct cfg *wconfd_core_config(const struct wconfd_core *core);

#endif
