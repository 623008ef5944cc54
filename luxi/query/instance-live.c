#include "config.h"

#include "luxi/query/instance-live.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/queryfields.h"
#include "luxi/query/getters.h"
#include "luxi/query/live.h"

enum {
    /* What a node says of an instance (HvInstanceState). */
    STATE_RUNNING = 0,
    STATE_SHUTDOWN = 1,
};

/* query->state */
struct instances_state {
    struct query_live info, consoles;
    struct instance_live *items;
    GHashTable *found; /* name -> struct found, of all nodes; owned */
};

/* An instance as a node has it. */
struct found {
    struct instance_info_result *info;
    const struct node *node;
};

/* query_item.live */
struct instance_live {
    enum qfield_status status;               /* of the primary node */
    const struct instance_info_result *info; /* NULL: no node has it */
    bool on_primary;
    struct console_info *console; /* NULL: unknown */
};

/* ---- asking ---- */

/* Arguments of all_instances_info: names of the hypervisors in use, and their parameters. */
static char *info_arguments(const struct query *query)
{
    const struct cluster *cluster = cfg_cluster(query->cfg);
    GString *out = g_string_new(NULL);
    struct json_writer w = json_writer_init(out, JSON_COMPACT);
    unsigned used = 0;

    for (guint i = 0; i < query->n_passed; i++) {
        const struct instance *instance = g_array_index(query->items, struct query_item, i).object;

        used |= instance->has.hypervisor ? 1U << instance->hypervisor : 0;
    }
    json_write_array_begin(&w);
    json_write_array_begin(&w);
    for (size_t hv = 0; hv < fact_enum_hypervisor.n; hv++) {
        if ((used & (1U << hv)) != 0) {
            json_write_string(&w, fact_enum_hypervisor.words[hv]);
        }
    }
    json_write_array_end(&w);
    json_write_object_begin(&w);
    for (size_t hv = 0; hv < fact_enum_hypervisor.n; hv++) {
        const void *params =
            fact_dict_get(&type_hv_map, &cluster->hvparams, fact_enum_hypervisor.words[hv]);

        if ((used & (1U << hv)) != 0 && params != NULL) {
            json_write_key(&w, fact_enum_hypervisor.words[hv]);
            fact_encode(&type_value_map, params, &w);
        }
    }
    json_write_object_end(&w);
    json_write_array_end(&w);
    return g_string_free(out, FALSE);
}

/* The primary nodes of the items, each once, in the order of the items. */
static GPtrArray *primary_nodes(const struct query *query)
{
    GPtrArray *nodes = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < query->n_passed; i++) {
        const void *instance = g_array_index(query->items, struct query_item, i).object;
        const struct node *node = cfg_instance_primary(query->cfg, instance);

        if (node != NULL && g_hash_table_add(seen, (gpointer)node)) {
            g_ptr_array_add(nodes, (gpointer)node);
        }
    }
    return nodes;
}

static void found_free(gpointer data)
{
    struct found *found = data;

    fact_object_free(&fact_object_instance_info_result, found->info);
    g_free(found);
}

/* ---- taking answers in ---- */

/* What one node has; the primary node's word counts more than that of others, else the first one's.
 */
static void take_node(struct query *query, struct instances_state *state, const struct node *node,
                      struct json *payload)
{
    struct json_iter it;

    if (json_kind(payload) != JSON_OBJECT) {
        g_warning("node %s, answer to all_instances_info: expected an object", node->name);
        return;
    }
    it = json_iter_begin(payload);
    while (json_iter_next(&it)) {
        const struct instance *instance = cfg_instance_named(query->cfg, it.key);
        bool is_primary = instance != NULL && cfg_instance_primary(query->cfg, instance) == node;
        g_autoptr(GError) error = NULL;
        struct found *found;

        if (!is_primary && g_hash_table_contains(state->found, it.key)) {
            continue;
        }
        found = g_new(struct found, 1);
        found->node = node;
        found->info = fact_object_decode(&fact_object_instance_info_result, it.value, NULL, &error);
        if (found->info == NULL) {
            g_warning("node %s, instance %s: %s", node->name, it.key, error->message);
            g_free(found);
            continue;
        }
        g_hash_table_replace(state->found, g_strdup(it.key), found);
    }
}

