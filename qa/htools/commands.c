#include "config.h"

#include "qa/htools/commands.h"

#include "qa/htools/write.h"

/* An option and how often a command has it. {} stands for something of the cluster that the
 * placeholder names. Words are separated by blanks. */
struct chance {
    int percent;
    const char *words;
};

struct tool {
    const char *words;
    const struct chance *chances;
    unsigned n_chances;
    int repeat;
};

#define FIELDS_FEW "-pname,status,pri,sec,fmem"
#define FIELDS_ALL                                                                                 \
    "-pidx,name,fqdn,status,tmem,nmem,xmem,fmem,umem,imem,rmem,amem,tdsk,fdsk,tcpu,ucpu,pcnt,"     \
    "scnt,plist,slist,pfmem,pfdsk,rcpu,cload,mload,dload,nload,ptags,peermap,spindle_count,"       \
    "hi_spindles,inst_spindles,bogus"

static const struct chance hbal_chances[] = {
    {70, "-C"},
    {30, FIELDS_FEW},
    {20, FIELDS_ALL},
    {10, "-p"},
    {10, "-p+rmem,bogus"},
    {15, "--print-instances"},
    {10, "-v"},
    {8, "-v -v"},
    {8, "-q"},
    {20, "-S saved"},
    {20, "-U dynu"},
    {8, "--ignore-dynu"},
    {10, "-E"},
    {8, "--restricted-migration"},
    {8, "--no-disk-moves"},
    {6, "--no-instance-moves"},
    {8, "--ignore-soft-errors"},
    {10, "-l {few}"},
    {10, "-G {group}"},
    {8, "-O {node}"},
    {4, "-O {node}"},
    {8, "-e {small}"},
    {12, "-g {small}"},
    {8, "--min-gain-limit {small}"},
    {6, "--max-cpu {ratio}"},
    {6, "--min-disk {part}"},
    {6, "--select-instances {instances}"},
    {6, "--exclude-instances {instances}"},
    {8, "--exclusion-tags tier"},
    {8, "--mond --mond-data mond.json"},
    {4, "--mond=yes --mond-data mond-xen.json --mond-xen"},
    {3, "--exit-on-missing-mond-data"},
    {6, "--static-kvm-node-memory {few}"},
};

static const struct chance hcheck_chances[] = {
    {40, "--machine-readable"},
    {15, "-U dynu"},
    {10, "-E"},
    {10, "--no-disk-moves"},
    {10, "--no-instance-moves"},
    {15, "--no-simulation"},
    {15, "--no-capacity-checks"},
    {8, "-O {node}"},
    {8, "-l {few}"},
    {8, "-v"},
    {8, "--ignore-soft-errors"},
    {8, "--max-cpu {ratio}"},
    {6, "--min-disk {part}"},
};

static const struct chance hinfo_chances[] = {
    {30, FIELDS_ALL}, {20, "-p"}, {30, "--print-instances"}, {15, "-v"},
    {10, "-v -v"},    {8, "-q"},  {8, "-O {node}"},          {8, "--mond --mond-data mond.json"},
    {5, "-v -v -v"},
};

static const struct chance hspace_chances[] = {
    {50, "--machine-readable"},
    {10, "--machine-readable=no"},
    {60, "--disk-template {template}"},
    {50, "--standard-alloc {spec}"},
    {50, "--tiered-alloc {spec}"},
    {30, "-l {few}"},
    {8, "-v"},
    {5, "-v -v"},
    {8, "-q"},
    {20, FIELDS_FEW},
    {10, "--no-capacity-checks"},
    {10, "--independent-groups"},
    {10, "--accept-existing-errors"},
    {8, "--max-cpu {ratio}"},
    {8, "--min-disk {part}"},
    {8, "-O {node}"},
    {8, "--spindle-use {few}"},
    {20, "-S saved"},
};

