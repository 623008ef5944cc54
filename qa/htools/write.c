#include "config.h"

#include "qa/htools/write.h"

#include "qa/htools/write-json.h"

static void append_joined(GString *out, const GPtrArray *words)
{
    for (guint i = 0; i < words->len; i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? "," : "",
                               (const char *)g_ptr_array_index(words, i));
    }
}

/* Lines are made of all columns they can have, then cut to the number wanted. */
static void append_line(GString *out, const GPtrArray *cells, int columns)
{
    for (int i = 0; i < columns; i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? "|" : "",
                               (const char *)g_ptr_array_index(cells, (guint)i));
    }
    g_string_append_c(out, '\n');
}

static void add_cell(GPtrArray *cells, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_cell(GPtrArray *cells, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(cells, g_strdup_vprintf(format, args));
    va_end(args);
}

static void add_int(GPtrArray *cells, int64_t value)
{
    add_cell(cells, "%" G_GINT64_FORMAT, value);
}

static void add_list(GPtrArray *cells, const GPtrArray *words)
{
    GString *text = g_string_new(NULL);

    append_joined(text, words);
    g_ptr_array_add(cells, g_string_free(text, FALSE));
}

static void append_group(GString *out, const struct model *model, guint i)
{
    const struct model_group *group = MODEL_GROUP(model, i);
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);

    add_cell(cells, "%s", group->name);
    add_cell(cells, "%s", group->uuid);
    add_cell(cells, "%s", model_policy_word(group->policy));
    add_list(cells, group->tags);
    add_list(cells, group->networks);
    append_line(out, cells, model->columns.group);
}

static void append_node(GString *out, const struct model *model, guint i)
{
    const struct model_node *node = MODEL_NODE(model, i);
    const struct model_group *group = MODEL_GROUP(model, node->group);
    const int64_t numbers[] = {node->t_mem, node->n_mem, node->f_mem,
                               node->t_dsk, node->f_dsk, node->t_cpu};
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);

    add_cell(cells, "%s", node->name);
    for (size_t n = 0; n < G_N_ELEMENTS(numbers); n++) {
        if (node->unknown) {
            add_cell(cells, "?");
        } else {
            add_int(cells, numbers[n]);
        }
    }
    add_cell(cells, "%s", node->offline || !node->vm_capable ? "Y" : node->master ? "M" : "N");
    add_cell(cells, "%s", group->uuid);
    add_int(cells, node->t_spindles);
    add_list(cells, node->tags);
    add_cell(cells, "%s", group->excl_storage ? "Y" : "N");
    add_int(cells, node->f_spindles);
    add_int(cells, node->n_cpu);
    add_cell(cells, "%g", node->cpu_speed);
    append_line(out, cells, model->columns.node);
}

static int64_t total_spindles(const struct model_instance *inst)
{
    int64_t sum = 0;

    for (unsigned i = 0; i < inst->n_disks; i++) {
        sum += inst->disk_spindles[i];
    }
    return sum;
}

static void append_instance(GString *out, const struct model *model, guint i)
{
    const struct model_instance *inst = MODEL_INSTANCE(model, i);
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);

    add_cell(cells, "%s", inst->name);
    add_int(cells, inst->mem);
    add_int(cells, inst->dsk);
    add_int(cells, inst->vcpus);
    add_cell(cells, "%s", model_status_word(inst->status));
    add_cell(cells, "%s", inst->auto_balance ? "Y" : "N");
    add_cell(cells, "%s", MODEL_NODE(model, inst->pnode)->name);
    add_cell(cells, "%s", inst->snode == HT_NONE ? "" : MODEL_NODE(model, inst->snode)->name);
    add_cell(cells, "%s", model_template_word(inst->disk_template));
    add_list(cells, inst->tags);
    add_int(cells, inst->spindle_use);
    if (inst->has_spindles) {
        add_int(cells, total_spindles(inst));
    } else {
        add_cell(cells, "-");
    }
    add_cell(cells, "%s", inst->forthcoming ? "Y" : "N");
    append_line(out, cells, model->columns.instance);
}

static void append_spec(GString *out, const struct ht_ispec *spec)
{
    for (int i = 0; i < HT_ISPEC_MEMBERS; i++) {
        g_string_append_printf(out, "%s%" G_GINT64_FORMAT, i == 0 ? "" : ",",
                               ht_ispec_value(spec, &ht_ispec_rows[i]));
    }
}

