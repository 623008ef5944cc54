/* Asking the nodes of a group, and those whose answers are needed beside theirs. */
#include "config.h"

#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/verify-group.h"

/* --- Asking -------------------------------------------------------------------------------------
 */
static struct json *to_tree(const struct fact_type *type, const void *value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *tree = NULL;
    fact_encode(type, value, &w);
    /* What our own writer wrote is always read. */
    if (!json_parse(text->str, (gssize)text->len, &tree, NULL)) {
        g_assert_not_reached();
    }
    return tree;
}

static struct lu_answers *ask(const struct verify_group *group, const GPtrArray *uuids,
                              struct json *request)
{
    CLEANUP(json_unrefp) struct json *hvparams = to_tree(&type_hv_map, &group->cluster->hvparams);
    struct any_dict checks = {0};
    /* It is an object, so this cannot fail. */
    fact_decode(&type_any_dict, request, &checks, NULL, NULL);
    struct lu_answers *answers = lu_call_nodes(
        group->lu, (const char *const *)uuids->pdata, uuids->len,
        LU_CALL(node_verify, .checkdict = checks, .cluster_name = group->cluster->cluster_name,
                .all_hvparams = hvparams));
    fact_clear(&type_any_dict, &checks);
    json_unref(request);
    return answers;
}

/* Nodes outside the group whose volumes belong to its instances. */
static void ask_peers(struct verify_group *group)
{
    g_autoptr(GPtrArray) uuids = g_ptr_array_new();
    for (guint i = 0; i < group->nodes->len; i++) {
        const struct verify_node *node = group->nodes->pdata[i];
        if (!node->in_group && node->node != NULL) {
            g_ptr_array_add(uuids, (char *)node->uuid);
        }
    }
    if (uuids->len == 0 || group->vg_name == NULL) {
        return;
    }
    struct json *request = json_new_object();
    json_set(request, C_NV_LVLIST, json_new_string(group->vg_name));
    lu_log(group->lu, "* Gathering information about extra nodes (%u nodes)", uuids->len);
    group->extra = ask(group, uuids, request);
}

/* Files are compared with those of the master and of one other node that holds instances. */
static void ask_compared(struct verify_group *group)
{
    g_autoptr(GPtrArray) uuids = g_ptr_array_new();
    if (group->members.n == cfg_node_count(group->cfg)) {
        return;
    }
    if (group->master != NULL && cfg_node_group(group->cfg, group->master) != group->group) {
        g_ptr_array_add(uuids, group->master->uuid);
    }
    for (size_t i = 0; i < cfg_node_count(group->cfg); i++) {
        const struct node *node = cfg_node_at(group->cfg, i);
        if (node->vm_capable && !node->offline && node != group->master &&
            cfg_node_group(group->cfg, node) != group->group) {
            g_ptr_array_add(uuids, node->uuid);
            break;
        }
    }
    lu_log(group->lu, "* Gathering information about the master node");
    group->compared = ask(group, uuids, verify_request_files(group));
}

static bool read_minors(struct verify_group *group, GError **errp)
{
    struct method_wconfd_compute_drbd_map args = {0};
    if (!lu_wconfd(group->lu, METHOD_wconfd_compute_drbd_map, &args, &group->drbd_map, errp)) {
        return false;
    }
    for (size_t i = 0; i < json_len(group->drbd_map); i++) {
        const struct json *row = json_at(group->drbd_map, i);
        g_hash_table_insert(group->minors, (char *)json_string(json_at(row, 0)), json_at(row, 1));
    }
    return true;
}

bool verify_gather(struct verify_group *group, bool clutter, GError **errp)
{
    struct method_wconfd_flush_config_group flush = {.group = (char *)group->group->uuid,
                                                     .has.group = true};
    g_autoptr(GPtrArray) uuids = g_ptr_array_new();
    for (size_t i = 0; i < group->members.n; i++) {
        g_ptr_array_add(uuids, group->members.v[i]->uuid);
    }
    lu_log(group->lu, "* Gathering data (%u nodes)", uuids->len);
    lu_log(group->lu, "* Gathering information about nodes (%u nodes)", uuids->len);
    /* What is compared must have arrived. */
    if (!lu_wconfd(group->lu, METHOD_wconfd_flush_config_group, &flush, NULL, errp)) {
        return false;
    }
    group->asked = g_get_real_time();
    group->answers = ask(group, uuids, verify_request(group, clutter));
    group->answered = g_get_real_time();
    ask_peers(group);
    ask_compared(group);
    return read_minors(group, errp);
}