static const struct chance hroller_chances[] = {
    {60, "-f"},
    {15, "-v"},
    {10, "-v -v"},
    {15, "--no-headers"},
    {20, "--offline-maintenance"},
    {30, "--print-moves"},
    {25, "--full-evacuation"},
    {15, "--skip-non-redundant"},
    {30, "--ignore-non-redundant"},
    {15, "--one-step-only"},
    {10, "--node-tags power:a,hv:old"},
    {10, "-G {group}"},
    {8, "-O {node}"},
    {10, "-S saved"},
};

static const struct chance hsqueeze_chances[] = {
    {70, "-C"},
    {30, "-v"},
    {15, "--no-headers"},
    {40, "--minimal-resources {ratio}"},
    {40, "--target-resources {ratio}"},
    {20, "-S saved"},
};

#define TOOL(words, chances, repeat)                                                               \
    {                                                                                              \
        words, chances, G_N_ELEMENTS(chances), repeat                                              \
    }
static const struct tool tools[] = {
    TOOL("hbal -t cluster.data", hbal_chances, 3),
    TOOL("hcheck -t cluster.data", hcheck_chances, 1),
    TOOL("hinfo -t cluster.data", hinfo_chances, 1),
    TOOL("hspace -t cluster.data", hspace_chances, 2),
    TOOL("hspace --simulate {simulation}", hspace_chances, 1),
    TOOL("hroller -t cluster.data", hroller_chances, 2),
    TOOL("hsqueeze -t cluster.data", hsqueeze_chances, 1),
};

static const struct chance hscan_chances[] = {{40, FIELDS_FEW}, {20, "--no-headers"}};

static const struct chance hail_chances[] = {
    {20, "--no-capacity-checks"},
    {15, "--ignore-soft-errors"},
    {10, "--restrict-allocation-to {nodes}"},
    {15, FIELDS_FEW},
    {8, "--ignore-dynu"},
    {8, "--static-kvm-node-memory {few}"},
    {8, "-S saved"},
    {5, "-t cluster.data"},
};

static const char *any_node(struct model *m)
{
    return m->nodes->len == 0
               ? "none"
               : MODEL_NODE(m, (guint)rng_range(&m->rng, 0, m->nodes->len - 1))->name;
}

static const char *any_instance(struct model *m)
{
    return m->instances->len == 0
               ? "none"
               : MODEL_INSTANCE(m, (guint)rng_range(&m->rng, 0, m->instances->len - 1))->name;
}

static const struct model_group *any_group(struct model *m)
{
    return MODEL_GROUP(m, (guint)rng_range(&m->rng, 0, m->groups->len - 1));
}

static void fill_names(struct model *m, GString *out, const char *(*any)(struct model *))
{
    for (int64_t n = rng_range(&m->rng, 1, 4); n > 0; n--) {
        g_string_append_printf(out, "%s%s", any(m), n > 1 ? "," : "");
    }
}

static void fill_node(struct model *m, GString *out)
{
    g_string_append(out, any_node(m));
}

static void fill_nodes(struct model *m, GString *out)
{
    fill_names(m, out, any_node);
}

static void fill_instances(struct model *m, GString *out)
{
    fill_names(m, out, any_instance);
}

static void fill_group(struct model *m, GString *out)
{
    const struct model_group *group = any_group(m);

    g_string_append(out, rng_percent(&m->rng, 50) ? group->name : group->uuid);
}

static void fill_few(struct model *m, GString *out)
{
    g_string_append_printf(out, "%d", (int)rng_range(&m->rng, 0, 12));
}

static void fill_small(struct model *m, GString *out)
{
    static const char *const values[] = {"0", "1e-3", "0.01", "0.1", "0.5", "3"};

    g_string_append(out, RNG_PICK(&m->rng, values));
}

static void fill_ratio(struct model *m, GString *out)
{
    g_string_append_printf(out, "%g", (double)rng_range(&m->rng, 1, 100) / 10);
}

static void fill_part(struct model *m, GString *out)
{
    g_string_append_printf(out, "%g", (double)rng_range(&m->rng, 0, 60) / 100);
}

