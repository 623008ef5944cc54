#include <inttypes.h>

#include "htools/backends/text/text.h"
#include "htools/core/print.h"

static void append_words(GString *out, const char *const *words, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(out, "%s%s", i == 0 ? "" : ",", words[i]);
    }
}

static void append_rounded(GString *out, double value)
{
    ht_append_fixed(out, 0, value);
    g_string_append_c(out, '|');
}

static void append_group(const struct ht_group *group, GString *out)
{
    g_string_append_printf(out, "%s|%s|%s|", group->name, group->uuid,
                           ht_alloc_policy_name(group->alloc_policy));
    append_words(out, group->tags, group->n_tags);
    g_string_append_c(out, '|');
    append_words(out, group->networks, group->n_networks);
    g_string_append_c(out, '\n');
}

static void append_node(const struct ht_cluster *cluster, const struct ht_node *node, GString *out)
{
    g_string_append_printf(out, "%s|", node->name);
    append_rounded(out, node->t_mem);
    g_string_append_printf(out, "%" PRId64 "|%" PRId64 "|", node->n_mem, node->f_mem);
    append_rounded(out, node->t_dsk);
    g_string_append_printf(out, "%" PRId64 "|", node->load.f_dsk);
    append_rounded(out, node->t_cpu);
    g_string_append_printf(out, "%c|%s|%" PRId64 "|",
                           node->offline     ? 'Y'
                           : node->is_master ? 'M'
                                             : 'N',
                           cluster->groups[node->group].uuid, node->t_spindles);
    append_words(out, node->tags, node->n_tags);
    g_string_append_printf(out, "|%c|%" PRId64 "|%" PRId64 "|", node->excl_storage ? 'Y' : 'N',
                           node->load.f_spindles, node->n_cpu);
    ht_append_fixed(out, -1, node->cpu_speed);
    g_string_append_c(out, '\n');
}

static void append_instance(const struct ht_cluster *cluster, const struct ht_instance *inst,
                            GString *out)
{
    int64_t spindles = ht_instance_spindles(inst);

    g_string_append_printf(out, "%s|%" PRId64 "|%" PRId64 "|%" PRId64 "|%s|%c|%s|%s|%s|",
                           inst->name, inst->mem, inst->dsk, inst->vcpus,
                           ht_instance_status_name(inst->status), inst->auto_balance ? 'Y' : 'N',
                           cluster->nodes[inst->pnode].name,
                           inst->snode == HT_NONE ? "" : cluster->nodes[inst->snode].name,
                           ht_disk_template_name(inst->disk_template));
    append_words(out, inst->tags, inst->n_tags);
    g_string_append_printf(out, "|%" PRId64 "|", inst->spindle_use);
    if (spindles == HT_SPINDLES_UNKNOWN) {
        g_string_append_c(out, '-');
    } else {
        g_string_append_printf(out, "%" PRId64, spindles);
    }
    g_string_append_printf(out, "|%c\n", inst->forthcoming ? 'Y' : 'N');
}

static void append_spec(const struct ht_ispec *spec, GString *out)
{
    for (int i = 0; i < HT_ISPEC_MEMBERS; i++) {
        g_string_append_printf(out, "%s%" PRId64, i == 0 ? "" : ",",
                               ht_ispec_value(spec, &ht_ispec_rows[i]));
    }
}

static void append_policy(const char *owner, const struct ht_ipolicy *ipolicy, GString *out)
{
    g_string_append_printf(out, "%s|", owner);
    append_spec(&ipolicy->std, out);
    g_string_append_c(out, '|');
    for (unsigned i = 0; i < ipolicy->n_minmax; i++) {
        g_string_append(out, i == 0 ? "" : ";");
        append_spec(&ipolicy->minmax[i].min, out);
        g_string_append_c(out, ';');
        append_spec(&ipolicy->minmax[i].max, out);
    }
    g_string_append_c(out, '|');
    for (unsigned i = 0; i < ipolicy->n_templates; i++) {
        g_string_append_printf(out, "%s%s", i == 0 ? "" : ",",
                               ht_disk_template_name(ipolicy->templates[i]));
    }
    g_string_append_c(out, '|');
    ht_append_show_double(out, ipolicy->vcpu_ratio);
    g_string_append_c(out, '|');
    ht_append_show_double(out, ipolicy->spindle_ratio);
    g_string_append_c(out, '\n');
}

void ht_text_serialize(const struct ht_cluster *cluster, const struct ht_view *view, GString *out)
{
    struct ht_view all = {0};

    if (view == NULL) {
        all = ht_view_all(cluster);
        view = &all;
    }
    for (unsigned i = 0; i < cluster->n_groups; i++) {
        append_group(&cluster->groups[i], out);
    }
    g_string_append_c(out, '\n');
    for (unsigned i = 0; i < view->n_nodes; i++) {
        append_node(cluster, &cluster->nodes[view->nodes[i]], out);
    }
    g_string_append_c(out, '\n');
    for (unsigned i = 0; i < view->n_instances; i++) {
        append_instance(cluster, &cluster->instances[view->instances[i]], out);
    }
    g_string_append_c(out, '\n');
    for (unsigned i = 0; i < cluster->n_tags; i++) {
        g_string_append_printf(out, "%s\n", cluster->tags[i]);
    }
    g_string_append_c(out, '\n');
    append_policy("", &cluster->ipolicy, out);
    for (unsigned i = 0; i < cluster->n_groups; i++) {
        append_policy(cluster->groups[i].name, &cluster->groups[i].ipolicy, out);
    }
    ht_view_clear(&all);
}