/* --- States of disks ----------------------------------------------------------------------------
 */
static void add_disks(const struct verify_group *group, const GPtrArray *instances, GArray *disks)
{
    for (guint i = 0; i < instances->len; i++) {
        const struct instance *instance = instances->pdata[i];
        struct cfg_disks own = cfg_instance_disks(group->cfg, instance);
        for (size_t j = 0; j < own.n; j++) {
            const struct lu_arg_disk one = {.disk = own.v[j], .instance = instance};
            g_array_append_val(disks, one);
        }
    }
}

static void note_disk(struct verify_group *group, struct verify_disk disk)
{
    GArray *list = g_hash_table_lookup(group->disks, disk.instance->uuid);
    if (list == NULL) {
        list = g_array_new(FALSE, FALSE, sizeof(struct verify_disk));
        g_hash_table_insert(group->disks, disk.instance->uuid, list);
    }
    g_array_append_val(list, disk);
}

/* One state: [true, object] or [false, text]. */
static void read_state(const struct json *payload, size_t index, struct verify_disk *disk)
{
    const struct json *pair = json_kind(payload) == JSON_ARRAY && index < json_len(payload)
                                  ? json_at(payload, index)
                                  : NULL;
    disk->failure = "the node answered something else";
    if (json_kind(pair) != JSON_ARRAY || json_len(pair) != 2 ||
        json_kind(json_at(pair, 0)) != JSON_BOOL) {
        return;
    }
    const struct json *state = json_at(pair, 1);
    if (json_boolean(json_at(pair, 0)) && json_kind(state) == JSON_OBJECT) {
        disk->failure = NULL;
        disk->status = state;
    } else if (json_kind(state) == JSON_STRING) {
        disk->failure = json_string(state);
    }
}

static void read_states(struct verify_group *group, const struct lu_answer *answer,
                        const GArray *asked)
{
    size_t index = 0;
    const struct instance *before = NULL;
    if (verify_fails(&group->report, answer->fail_msg != NULL && !answer->offline)) {
        verify_error(&group->report, CV_ENODERPC, answer->node_name,
                     "while its disks were asked for: %s",
                     answer->fail_msg != NULL ? answer->fail_msg : "all is well");
    }
    for (guint i = 0; i < asked->len; i++) {
        const struct lu_arg_disk *one = &g_array_index(asked, struct lu_arg_disk, i);
        struct verify_disk disk = {.node_uuid = answer->node_uuid, .instance = one->instance};
        index = one->instance == before ? index + 1 : 0;
        before = one->instance;
        disk.index = index;
        if (answer->fail_msg != NULL) {
            disk.failure = answer->offline ? "node offline" : answer->fail_msg;
        } else {
            read_state(answer->payload, i, &disk);
        }
        note_disk(group, disk);
    }
}

void verify_collect_disks(struct verify_group *group)
{
    g_autoptr(GPtrArray) uuids = g_ptr_array_new();
    g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(struct lu_arg_node_disks_entry));
    lu_log(group->lu, "* Gathering disk information (%zu nodes)", group->members.n);
    for (size_t i = 0; i < group->members.n; i++) {
        const struct verify_node *node = verify_node_of(group, group->members.v[i]->uuid);
        GArray *disks = g_array_new(FALSE, FALSE, sizeof(struct lu_arg_disk));
        add_disks(group, node->primaries, disks);
        add_disks(group, node->secondaries, disks);
        if (disks->len == 0) {
            g_array_unref(disks);
            continue;
        }
        const struct lu_arg_node_disks_entry entry = {
            node->uuid, {(const struct lu_arg_disk *)(void *)disks->data, disks->len}};
        g_array_append_val(entries, entry);
        g_ptr_array_add(lists, disks);
        g_ptr_array_add(uuids, (char *)node->uuid);
    }
    group->mirrors = lu_call_nodes(
        group->lu, (const char *const *)uuids->pdata, uuids->len,
        LU_CALL(blockdev_getmirrorstatus_multi,
                .node_disks = {(const struct lu_arg_node_disks_entry *)(void *)entries->data,
                               entries->len}));
    for (size_t i = 0; i < group->mirrors->n; i++) {
        read_states(group, &group->mirrors->v[i], lists->pdata[i]);
    }
}
