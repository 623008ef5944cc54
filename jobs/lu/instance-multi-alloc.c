/* Several instances placed together, each made by a job of its own (reference:
 * lib/cmdlib/instance.py LUInstanceMultiAlloc). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/allocate.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/instance-create.h"
#include "jobs/lu/names.h"
#include "jobs/lu/nics.h"

struct own {
    GPtrArray *ops; /* struct opcode * of OP_INSTANCE_CREATE; those that became jobs are NULL */
    struct ia_answer answer;
};

static void clear(void *data)
{
    struct own *own = data;
    g_clear_pointer(&own->ops, g_ptr_array_unref);
    ia_answer_clear(&own->answer);
}

static void free_op(void *op)
{
    if (op != NULL) {
        opcode_free(op);
    }
}

static struct op_instance_create *create_at(const struct own *own, guint index)
{
    struct opcode *op = own->ops->pdata[index];
    return op->params;
}

static bool inval(GError **errp, const char *text)
{
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "%s", text);
}

/* --- Arguments ----------------------------------------------------------------------------------
 */
static bool read_one(struct own *own, const struct json *given, size_t index, GError **errp)
{
    CLEANUP(json_unrefp) struct json *whole = json_copy(given);
    g_autoptr(GError) error = NULL;
    if (json_kind(whole) == JSON_OBJECT && !json_has(whole, "reason")) {
        json_set(whole, "reason", json_new_array());
    }
    struct opcode *op = opcode_decode(whole, NULL, &error);
    if (op == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Instance %zu: %s", index,
                        error->message);
    }
    g_ptr_array_add(own->ops, op);
    return op->row->id == OP_ID_instance_create ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Instance %zu: %s makes no instance", index,
                    op->row->wire_id);
}

static bool read_ops(struct lu *lu, GError **errp)
{
    const struct op_instance_multi_alloc *op = lu_params(lu);
    struct own *own = lu->own;
    own->ops = g_ptr_array_new_with_free_func(free_op);
    for (size_t i = 0; i < op->instances.n; i++) {
        if (!read_one(own, op->instances.v[i], i, errp)) {
            return false;
        }
    }
    return true;
}

static bool check_names(const struct own *own, GError **errp)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < own->ops->len; i++) {
        const char *name = create_at(own, i)->instance_name;
        if (!g_hash_table_add(seen, (void *)name)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Instance %s is given twice", name);
        }
    }
    return true;
}

/* How many nodes the instances name, and how many they would have to. */
static bool count_nodes(const struct own *own, size_t *ret_given, size_t *ret_needed, GError **errp)
{
    *ret_given = *ret_needed = 0;
    for (guint i = 0; i < own->ops->len; i++) {
        const struct op_instance_create *create = create_at(own, i);
        if (create->has.iallocator) {
            return inval(errp, "The instances have no allocators of their own here: one places "
                               "all of them");
        }
        bool two =
            create->has.disk_template && const_has(C_DTS_INT_MIRROR, (int)create->disk_template);
        *ret_needed += two ? 2 : 1;
        *ret_given += (create->has.pnode ? 1 : 0) + (two && create->has.snode ? 1 : 0);
    }
    return true;
}

static bool check_arguments(struct lu *lu, GError **errp)
{
    struct op_instance_multi_alloc *op = lu_params(lu);
    const struct own *own = lu->own;
    size_t given, needed;
    if (!read_ops(lu, errp) || !count_nodes(own, &given, &needed, errp)) {
        return false;
    }
    if (given > 0 && given < needed) {
        return inval(errp, "Some instances name their nodes and others do not");
    }
    if (given == 0 && !lu_allocator(lu, &op->iallocator, &op->has.iallocator, errp)) {
        return false;
    }
    if (op->opportunistic_locking && !op->has.iallocator) {
        return inval(errp, "Opportunistic locking needs an allocator");
    }
    return check_names(own, errp);
}

/* --- Locks --------------------------------------------------------------------------------------
 */
static bool need_nodes(struct lu *lu, struct op_instance_create *create, GError **errp)
{
    const struct lu_name_slot primary = {&create->pnode, &create->pnode_uuid,
                                         &create->has.pnode_uuid};
    const struct lu_name_slot secondary = {&create->snode, &create->snode_uuid,
                                           &create->has.snode_uuid};
    if (lu_expand_node_slot(lu, primary, errp) == NULL ||
        (create->has.snode && lu_expand_node_slot(lu, secondary, errp) == NULL)) {
        return false;
    }
    lu_need(lu, LOCK_LEVEL_NODE, create->pnode_uuid);
    lu_need(lu, LOCK_LEVEL_NODE_RES, create->pnode_uuid);
    if (create->has.snode) {
        lu_need(lu, LOCK_LEVEL_NODE, create->snode_uuid);
        lu_need(lu, LOCK_LEVEL_NODE_RES, create->snode_uuid);
    }
    return true;
}