static void append_policy(GString *out, const char *owner, const struct model_ipolicy *policy)
{
    g_string_append_printf(out, "%s|", owner);
    append_spec(out, &policy->std);
    for (unsigned i = 0; i < policy->n_minmax; i++) {
        g_string_append_c(out, i == 0 ? '|' : ';');
        append_spec(out, &policy->minmax[i].min);
        g_string_append_c(out, ';');
        append_spec(out, &policy->minmax[i].max);
    }
    g_string_append_c(out, '|');
    for (unsigned i = 0; i < policy->n_templates; i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? "," : "",
                               model_template_word(policy->templates[i]));
    }
    g_string_append_printf(out, "|%g|%g\n", policy->vcpu_ratio, policy->spindle_ratio);
}

char *write_text(const struct model *model)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < model->groups->len; i++) {
        append_group(out, model, i);
    }
    g_string_append_c(out, '\n');
    for (guint i = 0; i < model->nodes->len; i++) {
        append_node(out, model, i);
    }
    g_string_append_c(out, '\n');
    for (guint i = 0; i < model->instances->len; i++) {
        append_instance(out, model, i);
    }
    g_string_append_c(out, '\n');
    for (guint i = 0; i < model->tags->len; i++) {
        g_string_append_printf(out, "%s\n", (const char *)g_ptr_array_index(model->tags, i));
    }
    if (model->columns.policies) {
        g_string_append_c(out, '\n');
        append_policy(out, "", &model->ipolicy);
        for (guint i = 0; i < model->groups->len; i++) {
            append_policy(out, MODEL_GROUP(model, i)->name, &MODEL_GROUP(model, i)->ipolicy);
        }
    }
    return g_string_free(out, FALSE);
}

void write_words(struct json_writer *w, const char *key, const GPtrArray *words)
{
    json_write_key(w, key);
    json_write_array_begin(w);
    for (guint i = 0; i < words->len; i++) {
        json_write_string(w, g_ptr_array_index(words, i));
    }
    json_write_array_end(w);
}

void write_text_member(struct json_writer *w, const char *key, const char *value)
{
    json_write_key(w, key);
    json_write_string(w, value);
}

void write_int_member(struct json_writer *w, const char *key, int64_t value)
{
    json_write_key(w, key);
    json_write_int(w, value);
}

void write_bool_member(struct json_writer *w, const char *key, bool value)
{
    json_write_key(w, key);
    json_write_bool(w, value);
}

static void write_spec(struct json_writer *w, const char *key, const struct ht_ispec *spec)
{
    json_write_key(w, key);
    json_write_object_begin(w);
    for (int i = 0; i < HT_ISPEC_MEMBERS; i++) {
        write_int_member(w, ht_ispec_rows[i].key, ht_ispec_value(spec, &ht_ispec_rows[i]));
    }
    json_write_object_end(w);
}

void write_policy(struct json_writer *w, const struct model_ipolicy *policy)
{
    json_write_key(w, "ipolicy");
    json_write_object_begin(w);
    write_spec(w, "std", &policy->std);
    json_write_key(w, "minmax");
    json_write_array_begin(w);
    for (unsigned i = 0; i < policy->n_minmax; i++) {
        json_write_object_begin(w);
        write_spec(w, "min", &policy->minmax[i].min);
        write_spec(w, "max", &policy->minmax[i].max);
        json_write_object_end(w);
    }
    json_write_array_end(w);
    json_write_key(w, "disk-templates");
    json_write_array_begin(w);
    for (unsigned i = 0; i < policy->n_templates; i++) {
        json_write_string(w, model_template_word(policy->templates[i]));
    }
    json_write_array_end(w);
    json_write_key(w, "vcpu-ratio");
    json_write_double(w, policy->vcpu_ratio);
    json_write_key(w, "spindle-ratio");
    json_write_double(w, policy->spindle_ratio);
    json_write_object_end(w);
}

static void write_group(struct json_writer *w, const struct model_group *group)
{
    json_write_key(w, group->uuid);
    json_write_object_begin(w);
    write_policy(w, &group->ipolicy);
    write_words(w, "networks", group->networks);
    write_text_member(w, "alloc_policy", model_policy_word(group->policy));
    write_words(w, "tags", group->tags);
    write_text_member(w, "name", group->name);
    json_write_object_end(w);
}

void write_node_params(struct json_writer *w, const struct model_node *node,
                       const struct model_group *group)
{
    json_write_key(w, "ndparams");
    json_write_object_begin(w);
    write_int_member(w, "spindle_count", node->t_spindles);
    write_bool_member(w, "exclusive_storage", group->excl_storage);
    json_write_object_end(w);
}