static void fill_items(struct query *query, struct instances_state *state, GHashTable *answers)
{
    for (guint i = 0; i < query->n_passed; i++) {
        struct query_item *item = &g_array_index(query->items, struct query_item, i);
        struct instance_live *live = &state->items[i];
        const struct instance *instance = item->object;
        const struct node *primary = cfg_instance_primary(query->cfg, instance);
        const struct rpc_answer *answer =
            primary != NULL ? g_hash_table_lookup(answers, primary) : NULL;
        const struct found *found =
            instance->name != NULL ? g_hash_table_lookup(state->found, instance->name) : NULL;

        live->status = answer == NULL || answer->outcome == RPC_ANSWERED
                           ? QF_NORMAL
                           : query_live_status(answer);
        if (found != NULL) {
            live->info = found->info;
            live->on_primary = found->node == primary;
            live->status = QF_NORMAL;
        }
        item->live = live;
    }
}

static void ask_consoles(struct query *query);

static void take_info(struct query *query)
{
    struct instances_state *state = query->state;
    g_autoptr(GHashTable) answers = g_hash_table_new(NULL, NULL); /* node -> its answer */

    for (size_t i = 0; i < state->info.n_answers; i++) {
        const struct node *node = g_ptr_array_index(state->info.nodes, i);

        g_hash_table_insert(answers, (gpointer)node, &state->info.answers[i]);
        if (state->info.answers[i].outcome == RPC_ANSWERED) {
            take_node(query, state, node, state->info.answers[i].payload);
        }
    }
    fill_items(query, state, answers);
    if (query_uses_source(query, QF_SOURCE_INSTANCE_CONSOLE)) {
        ask_consoles(query);
    } else {
        query_collected(query);
    }
}

/* ---- consoles ---- */

static struct json *as_json(const struct fact_type *type, const void *value)
{
    struct query_value encoded = {0};
    struct json *json;

    query_set_fact(&encoded, type, value);
    json = query_value_to_json(&encoded);
    query_value_clear(&encoded);
    return json;
}

/* Whatever a node needs to know of an instance for its console. */
static void write_console_params(const struct query *query, const struct instance *instance,
                                 const struct node *node, struct json_writer *w)
{
    struct value_map hvparams = cfg_hvparams(query->cfg, instance, 0);
    const struct beparams beparams = cfg_beparams(query->cfg, instance);
    struct console_info_params params = {
        .has =
            {.instance = true, .node = true, .group = true, .hv_params = true, .be_params = true},
        .instance = as_json(&type_instance, instance),
        .node = as_json(&type_node, node),
        .group = as_json(&type_node_group, cfg_node_group(query->cfg, node)),
        .hv_params = as_json(&type_value_map, &hvparams),
        .be_params = as_json(&type_beparams, &beparams),
    };

    fact_object_encode(&fact_object_console_info_params, &params, w);
    fact_object_clear(&fact_object_console_info_params, &params);
    cfg_filled_free(&hvparams);
}

/* Arguments of instance_console_info for the items on one node: an object by name. */
static char *console_arguments(const struct query *query, const struct node *node)
{
    GString *out = g_string_new(NULL);
    struct json_writer w = json_writer_init(out, JSON_COMPACT);

    json_write_object_begin(&w);
    for (guint i = 0; i < query->n_passed; i++) {
        const struct instance *instance = g_array_index(query->items, struct query_item, i).object;

        if (instance->name != NULL && cfg_instance_primary(query->cfg, instance) == node &&
            cfg_node_group(query->cfg, node) != NULL) {
            json_write_key(&w, instance->name);
            write_console_params(query, instance, node, &w);
        }
    }
    json_write_object_end(&w);
    return g_string_free(out, FALSE);
}

