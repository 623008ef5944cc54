/* Locks, as the daemon that grants them knows them. */
#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/text.h"
#include "facts/errors.h"
#include "luxi/client/client.h"
#include "luxi/query/getters.h"
#include "luxi/query/ops.h"

enum {
    /* Seconds: the daemon is on this machine and answers from memory. */
    WCONFD_TIMEOUT = 10,
};

/* query_item.live */
struct lock_live {
    struct json *owners; /* [[client, mode], ...], borrowed; NULL: nobody */
    GPtrArray *pending;  /* struct json: [client, mode] of who waits for it; owned */
};

/* query->state */
struct lock_state {
    struct json *answer;
    GHashTable *locks; /* name -> struct lock_live, both owned */
};

static void lock_live_free(gpointer data)
{
    struct lock_live *live = data;

    g_ptr_array_free(live->pending, TRUE);
    g_free(live);
}

static void free_json(gpointer data)
{
    json_unref(data);
}

static struct lock_live *lock_named(struct lock_state *state, const char *name)
{
    struct lock_live *live = g_hash_table_lookup(state->locks, name);

    if (live == NULL) {
        live = g_new0(struct lock_live, 1);
        live->pending = g_ptr_array_new_with_free_func(free_json);
        g_hash_table_insert(state->locks, g_strdup(name), live);
    }
    return live;
}

static bool is_pair(const struct json *value)
{
    return json_kind(value) == JSON_ARRAY && json_len(value) == 2;
}

/* One request that waits: [priority, client, [[lock, mode], ...]]. */
static bool take_pending(struct lock_state *state, const struct json *request)
{
    const struct json *wanted;

    if (json_kind(request) != JSON_ARRAY || json_len(request) != 3) {
        return false;
    }
    wanted = json_at(request, 2);
    for (size_t i = 0; json_kind(wanted) == JSON_ARRAY && i < json_len(wanted); i++) {
        const struct json *one = json_at(wanted, i);
        struct json *pair;

        if (!is_pair(one) || json_kind(json_at(one, 0)) != JSON_STRING) {
            return false;
        }
        if (json_kind(json_at(one, 1)) != JSON_STRING) {
            continue; /* gives the lock back */
        }
        pair = json_new_array();
        json_append(pair, json_ref(json_at(request, 1)));
        json_append(pair, json_ref(json_at(one, 1)));
        g_ptr_array_add(lock_named(state, json_string(json_at(one, 0)))->pending, pair);
    }
    return true;
}

/* [[[lock, [[client, mode], ...]], ...], [request, ...]] */
static bool take_answer(struct lock_state *state, GError **errp)
{
    const struct json *answer = state->answer;
    bool good = is_pair(answer) && json_kind(json_at(answer, 0)) == JSON_ARRAY &&
                json_kind(json_at(answer, 1)) == JSON_ARRAY;

    for (size_t i = 0; good && i < json_len(json_at(answer, 0)); i++) {
        const struct json *lock = json_at(json_at(answer, 0), i);

        good = is_pair(lock) && json_kind(json_at(lock, 0)) == JSON_STRING &&
               json_kind(json_at(lock, 1)) == JSON_ARRAY;
        if (good) {
            lock_named(state, json_string(json_at(lock, 0)))->owners = json_at(lock, 1);
        }
    }
    for (size_t i = 0; good && i < json_len(json_at(answer, 1)); i++) {
        good = take_pending(state, json_at(json_at(answer, 1), i));
    }
    return good || err_fail(errp, ERR_GENERIC, ECODE_NONE,
                            "the daemon that knows the locks gave an answer of a shape "
                            "that is not known");
}

static bool ask(struct query *query, struct lock_state *state, GError **errp)
{
    const struct luxi_client_options options = {.connect_timeout = 1,
                                                .read_timeout = WCONFD_TIMEOUT};
    CLEANUP(luxi_client_freep) struct luxi_client *client = NULL;
    CLEANUP(json_unrefp) struct json *args = json_new_array();

    client = luxi_client_connect(query->env->wconfd_socket, &options, errp);
    return client != NULL &&
           luxi_client_call_json(client, "listLocksWaitingStatus", args, &state->answer, errp) &&
           take_answer(state, errp);
}

