#include "config.h"

#include "htools/backends/reader/policy.h"

static bool read_spec(const struct reader *reader, const char *key, struct ht_ispec *ret,
                      GError **errp)
{
    struct reader spec;
    bool ok = reader_object(reader, key, &spec, errp);

    for (int i = 0; ok && i < HT_ISPEC_MEMBERS; i++) {
        const struct ht_ispec_row *row = &ht_ispec_rows[i];

        ok = reader_int(&spec, row->key, ht_ispec_member(ret, row), errp);
    }
    return ok;
}

static bool read_pairs(const struct reader *policy, struct ht_cluster *cluster,
                       struct ht_ipolicy *ret, GError **errp)
{
    const struct doc_value *array;
    struct ht_minmax *pairs;
    size_t n;

    if (!reader_array(policy, "minmax", &array, errp)) {
        return false;
    }
    n = array->n;
    pairs = ht_cluster_alloc(cluster, n * sizeof(*pairs) + 1);
    for (size_t i = 0; i < n; i++) {
        struct reader pair;

        if (!reader_element(policy, "minmax", i, &pair, errp) ||
            !read_spec(&pair, "min", &pairs[i].min, errp) ||
            !read_spec(&pair, "max", &pairs[i].max, errp)) {
            return false;
        }
    }
    ret->minmax = pairs;
    ret->n_minmax = (unsigned)n;
    return true;
}

static bool read_templates(const struct reader *policy, struct ht_cluster *cluster,
                           struct ht_ipolicy *ret, GError **errp)
{
    static const char key[] = "disk-templates";
    g_autofree const char **words = NULL;
    enum ht_disk_template *templates;
    unsigned n;

    if (!reader_strings(policy, key, &words, errp)) {
        return false;
    }
    n = g_strv_length((char **)words);
    templates = ht_cluster_alloc(cluster, n * sizeof(*templates) + 1);
    for (unsigned i = 0; i < n; i++) {
        if (!ht_disk_template_parse(words[i], &templates[i])) {
            return reader_fail(policy, key, errp, "unknown disk template '%s'", words[i]);
        }
    }
    ret->templates = templates;
    ret->n_templates = n;
    return true;
}

bool reader_policy(const struct reader *reader, const char *key, struct ht_cluster *cluster,
                   struct ht_ipolicy *ret, GError **errp)
{
    struct reader policy;

    return reader_object(reader, key, &policy, errp) && read_pairs(&policy, cluster, ret, errp) &&
           read_spec(&policy, "std", &ret->std, errp) &&
           read_templates(&policy, cluster, ret, errp) &&
           reader_double(&policy, ht_ratio_rows[HT_RATIO_vcpu_ratio].key, &ret->vcpu_ratio, errp) &&
           reader_double(&policy, ht_ratio_rows[HT_RATIO_spindle_ratio].key, &ret->spindle_ratio,
                         errp);
}