static void take_consoles(struct query *query)
{
    struct instances_state *state = query->state;
    g_autoptr(GHashTable) consoles =
        g_hash_table_new(g_str_hash, g_str_equal); /* name -> json, borrowed */

    for (size_t i = 0; i < state->consoles.n_answers; i++) {
        struct json *payload = state->consoles.answers[i].payload;

        if (json_kind(payload) == JSON_OBJECT) {
            struct json_iter it = json_iter_begin(payload);

            while (json_iter_next(&it)) {
                g_hash_table_insert(consoles, (gpointer)it.key, it.value);
            }
        }
    }
    for (guint i = 0; i < query->n_passed; i++) {
        const struct instance *instance = g_array_index(query->items, struct query_item, i).object;
        struct json *json =
            instance->name != NULL ? g_hash_table_lookup(consoles, instance->name) : NULL;
        g_autoptr(GError) error = NULL;

        if (json != NULL) {
            state->items[i].console =
                fact_object_decode(&fact_object_console_info, json, NULL, &error);
        }
        if (error != NULL) {
            g_warning("console of instance %s: %s", instance->name, error->message);
        }
    }
    query_collected(query);
}

static void ask_consoles(struct query *query)
{
    struct instances_state *state = query->state;
    GPtrArray *nodes = primary_nodes(query);
    g_autoptr(GPtrArray) arguments = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < nodes->len; i++) {
        g_ptr_array_add(arguments, console_arguments(query, g_ptr_array_index(nodes, i)));
    }
    g_ptr_array_add(arguments, NULL);
    query_live_ask(query, &state->consoles, RPC_instance_console_info, nodes,
                   (char **)arguments->pdata, take_consoles);
}

void query_instance_collect(struct query *query)
{
    struct instances_state *state = g_new0(struct instances_state, 1);
    g_autofree char *arguments = info_arguments(query);
    char *shared[] = {arguments, NULL};

    query->state = state;
    state->items = g_new0(struct instance_live, MAX(query->n_passed, 1));
    state->found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, found_free);
    query_live_ask(query, &state->info, RPC_all_instances_info, primary_nodes(query), shared,
                   take_info);
}

void query_instance_cancel(struct query *query)
{
    struct instances_state *state = query->state;

    query_live_stop(&state->info);
    query_live_stop(&state->consoles);
}

void query_instance_clear(struct query *query)
{
    struct instances_state *state = query->state;

    if (state == NULL) {
        return;
    }
    for (guint i = 0; i < query->n_passed; i++) {
        fact_object_free(&fact_object_console_info, state->items[i].console);
    }
    g_hash_table_destroy(state->found);
    g_free(state->items);
    query_live_clear(&state->info);
    query_live_clear(&state->consoles);
    g_free(state);
}

/* ---- fields ---- */

static bool user_shutdown_counts(const struct query *query, const struct instance *instance)
{
    /* KVM reports it only if the instance asks for that. */
    return cfg_cluster(query->cfg)->enabled_user_shutdown &&
           (instance->hypervisor != HYPERVISOR_KVM ||
            fact_value_is_true(cfg_hvparam(query->cfg, instance, "user_shutdown")));
}

static enum inst_status running_status(const struct query *query, const struct instance *instance,
                                       const struct instance_live *live)
{
    bool wanted = instance->has.admin_state && instance->admin_state == ADMIN_UP;

    if (!live->on_primary) {
        return INSTANCE_STATUS_ERROR_WRONGNODE;
    }
    if (live->info->state == STATE_RUNNING) {
        return wanted ? INSTANCE_STATUS_RUNNING : INSTANCE_STATUS_ERROR_UP;
    }
    if (!wanted) {
        return INSTANCE_STATUS_ADMIN_DOWN;
    }
    return user_shutdown_counts(query, instance) ? INSTANCE_STATUS_USER_DOWN
                                                 : INSTANCE_STATUS_ERROR_DOWN;
}