static bool expand_names(struct lu *lu, GError **errp)
{
    const struct op_instance_multi_alloc *op = lu_params(lu);
    const struct own *own = lu->own;
    lu_need_all_shared(lu);
    for (guint i = 0; !op->has.iallocator && i < own->ops->len; i++) {
        if (!need_nodes(lu, create_at(own, i), errp)) {
            return false;
        }
    }
    if (op->has.iallocator) {
        lu_need_all(lu, LOCK_LEVEL_NODE);
        lu_need_all(lu, LOCK_LEVEL_NODE_RES);
    }
    if (op->has.iallocator && op->opportunistic_locking) {
        lu_need_opportunistic(lu, LOCK_LEVEL_NODE, 1);
        lu_need_opportunistic(lu, LOCK_LEVEL_NODE_RES, 1);
    }
    return true;
}

/* --- Asking the allocator -----------------------------------------------------------------------
 */
/* What the cluster's defaults say of a member that is not given; the job says the same later. */
static void fill_defaults(struct lu *lu, struct op_instance_create *create)
{
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    if (!create->has.hypervisor && cluster->enabled_hypervisors.n > 0) {
        create->hypervisor = cluster->enabled_hypervisors.v[0];
        create->has.hypervisor = true;
    }
    if (!create->has.disk_template && cluster->enabled_disk_templates.n > 0) {
        create->disk_template = cluster->enabled_disk_templates.v[0];
        create->has.disk_template = true;
    }
}

/* Each question's parts live as long as the array. */
struct question {
    struct instance *instance;
    struct idisk_list disks;
};

static void clear_question(void *data)
{
    struct question *question = data;
    fact_object_free(&fact_object_instance, question->instance);
    fact_clear(&type_idisk_list, &question->disks);
}

static bool prepare(struct lu *lu, struct op_instance_create *create, struct question *question,
                    GError **errp)
{
    fill_defaults(lu, create);
    question->instance = fact_object_new(&fact_object_instance);
    fact_copy(&type_idisk_list, &question->disks, &create->disks);
    return create_beparams(create, question->instance, errp) &&
           lu_disks_complete(lu, question->disks.v, question->disks.n, create->disk_template,
                             errp) &&
           lu_nics_compute(lu, create->nics.v, create->nics.n, NULL, &question->instance->nics,
                           errp);
}

static bool ask(struct lu *lu, const struct ia_instance *wanted, GError **errp)
{
    const struct op_instance_multi_alloc *op = lu_params(lu);
    struct own *own = lu->own;
    g_autoptr(GPtrArray) white = create_whitelist(lu);
    const struct ia_request request = {
        .mode = IALLOCATOR_MODE_MULTI_ALLOCATE,
        .instances = wanted,
        .n_instances = own->ops->len,
        .whitelist = op->opportunistic_locking ? (const char *const *)white->pdata : NULL,
        .n_whitelist = op->opportunistic_locking ? white->len : 0,
    };
    return lu_allocate(lu, &request, op->iallocator, &own->answer, errp);
}

static bool check_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_multi_alloc *op = lu_params(lu);
    const struct own *own = lu->own;
    guint n = own->ops->len;
    if (!op->has.iallocator) {
        return true;
    }
    g_autoptr(GArray) questions = g_array_sized_new(FALSE, TRUE, sizeof(struct question), n);
    g_autofree struct ia_instance *wanted = g_new0(struct ia_instance, n + 1);
    g_array_set_size(questions, n);
    g_array_set_clear_func(questions, clear_question);
    bool ok = true;
    for (guint i = 0; ok && i < n; i++) {
        struct question *question = &g_array_index(questions, struct question, i);
        ok = prepare(lu, create_at(own, i), question, errp);
        if (ok) {
            wanted[i] = create_wanted(lu, create_at(own, i), question->instance, &question->disks);
        }
    }
    ok = ok && ask(lu, wanted, errp);
    for (guint i = 0; i < n; i++) {
        create_wanted_clear(&wanted[i]);
    }
    return ok;
}

/* --- Jobs ---------------------------------------------------------------------------------------
 */
