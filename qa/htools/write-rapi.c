#include "config.h"

#include "qa/htools/write.h"

#include "qa/htools/write-json.h"

const char *const write_rapi_names[WRITE_RAPI_PARTS] = {"groups.json", "nodes.json",
                                                        "instances.json", "info.json"};

static void write_group(struct json_writer *w, const struct model_group *group)
{
    json_write_object_begin(w);
    write_text_member(w, "name", group->name);
    write_text_member(w, "uuid", group->uuid);
    write_text_member(w, "alloc_policy", model_policy_word(group->policy));
    write_policy(w, &group->ipolicy);
    write_words(w, "tags", group->tags);
    json_write_object_end(w);
}

static void write_node(struct json_writer *w, const struct model *model,
                       const struct model_node *node)
{
    const struct model_group *group = MODEL_GROUP(model, node->group);

    json_write_object_begin(w);
    write_text_member(w, "name", node->name);
    write_text_member(w, "group.uuid", group->uuid);
    write_bool_member(w, "offline", node->offline || node->unknown);
    write_bool_member(w, "drained", node->drained);
    write_bool_member(w, "vm_capable", node->vm_capable);
    write_words(w, "tags", node->tags);
    write_node_params(w, node, group);
    write_int_member(w, "mtotal", node->t_mem);
    write_int_member(w, "mnode", node->n_mem);
    write_int_member(w, "mfree", node->f_mem);
    write_int_member(w, "dtotal", node->t_dsk);
    write_int_member(w, "dfree", node->f_dsk);
    write_int_member(w, "ctotal", node->t_cpu);
    write_int_member(w, "cnos", node->n_cpu);
    write_int_member(w, "sptotal", node->t_spindles);
    write_int_member(w, "spfree", node->f_spindles);
    json_write_object_end(w);
}

static void write_numbers(struct json_writer *w, const char *key, const int64_t *values, unsigned n,
                          bool known)
{
    json_write_key(w, key);
    json_write_array_begin(w);
    for (unsigned i = 0; i < n; i++) {
        if (known) {
            json_write_int(w, values[i]);
        } else {
            json_write_null(w);
        }
    }
    json_write_array_end(w);
}

static void write_node_names(struct json_writer *w, const struct model *model,
                             const struct model_instance *inst)
{
    write_text_member(w, "pnode", MODEL_NODE(model, inst->pnode)->name);
    json_write_key(w, "snodes");
    json_write_array_begin(w);
    if (inst->snode != HT_NONE) {
        json_write_string(w, MODEL_NODE(model, inst->snode)->name);
    }
    json_write_array_end(w);
}

static void write_instance(struct json_writer *w, const struct model *model,
                           const struct model_instance *inst)
{
    json_write_object_begin(w);
    write_text_member(w, "name", inst->name);
    write_int_member(w, "disk_usage", inst->dsk);
    write_numbers(w, "disk.sizes", inst->disks, inst->n_disks, true);
    write_numbers(w, "disk.spindles", inst->disk_spindles, inst->n_disks, inst->has_spindles);
    json_write_key(w, "beparams");
    json_write_object_begin(w);
    write_int_member(w, inst->vcpus > 1 ? "maxmem" : "memory", inst->mem);
    write_int_member(w, "vcpus", inst->vcpus);
    write_bool_member(w, "auto_balance", inst->auto_balance);
    write_int_member(w, "spindle_use", inst->spindle_use);
    json_write_object_end(w);
    json_write_key(w, "oper_ram");
    if (inst->status == HT_STATUS_RUNNING) {
        json_write_int(w, inst->mem);
    } else {
        json_write_null(w);
    }
    write_node_names(w, model, inst);
    write_text_member(w, "status", model_status_word(inst->status));
    write_words(w, "tags", inst->tags);
    write_text_member(w, "disk_template", model_template_word(inst->disk_template));
    write_bool_member(w, "forthcoming", inst->forthcoming);
    json_write_object_end(w);
}

static void write_info(struct json_writer *w, const struct model *model)
{
    guint master = 0;

    for (guint i = 0; i < model->nodes->len; i++) {
        master = MODEL_NODE(model, i)->master ? i : master;
    }
    json_write_object_begin(w);
    write_text_member(w, "master", MODEL_NODE(model, master)->name);
    write_words(w, "tags", model->tags);
    write_policy(w, &model->ipolicy);
    write_text_member(w, "default_hypervisor", model->hypervisor);
    json_write_object_end(w);
}

static guint part_size(const struct model *model, int part)
{
    return part == 0 ? model->groups->len : part == 1 ? model->nodes->len : model->instances->len;
}

char *write_rapi(const struct model *model, int part)
{
    GString *out = g_string_new(NULL);
    struct json_writer w = json_writer_init(out, JSON_PYTHON);

    if (part == WRITE_RAPI_PARTS - 1) {
        write_info(&w, model);
        return g_string_free(out, FALSE);
    }
    json_write_array_begin(&w);
    for (guint i = 0; i < part_size(model, part); i++) {
        if (part == 0) {
            write_group(&w, MODEL_GROUP(model, i));
        } else if (part == 1) {
            write_node(&w, model, MODEL_NODE(model, i));
        } else {
            write_instance(&w, model, MODEL_INSTANCE(model, i));
        }
    }
    json_write_array_end(&w);
    return g_string_free(out, FALSE);
}
