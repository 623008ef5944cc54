#include "config.h"

#include "htools/backends/mond/mond.h"

#include <math.h>

#include "htools/backends/http/fetch.h"
#include "htools/backends/reader/reader.h"

/* What is asked for (DataCollectors in src/Ganeti/Constants.hs); both are of the category
 * "default". */
static const char cpu_collector[] = "cpu-avg-load";
static const char xen_collector[] = "xen-cpu-avg-load";

static const char *collector_name(bool xen)
{
    return xen ? xen_collector : cpu_collector;
}

/* One report; borrowed from its document. NULL in an array of them: the node did not answer. */
static const struct doc_value *find_report(const struct doc_value *reports, const char *name)
{
    for (uint32_t i = 0; i < reports->n; i++) {
        const struct doc_value *report = &reports->elements[i];
        const struct doc_value *own = report->kind == JSON_OBJECT ? doc_get(report, "name") : NULL;

        if (own != NULL && own->kind == JSON_STRING && strcmp(own->text, name) == 0) {
            return report;
        }
    }
    return NULL;
}

/* Matches CPUavgload: the members must all be there. */
static bool read_node_load(const struct doc_value *report, double *ret)
{
    struct reader reader, data;
    const struct doc_value *cpus;
    int64_t n;

    if (report == NULL || !reader_begin(report, &reader, NULL) ||
        !reader_object(&reader, "data", &data, NULL) ||
        !reader_int(&data, "cpu_number", &n, NULL) || !reader_array(&data, "cpus", &cpus, NULL)) {
        return false;
    }
    for (uint32_t i = 0; i < cpus->n; i++) {
        double share;

        if (!doc_number(&cpus->elements[i], &share)) {
            return false;
        }
    }
    return reader_double(&data, "cpu_total", ret, NULL);
}

/* Every virtual CPU is taken to make the same load (updateCpuUtilDataFromNode). */
static char *use_node_loads(struct ht_cluster *cluster, const struct doc_value *const *reports)
{
    g_autofree double *loads = g_new(double, cluster->n_nodes + 1);

    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        if (!read_node_load(reports[i], &loads[i])) {
            return g_strdup_printf("node %s gave no %s report", cluster->nodes[i].name,
                                   cpu_collector);
        }
    }
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        cluster->nodes[i].load.util.v[HT_UTIL_CPU] = loads[i];
    }
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        struct ht_instance *inst = &cluster->instances[i];

        inst->util.v[HT_UTIL_CPU] = loads[inst->pnode] /
                                    (double)cluster->nodes[inst->pnode].load.u_cpu *
                                    (double)inst->vcpus;
    }
    return NULL;
}

/* The loads by instance name; of several nodes that tell one the first counts. False: not a map of
 * names to numbers. */
static bool note_instance_loads(const struct doc_value *report, GHashTable *loads)
{
    struct reader reader, data;

    if (report == NULL || !reader_begin(report, &reader, NULL) ||
        !reader_object(&reader, "data", &data, NULL)) {
        return false;
    }
    for (uint32_t i = 0; i < data.object->n; i++) {
        const struct doc_member *member = &data.object->members[i];
        double load;

        if (!doc_number(&member->value, &load) || !(fabs(load) <= (double)READER_MAX_NUMBER)) {
            return false;
        }
        if (!g_hash_table_contains(loads, member->key)) {
            g_hash_table_insert(loads, g_strdup(member->key), g_memdup2(&load, sizeof(load)));
        }
    }
    return true;
}

