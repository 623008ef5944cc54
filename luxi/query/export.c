/* Backups on the nodes: a node without any gives no item, a node with several gives one item for
 * each. */
#include "config.h"

#include "base/json.h"
#include "luxi/query/config-items.h"
#include "luxi/query/getters.h"
#include "luxi/query/live.h"
#include "luxi/query/ops.h"

/* query->state */
struct export_state {
    struct query_live live;
    GPtrArray *exports; /* struct export_live */
};

/* query_item.live */
struct export_live {
    enum qfield_status status;
    const char *name; /* borrowed from the answer */
};

static bool list(struct query *query, const struct query_operand *names, size_t n_names,
                 GError **errp)
{
    return query_list_config(query, CFG_KIND_node, names, n_names, errp);
}

static void add_export(struct query *query, GArray *items, const struct node *node,
                       enum qfield_status status, const char *name)
{
    struct export_state *state = query->state;
    struct export_live *live = g_new(struct export_live, 1);
    const struct query_item item = {.object = node, .live = live};

    *live = (struct export_live){.status = status, .name = name};
    g_ptr_array_add(state->exports, live);
    g_array_append_val(items, item);
}

static void take_answers(struct query *query)
{
    struct export_state *state = query->state;
    GArray *items = g_array_new(FALSE, TRUE, sizeof(struct query_item));

    for (size_t i = 0; i < state->live.n_answers; i++) {
        const struct rpc_answer *answer = &state->live.answers[i];
        const struct node *node = g_ptr_array_index(state->live.nodes, i);

        if (answer->outcome != RPC_ANSWERED || json_kind(answer->payload) != JSON_ARRAY) {
            add_export(query, items, node, query_live_status(answer), NULL);
            continue;
        }
        for (size_t k = 0; k < json_len(answer->payload); k++) {
            const struct json *name = json_at(answer->payload, k);

            if (json_kind(name) == JSON_STRING) {
                add_export(query, items, node, QF_NORMAL, json_string(name));
            }
        }
    }
    g_array_free(query->items, TRUE);
    query->items = items;
    query->n_passed = items->len;
    query_collected(query);
}

static void collect(struct query *query)
{
    struct export_state *state = g_new0(struct export_state, 1);
    GPtrArray *nodes = g_ptr_array_new();
    char no_arguments[] = "[]";
    char *arguments[] = {no_arguments, NULL};

    query->state = state;
    state->exports = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < query->n_passed; i++) {
        g_ptr_array_add(nodes, (gpointer)g_array_index(query->items, struct query_item, i).object);
    }
    query_live_ask(query, &state->live, RPC_export_list, nodes, arguments, take_answers);
}

static void clear(struct query *query)
{
    struct export_state *state = query->state;

    if (state != NULL) {
        g_ptr_array_free(state->exports, TRUE);
        query_live_clear(&state->live);
        g_free(state);
    }
}

const struct query_ops query_ops_export = {
    .object = &fact_object_node,
    .list = list,
    .collect = collect,
    .cancel = query_live_cancel,
    .clear = clear,
};

void qf_export_node(const struct query *query, const struct query_item *item,
                    const struct qfield *field, struct query_value *ret_value)
{
    (void)query;
    (void)field;
    query_set_text(ret_value, ((const struct node *)item->object)->name);
}

void qf_export_export(const struct query *query, const struct query_item *item,
                      const struct qfield *field, struct query_value *ret_value)
{
    const struct export_live *live = item->live;

    (void)query;
    (void)field;
    if (live == NULL || live->status != QF_NORMAL) {
        query_set_status(ret_value, live == NULL ? QF_NODATA : live->status);
    } else {
        query_set_text(ret_value, live->name);
    }
}
