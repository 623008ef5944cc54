#include "config.h"

#include "noded/server/dispatch.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "facts/codec.h"

#define ARG_AS(call, name, wire, type, encoding)
#define RPC_END(name)

#define RPC_V(name, client, nodes, timeout, offline, lu_timeout, lu_offline, since, until, doc)    \
    extern const struct noded_call noded_call_##name;
#include "facts/rpccalls.def"
#undef RPC_V

static const struct noded_call *const calls[RPC_COUNT] = {
#define RPC_V(name, client, nodes, timeout, offline, lu_timeout, lu_offline, since, until, doc)    \
    [RPC_##name] = &noded_call_##name,
#include "facts/rpccalls.def"
#undef RPC_V
};
#undef ARG_AS
#undef RPC_END

enum noded_mode noded_call_mode(enum rpc_id id)
{
    return calls[id]->mode;
}

void *noded_decode(const struct rpc_row *row, const char *text, size_t len, GError **errp)
{
    CLEANUP(json_unrefp) struct json *json = NULL;

    if (!json_parse(text, (gssize)len, &json, errp)) {
        return NULL;
    }
    /* A call without arguments takes whatever comes, as the reference does. */
    if (row->args->n_members == 0) {
        return fact_object_new(row->args);
    }
    if (row->encodings[0] == RPC_ENCODING_WHOLE) {
        struct json *list = json_new_array();

        json_append(list, g_steal_pointer(&json));
        json = list;
    }
    return fact_object_decode(row->args, json, NULL, errp);
}

static bool run(const struct rpc_row *row, const char *text, size_t len, struct json_writer *w,
                GError **errp)
{
    void *args;
    bool ok;

    args = noded_decode(row, text, len, errp);
    if (args == NULL) {
        g_prefix_error(errp, "arguments of %s: ", row->name);
        return false;
    }
    ok = calls[row->id]->run(args, w, errp);
    fact_object_free(row->args, args);
    return ok;
}

void noded_answer_error(GString *answer, const char *text)
{
    struct json_writer w = json_writer_init(answer, JSON_PYTHON);

    json_write_array_begin(&w);
    json_write_bool(&w, false);
    json_write_string(&w, text);
    json_write_array_end(&w);
}

void noded_answer(enum rpc_id id, const char *text, size_t len, GString *answer)
{
    const struct rpc_row *row = &rpc_rows[id];
    struct json_writer w = json_writer_init(answer, JSON_PYTHON);
    size_t before = answer->len;
    g_autoptr(GError) error = NULL;

    json_write_array_begin(&w);
    json_write_bool(&w, true);
    if (run(row, text, len, &w, &error)) {
        json_write_array_end(&w);
        return;
    }
    log_error("%s failed: %s", row->name, error->message);
    g_string_truncate(answer, before);
    noded_answer_error(answer, error->message);
}

bool noded_answer_is_good(const char *answer, size_t len)
{
    static const char good[] = "[true, ";

    return answer != NULL && len > strlen(good) && memcmp(answer, good, strlen(good)) == 0;
}
