#include "config.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "luxi/query/config-items.h"
#include "luxi/query/getters.h"
#include "luxi/query/instance-live.h"
#include "luxi/query/live.h"
#include "luxi/query/ops.h"
#include "luxi/query/params.h"

enum {
    /* MiB that DRBD keeps for itself beside the data (DRBD_META_SIZE). */
    DRBD_META_MIB = 128,
};

static bool list(struct query *query, const struct query_operand *names, size_t n_names,
                 GError **errp)
{
    return query_list_config(query, CFG_KIND_instance, names, n_names, errp);
}

const struct query_ops query_ops_instance = {
    .object = &fact_object_instance,
    .list = list,
    .collect = query_instance_collect,
    .cancel = query_instance_cancel,
    .clear = query_instance_clear,
};

void qf_instance_admin_up(const struct query *query, const struct query_item *item,
                          const struct qfield *field, struct query_value *ret_value)
{
    const struct instance *instance = item->object;

    (void)query;
    (void)field;
    if (instance->has.admin_state) {
        query_set_bool(ret_value, instance->admin_state == ADMIN_UP);
    } else {
        query_set_status(ret_value, QF_NODATA);
    }
}

void qf_instance_forthcoming(const struct query *query, const struct query_item *item,
                             const struct qfield *field, struct query_value *ret_value)
{
    (void)query;
    (void)field;
    query_set_bool(ret_value, cfg_instance_is_forthcoming(item->object));
}

/* ---- nodes and groups ---- */

static void set_name(struct query_value *ret_value, const char *name)
{
    if (name == NULL) {
        query_set_status(ret_value, QF_NODATA);
    } else {
        query_set_text(ret_value, name);
    }
}

void qf_instance_pnode(const struct query *query, const struct query_item *item,
                       const struct qfield *field, struct query_value *ret_value)
{
    const struct node *node = cfg_instance_primary(query->cfg, item->object);

    (void)field;
    set_name(ret_value, node != NULL ? node->name : NULL);
}

static const struct node_group *primary_group(const struct query *query,
                                              const struct query_item *item)
{
    const struct node *node = cfg_instance_primary(query->cfg, item->object);

    return node != NULL ? cfg_node_group(query->cfg, node) : NULL;
}

void qf_instance_pnode_group(const struct query *query, const struct query_item *item,
                             const struct qfield *field, struct query_value *ret_value)
{
    const struct node_group *group = primary_group(query, item);

    (void)field;
    set_name(ret_value, group != NULL ? group->name : NULL);
}

void qf_instance_pnode_group_uuid(const struct query *query, const struct query_item *item,
                                  const struct qfield *field, struct query_value *ret_value)
{
    const struct node_group *group = primary_group(query, item);

    (void)field;
    set_name(ret_value, group != NULL ? group->uuid : NULL);
}

enum secondary_what {
    SECONDARY_NAME,
    SECONDARY_GROUP,
    SECONDARY_GROUP_UUID,
};

static void set_secondaries(const struct query *query, const struct query_item *item,
                            enum secondary_what what, struct query_value *ret_value)
{
    const struct cfg_nodes nodes = cfg_instance_secondaries(query->cfg, item->object);
    GString *out;
    struct json_writer w;

    if (cfg_instance_primary(query->cfg, item->object) == NULL) {
        query_set_status(ret_value, QF_NODATA);
        return;
    }
    out = g_string_new(NULL);
    w = query_set_begin(out);
    json_write_array_begin(&w);
    for (size_t i = 0; i < nodes.n; i++) {
        const struct node_group *group = cfg_node_group(query->cfg, nodes.v[i]);

        if (what == SECONDARY_NAME) {
            json_write_string(&w, nodes.v[i]->name);
        } else if (group != NULL) {
            json_write_string(&w, what == SECONDARY_GROUP ? group->name : group->uuid);
        }
    }
    json_write_array_end(&w);
    query_set_end(ret_value, out);
}

void qf_instance_snodes(const struct query *query, const struct query_item *item,
                        const struct qfield *field, struct query_value *ret_value)
{
    (void)field;
    set_secondaries(query, item, SECONDARY_NAME, ret_value);
}

void qf_instance_snodes_group(const struct query *query, const struct query_item *item,
                              const struct qfield *field, struct query_value *ret_value)
{
    (void)field;
    set_secondaries(query, item, SECONDARY_GROUP, ret_value);
}

void qf_instance_snodes_group_uuid(const struct query *query, const struct query_item *item,
                                   const struct qfield *field, struct query_value *ret_value)
{
    (void)field;
    set_secondaries(query, item, SECONDARY_GROUP_UUID, ret_value);
}

