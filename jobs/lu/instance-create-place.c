/* OP_INSTANCE_CREATE: where the instance goes and what it adopts there. */
#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/allocate.h"
#include "jobs/lu/instance-create.h"
#include "jobs/lu/names.h"
#include "jobs/lu/rpc.h"

/* --- The allocator ------------------------------------------------------------------------------
 */
static struct json *encoded(const struct fact_type *type, const void *value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *out = NULL;
    fact_encode(type, value, &w);
    if (!json_parse(text->str, (gssize)text->len, &out, NULL)) {
        g_assert_not_reached(); /* written right here */
    }
    return out;
}

/* With opportunistic locks only nodes that are held. */
GPtrArray *create_whitelist(struct lu *lu)
{
    g_autoptr(GPtrArray) owned = lu_owned(lu, LOCK_LEVEL_NODE);
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < owned->len; i++) {
        const struct node *node = cfg_node_get(lu_cfg(lu), owned->pdata[i]);
        if (node != NULL && lu_owns(lu, LOCK_LEVEL_NODE_RES, owned->pdata[i])) {
            g_ptr_array_add(names, node->name);
        }
    }
    return names;
}

static bool take_answer(struct lu *lu, const struct json *nodes, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    bool two = const_has(C_DTS_INT_MIRROR, (int)op->disk_template);
    const struct node *primary = lu_expand_node(lu, json_string(json_at(nodes, 0)), NULL, errp);
    const struct node *secondary =
        two && primary != NULL ? lu_expand_node(lu, json_string(json_at(nodes, 1)), NULL, errp)
                               : NULL;
    if (primary == NULL || (two && secondary == NULL)) {
        return false;
    }
    lu_text_set(&op->pnode, primary->name);
    lu_text_set(&op->pnode_uuid, primary->uuid);
    op->has.pnode = op->has.pnode_uuid = true;
    if (two) {
        lu_text_set(&op->snode, secondary->name);
        lu_text_set(&op->snode_uuid, secondary->uuid);
        op->has.snode = op->has.snode_uuid = true;
    }
    lu_info(lu, "Selected nodes for instance %s via iallocator %s: %s%s%s", op->instance_name,
            op->iallocator, primary->name, two ? ", " : "", two ? secondary->name : "");
    return true;
}

struct ia_instance create_wanted(struct lu *lu, const struct op_instance_create *op,
                                 const struct instance *instance, const struct idisk_list *disks)
{
    struct beparams be = cfg_beparams(lu_cfg(lu), instance);
    return (struct ia_instance){
        .name = op->instance_name,
        .memory = be.maxmem,
        .spindle_use = be.spindle_use,
        .vcpus = be.vcpus,
        .disk_template = op->disk_template,
        .hypervisor = op->hypervisor,
        .os = op->os_type,
        .group_name = op->has.group_name ? op->group_name : NULL,
        .disks = encoded(&type_idisk_list, disks),
        .nics = encoded(&type_nic_list, &instance->nics),
        .tags = (const char *const *)op->tags.v,
        .n_tags = op->tags.n,
    };
}

void create_wanted_clear(struct ia_instance *wanted)
{
    json_unref(wanted->disks);
    json_unref(wanted->nics);
}

bool create_allocate(struct lu *lu, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    struct ia_instance wanted = create_wanted(lu, op, own->instance, &own->disks);
    g_autoptr(GPtrArray) white = create_whitelist(lu);
    const struct ia_request request = {
        .mode = IALLOCATOR_MODE_ALLOCATE,
        .instances = &wanted,
        .n_instances = 1,
        .whitelist = op->opportunistic_locking ? (const char *const *)white->pdata : NULL,
        .n_whitelist = op->opportunistic_locking ? white->len : 0,
    };
    struct ia_answer answer = {0};
    g_autoptr(GError) error = NULL;
    bool found = lu_allocate(lu, &request, op->iallocator, &answer, &error);
    create_wanted_clear(&wanted);
    if (!found) {
        if (op->opportunistic_locking && err_ecode(error) == ECODE_NORES) {
            /* Tried again with all nodes. */
            return err_fail(errp, ERR_OP_PREREQ, ECODE_TEMP_NORES, "%s", error->message);
        }
        g_propagate_error(errp, g_steal_pointer(&error));
        return false;
    }
    bool ok = take_answer(lu, answer.result, errp);
    ia_answer_clear(&answer);
    return ok;
}

/* --- Adoption -----------------------------------------------------------------------------------
 */