static void fill_template(struct model *m, GString *out)
{
    enum ht_disk_template template = (enum ht_disk_template)rng_range(&m->rng, 0, HT_DT_COUNT - 1);

    g_string_append(out, rng_percent(&m->rng, 50) ? model_template_word(HT_DT_DRBD8)
                                                  : model_template_word(template));
}

static void fill_spec(struct model *m, GString *out)
{
    static const char *const disks[] = {"1024", "10g", "100g", "1t", "400G"};
    static const char *const memories[] = {"128", "1g", "4g", "3000", "16G"};

    g_string_append_printf(out, "%s,%s,%d", RNG_PICK(&m->rng, disks), RNG_PICK(&m->rng, memories),
                           (int)rng_range(&m->rng, 1, 6));
    if (rng_percent(&m->rng, 30)) {
        g_string_append_printf(out, ",%d", (int)rng_range(&m->rng, 0, 3));
    }
}

static void fill_simulation(struct model *m, GString *out)
{
    static const char *const policies[] = {"p", "preferred", "a", "last_resort", "u"};
    static const char *const tails[] = {"", ",4", ",8,True", ",2,False"};

    g_string_append_printf(out, "%s,%d,%dg,%dg,%d%s", RNG_PICK(&m->rng, policies),
                           (int)rng_range(&m->rng, 0, 8), (int)rng_range(&m->rng, 20, 200),
                           (int)rng_range(&m->rng, 2, 32), (int)rng_range(&m->rng, 2, 16),
                           RNG_PICK(&m->rng, tails));
}

static const struct {
    const char *name;
    void (*fill)(struct model *m, GString *out);
} placeholders[] = {
    {"{node}", fill_node},
    {"{nodes}", fill_nodes},
    {"{instances}", fill_instances},
    {"{group}", fill_group},
    {"{few}", fill_few},
    {"{small}", fill_small},
    {"{ratio}", fill_ratio},
    {"{part}", fill_part},
    {"{template}", fill_template},
    {"{spec}", fill_spec},
    {"{simulation}", fill_simulation},
};

/* Appends the words with tabs for blanks and placeholders filled in. */
static void append_words(struct model *m, GString *out, const char *words)
{
    while (*words != '\0') {
        bool filled = false;

        for (size_t i = 0; *words == '{' && i < G_N_ELEMENTS(placeholders); i++) {
            if (g_str_has_prefix(words, placeholders[i].name)) {
                placeholders[i].fill(m, out);
                words += strlen(placeholders[i].name);
                filled = true;
                break;
            }
        }
        if (!filled) {
            g_string_append_c(out, *words == ' ' ? '\t' : *words);
            words++;
        }
    }
}

static void append_command(struct model *m, GString *commands, const char *words,
                           const struct chance *chances, unsigned n_chances)
{
    append_words(m, commands, words);
    for (unsigned i = 0; i < n_chances; i++) {
        if (rng_percent(&m->rng, chances[i].percent)) {
            g_string_append_c(commands, '\t');
            append_words(m, commands, chances[i].words);
        }
    }
    g_string_append_c(commands, '\n');
}

void commands_add_tools(struct model *model, GString *commands)
{
    for (size_t i = 0; i < G_N_ELEMENTS(tools); i++) {
        for (int n = 0; n < tools[i].repeat; n++) {
            append_command(model, commands, tools[i].words, tools[i].chances, tools[i].n_chances);
        }
    }
    if (rng_percent(&model->rng, 35)) {
        append_command(model, commands, "hbal -m file://rapi", hbal_chances, 8);
        append_command(model, commands, "hroller -m file://rapi", hroller_chances, 4);
        append_command(model, commands, "hscan file://rapi", hscan_chances,
                       G_N_ELEMENTS(hscan_chances));
    }
}

static void add_allocations(struct model *model, struct write_request *request, int n)
{
    for (int i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("new%d%s", i + 1, model->suffix);
        struct model_instance inst = model_new_instance(model, name);

        g_array_append_val(request->instances, inst);
    }
    request->required_nodes = rng_percent(&model->rng, 95) ? 1 : (int)rng_range(&model->rng, 0, 3);
    if (rng_percent(&model->rng, 25)) {
        request->group_name = any_group(model)->name;
    }
}

