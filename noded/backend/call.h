/* What a call of the node daemon is in C: a row beside its function.
 *
 *     NODED_CALL(version, NODED_QUICK)
 *     {
 *         json_write_int(result, C_PROTOCOL_VERSION());
 *         return true;
 *     }
 *
 * args is the struct rpc_call_version that facts/rpccalls.h makes of the call's row; the function
 * writes exactly one value to result, or returns false with an error and whatever it wrote is
 * dropped. The server expands facts/rpccalls.def into a table of all noded_call_<name>, so a call
 * without its row does not link. */
#ifndef GANTRY_NODED_BACKEND_CALL_H
#define GANTRY_NODED_BACKEND_CALL_H

#include <glib.h>
#include <stdbool.h>

#include "base/json-writer.h"
#include "facts/errors.h"
#include "facts/rpccalls.h"

enum noded_mode {
    NODED_QUICK,  /* in the daemon itself: neither waits nor writes to disks */
    NODED_WORKER, /* in a process of its own */
};

typedef bool noded_run(const void *args, struct json_writer *result, GError **errp);

struct noded_call {
    enum noded_mode mode;
    noded_run *run;
};

#define NODED_CALL(name, how)                                                                      \
    static bool do_##name(const struct rpc_call_##name *args, struct json_writer *result,          \
                          GError **errp);                                                          \
    static bool run_##name(const void *args, struct json_writer *result, GError **errp)            \
    {                                                                                              \
        return do_##name(args, result, errp);                                                      \
    }                                                                                              \
    extern const struct noded_call noded_call_##name;                                              \
    const struct noded_call noded_call_##name = {.mode = (how), .run = run_##name};                \
    static bool do_##name(const struct rpc_call_##name *args G_GNUC_UNUSED,                        \
                          struct json_writer *result G_GNUC_UNUSED, GError **errp G_GNUC_UNUSED)

/* An error whose text reaches the job that asked. */
void noded_error_set(GError **errp, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* For "return noded_fail(errp, ...)". A macro, so that the compiler knows it for false and does not
 * take what a failed function left unset for used. */
#define noded_fail(errp, ...) (noded_error_set(errp, __VA_ARGS__), false)

#endif