static void write_node(struct json_writer *w, const struct model *model,
                       const struct model_node *node)
{
    const struct model_group *group = MODEL_GROUP(model, node->group);

    json_write_key(w, node->name);
    json_write_object_begin(w);
    write_text_member(w, "group", group->uuid);
    write_words(w, "tags", node->tags);
    write_bool_member(w, "offline", node->offline || node->unknown);
    write_bool_member(w, "drained", node->drained);
    write_bool_member(w, "vm_capable", node->vm_capable);
    write_node_params(w, node, group);
    /* A node that is not there reports nothing. */
    if (!node->offline && !node->unknown && node->vm_capable) {
        write_int_member(w, "total_memory", node->t_mem);
        write_int_member(w, "reserved_memory", node->n_mem);
        write_int_member(w, "free_memory", node->f_mem);
        write_int_member(w, "total_disk", node->t_dsk);
        write_int_member(w, "free_disk", node->f_dsk);
        write_int_member(w, "total_cpus", node->t_cpu);
        write_int_member(w, "reserved_cpus", node->n_cpu);
        write_int_member(w, "total_spindles", node->t_spindles);
        write_int_member(w, "free_spindles", node->f_spindles);
    }
    json_write_object_end(w);
}

static void write_disks(struct json_writer *w, const struct model_instance *inst)
{
    json_write_key(w, "disks");
    json_write_array_begin(w);
    for (unsigned i = 0; i < inst->n_disks; i++) {
        json_write_object_begin(w);
        write_int_member(w, "size", inst->disks[i]);
        write_text_member(w, "mode", "rw");
        if (inst->has_spindles) {
            write_int_member(w, "spindles", inst->disk_spindles[i]);
        }
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

/* Instances spread over states as the iallocator protocol knows them. */
static const char *admin_state(const struct model_instance *inst)
{
    return inst->status == HT_STATUS_RUNNING   ? "up"
           : inst->status == HT_STATUS_OFFLINE ? "offline"
                                               : "down";
}

static void write_instance_members(struct json_writer *w, const struct model_instance *inst)
{
    write_int_member(w, "disk_space_total", inst->dsk);
    write_disks(w, inst);
    write_int_member(w, "memory", inst->mem);
    write_int_member(w, "vcpus", inst->vcpus);
    write_words(w, "tags", inst->tags);
    write_text_member(w, "disk_template", model_template_word(inst->disk_template));
    write_int_member(w, "spindle_use", inst->spindle_use);
    write_text_member(w, "admin_state", admin_state(inst));
    write_bool_member(w, "forthcoming", inst->forthcoming);
    json_write_key(w, "nics");
    json_write_array_begin(w);
    if (inst->vcpus > 2) {
        json_write_object_begin(w);
        write_text_member(w, "mac", "aa:00:00:00:00:01");
        write_text_member(w, "mode", "bridged");
        write_text_member(w, "network", inst->vcpus > 3 ? "net-1" : NULL);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

static void write_instance(struct json_writer *w, const struct model *model,
                           const struct model_instance *inst)
{
    json_write_key(w, inst->name);
    json_write_object_begin(w);
    write_instance_members(w, inst);
    json_write_key(w, "nodes");
    json_write_array_begin(w);
    json_write_string(w, MODEL_NODE(model, inst->pnode)->name);
    if (inst->snode != HT_NONE) {
        json_write_string(w, MODEL_NODE(model, inst->snode)->name);
    }
    json_write_array_end(w);
    json_write_object_end(w);
}

static void write_allocation(struct json_writer *w, const struct write_request *request, guint i)
{
    const struct model_instance *inst =
        &g_array_index(request->instances, struct model_instance, i);

    write_text_member(w, "name", inst->name);
    write_instance_members(w, inst);
    if (request->required_nodes > 0) {
        write_int_member(w, "required_nodes",
                         inst->disk_template == HT_DT_DRBD8 ? 2 : request->required_nodes);
    }
}

static void write_request_object(struct json_writer *w, const struct write_request *request)
{
    json_write_key(w, "request");
    json_write_object_begin(w);
    write_text_member(w, "type", request->type);
    if (strcmp(request->type, "allocate") == 0) {
        write_allocation(w, request, 0);
    } else if (strcmp(request->type, "multi-allocate") == 0) {
        json_write_key(w, "instances");
        json_write_array_begin(w);
        for (guint i = 0; i < request->instances->len; i++) {
            json_write_object_begin(w);
            write_allocation(w, request, i);
            json_write_object_end(w);
        }
        json_write_array_end(w);
    } else if (request->target_groups != NULL || request->evac_mode != NULL) {
        write_words(w, "instances", request->names);
    } else {
        write_text_member(w, "name", g_ptr_array_index(request->names, 0));
    }
    if (request->group_name != NULL) {
        write_text_member(w, "group_name", request->group_name);
    }
    if (request->restrict_to != NULL) {
        write_words(w, "restrict-to-nodes", request->restrict_to);
    }
    if (request->relocate_from != NULL) {
        write_int_member(w, "required_nodes", request->required_nodes);
        json_write_key(w, "relocate_from");
        json_write_array_begin(w);
        json_write_string(w, request->relocate_from);
        json_write_array_end(w);
    }
    if (request->evac_mode != NULL) {
        write_text_member(w, "evac_mode", request->evac_mode);
    }
    if (request->target_groups != NULL) {
        write_words(w, "target_groups", request->target_groups);
    }
    json_write_object_end(w);
}

char *write_json(const struct model *model, const struct write_request *request)
{
    GString *out = g_string_new(NULL);
    struct json_writer writer = json_writer_init(out, JSON_PYTHON);
    struct json_writer *w = &writer;

    json_write_object_begin(w);
    write_words(w, "cluster_tags", model->tags);
    write_policy(w, &model->ipolicy);
    json_write_key(w, "nodegroups");
    json_write_object_begin(w);
    for (guint i = 0; i < model->groups->len; i++) {
        write_group(w, MODEL_GROUP(model, i));
    }
    json_write_object_end(w);
    json_write_key(w, "enabled_hypervisors");
    json_write_array_begin(w);
    json_write_string(w, model->hypervisor);
    json_write_array_end(w);
    json_write_key(w, "nodes");
    json_write_object_begin(w);
    for (guint i = 0; i < model->nodes->len; i++) {
        write_node(w, model, MODEL_NODE(model, i));
    }
    json_write_object_end(w);
    json_write_key(w, "instances");
    json_write_object_begin(w);
    for (guint i = 0; i < model->instances->len; i++) {
        write_instance(w, model, MODEL_INSTANCE(model, i));
    }
    json_write_object_end(w);
    write_request_object(w, request);
    json_write_object_end(w);
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}

char *write_utilisation(struct model *model)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < model->instances->len; i++) {
        if (rng_percent(&model->rng, 90)) {
            g_string_append_printf(out, "%s", MODEL_INSTANCE(model, i)->name);
            for (int n = 0; n < HT_UTIL_COUNT; n++) {
                g_string_append_printf(out, " %g", (double)rng_range(&model->rng, 0, 400) / 100);
            }
            g_string_append_c(out, '\n');
        }
    }
    return g_string_free(out, FALSE);
}

static void write_load(struct json_writer *w, struct rng *rng)
{
    json_write_double(w, (double)rng_range(rng, 0, 4000) / 1000);
}

static void write_report(struct json_writer *w, struct model *model, guint n, bool xen)
{
    json_write_object_begin(w);
    write_text_member(w, "name", xen ? "xen-cpu-avg-load" : "cpu-avg-load");
    write_text_member(w, "version", "B");
    write_int_member(w, "format_version", 1);
    write_int_member(w, "timestamp", 1379507272000000000);
    json_write_key(w, "category");
    json_write_string(w, NULL);
    write_int_member(w, "kind", 0);
    json_write_key(w, "data");
    json_write_object_begin(w);
    if (xen) {
        for (guint i = 0; i < model->instances->len; i++) {
            if (MODEL_INSTANCE(model, i)->pnode == (int)n) {
                json_write_key(w, MODEL_INSTANCE(model, i)->name);
                write_load(w, &model->rng);
            }
        }
    } else {
        write_int_member(w, "cpu_number", 2);
        json_write_key(w, "cpus");
        json_write_array_begin(w);
        write_load(w, &model->rng);
        write_load(w, &model->rng);
        json_write_array_end(w);
        json_write_key(w, "cpu_total");
        write_load(w, &model->rng);
    }
    json_write_object_end(w);
    json_write_object_end(w);
}

char *write_mond(struct model *model, bool xen)
{
    GString *out = g_string_new(NULL);
    struct json_writer w = json_writer_init(out, JSON_PYTHON);
    int missing = rng_percent(&model->rng, 80) ? 0 : 10;

    json_write_array_begin(&w);
    for (guint i = 0; i < model->nodes->len; i++) {
        if (rng_percent(&model->rng, missing)) {
            continue;
        }
        json_write_object_begin(&w);
        write_text_member(&w, "node", MODEL_NODE(model, i)->name);
        json_write_key(&w, "reports");
        json_write_array_begin(&w);
        write_report(&w, model, i, xen);
        json_write_array_end(&w);
        json_write_object_end(&w);
    }
    json_write_array_end(&w);
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}
