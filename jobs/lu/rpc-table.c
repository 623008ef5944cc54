/* The members of all struct lu_call_<name>, from the rows. */
#include "config.h"

#include <stddef.h>

#include "jobs/lu/rpc-encode.h"
#include "jobs/lu/rpc.h"

#define RPC_V(name, client, nodes, timeout, offline, lu_timeout, lu_offline, since, until, doc)    \
    static const struct lu_call_arg args_##name[] = {
#define ARG_AS(call, name, wire, type, encoding)                                                   \
    {offsetof(struct lu_call_##call, name), &type_##type, RPC_ENCODING_##encoding},
#define RPC_END(name)                                                                              \
    {                                                                                              \
        0                                                                                          \
    }                                                                                              \
    }                                                                                              \
    ;
#include "facts/rpccalls.def"
#undef RPC_V
#undef ARG_AS
#undef RPC_END

const struct lu_call_args lu_call_args[RPC_COUNT] = {
#define RPC_V(name, client, nodes, timeout, offline, lu_timeout, lu_offline, since, until, doc)    \
    [RPC_##name] = {args_##name, G_N_ELEMENTS(args_##name) - 1},
#define ARG_AS(call, name, wire, type, encoding)
#define RPC_END(name)
#include "facts/rpccalls.def"
#undef RPC_V
#undef ARG_AS
#undef RPC_END
};