static enum inst_status stopped_status(const struct query *query, const struct instance *instance)
{
    if (!instance->has.admin_state) {
        return INSTANCE_STATUS_ADMIN_DOWN;
    }
    switch (instance->admin_state) {
    case ADMIN_UP:
        return INSTANCE_STATUS_ERROR_DOWN;
    case ADMIN_OFFLINE:
        return INSTANCE_STATUS_ADMIN_OFFLINE;
    case ADMIN_DOWN:
        break;
    }
    return cfg_cluster(query->cfg)->enabled_user_shutdown &&
                   instance->admin_state_source == ADMIN_SOURCE_USER
               ? INSTANCE_STATUS_USER_DOWN
               : INSTANCE_STATUS_ADMIN_DOWN;
}

/* Reference: determineInstanceStatus in src/Ganeti/Query/Instance.hs. */
void qf_instance_status(const struct query *query, const struct query_item *item,
                        const struct qfield *field, struct query_value *ret_value)
{
    const struct instance *instance = item->object;
    const struct instance_live *live = item->live;
    const struct node *primary = cfg_instance_primary(query->cfg, instance);
    enum inst_status status;

    (void)field;
    if (primary != NULL && primary->offline) {
        status = INSTANCE_STATUS_ERROR_NODEOFFLINE;
    } else if (live == NULL || live->status != QF_NORMAL) {
        status = INSTANCE_STATUS_ERROR_NODEDOWN;
    } else if (live->info != NULL) {
        status = running_status(query, instance, live);
    } else {
        status = stopped_status(query, instance);
    }
    query_set_text(ret_value, fact_enum_inst_status.words[status]);
}

void qf_instance_oper_state(const struct query *query, const struct query_item *item,
                            const struct qfield *field, struct query_value *ret_value)
{
    const struct instance_live *live = item->live;

    (void)query;
    (void)field;
    if (live == NULL || live->status != QF_NORMAL) {
        query_set_status(ret_value, QF_NODATA);
    } else {
        query_set_bool(ret_value, live->info != NULL);
    }
}

/* What the hypervisor says of a running instance, or the status. */
static const struct instance_info_result *running_info(const struct query_item *item,
                                                       struct query_value *ret_value)
{
    const struct instance_live *live = item->live;

    if (live == NULL || live->status != QF_NORMAL) {
        query_set_status(ret_value, live == NULL ? QF_NODATA : live->status);
        return NULL;
    }
    if (live->info == NULL) {
        query_set_status(ret_value, QF_UNAVAIL);
    }
    return live->info;
}

void qf_instance_oper_ram(const struct query *query, const struct query_item *item,
                          const struct qfield *field, struct query_value *ret_value)
{
    const struct instance_info_result *info = running_info(item, ret_value);

    (void)query;
    (void)field;
    if (info != NULL) {
        query_set_int(ret_value, info->memory);
    }
}

void qf_instance_oper_vcpus(const struct query *query, const struct query_item *item,
                            const struct qfield *field, struct query_value *ret_value)
{
    const struct instance_info_result *info = running_info(item, ret_value);

    (void)query;
    (void)field;
    if (info != NULL) {
        query_set_int(ret_value, info->vcpus);
    }
}

void qf_instance_console(const struct query *query, const struct query_item *item,
                         const struct qfield *field, struct query_value *ret_value)
{
    const struct instance_live *live = item->live;

    (void)query;
    (void)field;
    if (live == NULL || live->status != QF_NORMAL) {
        query_set_status(ret_value, live == NULL ? QF_NODATA : live->status);
    } else if (live->console == NULL) {
        query_set_status(ret_value, QF_NODATA);
    } else {
        query_set_fact(ret_value, &type_console_info, live->console);
    }
}