static char *use_instance_loads(struct ht_cluster *cluster, const struct doc_value *const *reports)
{
    g_autoptr(GHashTable) loads = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        if (!note_instance_loads(reports[i], loads)) {
            return g_strdup_printf("node %s gave no %s report", cluster->nodes[i].name,
                                   xen_collector);
        }
    }
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        if (!g_hash_table_contains(loads, cluster->instances[i].name)) {
            return g_strdup_printf("nobody told the load of instance %s",
                                   cluster->instances[i].name);
        }
    }
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        struct ht_instance *inst = &cluster->instances[i];

        inst->util.v[HT_UTIL_CPU] = *(const double *)g_hash_table_lookup(loads, inst->name);
    }
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        struct ht_node *node = &cluster->nodes[i];
        double sum = 0;

        for (unsigned k = node->pri.n; k-- > 0;) {
            sum += cluster->instances[node->pri.v[k]].util.v[HT_UTIL_CPU];
        }
        node->load.util.v[HT_UTIL_CPU] = sum;
    }
    return NULL;
}

static char *use_reports(struct ht_cluster *cluster, const struct doc_value *const *reports,
                         bool xen)
{
    return xen ? use_instance_loads(cluster, reports) : use_node_loads(cluster, reports);
}

bool mond_apply_text(struct ht_cluster *cluster, const char *text, gssize len, bool xen,
                     char **ret_problem, GError **errp)
{
    g_autofree const struct doc_value **reports =
        g_new0(const struct doc_value *, cluster->n_nodes + 1);
    CLEANUP(document_freep) struct document *document = document_parse(text, len, errp);
    struct doc_member answers = {.key = "answers"};
    const struct doc_value root = {.kind = JSON_OBJECT, .n = 1, .members = &answers};
    const struct doc_value *array;
    struct reader reader;

    if (document == NULL) {
        return false;
    }
    answers.key_len = (uint32_t)strlen(answers.key);
    answers.value = *document_root(document);
    if (!reader_begin(&root, &reader, errp) || !reader_array(&reader, answers.key, &array, errp)) {
        return false;
    }
    for (uint32_t i = 0; i < array->n; i++) {
        struct reader answer;
        const char *name;
        const struct doc_value *own;
        int node;

        if (!reader_element(&reader, answers.key, i, &answer, errp) ||
            !reader_string(&answer, "node", &name, errp) ||
            !reader_array(&answer, "reports", &own, errp)) {
            return false;
        }
        node = ht_cluster_node_by_name(cluster, name);
        if (node != HT_NONE) {
            reports[node] = find_report(own, collector_name(xen));
        }
    }
    *ret_problem = use_reports(cluster, reports, xen);
    return true;
}

static char *ask_daemons(struct ht_cluster *cluster, bool xen)
{
    unsigned n = cluster->n_nodes;
    g_autoptr(GPtrArray) urls = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) documents = g_ptr_array_new_with_free_func((GDestroyNotify)document_free);
    g_autofree const struct doc_value **reports = g_new0(const struct doc_value *, n + 1);
    g_autofree char **texts = g_new0(char *, n + 1);

    for (unsigned i = 0; i < n; i++) {
        g_ptr_array_add(urls,
                        g_strdup_printf("http://%s:%d/1/report/default/%s", cluster->nodes[i].name,
                                        FETCH_MOND_PORT, collector_name(xen)));
    }
    fetch_urls_anyhow((const char *const *)urls->pdata, n, texts);
    for (unsigned i = 0; i < n; i++) {
        struct document *report = texts[i] != NULL ? document_parse(texts[i], -1, NULL) : NULL;

        if (report != NULL) {
            reports[i] = document_root(report);
            g_ptr_array_add(documents, report);
        }
        g_free(texts[i]);
    }
    return use_reports(cluster, reports, xen);
}

bool mond_apply(struct ht_cluster *cluster, const struct mond_options *options, char **ret_problem,
                GError **errp)
{
    g_autofree char *text = NULL;
    gsize len;

    *ret_problem = NULL;
    if (options->file == NULL) {
        *ret_problem = ask_daemons(cluster, options->xen);
        return true;
    }
    return g_file_get_contents(options->file, &text, &len, errp) &&
           mond_apply_text(cluster, text, (gssize)len, options->xen, ret_problem, errp);
}
