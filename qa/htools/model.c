#include "config.h"

#include "qa/htools/model.h"

#include <string.h>

const char *model_template_word(enum ht_disk_template disk_template)
{
    return ht_disk_template_rows[disk_template].word;
}

const char *model_status_word(enum ht_instance_status status)
{
    return ht_status_rows[status].word;
}

const char *model_policy_word(enum ht_alloc_policy policy)
{
    return ht_alloc_policy_words[policy];
}

const char *model_evac_word(enum ht_evac_mode mode)
{
    return ht_evac_mode_words[mode];
}

/* What this cluster is about; every seed throws its own dice. */
struct flavour {
    int same_nodes;     /* percent of clusters whose nodes are all alike: ties */
    int same_instances; /* ditto */
    int odd_status;     /* percent of instances that do not just run */
    int skewed;         /* percent of instances that go to the first nodes */
    int overfull;       /* percent of instances placed without regard to space */
    bool tags, locations, migrations, desired, spindles, forthcoming, standby, repairs;
    enum ht_disk_template templates[4];
    unsigned n_templates;
};

static const int64_t memory_sizes[] = {128, 256, 512, 1000, 1024, 1536, 2048, 4096, 8192};
static const int64_t disk_sizes[] = {128, 1024, 1000, 5120, 10240, 51200, 102400};
static const int64_t node_memory[] = {8192, 16384, 32763, 65536, 98304, 131072};
static const int64_t node_disk[] = {102400, 409600, 512000, 1377280, 2097152};

static void choose_templates(struct rng *rng, struct flavour *f)
{
    static const enum ht_disk_template plain_mix[] = {HT_DT_DRBD8, HT_DT_DRBD8, HT_DT_PLAIN};
    static const enum ht_disk_template shared[] = {HT_DT_EXT,     HT_DT_RBD,      HT_DT_SHAREDFILE,
                                                   HT_DT_GLUSTER, HT_DT_DISKLESS, HT_DT_BLOCK};
    int kind = (int)rng_range(rng, 0, 9);

    f->n_templates = 1;
    f->templates[0] = HT_DT_DRBD8;
    if (kind >= 4 && kind <= 5) {
        f->n_templates = 3;
        memcpy(f->templates, plain_mix, sizeof(plain_mix));
    } else if (kind == 6) {
        f->templates[0] = RNG_PICK(rng, shared);
    } else if (kind == 7) {
        f->n_templates = 2;
        f->templates[1] = RNG_PICK(rng, shared);
    } else if (kind == 8) {
        f->templates[0] = HT_DT_PLAIN;
    } else if (kind == 9) {
        f->n_templates = G_N_ELEMENTS(f->templates);
        for (unsigned i = 0; i < f->n_templates; i++) {
            f->templates[i] = (enum ht_disk_template)rng_range(rng, 0, HT_DT_COUNT - 1);
        }
    }
}

static struct flavour choose_flavour(struct rng *rng)
{
    struct flavour f = {
        .same_nodes = rng_percent(rng, 35) ? 100 : 20,
        .same_instances = rng_percent(rng, 30) ? 100 : 0,
        .odd_status = rng_percent(rng, 60) ? 0 : (int)rng_range(rng, 5, 60),
        .skewed = rng_percent(rng, 40) ? 0 : (int)rng_range(rng, 10, 90),
        .overfull = rng_percent(rng, 80) ? 0 : (int)rng_range(rng, 2, 30),
        .tags = rng_percent(rng, 40),
        .locations = rng_percent(rng, 25),
        .migrations = rng_percent(rng, 20),
        .desired = rng_percent(rng, 40),
        .spindles = rng_percent(rng, 25),
        .forthcoming = rng_percent(rng, 12),
        .standby = rng_percent(rng, 15),
        .repairs = rng_percent(rng, 5),
    };

    choose_templates(rng, &f);
    return f;
}

