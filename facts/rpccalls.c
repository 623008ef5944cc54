#include "config.h"

#include "facts/rpccalls.h"

#include <glib.h>
#include <string.h>

#include "facts/codec.h"

#define RPC_V(name_, client, nodes, timeout, offline, lu_timeout, lu_offline, since_, until_, doc) \
    static const struct fact_member members_##name_[] = {
#define ARG_AS(call, name_, wire, of_type, encoding)                                               \
    {.name = wire,                                                                                 \
     .offset = offsetof(struct rpc_call_##call, name_),                                            \
     .spec = &(const struct fact_spec){.type = &type_##of_type,                                    \
                                       .presence = FACT_REQUIRED,                                  \
                                       .since = LEVEL_3_0,                                         \
                                       .until = LEVEL_LAST}},
#define RPC_END(name_)                                                                             \
    {                                                                                              \
        .name = NULL                                                                               \
    }                                                                                              \
    }                                                                                              \
    ;                                                                                              \
    const struct fact_object fact_object_rpc_call_##name_ = {                                      \
        .name = #name_,                                                                            \
        .size = sizeof(struct rpc_call_##name_),                                                   \
        .members = members_##name_,                                                                \
        .n_members = G_N_ELEMENTS(members_##name_) - 1,                                            \
        .unknown = FACT_UNKNOWN_TUPLE};
#include "facts/rpccalls.def"
#undef RPC_V
#undef ARG_AS
#undef RPC_END

#define RPC_V(name, client, nodes, timeout, offline, lu_timeout, lu_offline, since, until, doc)    \
    static const enum rpc_encoding encodings_##name[] = {
#define ARG_AS(call, name, wire, type, encoding) RPC_ENCODING_##encoding,
#define RPC_END(name)                                                                              \
    RPC_ENCODING_PLAIN                                                                             \
    }                                                                                              \
    ;
#include "facts/rpccalls.def"
#undef RPC_V
#undef ARG_AS
#undef RPC_END

/* The words of the columns */
#define OFFLINE_ACCEPT true
#define OFFLINE_REFUSE false
#define AFTER_NEVER                                                                                \
    {                                                                                              \
        .never = true                                                                              \
    }
#define AFTER_ITS_OWN                                                                              \
    {                                                                                              \
        .its_own = true                                                                            \
    }
#define AFTER_URGENT                                                                               \
    {                                                                                              \
        .word = RPC_TIMEOUT_URGENT                                                                 \
    }
#define AFTER_FAST                                                                                 \
    {                                                                                              \
        .word = RPC_TIMEOUT_FAST                                                                   \
    }
#define AFTER_NORMAL                                                                               \
    {                                                                                              \
        .word = RPC_TIMEOUT_NORMAL                                                                 \
    }
#define AFTER_SLOW                                                                                 \
    {                                                                                              \
        .word = RPC_TIMEOUT_SLOW                                                                   \
    }
#define AFTER_FOUR_HOURS                                                                           \
    {                                                                                              \
        .word = RPC_TIMEOUT_FOUR_HOURS                                                             \
    }
#define AFTER_ONE_DAY                                                                              \
    {                                                                                              \
        .word = RPC_TIMEOUT_ONE_DAY                                                                \
    }

const struct rpc_row rpc_rows[RPC_COUNT] = {
#define RPC_V(name_, client, nodes_, timeout_, offline, lu_timeout, lu_offline, since_, until_,    \
              doc_)                                                                                \
    [RPC_##name_] = {.id = RPC_##name_,                                                            \
                     .name = #name_,                                                               \
                     .caller = RPC_CALLER_##client,                                                \
                     .nodes = RPC_NODES_##nodes_,                                                  \
                     .timeout = AFTER_##timeout_,                                                  \
                     .luxid_timeout = AFTER_##lu_timeout,                                          \
                     .accept_offline = OFFLINE_##offline,                                          \
                     .luxid_accept_offline = OFFLINE_##lu_offline,                                 \
                     .args = &fact_object_rpc_call_##name_,                                        \
                     .encodings = encodings_##name_,                                               \
                     .since = since_,                                                              \
                     .until = until_,                                                              \
                     .doc = doc_},
#define ARG_AS(call, name, wire, type, encoding)
#define RPC_END(name)
#include "facts/rpccalls.def"
#undef RPC_V
#undef ARG_AS
#undef RPC_END
};

bool rpc_row_is_current(const struct rpc_row *row)
{
    return row->since <= fact_level() && fact_level() <= row->until;
}

const struct rpc_row *rpc_row_find(const char *name)
{
    for (size_t i = 0; i < RPC_COUNT; i++) {
        if (strcmp(rpc_rows[i].name, name) == 0) {
            return rpc_row_is_current(&rpc_rows[i]) ? &rpc_rows[i] : NULL;
        }
    }
    return NULL;
}

int rpc_timeout_seconds(const struct rpc_timeout_row *timeout)
{
    g_assert(!timeout->never && !timeout->its_own);
    return (int)fact_enum_number(&fact_enum_rpc_timeout, (int)timeout->word);
}
