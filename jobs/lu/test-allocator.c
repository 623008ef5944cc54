/* OP_TEST_ALLOCATOR: shows the question to an allocator, or its answer (reference:
 * lib/cmdlib/test.py LUTestAllocator). */
#include "config.h"

#include "base/json-writer.h"
#include "facts/codec.h"
#include "jobs/lu/allocate.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"

struct own {
    GPtrArray *relocate_from;
    struct json *disks, *nics;
    char *instance_uuid;
};

static void own_clear(void *data)
{
    struct own *own = data;
    g_clear_pointer(&own->relocate_from, g_ptr_array_unref);
    json_unref(own->disks);
    json_unref(own->nics);
    g_free(own->instance_uuid);
}

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

static bool is_disk(const struct json *disk)
{
    const struct json *size = json_kind(disk) == JSON_OBJECT ? json_get(disk, "size") : NULL;
    const struct json *mode = json_kind(disk) == JSON_OBJECT ? json_get(disk, "mode") : NULL;
    return json_kind(size) == JSON_INT && json_kind(mode) == JSON_STRING &&
           fact_enum_find(&fact_enum_disk_mode, json_string(mode)) >= 0;
}

static bool check_new(struct lu *lu, struct op_test_allocator *op, GError **errp)
{
    struct own *own = lu->own;
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    if (lu_expand_instance(lu, op->name, NULL, NULL) != NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_EXISTS, "Instance '%s' exists already",
                        op->name);
    }
    for (size_t i = 0; i < op->disks.n; i++) {
        if (!is_disk(op->disks.v[i])) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "Disk %zu needs a size in MiB and a mode", i);
        }
    }
    if (!op->has.hypervisor && cluster->enabled_hypervisors.n > 0) {
        op->hypervisor = cluster->enabled_hypervisors.v[0];
        op->has.hypervisor = true;
    }
    own->disks = encoded(&type_any_list, &op->disks);
    own->nics = encoded(&type_inic_list, &op->nics);
    return true;
}

static bool check_relocate(struct lu *lu, struct op_test_allocator *op, GError **errp)
{
    struct own *own = lu->own;
    const struct instance *instance = lu_expand_instance(lu, op->name, NULL, errp);
    if (instance == NULL) {
        return false;
    }
    struct cfg_nodes secondaries = cfg_instance_secondaries(lu_cfg(lu), instance);
    own->relocate_from = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < secondaries.n; i++) {
        g_ptr_array_add(own->relocate_from, g_strdup(secondaries.v[i]->uuid));
    }
    own->instance_uuid = g_strdup(instance->uuid);
    lu_text_set(&op->name, instance->name);
    return true;
}

static bool check_instances(struct lu *lu, struct op_test_allocator *op, GError **errp)
{
    if (op->instances.n == 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "The instances are missing");
    }
    g_autoptr(GPtrArray) uuids = lu_expand_instances(lu, LU_TEXTS(op->instances), errp);
    if (uuids == NULL) {
        return false;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < uuids->len; i++) {
        g_ptr_array_add(names, cfg_instance_get(lu_cfg(lu), uuids->pdata[i])->name);
    }
    lu_list_set(&op->instances, (const char *const *)names->pdata, names->len);
    return true;
}

static bool check_prereq(struct lu *lu, GError **errp)
{
    struct op_test_allocator *op = lu_params(lu);
    bool ok = false;
    switch (op->mode) {
    case IALLOCATOR_MODE_ALLOCATE:
    case IALLOCATOR_MODE_MULTI_ALLOCATE:
        ok = check_new(lu, op, errp);
        break;
    case IALLOCATOR_MODE_RELOCATE:
        ok = check_relocate(lu, op, errp);
        break;
    case IALLOCATOR_MODE_NODE_EVACUATE:
    case IALLOCATOR_MODE_CHANGE_GROUP:
        ok = check_instances(lu, op, errp);
        break;
    case IALLOCATOR_MODE_ALLOCATE_SECONDARY:
        err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "The mode '%s' cannot be tested so",
                fact_enum_iallocator_mode.words[op->mode]);
        break;
    }
    if (ok && op->direction == IALLOCATOR_DIR_OUT && !op->has.iallocator) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "The name of the allocator is missing");
    }
    return ok;
}

/* One instance, or several whose names end in a number. */
static void add_instances(const struct op_test_allocator *op, const struct own *own,
                          GArray *instances, GPtrArray *names)
{
    bool several = op->mode == IALLOCATOR_MODE_MULTI_ALLOCATE;
    for (int64_t i = 0; i < (several ? op->count : 1); i++) {
        char *name =
            several ? g_strdup_printf("%s%" G_GINT64_FORMAT, op->name, i) : g_strdup(op->name);
        struct ia_instance one = {
            .name = name,
            .memory = op->memory,
            .spindle_use = op->spindle_use,
            .vcpus = op->vcpus,
            .disk_template = op->disk_template,
            .hypervisor = op->hypervisor,
            .os = op->os,
            .group_name = op->has.group_name ? op->group_name : NULL,
            .disks = own->disks,
            .nics = own->nics,
            .tags = (const char *const *)op->tags.v,
            .n_tags = op->tags.n,
        };
        g_ptr_array_add(names, name);
        g_array_append_val(instances, one);
    }
}

static char *ask(struct lu *lu, const struct op_test_allocator *op,
                 const struct ia_request *request, GError **errp)
{
    CLEANUP(json_unrefp) struct json *input = lu_allocator_input(lu, request, errp);
    if (input == NULL) {
        return NULL;
    }
    if (op->direction == IALLOCATOR_DIR_IN) {
        return json_to_string(input, JSON_PYTHON);
    }
    return lu_allocator_run(lu, request, op->iallocator, input, errp);
}

static bool exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_test_allocator *op = lu_params(lu);
    const struct own *own = lu->own;
    g_autoptr(GArray) instances = g_array_new(FALSE, FALSE, sizeof(struct ia_instance));
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    struct ia_request request = {
        .mode = op->mode,
        .instance_uuid = own->instance_uuid,
        .names = (const char *const *)op->instances.v,
        .n_names = op->instances.n,
        .evac_mode = op->evac_mode,
        .target_groups = (const char *const *)op->target_groups.v,
        .n_target_groups = op->target_groups.n,
    };
    if (op->mode == IALLOCATOR_MODE_ALLOCATE || op->mode == IALLOCATOR_MODE_MULTI_ALLOCATE) {
        add_instances(op, own, instances, names);
        request.instances = (const struct ia_instance *)(const void *)instances->data;
        request.n_instances = instances->len;
    }
    if (own->relocate_from != NULL) {
        request.relocate_from = (const char *const *)own->relocate_from->pdata;
        request.n_relocate_from = own->relocate_from->len;
    }
    g_autofree char *text = ask(lu, op, &request, errp);
    if (text == NULL) {
        return false;
    }
    json_write_string(result, text);
    return true;
}

LU(test_allocator, .own_size = sizeof(struct own), .clear = own_clear, .check_prereq = check_prereq,
   .exec = exec)