static void clear_instance(gpointer inst)
{
    model_instance_clear(inst);
}

static void add_names(struct model *model, struct write_request *request)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (int64_t n = rng_range(&model->rng, 1, 6); n > 0; n--) {
        const char *name = any_instance(model);

        if (g_hash_table_add(seen, (gpointer)name)) {
            g_ptr_array_add(request->names, (gpointer)name);
        }
    }
}

static void fill_allocate(struct model *model, struct write_request *request)
{
    add_allocations(model, request, 1);
    if (rng_percent(&model->rng, 15)) {
        request->restrict_to = g_ptr_array_new();
        for (int64_t n = rng_range(&model->rng, 1, 4); n > 0; n--) {
            g_ptr_array_add(request->restrict_to, (gpointer)any_node(model));
        }
    }
}

static void fill_multi_allocate(struct model *model, struct write_request *request)
{
    add_allocations(model, request, (int)rng_range(&model->rng, 1, 5));
}

static void fill_relocate(struct model *model, struct write_request *request)
{
    request->required_nodes = rng_percent(&model->rng, 95) ? 1 : 2;
    request->relocate_from = any_node(model);
    if (model->instances->len > 0) {
        guint i = (guint)rng_range(&model->rng, 0, model->instances->len - 1);
        const struct model_instance *inst = MODEL_INSTANCE(model, i);
        int from = inst->snode != HT_NONE ? inst->snode : inst->pnode;

        g_ptr_array_add(request->names, inst->name);
        if (rng_percent(&model->rng, 90)) {
            request->relocate_from = MODEL_NODE(model, from)->name;
        }
    } else {
        g_ptr_array_add(request->names, (gpointer) "none");
    }
}

static void fill_evacuate(struct model *model, struct write_request *request)
{
    request->evac_mode = model_evac_word((enum ht_evac_mode)rng_range(&model->rng, 0, 2));
    add_names(model, request);
}

static void fill_change_group(struct model *model, struct write_request *request)
{
    request->target_groups = g_ptr_array_new();
    add_names(model, request);
    for (guint i = 0; i < model->groups->len; i++) {
        if (rng_percent(&model->rng, 30)) {
            g_ptr_array_add(request->target_groups, MODEL_GROUP(model, i)->uuid);
        }
    }
}

static void fill_secondary(struct model *model, struct write_request *request)
{
    g_ptr_array_add(request->names, (gpointer)any_instance(model));
}

static const struct {
    const char *type;
    void (*fill)(struct model *model, struct write_request *request);
} request_kinds[] = {
    {"allocate", fill_allocate},
    {"allocate", fill_allocate},
    {"multi-allocate", fill_multi_allocate},
    {"relocate", fill_relocate},
    {"node-evacuate", fill_evacuate},
    {"node-evacuate", fill_evacuate},
    {"change-group", fill_change_group},
    {"allocate-secondary", fill_secondary},
};

char *commands_add_request(struct model *model, const char *file, GString *commands)
{
    size_t kind = (size_t)rng_range(&model->rng, 0, G_N_ELEMENTS(request_kinds) - 1);
    struct write_request request = {
        .type = request_kinds[kind].type,
        .instances = g_array_new(FALSE, TRUE, sizeof(struct model_instance)),
        .names = g_ptr_array_new(),
    };
    g_autofree char *words = g_strdup_printf("hail %s", file);
    char *text;

    g_array_set_clear_func(request.instances, clear_instance);
    request_kinds[kind].fill(model, &request);
    text = write_json(model, &request);
    append_command(model, commands, words, hail_chances, G_N_ELEMENTS(hail_chances));
    g_array_unref(request.instances);
    g_ptr_array_unref(request.names);
    g_clear_pointer(&request.restrict_to, g_ptr_array_unref);
    g_clear_pointer(&request.target_groups, g_ptr_array_unref);
    return text;
}