static gint compare_items(gconstpointer a, gconstpointer b)
{
    return text_nice_compare(((const struct query_item *)a)->extra,
                             ((const struct query_item *)b)->extra);
}

/* Locks have no objects of their own: every query sees them all, and the filter chooses. */
static bool list(struct query *query, const struct query_operand *names, size_t n_names,
                 GError **errp)
{
    struct lock_state *state = g_new0(struct lock_state, 1);
    GHashTableIter it;
    gpointer name, live;

    (void)names;
    (void)n_names;
    query->state = state;
    state->locks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, lock_live_free);
    if (!ask(query, state, errp)) {
        return false;
    }
    g_hash_table_iter_init(&it, state->locks);
    while (g_hash_table_iter_next(&it, &name, &live)) {
        const struct query_item item = {.extra = name, .live = live};

        g_array_append_val(query->items, item);
    }
    g_array_sort(query->items, compare_items);
    return true;
}

static void clear(struct query *query)
{
    struct lock_state *state = query->state;

    if (state != NULL) {
        g_hash_table_destroy(state->locks);
        json_unref(state->answer);
        g_free(state);
    }
}

const struct query_ops query_ops_lock = {.list = list, .clear = clear};

void qf_lock_name(const struct query *query, const struct query_item *item,
                  const struct qfield *field, struct query_value *ret_value)
{
    (void)query;
    (void)field;
    query_set_text(ret_value, item->extra);
}

static const char *mode_of(const struct json *pair)
{
    return is_pair(pair) && json_kind(json_at(pair, 1)) == JSON_STRING
               ? json_string(json_at(pair, 1))
               : "";
}

/* Who: the first part of a client's identity, the job's number or a name, as JSON text. */
static void write_client(struct json_writer *w, const struct json *client)
{
    g_autofree char *text = NULL;

    if (json_kind(client) == JSON_ARRAY && json_len(client) > 0) {
        text = json_to_string(json_at(client, 0), JSON_COMPACT);
    }
    json_write_string(w, text != NULL ? text : "");
}

/* The strongest mode in which it is held; all owners hold it shared or the only one holds it
 * exclusively. */
void qf_lock_mode(const struct query *query, const struct query_item *item,
                  const struct qfield *field, struct query_value *ret_value)
{
    const struct lock_live *live = item->live;

    (void)query;
    (void)field;
    query_set_text(ret_value, live->owners != NULL && json_len(live->owners) > 0
                                  ? mode_of(json_at(live->owners, 0))
                                  : NULL);
}

void qf_lock_owner(const struct query *query, const struct query_item *item,
                   const struct qfield *field, struct query_value *ret_value)
{
    const struct lock_live *live = item->live;
    GString *out = g_string_new(NULL);
    struct json_writer w = query_set_begin(out);

    (void)query;
    (void)field;
    json_write_array_begin(&w);
    for (size_t i = 0; live->owners != NULL && i < json_len(live->owners); i++) {
        const struct json *pair = json_at(live->owners, i);

        write_client(&w, is_pair(pair) ? json_at(pair, 0) : NULL);
    }
    json_write_array_end(&w);
    query_set_end(ret_value, out);
}

void qf_lock_pending(const struct query *query, const struct query_item *item,
                     const struct qfield *field, struct query_value *ret_value)
{
    const struct lock_live *live = item->live;
    GString *out = g_string_new(NULL);
    struct json_writer w = query_set_begin(out);

    (void)query;
    (void)field;
    json_write_array_begin(&w);
    for (guint i = 0; i < live->pending->len; i++) {
        const struct json *pair = g_ptr_array_index(live->pending, i);

        json_write_array_begin(&w);
        json_write_string(&w, mode_of(pair));
        json_write_array_begin(&w);
        write_client(&w, json_at(pair, 0));
        json_write_array_end(&w);
        json_write_array_end(&w);
    }
    json_write_array_end(&w);
    query_set_end(ret_value, out);
}