/* ---- parameters ---- */

void qf_instance_hvparams(const struct query *query, const struct query_item *item,
                          const struct qfield *field, struct query_value *ret_value)
{
    struct value_map filled = cfg_hvparams(query->cfg, item->object, CFG_FILL_NO_GLOBALS);

    (void)field;
    query_set_encoded(ret_value, &type_value_map, &filled);
    cfg_filled_free(&filled);
}

void qf_instance_hvparam(const struct query *query, const struct query_item *item,
                         const struct qfield *field, struct query_value *ret_value)
{
    const struct fact_value *value = cfg_hvparam(query->cfg, item->object, field->param);

    if (value == NULL) {
        query_set_status(ret_value, QF_UNAVAIL);
    } else {
        query_set_fact(ret_value, &type_VALUE, value);
    }
}

void qf_instance_beparams(const struct query *query, const struct query_item *item,
                          const struct qfield *field, struct query_value *ret_value)
{
    const struct beparams filled = cfg_beparams(query->cfg, item->object);

    (void)field;
    query_set_encoded(ret_value, &type_beparams, &filled);
}

void qf_instance_beparam(const struct query *query, const struct query_item *item,
                         const struct qfield *field, struct query_value *ret_value)
{
    const struct beparams filled = cfg_beparams(query->cfg, item->object);

    query_set_param(ret_value, &fact_object_beparams, &filled, field->param);
}

void qf_instance_osparams(const struct query *query, const struct query_item *item,
                          const struct qfield *field, struct query_value *ret_value)
{
    struct value_map filled = cfg_osparams(query->cfg, item->object, 0);

    (void)field;
    query_set_encoded(ret_value, &type_value_map, &filled);
    cfg_filled_free(&filled);
}

/* ---- disks ---- */

void qf_instance_disk_usage(const struct query *query, const struct query_item *item,
                            const struct qfield *field, struct query_value *ret_value)
{
    const struct cfg_disks disks = cfg_instance_disks(query->cfg, item->object);
    int64_t total = 0;

    (void)field;
    for (size_t i = 0; i < disks.n; i++) {
        enum disk_template disk_template = disks.v[i]->dev_type;

        if (disk_template == DISK_TEMPLATE_DISKLESS || disk_template == DISK_TEMPLATE_BLOCKDEV) {
            continue;
        }
        total += disks.v[i]->size + (disk_template == DISK_TEMPLATE_DRBD ? DRBD_META_MIB : 0);
    }
    query_set_int(ret_value, total);
}

void qf_instance_disk_count(const struct query *query, const struct query_item *item,
                            const struct qfield *field, struct query_value *ret_value)
{
    (void)query;
    (void)field;
    query_set_int(ret_value, (int64_t)((const struct instance *)item->object)->disks.n);
}

/* One member of each disk; null where it is not set. */
static void set_disk_members(const struct query *query, const struct query_item *item,
                             const char *name, struct query_value *ret_value)
{
    const struct fact_member *member = fact_object_find(&fact_object_disk, name);
    const struct cfg_disks disks = cfg_instance_disks(query->cfg, item->object);
    GString *out = g_string_new(NULL);
    struct json_writer w = query_set_begin(out);

    json_write_array_begin(&w);
    for (size_t i = 0; i < disks.n; i++) {
        if (fact_member_is_set(&fact_object_disk, disks.v[i], member)) {
            fact_encode(member->spec->type, (const char *)disks.v[i] + member->offset, &w);
        } else {
            json_write_null(&w);
        }
    }
    json_write_array_end(&w);
    query_set_end(ret_value, out);
}

#define QF_DISKS(getter, member)                                                                   \
    void qf_instance_##getter(const struct query *query, const struct query_item *item,            \
                              const struct qfield *field, struct query_value *ret_value)           \
    {                                                                                              \
        (void)field;                                                                               \
        set_disk_members(query, item, #member, ret_value);                                         \
    }
QF_DISKS(disk_sizes, size)
QF_DISKS(disk_spindles, spindles)
QF_DISKS(disk_names, name)
QF_DISKS(disk_uuids, uuid)

void qf_instance_disk_template(const struct query *query, const struct query_item *item,
                               const struct qfield *field, struct query_value *ret_value)
{
    bool mixed;
    enum disk_template disk_template = cfg_instance_disk_template(query->cfg, item->object, &mixed);

    (void)field;
    query_set_text(ret_value, mixed ? "mixed" : fact_enum_disk_template.words[disk_template]);
}
