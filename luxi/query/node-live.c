#include "config.h"

#include "luxi/query/node-live.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/storage.h"
#include "luxi/query/getters.h"
#include "luxi/query/live.h"

/* query->state */
struct node_state {
    struct query_live live; /* nodes in the order of the items */
    struct node_live *items;
};

/* query_item.live */
struct node_live {
    enum qfield_status status;
    struct node_info_result *info; /* of QF_NORMAL */
};

/* ---- asking ---- */

/* The storage units a node is asked about: [type, key, [parameters]] each
 * (src/Ganeti/Storage/Utils.hs getStorageUnitsOfNode). LVM units carry whether storage is
 * exclusive. */
static void write_unit(struct json_writer *w, enum storage_type type, const char *key,
                       bool exclusive)
{
    json_write_array_begin(w);
    json_write_string(w, fact_enum_storage_type.words[type]);
    json_write_string(w, key);
    json_write_array_begin(w);
    if (type == STORAGE_LVM_VG || type == STORAGE_LVM_PV) {
        json_write_bool(w, exclusive);
    }
    json_write_array_end(w);
    json_write_array_end(w);
}

/* The default unit of a disk template; NULL if it has none. */
static const char *default_key(const struct cluster *cluster, enum disk_template disk_template)
{
    switch (disk_template) {
    case DISK_TEMPLATE_PLAIN:
    case DISK_TEMPLATE_DRBD:
        return cluster->has.volume_group_name ? cluster->volume_group_name : NULL;
    case DISK_TEMPLATE_FILE:
        return cluster->file_storage_dir;
    default:
        return NULL;
    }
}

static void write_units(struct json_writer *w, const struct query *query, const struct node *node)
{
    const struct cluster *cluster = cfg_cluster(query->cfg);
    const struct ndparams ndparams = cfg_node_ndparams(query->cfg, node);
    bool exclusive = ndparams.has.exclusive_storage && ndparams.exclusive_storage;
    unsigned done = 0;

    json_write_array_begin(w);
    for (size_t i = 0;
         query_uses_source(query, QF_SOURCE_NODE_STORAGE) && i < cluster->enabled_disk_templates.n;
         i++) {
        enum disk_template disk_template = cluster->enabled_disk_templates.v[i];
        enum storage_type type = storage_type_of(disk_template);
        const char *key = default_key(cluster, disk_template);

        if (key != NULL && (done & (1U << type)) == 0) {
            write_unit(w, type, key, exclusive);
            done |= 1U << type;
        }
    }
    if (query_uses_source(query, QF_SOURCE_NODE_STORAGE) && cluster->has.volume_group_name) {
        write_unit(w, STORAGE_LVM_PV, cluster->volume_group_name, exclusive);
    }
    json_write_array_end(w);
}

/* The default hypervisor with its parameters: [[name, parameters]]. */
static void write_hypervisors(struct json_writer *w, const struct query *query)
{
    const struct cluster *cluster = cfg_cluster(query->cfg);

    json_write_array_begin(w);
    if (query_uses_source(query, QF_SOURCE_NODE_HYPERVISOR) && cluster->enabled_hypervisors.n > 0) {
        const char *word = fact_enum_hypervisor.words[cluster->enabled_hypervisors.v[0]];
        const void *params = fact_dict_get(&type_hv_map, &cluster->hvparams, word);
        const struct value_map none = {0};

        json_write_array_begin(w);
        json_write_string(w, word);
        fact_encode(&type_value_map, params != NULL ? params : &none, w);
        json_write_array_end(w);
    }
    json_write_array_end(w);
}

static char *arguments_for(const struct query *query, const struct node *node)
{
    GString *out = g_string_new(NULL);
    struct json_writer w = json_writer_init(out, JSON_COMPACT);

    json_write_array_begin(&w);
    write_units(&w, query, node);
    write_hypervisors(&w, query);
    json_write_array_end(&w);
    return g_string_free(out, FALSE);
}

static void take_answers(struct query *query)
{
    struct node_state *state = query->state;

    for (guint i = 0; i < query->n_passed; i++) {
        struct rpc_answer *answer = &state->live.answers[i];
        struct node_live *live = &state->items[i];
        g_autoptr(GError) error = NULL;

        live->status = query_live_status(answer);
        if (answer->outcome == RPC_ANSWERED) {
            live->info =
                fact_object_decode(&fact_object_node_info_result, answer->payload, NULL, &error);
            live->status = live->info != NULL ? QF_NORMAL : QF_NODATA;
            if (live->info == NULL) {
                const struct node *node = g_ptr_array_index(state->live.nodes, i);

                g_warning("node %s, answer to node_info: %s", node->name, error->message);
            }
        }
        g_array_index(query->items, struct query_item, i).live = live;
    }
    query_collected(query);
}