static bool check_distinct(const struct idisk_list *disks, GError **errp)
{
    for (size_t i = 0; i < disks->n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(disks->v[i].adopt, disks->v[j].adopt) == 0 &&
                g_strcmp0(disks->v[i].vg, disks->v[j].vg) == 0) {
                return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "'%s' is to be adopted twice",
                                disks->v[i].adopt);
            }
        }
    }
    return true;
}

static bool adopt_volume(struct lu *lu, struct idisk *disk, const struct json *volumes,
                         GError **errp)
{
    g_autofree char *volume = g_strdup_printf("%s/%s", disk->vg, disk->adopt);
    struct method_wconfd_reserve_lv args = {.has.volume = true, .volume = volume};
    g_autoptr(GError) error = NULL;
    if (!lu_wconfd(lu, METHOD_wconfd_reserve_lv, &args, NULL, &error)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_NOTUNIQUE,
                        "The volume %s is used by another instance (%s)", volume, error->message);
    }
    /* [size, inactive, online] */
    const struct json *found = json_kind(volumes) == JSON_OBJECT ? json_get(volumes, volume) : NULL;
    if (json_kind(found) != JSON_ARRAY || json_len(found) < 3) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no volume %s", volume);
    }
    const struct json *online = json_at(found, 2), *size = json_at(found, 0);
    if (json_kind(online) == JSON_BOOL && json_boolean(online)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "The volume %s is in use and cannot be adopted", volume);
    }
    disk->size = json_kind(size) == JSON_STRING ? (int64_t)g_ascii_strtod(json_string(size), NULL)
                                                : (int64_t)json_double(size);
    return true;
}

static bool adopt_volumes(struct lu *lu, GError **errp)
{
    struct create_own *own = lu->own;
    const char *primary = own->instance->primary_node;
    CLEANUP(lu_answer_freep)
    struct lu_answer *vgs = lu_call_node(lu, primary, LU_CALL(vg_list, .whole = false));
    if (!lu_answer_check_prereq(vgs, ECODE_NONE, errp, "Volume groups of node %s",
                                vgs->node_name)) {
        return false;
    }
    CLEANUP(json_unrefp) struct json *names = json_new_array();
    struct json_iter it;
    if (json_kind(vgs->payload) == JSON_OBJECT) {
        it = json_iter_begin(vgs->payload);
        while (json_iter_next(&it)) {
            json_append(names, json_new_string(it.key));
        }
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *lvs = lu_call_node(lu, primary, LU_CALL(lv_list, .vg_name = names));
    if (!lu_answer_check_prereq(lvs, ECODE_NONE, errp, "Volumes of node %s", lvs->node_name)) {
        return false;
    }
    for (size_t i = 0; i < own->disks.n; i++) {
        if (!adopt_volume(lu, &own->disks.v[i], lvs->payload, errp)) {
            return false;
        }
    }
    return true;
}

static bool adopt_devices(struct lu *lu, GError **errp)
{
    struct create_own *own = lu->own;
    struct any_list paths = {0};
    for (size_t i = 0; i < own->disks.n; i++) {
        const char *path = own->disks.v[i].adopt;
        g_autofree char *plain = g_canonicalize_filename(path, "/");
        if (!g_str_has_prefix(plain, C_ADOPTABLE_BLOCKDEV_ROOT)) {
            fact_clear(&type_any_list, &paths);
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "'%s' does not lie in %s and cannot be adopted", path,
                            C_ADOPTABLE_BLOCKDEV_ROOT);
        }
        *(struct json **)fact_list_add(&type_any_list, &paths) = json_new_string(plain);
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, own->instance->primary_node, LU_CALL(bdev_sizes, .devices = paths));
    fact_clear(&type_any_list, &paths);
    if (!lu_answer_check_prereq(answer, ECODE_NONE, errp, "Block devices of node %s",
                                answer->node_name)) {
        return false;
    }
    for (size_t i = 0; i < own->disks.n; i++) {
        struct idisk *disk = &own->disks.v[i];
        const struct json *size = json_kind(answer->payload) == JSON_OBJECT
                                      ? json_get(answer->payload, disk->adopt)
                                      : NULL;
        if (json_kind(size) != JSON_INT && json_kind(size) != JSON_FLOAT) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no block device %s",
                            disk->adopt);
        }
        disk->size = (int64_t)json_double(size);
    }
    return true;
}

bool create_check_adoption(struct lu *lu, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    return check_distinct(&own->disks, errp) &&
           (op->disk_template == DISK_TEMPLATE_PLAIN ? adopt_volumes(lu, errp)
                                                     : adopt_devices(lu, errp));
}