static void add_tag(GPtrArray *tags, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_tag(GPtrArray *tags, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(tags, g_strdup_vprintf(format, args));
    va_end(args);
}

static GPtrArray *new_strings(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

static void make_minmax(struct rng *rng, struct ht_minmax *pair)
{
    pair->min = (struct ht_ispec){
        .memory_size = rng_range(rng, 64, 512),
        .cpu_count = 1,
        .disk_size = rng_range(rng, 100, 1024),
        .disk_count = 1,
        .nic_count = rng_percent(rng, 80) ? 1 : 0,
        .spindle_use = 1,
    };
    pair->max = (struct ht_ispec){
        .memory_size = rng_percent(rng, 70) ? 32768 : rng_range(rng, 600, 4096),
        .cpu_count = rng_range(rng, 2, 16),
        .disk_size = rng_percent(rng, 70) ? 1048576 : rng_range(rng, 2000, 60000),
        .disk_count = rng_range(rng, 1, 16),
        .nic_count = 8,
        .spindle_use = rng_range(rng, 2, 12),
    };
}

static void make_ipolicy(struct rng *rng, const struct flavour *f, struct model_ipolicy *policy)
{
    static const double vcpu_ratios[] = {4.0, 4.0, 1.0, 2.5, 16.0, 64.0};
    static const double spindle_ratios[] = {32.0, 32.0, 4.0, 1.5};
    bool restricted = rng_percent(rng, 15);

    policy->n_minmax = rng_percent(rng, 70) ? 1 : (unsigned)rng_range(rng, 1, MODEL_MAX_MINMAX);
    for (unsigned i = 0; i < policy->n_minmax; i++) {
        make_minmax(rng, &policy->minmax[i]);
    }
    policy->std = policy->minmax[0].min;
    policy->std.memory_size += rng_range(rng, 0, 60);
    policy->n_templates = 0;
    for (unsigned i = 0; i < HT_DT_COUNT; i++) {
        bool used = false;

        for (unsigned t = 0; t < f->n_templates; t++) {
            used |= f->templates[t] == (enum ht_disk_template)i;
        }
        if (used || !restricted || rng_percent(rng, 30)) {
            policy->templates[policy->n_templates++] = (enum ht_disk_template)i;
        }
    }
    policy->vcpu_ratio = RNG_PICK(rng, vcpu_ratios);
    policy->spindle_ratio = RNG_PICK(rng, spindle_ratios);
}

static void add_groups(struct model *m, const struct flavour *f, int n_groups)
{
    struct rng *rng = &m->rng;
    bool same_policy = rng_percent(rng, 60);

    make_ipolicy(rng, f, &m->ipolicy);
    for (int i = 0; i < n_groups; i++) {
        struct model_group group = {
            .name = g_strdup_printf("group-%02d", i + 1),
            .uuid = g_strdup_printf("uuid-%02d-%04" G_GINT64_MODIFIER "x", i + 1,
                                    rng_range(rng, 0, 0xffff)),
            .policy = rng_percent(rng, 70) ? HT_ALLOC_PREFERRED
                                           : (enum ht_alloc_policy)rng_range(rng, 0, 2),
            .excl_storage = f->spindles && rng_percent(rng, 50),
            .tags = new_strings(),
            .networks = new_strings(),
            .ipolicy = m->ipolicy,
        };

        if (!same_policy) {
            make_ipolicy(rng, f, &group.ipolicy);
        }
        if (f->repairs && rng_percent(rng, 30)) {
            add_tag(group.tags, "ganeti:watcher:autorepair:failover");
        }
        if (rng_percent(rng, 30)) {
            add_tag(group.networks, "net-%d", (int)rng_range(rng, 1, 2));
        }
        g_array_append_val(m->groups, group);
    }
}

static void tag_node(struct rng *rng, const struct flavour *f, struct model_node *node)
{
    static const char *const feeds[] = {"a", "b", "c"};
    static const char *const ages[] = {"old", "new", "newest"};

    if (f->locations && rng_percent(rng, 85)) {
        add_tag(node->tags, "power:%s", RNG_PICK(rng, feeds));
    }
    if (f->locations && rng_percent(rng, 40)) {
        add_tag(node->tags, "rack:%d", (int)rng_range(rng, 1, 4));
    }
    if (f->migrations && rng_percent(rng, 70)) {
        add_tag(node->tags, "hv:%s", RNG_PICK(rng, ages));
    }
    if (f->standby && rng_percent(rng, 40)) {
        add_tag(node->tags, "htools:standby:%s", rng_percent(rng, 50) ? "auto" : "manual");
    }
    if (rng_percent(rng, 5)) {
        add_tag(node->tags, "colour:%s", RNG_PICK(rng, ages));
    }
}

static struct model_node make_node(struct rng *rng)
{
    static const double speeds[] = {1.0, 1.0, 1.0, 2.0, 0.5, 1.25, 3.7};
    struct model_node node = {
        .t_mem = RNG_PICK(rng, node_memory),
        .n_mem = rng_percent(rng, 50) ? rng_range(rng, 0, 1500) : 512,
        .t_dsk = RNG_PICK(rng, node_disk),
        .t_cpu = rng_range(rng, 1, 6) * 4,
        .n_cpu = rng_percent(rng, 80) ? 1 : rng_range(rng, 0, 2),
        .t_spindles = rng_range(rng, 1, 12),
        .cpu_speed = RNG_PICK(rng, speeds),
        .vm_capable = true,
    };
    return node;
}

static void add_nodes(struct model *m, const struct flavour *f, int n_nodes)
{
    struct rng *rng = &m->rng;
    bool uniform = rng_percent(rng, f->same_nodes);
    int offline = rng_percent(rng, 60) ? 0 : (int)rng_range(rng, 3, 30);
    int unknown = rng_percent(rng, 95) ? 0 : 10;
    struct model_node pattern = make_node(rng);

    for (int i = 0; i < n_nodes; i++) {
        int g = i < (int)m->groups->len ? i : (int)rng_range(rng, 0, (int)m->groups->len - 1);
        struct model_group *group = MODEL_GROUP(m, g);
        struct model_node node = uniform ? pattern : make_node(rng);

        node.name = g_strdup_printf("node-%02d-%03d%s", g + 1, (int)++group->n_nodes, m->suffix);
        node.group = g;
        node.tags = new_strings();
        node.offline = rng_percent(rng, offline);
        node.drained = !node.offline && rng_percent(rng, offline / 2);
        node.vm_capable = !rng_percent(rng, offline / 3);
        node.unknown = rng_percent(rng, unknown);
        node.f_mem = node.t_mem - node.n_mem;
        node.f_dsk = node.t_dsk;
        node.f_spindles = node.t_spindles;
        tag_node(rng, f, &node);
        g_array_append_val(m->nodes, node);
    }
    if (n_nodes > 0 && rng_percent(rng, 85)) {
        MODEL_NODE(m, (guint)rng_range(rng, 0, n_nodes - 1))->master = true;
    }
}

static void tag_instance(struct rng *rng, const struct flavour *f, struct model_instance *inst)
{
    static const char *const services[] = {"dns", "web", "mail"};
    static const char *const repairs[] = {"fix-storage", "migrate", "failover", "reinstall"};

    if (f->tags && rng_percent(rng, 50)) {
        add_tag(inst->tags, "service:%s", RNG_PICK(rng, services));
    }
    if (f->tags && rng_percent(rng, 15)) {
        add_tag(inst->tags, "tier:%d", (int)rng_range(rng, 1, 2));
    }
    if (f->locations && f->desired && rng_percent(rng, 50)) {
        add_tag(inst->tags, "power:%s", rng_percent(rng, 50) ? "a" : "b");
    }
    if (f->repairs && rng_percent(rng, 40)) {
        add_tag(inst->tags, "ganeti:watcher:autorepair:%s", RNG_PICK(rng, repairs));
    }
}

static enum ht_instance_status pick_status(struct rng *rng, const struct flavour *f)
{
    if (!rng_percent(rng, f->odd_status)) {
        return HT_STATUS_RUNNING;
    }
    return (enum ht_instance_status)rng_range(rng, 0, HT_STATUS_COUNT - 1);
}

static struct model_instance make_instance(struct rng *rng, const struct flavour *f)
{
    struct model_instance inst = {
        .mem = RNG_PICK(rng, memory_sizes),
        .n_disks = rng_percent(rng, 80) ? 1 : (unsigned)rng_range(rng, 1, MODEL_MAX_DISKS),
        .vcpus = rng_percent(rng, 70) ? 1 : rng_range(rng, 1, 4),
        .spindle_use = rng_percent(rng, 80) ? 1 : rng_range(rng, 0, 4),
        .has_spindles = f->spindles,
        .disk_template = f->templates[rng_range(rng, 0, f->n_templates - 1)],
        .pnode = HT_NONE,
        .snode = HT_NONE,
    };

    if (inst.disk_template == HT_DT_DISKLESS) {
        inst.n_disks = 0;
    }
    for (unsigned i = 0; i < inst.n_disks; i++) {
        inst.disks[i] = RNG_PICK(rng, disk_sizes);
        inst.disk_spindles[i] = rng_range(rng, 1, 2);
        inst.dsk += inst.disks[i];
    }
    return inst;
}

static int pick_node(struct model *m, const struct flavour *f)
{
    int last = (int)m->nodes->len - 1;

    return (int)rng_range(&m->rng, 0, rng_percent(&m->rng, f->skewed) ? (last + 2) / 3 : last);
}

static bool takes_space(const struct model_instance *inst)
{
    return inst->disk_template == HT_DT_DRBD8 || inst->disk_template == HT_DT_PLAIN;
}

static int64_t instance_spindles(const struct model_instance *inst)
{
    int64_t sum = 0;

    for (unsigned i = 0; i < inst->n_disks; i++) {
        sum += inst->disk_spindles[i];
    }
    return sum;
}

static bool fits(struct model *m, int n, const struct model_instance *inst)
{
    const struct model_node *node = MODEL_NODE(m, n);

    return !node->unknown && node->f_mem > inst->mem &&
           (!takes_space(inst) || node->f_dsk > inst->dsk) &&
           (!MODEL_GROUP(m, node->group)->excl_storage ||
            node->f_spindles >= instance_spindles(inst));
}

static void take(struct model *m, int n, const struct model_instance *inst, bool primary)
{
    struct model_node *node = MODEL_NODE(m, n);
    bool in_memory = inst->status == HT_STATUS_RUNNING || inst->status == HT_STATUS_ERROR_UP ||
                     inst->status == HT_STATUS_WRONG_NODE;

    if (inst->forthcoming) {
        return;
    }
    node->f_mem -= primary && in_memory ? inst->mem : 0;
    node->f_dsk -= takes_space(inst) ? inst->dsk : 0;
    node->f_spindles -= MODEL_GROUP(m, node->group)->excl_storage ? instance_spindles(inst) : 0;
}

/* Finds nodes for inst; false if a few tries show none with room. */
static bool place(struct model *m, const struct flavour *f, struct model_instance *inst)
{
    bool anywhere = rng_percent(&m->rng, f->overfull);
    bool split = rng_percent(&m->rng, 1);

    for (int tries = 0; tries < 8; tries++) {
        int p = pick_node(m, f), s = pick_node(m, f);

        if (!anywhere && !fits(m, p, inst)) {
            continue;
        }
        if (inst->disk_template != HT_DT_DRBD8) {
            inst->pnode = p;
            return true;
        }
        if (p != s && (split || MODEL_NODE(m, p)->group == MODEL_NODE(m, s)->group) &&
            (anywhere || fits(m, s, inst))) {
            inst->pnode = p;
            inst->snode = s;
            return true;
        }
    }
    return false;
}

static void add_instances(struct model *m, const struct flavour *f, int wanted)
{
    struct rng *rng = &m->rng;
    bool uniform = rng_percent(rng, f->same_instances);
    struct model_instance pattern = make_instance(rng, f);

    for (int i = 0; i < wanted; i++) {
        struct model_instance inst = uniform ? pattern : make_instance(rng, f);

        inst.status = pick_status(rng, f);
        inst.auto_balance = rng_percent(rng, 92);
        inst.forthcoming = f->forthcoming && rng_percent(rng, 25);
        if (!place(m, f, &inst)) {
            continue;
        }
        inst.name = g_strdup_printf("inst%d%s", i + 1, m->suffix);
        inst.tags = new_strings();
        tag_instance(rng, f, &inst);
        take(m, inst.pnode, &inst, true);
        if (inst.snode != HT_NONE) {
            take(m, inst.snode, &inst, false);
        }
        g_array_append_val(m->instances, inst);
    }
}

/* Real nodes never report exactly what the records say. */
static void blur_nodes(struct model *m)
{
    struct rng *rng = &m->rng;
    int percent = rng_percent(rng, 50) ? 0 : 40;

    for (guint i = 0; i < m->nodes->len; i++) {
        struct model_node *node = MODEL_NODE(m, i);

        if (rng_percent(rng, percent)) {
            node->f_mem -= rng_range(rng, -100, 900);
            node->f_dsk -= rng_range(rng, 0, 3000);
        }
        node->f_mem = MAX(node->f_mem, 0);
        node->f_dsk = MAX(node->f_dsk, 0);
        node->f_spindles = MAX(node->f_spindles, 0);
    }
}

static void add_cluster_tags(struct model *m, const struct flavour *f)
{
    static const struct {
        size_t flag;
        int percent;
        const char *tag;
    } tags[] = {
        {offsetof(struct flavour, tags), 95, "htools:iextags:service"},
        {offsetof(struct flavour, tags), 40, "htools:iextags:tier"},
        {offsetof(struct flavour, locations), 90, "htools:nlocation:power"},
        {offsetof(struct flavour, locations), 50, "htools:nlocation:rack"},
        {offsetof(struct flavour, desired), 80, "htools:desiredlocation:power"},
        {offsetof(struct flavour, migrations), 90, "htools:migration:hv"},
        {offsetof(struct flavour, migrations), 50, "htools:allowmigration:hv:old::hv:new"},
        {offsetof(struct flavour, migrations), 20, "htools:allowmigration:hv:new::hv:newest"},
        {offsetof(struct flavour, repairs), 50, "ganeti:watcher:autorepair:migrate"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(tags); i++) {
        bool wanted = *(const bool *)((const char *)f + tags[i].flag);

        if (wanted && rng_percent(&m->rng, tags[i].percent)) {
            add_tag(m->tags, "%s", tags[i].tag);
        }
    }
}

static struct model_columns choose_columns(struct rng *rng, const struct flavour *f)
{
    struct model_columns columns = {.group = 5, .node = 15, .instance = 13, .policies = true};

    if (f->spindles || f->forthcoming || rng_percent(rng, 70)) {
        return columns;
    }
    columns.group = (int)rng_range(rng, 4, 5);
    columns.node = (int)rng_range(rng, 9, 15);
    columns.instance = (int)rng_range(rng, 10, 13);
    columns.policies = rng_percent(rng, 60);
    return columns;
}

/* Mostly small: a difference shows there as well, and the reference is done sooner. */
static int choose_size(struct rng *rng, int limit)
{
    int kind = (int)rng_range(rng, 1, 10);

    if (kind <= 5) {
        return (int)rng_range(rng, 1, MIN(limit, 8));
    }
    return (int)rng_range(rng, 1, kind <= 9 ? MIN(limit, 20) : limit);
}

struct model *model_new(uint64_t seed, const struct model_limits *limits)
{
    static const char *const suffixes[] = {"", "", ".example.com", ".a.example.com"};
    static const char *const hypervisors[] = {"kvm", "xen-pvm", "xen-hvm", "fake"};
    struct model *m = g_new0(struct model, 1);
    struct flavour f;
    int n_nodes, n_groups;

    m->rng.state = seed;
    m->groups = g_array_new(FALSE, TRUE, sizeof(struct model_group));
    m->nodes = g_array_new(FALSE, TRUE, sizeof(struct model_node));
    m->instances = g_array_new(FALSE, TRUE, sizeof(struct model_instance));
    m->tags = new_strings();
    f = choose_flavour(&m->rng);
    m->suffix = RNG_PICK(&m->rng, suffixes);
    m->hypervisor = RNG_PICK(&m->rng, hypervisors);
    n_nodes = choose_size(&m->rng, limits->max_nodes);
    n_groups = rng_percent(&m->rng, 60) ? 1 : (int)rng_range(&m->rng, 1, limits->max_groups);
    add_groups(m, &f, n_groups);
    add_nodes(m, &f, n_nodes);
    add_instances(m, &f, n_nodes * (int)rng_range(&m->rng, 0, limits->max_per_node));
    blur_nodes(m);
    add_cluster_tags(m, &f);
    m->columns = choose_columns(&m->rng, &f);
    return m;
}

struct model_instance model_new_instance(struct model *model, const char *name)
{
    struct flavour f = choose_flavour(&model->rng);
    struct model_instance inst = make_instance(&model->rng, &f);

    if (model->instances->len > 0 && rng_percent(&model->rng, 60)) {
        guint like = (guint)rng_range(&model->rng, 0, model->instances->len - 1);

        inst.disk_template = MODEL_INSTANCE(model, like)->disk_template;
    }
    inst.name = g_strdup(name);
    inst.tags = new_strings();
    inst.status = HT_STATUS_RUNNING;
    tag_instance(&model->rng, &f, &inst);
    return inst;
}

void model_instance_clear(struct model_instance *inst)
{
    g_free(inst->name);
    g_ptr_array_unref(inst->tags);
}

void model_free(struct model *model)
{
    for (guint i = 0; i < model->groups->len; i++) {
        struct model_group *group = MODEL_GROUP(model, i);

        g_free(group->name);
        g_free(group->uuid);
        g_ptr_array_unref(group->tags);
        g_ptr_array_unref(group->networks);
    }
    for (guint i = 0; i < model->nodes->len; i++) {
        g_free(MODEL_NODE(model, i)->name);
        g_ptr_array_unref(MODEL_NODE(model, i)->tags);
    }
    for (guint i = 0; i < model->instances->len; i++) {
        model_instance_clear(MODEL_INSTANCE(model, i));
    }
    g_array_unref(model->groups);
    g_array_unref(model->nodes);
    g_array_unref(model->instances);
    g_ptr_array_unref(model->tags);
    g_free(model);
}