void query_node_collect(struct query *query)
{
    struct node_state *state = g_new0(struct node_state, 1);
    GPtrArray *nodes = g_ptr_array_new();
    g_autoptr(GPtrArray) arguments = g_ptr_array_new_with_free_func(g_free);

    query->state = state;
    state->items = g_new0(struct node_live, MAX(query->n_passed, 1));
    for (guint i = 0; i < query->n_passed; i++) {
        const void *node = g_array_index(query->items, struct query_item, i).object;

        g_ptr_array_add(nodes, (gpointer)node);
        g_ptr_array_add(arguments, arguments_for(query, node));
    }
    g_ptr_array_add(arguments, NULL);
    query_live_ask(query, &state->live, RPC_node_info, nodes, (char **)arguments->pdata,
                   take_answers);
}

void query_node_clear(struct query *query)
{
    struct node_state *state = query->state;

    if (state == NULL) {
        return;
    }
    for (size_t i = 0; i < state->live.n_answers; i++) {
        fact_object_free(&fact_object_node_info_result, state->items[i].info);
    }
    g_free(state->items);
    query_live_clear(&state->live);
    g_free(state);
}

/* ---- fields ---- */

/* True if there is an answer; else the status is set. */
static bool answered(const struct query_item *item, struct query_value *ret_value)
{
    const struct node_live *live = item->live;

    if (live == NULL || live->status != QF_NORMAL) {
        query_set_status(ret_value, live == NULL ? QF_NODATA : live->status);
        return false;
    }
    return true;
}

void qf_node_bootid(const struct query *query, const struct query_item *item,
                    const struct qfield *field, struct query_value *ret_value)
{
    (void)query;
    (void)field;
    if (answered(item, ret_value)) {
        query_set_text(ret_value, ((const struct node_live *)item->live)->info->boot_id);
    }
}

/* Getters of the first hypervisor's answer: QF_HV(field, member). */
#define QF_HV(getter, member)                                                                      \
    void qf_node_##getter(const struct query *query, const struct query_item *item,                \
                          const struct qfield *field, struct query_value *ret_value)               \
    {                                                                                              \
        const struct node_live *live = item->live;                                                 \
                                                                                                   \
        (void)query;                                                                               \
        (void)field;                                                                               \
        if (!answered(item, ret_value)) {                                                          \
            return;                                                                                \
        }                                                                                          \
        if (live->info->hv_info.n == 0 || !live->info->hv_info.v[0].has.member) {                  \
            query_set_status(ret_value, QF_NODATA);                                                \
            return;                                                                                \
        }                                                                                          \
        query_set_int(ret_value, live->info->hv_info.v[0].member);                                 \
    }
QF_HV(cnodes, cpu_nodes)
QF_HV(cnos, cpu_dom0)
QF_HV(csockets, cpu_sockets)
QF_HV(ctotal, cpu_total)
QF_HV(mfree, memory_free)
QF_HV(mnode, memory_dom0)
QF_HV(mtotal, memory_total)

/* The default unit is the first that is not the physical volumes; spindles are the physical
 * volumes'. */
static const struct node_storage_info *find_unit(const struct node_live *live, bool spindles)
{
    for (size_t i = 0; i < live->info->storage_info.n; i++) {
        const struct node_storage_info *unit = &live->info->storage_info.v[i];

        if ((strcmp(unit->type, fact_enum_storage_type.words[STORAGE_LVM_PV]) == 0) == spindles) {
            return unit;
        }
    }
    return NULL;
}

#define QF_STORAGE(getter, spindles, member)                                                       \
    void qf_node_##getter(const struct query *query, const struct query_item *item,                \
                          const struct qfield *field, struct query_value *ret_value)               \
    {                                                                                              \
        const struct node_storage_info *unit;                                                      \
                                                                                                   \
        (void)query;                                                                               \
        (void)field;                                                                               \
        if (!answered(item, ret_value)) {                                                          \
            return;                                                                                \
        }                                                                                          \
        unit = find_unit(item->live, spindles);                                                    \
        if (unit == NULL || !unit->has.member) {                                                   \
            query_set_status(ret_value, QF_NODATA);                                                \
            return;                                                                                \
        }                                                                                          \
        query_set_int(ret_value, unit->member);                                                    \
    }
QF_STORAGE(dfree, false, storage_free)
QF_STORAGE(dtotal, false, storage_size)
QF_STORAGE(spfree, true, storage_free)
QF_STORAGE(sptotal, true, storage_size)