/* Takes the opcode with this name; NULL: there is none, or it was taken. */
static struct opcode *take_op(struct own *own, const char *name)
{
    for (guint i = 0; i < own->ops->len; i++) {
        if (own->ops->pdata[i] != NULL && strcmp(create_at(own, i)->instance_name, name) == 0) {
            return g_steal_pointer(&own->ops->pdata[i]);
        }
    }
    return NULL;
}

static bool set_node(struct lu *lu, const struct json *name, struct lu_name_slot slot, bool *has,
                     GError **errp)
{
    lu_text_set(slot.name, json_string(name));
    g_clear_pointer(slot.uuid, g_free);
    *has = true;
    return lu_expand_node_slot(lu, slot, errp) != NULL;
}

/* placed: [name, [nodes]] */
static bool add_placed(struct lu *lu, const struct json *placed, GError **errp)
{
    const char *name = json_string(json_at(placed, 0));
    const struct json *nodes = json_at(placed, 1);
    struct opcode *op = take_op(lu->own, name);
    if (op == NULL) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "The allocator placed %s, which was not asked for", name);
    }
    struct op_instance_create *create = op->params;
    const struct lu_name_slot primary = {&create->pnode, &create->pnode_uuid,
                                         &create->has.pnode_uuid};
    const struct lu_name_slot secondary = {&create->snode, &create->snode_uuid,
                                           &create->has.snode_uuid};
    if ((json_len(nodes) > 0 &&
         !set_node(lu, json_at(nodes, 0), primary, &create->has.pnode, errp)) ||
        (json_len(nodes) > 1 &&
         !set_node(lu, json_at(nodes, 1), secondary, &create->has.snode, errp))) {
        opcode_free(op);
        return false;
    }
    lu_jobs_add(lu, &op, 1);
    return true;
}

static void write_names(struct lu *lu, struct json_writer *w)
{
    const struct own *own = lu->own;
    const struct json *placed = own->answer.result != NULL ? json_at(own->answer.result, 0) : NULL;
    json_write_key(w, C_ALLOCATABLE_KEY);
    json_write_array_begin(w);
    for (size_t i = 0; placed != NULL && i < json_len(placed); i++) {
        json_write_value(w, json_at(json_at(placed, i), 0));
    }
    for (guint i = 0; placed == NULL && i < own->ops->len; i++) {
        json_write_string(w, create_at(own, i)->instance_name);
    }
    json_write_array_end(w);
    json_write_key(w, C_FAILED_KEY);
    if (placed != NULL) {
        json_write_value(w, json_at(own->answer.result, 1));
    } else {
        json_write_array_begin(w);
        json_write_array_end(w);
    }
}

static void dry_run_result(struct lu *lu, struct json_writer *w)
{
    json_write_object_begin(w);
    write_names(lu, w);
    json_write_key(w, C_JOB_IDS_KEY);
    json_write_array_begin(w);
    json_write_array_end(w);
    json_write_object_end(w);
}

static bool check_complete(const struct own *own, GError **errp)
{
    const struct json *failed = json_at(own->answer.result, 1);
    for (guint i = 0; i < own->ops->len; i++) {
        bool told = own->ops->pdata[i] == NULL;
        for (size_t j = 0; !told && j < json_len(failed); j++) {
            told = strcmp(json_string(json_at(failed, j)), create_at(own, i)->instance_name) == 0;
        }
        if (!told) {
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "The allocator said nothing about %s",
                            create_at(own, i)->instance_name);
        }
    }
    return true;
}

static bool exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    struct own *own = lu->own;
    const struct json *placed = own->answer.result != NULL ? json_at(own->answer.result, 0) : NULL;
    json_write_object_begin(result);
    write_names(lu, result);
    json_write_object_end(result);
    lu_jobs_begin(lu);
    for (guint i = 0; placed == NULL && i < own->ops->len; i++) {
        struct opcode *op = g_steal_pointer(&own->ops->pdata[i]);
        lu_jobs_add(lu, &op, 1);
    }
    for (size_t i = 0; placed != NULL && i < json_len(placed); i++) {
        if (!add_placed(lu, json_at(placed, i), errp)) {
            return false;
        }
    }
    return placed == NULL || check_complete(own, errp);
}

LU(instance_multi_alloc, .own_size = sizeof(struct own), .clear = clear,
   .check_arguments = check_arguments, .expand_names = expand_names, .check_prereq = check_prereq,
   .exec = exec, .dry_run_result = dry_run_result)
