/* hail: the iallocator. Reads one question and answers it; an answer that says no is not a failure
 * of the program. */
#include "config.h"

#include <time.h>

#include "facts/level.h"
#include "htools/backends/iallocator/iallocator.h"
#include "htools/core/dedicated.h"
#include "htools/programs/cli.h"
#include "htools/programs/load.h"
#include "htools/programs/program.h"

/* What a question came to. */
struct answer {
    char *info;
    GString *result; /* JSON */
    /* The instance just placed stands outside of the reference's instance table, which shows in
     * what
     * --save writes: it comes first. */
    bool new_first;
    int group; /* the only one that is left in the final cluster, or HT_NONE */
};

static struct json_writer begin_result(struct answer *answer)
{
    answer->result = g_string_new(NULL);
    return json_writer_init(answer->result, JSON_COMPACT);
}

static void write_node(struct json_writer *w, const struct ht_cluster *cluster, int node)
{
    json_write_string(w, cluster->nodes[node].name);
}

static void write_nodes(struct json_writer *w, const struct ht_cluster *cluster, int pnode,
                        int snode)
{
    json_write_array_begin(w);
    write_node(w, cluster, pnode);
    if (snode != HT_NONE) {
        write_node(w, cluster, snode);
    }
    json_write_array_end(w);
}

/* What was said of a solution, in one line. */
static char *flatten_log(const struct ht_alloc_solution *solution)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < solution->log->len; i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "",
                               (const char *)g_ptr_array_index(solution->log, i));
    }
    return g_string_free(out, FALSE);
}

/* One of hail's searches for one instance; which kind depends on the cluster. */
typedef bool search_fn(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                       const char *group, const struct ht_instance *inst, int n_required,
                       struct ht_alloc_solution *ret, GError **errp);

/* The solution, if there is one, as answer and in the cluster. */
static bool take_solution(struct ht_cluster *cluster, const struct ht_instance *inst,
                          struct ht_alloc_solution *solution, struct answer *answer, GError **errp)
{
    g_autofree char *info = flatten_log(solution);

    if (!solution->found) {
        g_set_error_literal(errp, HT_ALLOC_ERROR, HT_ALLOC_ERROR_IMPOSSIBLE, info);
        return false;
    }
    answer->info = g_steal_pointer(&info);
    ht_alloc_place(cluster, inst, NULL, solution);
    return true;
}

static bool answer_allocate(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                            const struct ht_request *request, search_fn *search,
                            struct answer *answer, GError **errp)
{
    const struct ht_alloc_request *alloc = &request->allocs[0];
    struct ht_algorithm restricted = *algorithm;
    struct ht_alloc_solution solution;
    struct json_writer w;
    bool ok;

    if (restricted.restrict_to == NULL) {
        restricted.restrict_to = request->restrict_to;
    }
    if (!search(cluster, &restricted, alloc->group, &alloc->instance, alloc->n_required, &solution,
                errp)) {
        return false;
    }
    ok = take_solution(cluster, &alloc->instance, &solution, answer, errp);
    if (ok) {
        w = begin_result(answer);
        write_nodes(&w, cluster, solution.pnode, solution.snode);
        answer->new_first = true;
        answer->group = alloc->group != NULL || search == ht_alloc_dedicated
                            ? cluster->nodes[solution.pnode].group
                            : HT_NONE;
    }
    ht_alloc_solution_clear(&solution);
    return ok;
}

/* Takes the instance off its node and puts it back with a mirror. */
static void place_secondary(struct ht_cluster *cluster, int instance,
                            const struct ht_alloc_solution *solution)
{
    struct ht_instance *inst = &cluster->instances[instance];
    struct ht_node *pnode = &cluster->nodes[inst->pnode];
    struct ht_node *snode = &cluster->nodes[solution->snode];

    ht_node_remove_primary(cluster, pnode, inst);
    inst->disk_template = HT_DT_DRBD8;
    inst->snode = solution->snode;
    inst->location_score = ht_location_score(pnode, snode);
    (void)ht_node_add_primary(cluster, pnode, inst, true);
    (void)ht_node_add_secondary(snode, inst, inst->pnode, true, false);
}

static bool answer_allocate_secondary(struct ht_cluster *cluster,
                                      const struct ht_algorithm *algorithm,
                                      const struct ht_request *request, struct answer *answer,
                                      GError **errp)
{
    struct ht_alloc_solution solution;
    struct json_writer w;

    if (!ht_alloc_try_secondary(cluster, algorithm, request->instances[0], &solution, errp)) {
        return false;
    }
    answer->info = flatten_log(&solution);
    if (solution.found) {
        w = begin_result(answer);
        write_node(&w, cluster, solution.snode);
        place_secondary(cluster, request->instances[0], &solution);
    } else {
        g_set_error_literal(errp, HT_ALLOC_ERROR, HT_ALLOC_ERROR_IMPOSSIBLE, answer->info);
    }
    ht_alloc_solution_clear(&solution);
    return answer->result != NULL;
}

static void write_placed(struct json_writer *w, const struct ht_cluster *cluster, const char *name,
                         const struct ht_alloc_solution *solution)
{
    json_write_array_begin(w);
    json_write_string(w, name);
    write_nodes(w, cluster, solution->pnode, solution->snode);
    json_write_array_end(w);
}

static void write_pair(struct json_writer *w, const char *first, const char *second)
{
    json_write_array_begin(w);
    json_write_string(w, first);
    json_write_string(w, second);
    json_write_array_end(w);
}

/* On dedicated clusters the reference forgets all groups but that of the last instance placed, and
 * with a named group looks at the cluster as it was at the beginning each time (Dedicated.hs,
 * runDedicatedAllocation). Its answers depend on it. */
static bool answer_multi_allocate(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                                  const struct ht_request *request, search_fn *search,
                                  struct answer *answer, GError **errp)
{
    g_autoptr(GString) failed_text = g_string_new(NULL);
    struct json_writer w = begin_result(answer);
    struct json_writer failed = json_writer_init(failed_text, JSON_COMPACT);
    struct ht_algorithm narrowed = *algorithm;
    bool dedicated = search == ht_alloc_dedicated;
    unsigned n_failed = 0;

    json_write_array_begin(&w);
    json_write_array_begin(&w);
    json_write_array_begin(&failed);
    for (unsigned i = 0; i < request->n_allocs; i++) {
        const struct ht_alloc_request *alloc = &request->allocs[i];
        bool is_last = i + 1 == request->n_allocs;
        search_fn *find = dedicated && alloc->group != NULL ? ht_alloc_dedicated_terse : search;
        struct ht_alloc_solution solution;

        /* A group that does not suit at all ends the whole question (allocList in Cluster.hs). */
        if (!find(cluster, &narrowed, alloc->group, &alloc->instance, alloc->n_required, &solution,
                  errp)) {
            return false;
        }
        if (solution.found) {
            answer->group =
                alloc->group != NULL || dedicated ? cluster->nodes[solution.pnode].group : HT_NONE;
            narrowed.only_group = dedicated ? &answer->group : NULL;
            if (!dedicated || alloc->group == NULL || is_last) {
                ht_alloc_place(cluster, &alloc->instance, NULL, &solution);
            }
            write_placed(&w, cluster, alloc->instance.name, &solution);
        } else {
            g_autofree char *info = flatten_log(&solution);

            write_pair(&failed, alloc->instance.name, info);
            n_failed++;
        }
        ht_alloc_solution_clear(&solution);
    }
    json_write_array_end(&w);
    json_write_array_end(&failed);
    json_write_raw(&w, failed_text->str, failed_text->len);
    json_write_array_end(&w);
    answer->info = g_strdup_printf("%u instances failed to allocate and %u were allocated "
                                   "successfully",
                                   n_failed, request->n_allocs - n_failed);
    return true;
}

static void write_evacuation(struct json_writer *w, const struct ht_cluster *cluster,
                             const struct ht_evac_solution *solution)
{
    json_write_array_begin(w);
    json_write_array_begin(w);
    for (guint i = 0; i < solution->moved->len; i++) {
        const struct ht_evac_moved *moved =
            &g_array_index(solution->moved, struct ht_evac_moved, i);

        json_write_array_begin(w);
        json_write_string(w, cluster->instances[moved->instance].name);
        json_write_string(w, cluster->groups[moved->group].name);
        write_nodes(w, cluster, moved->nodes[0], moved->nodes[1]);
        json_write_array_end(w);
    }
    json_write_array_end(w);
    json_write_array_begin(w);
    for (guint i = 0; i < solution->failed->len; i++) {
        const struct ht_evac_failed *failed =
            &g_array_index(solution->failed, struct ht_evac_failed, i);

        write_pair(w, cluster->instances[failed->instance].name, failed->reason);
    }
    json_write_array_end(w);
    iallocator_write_jobs(w, cluster, solution->jobs);
    json_write_array_end(w);
}

static void answer_evacuation(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                              const struct ht_request *request, struct answer *answer)
{
    struct ht_evac_solution solution;
    struct json_writer w = begin_result(answer);

    ht_evac_solution_init(&solution);
    if (request->kind == HT_REQUEST_CHANGE_GROUP) {
        ht_evac_change_group(cluster, algorithm, request->target_groups, request->n_target_groups,
                             request->instances, request->n_instances, &solution);
    } else {
        ht_evac_nodes(cluster, algorithm, request->evac_mode, request->instances,
                      request->n_instances, &solution);
    }
    write_evacuation(&w, cluster, &solution);
    answer->info = g_strdup_printf("%u instances failed to move and %u were moved successfully",
                                   solution.failed->len, solution.moved->len);
    ht_evac_solution_clear(&solution);
}

/* Only the one node that relocation would change may be named (processRelocate in
 * Backend/IAlloc.hs). */
static bool check_relocate(const struct ht_cluster *cluster, const struct ht_request *request,
                           GError **errp)
{
    const struct ht_instance *inst = &cluster->instances[request->instances[0]];
    bool mirrored = ht_instance_mirror(inst) == HT_MIRROR_INTERNAL;
    int expected = mirrored ? inst->snode : inst->pnode;
    g_autoptr(GString) asked = g_string_new(NULL);

    if (request->n_required != 1) {
        g_set_error(errp, HT_ALLOC_ERROR, HT_ALLOC_ERROR_IMPOSSIBLE,
                    "Exchange %" G_GINT64_FORMAT " nodes mode is not implemented",
                    request->n_required);
        return false;
    }
    if (ht_instance_mirror(inst) == HT_MIRROR_NONE) {
        g_set_error_literal(errp, HT_ALLOC_ERROR, HT_ALLOC_ERROR_IMPOSSIBLE,
                            "Can't relocate non-mirrored instances");
        return false;
    }
    if (request->n_relocate_from == 1 && request->relocate_from[0] == expected) {
        return true;
    }
    for (unsigned i = 0; i < request->n_relocate_from; i++) {
        g_string_append_printf(asked, "%s%d", i > 0 ? "," : "", request->relocate_from[i]);
    }
    g_set_error(errp, HT_ALLOC_ERROR, HT_ALLOC_ERROR_IMPOSSIBLE,
                "Unsupported request: excluded nodes not equal to instance's %s(%d versus [%s])",
                mirrored ? "secondary" : "primary", expected, asked->str);
    return false;
}

static bool answer_relocate(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                            const struct ht_request *request, struct answer *answer, GError **errp)
{
    const struct ht_instance *inst = &cluster->instances[request->instances[0]];
    struct ht_evac_solution solution;
    struct json_writer w;
    enum ht_evac_mode mode = ht_instance_mirror(inst) == HT_MIRROR_INTERNAL
                                 ? HT_EVAC_CHANGE_SECONDARY
                                 : HT_EVAC_CHANGE_PRIMARY;

    if (!check_relocate(cluster, request, errp)) {
        return false;
    }
    ht_evac_solution_init(&solution);
    ht_evac_nodes(cluster, algorithm, mode, request->instances, 1, &solution);
    if (solution.failed->len > 0) {
        g_set_error_literal(errp, HT_ALLOC_ERROR, HT_ALLOC_ERROR_IMPOSSIBLE,
                            g_array_index(solution.failed, struct ht_evac_failed, 0).reason);
        ht_evac_solution_clear(&solution);
        return false;
    }
    ht_evac_solution_clear(&solution);
    w = begin_result(answer);
    write_nodes(&w, cluster, mode == HT_EVAC_CHANGE_SECONDARY ? inst->snode : inst->pnode, HT_NONE);
    answer->info = g_strdup("success");
    return true;
}

static bool find_answer(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                        const struct ht_request *request, search_fn *search, struct answer *answer,
                        GError **errp)
{
    switch (request->kind) {
    case HT_REQUEST_ALLOCATE:
        return answer_allocate(cluster, algorithm, request, search, answer, errp);
    case HT_REQUEST_ALLOCATE_SECONDARY:
        return answer_allocate_secondary(cluster, algorithm, request, answer, errp);
    case HT_REQUEST_MULTI_ALLOCATE:
        return answer_multi_allocate(cluster, algorithm, request, search, answer, errp);
    case HT_REQUEST_RELOCATE:
        return answer_relocate(cluster, algorithm, request, answer, errp);
    case HT_REQUEST_NODE_EVACUATE:
    case HT_REQUEST_CHANGE_GROUP:
        answer_evacuation(cluster, algorithm, request, answer);
        return true;
    }
    g_assert_not_reached();
}

/* Whether everything that could be allocated to has exclusive storage; groups are those asked for,
 * if all ask for the same. */
static bool is_dedicated(const struct ht_cluster *cluster, const struct ht_request *request)
{
    const char *group = NULL;
    bool several = false;

    if (request->kind != HT_REQUEST_ALLOCATE && request->kind != HT_REQUEST_MULTI_ALLOCATE) {
        return false;
    }
    for (unsigned i = 0; i < request->n_allocs; i++) {
        const char *other = request->allocs[i].group;

        several |= group != NULL && other != NULL && strcmp(group, other) != 0;
        group = group != NULL ? group : other;
    }
    return ht_cluster_dedicated(cluster, several ? NULL : group);
}

/* The last instance moves to the front: only for writing, the places on nodes are off then. */
static void rotate_instances(struct ht_cluster *cluster)
{
    struct ht_instance last;

    if (cluster->n_instances < 2) {
        return;
    }
    last = cluster->instances[cluster->n_instances - 1];
    memmove(&cluster->instances[1], &cluster->instances[0],
            (cluster->n_instances - 1) * sizeof(last));
    cluster->instances[0] = last;
}

static bool show_and_save(const struct htools_options *options, const struct ht_cluster *cluster,
                          int group, const char *title, const char *extension, const char *when,
                          GError **errp)
{
    struct ht_view view = group == HT_NONE ? ht_view_all(cluster) : ht_view_group(cluster, group);
    bool ok;

    htools_show_nodes(options, cluster, &view, title);
    ok = htools_save(options, cluster, &view, extension, when, errp);
    ht_view_clear(&view);
    return ok;
}

static void print_answer(const struct answer *answer, const GError *error)
{
    g_autofree char *info =
        g_strdup_printf("Request %s: %s", error == NULL ? "successful" : "failed",
                        error == NULL ? answer->info : error->message);
    g_autofree char *text =
        iallocator_answer(error == NULL, info, error == NULL ? answer->result->str : NULL);

    puts(text);
    fflush(stdout);
}

static bool answer_and_save(const struct htools_options *options, struct ht_cluster *cluster,
                            const struct ht_request *request, GError **errp)
{
    bool dedicated = is_dedicated(cluster, request);
    struct ht_algorithm algorithm = htools_algorithm(options);
    struct answer answer = {.group = HT_NONE};
    CLEANUP(ht_cluster_freep) struct ht_cluster *before = NULL;
    g_autoptr(GError) refusal = NULL;

    if (options->verbose > 1 && dedicated) {
        fputs("Allocation on a dedicated cluster; using lost-allocations metrics.\n", stderr);
    }
    if (!show_and_save(options, cluster, HT_NONE, "Initial cluster", "pre-ialloc",
                       "before iallocator run", errp)) {
        return false;
    }
    if (options->save != NULL || options->print_nodes != NULL) {
        before = ht_cluster_copy(cluster);
    }
    (void)find_answer(cluster, &algorithm, request,
                      dedicated ? ht_alloc_dedicated : ht_alloc_in_group, &answer, &refusal);
    print_answer(&answer, refusal);
    if (answer.new_first) {
        rotate_instances(cluster);
    }
    g_free(answer.info);
    if (answer.result != NULL) {
        g_string_free(answer.result, TRUE);
    }
    /* A refusal leaves the cluster as it was. */
    return show_and_save(options, refusal != NULL && before != NULL ? before : cluster,
                         refusal != NULL ? HT_NONE : answer.group, "Final cluster", "post-ialloc",
                         "after iallocator run", errp);
}

static bool read_question(const struct htools_options *options, const char *path,
                          struct ht_cluster **ret_cluster, struct ht_request *ret_request,
                          GError **errp)
{
    const struct iallocator_options how = {
        .static_kvm_node_memory = options->static_kvm_node_memory,
        .now = (int64_t)time(NULL),
        .level_30 = fact_level() == LEVEL_3_0,
    };
    g_autoptr(GPtrArray) warnings = NULL;
    g_autofree char *text = NULL;
    gsize len;

    if (!htools_read_file(path, &text, &len, errp) ||
        !iallocator_parse(g_steal_pointer(&text), len, &how, ret_cluster, ret_request, &warnings,
                          errp)) {
        return false;
    }
    htools_show_warnings(warnings);
    return true;
}

static bool all_below(const int *indexes, unsigned n, unsigned limit)
{
    for (unsigned i = 0; i < n; i++) {
        if (indexes[i] >= (int)limit) {
            return false;
        }
    }
    return true;
}

static struct ht_set move_symbols(const struct ht_cluster *from, struct ht_cluster *to,
                                  const int *symbols, unsigned n)
{
    int *moved = ht_cluster_alloc(to, n * sizeof(*moved) + 1);

    for (unsigned i = 0; i < n; i++) {
        moved[i] = ht_cluster_symbol(to, ht_cluster_symbol_text(from, symbols[i]));
    }
    return (struct ht_set){moved, n};
}

/* The question is asked about another cluster than it came with: by index, as the reference does.
 */
static bool move_request(const struct ht_cluster *from, struct ht_cluster *to,
                         struct ht_request *request, GError **errp)
{
    if (!all_below(request->instances, request->n_instances, to->n_instances) ||
        !all_below(request->relocate_from, request->n_relocate_from, to->n_nodes) ||
        !all_below(request->target_groups, request->n_target_groups, to->n_groups)) {
        g_set_error_literal(errp, HT_ALLOC_ERROR, HT_ALLOC_ERROR_IMPOSSIBLE,
                            "The request names something that is not in the cluster data");
        return false;
    }
    for (unsigned i = 0; i < request->n_allocs; i++) {
        struct ht_instance *inst = &request->allocs[i].instance;
        struct ht_set locations = inst->desired_locations;

        inst->excl_tags = move_symbols(from, to, inst->excl_tags, inst->n_excl_tags).v;
        locations = move_symbols(from, to, locations.v, locations.n);
        inst->desired_locations = ht_cluster_set(to, locations.v, locations.n);
    }
    return true;
}

int hail_main(const struct htools_options *options, const char *const *operands)
{
    CLEANUP(ht_cluster_freep) struct ht_cluster *asked = NULL;
    CLEANUP(ht_cluster_freep) struct ht_cluster *other = NULL;
    struct ht_request request;
    GError *error = NULL;

    if (operands[0] == NULL || operands[1] != NULL) {
        fputs(operands[0] == NULL ? "Error: This program needs an input file.\n"
                                  : "Error: Only one argument is accepted (the input file)\n",
              stderr);
        return EXIT_FAILURE;
    }
    if (!read_question(options, operands[0], &asked, &request, &error)) {
        return htools_complain(NULL, error);
    }
    if (options->text_data != NULL || options->simulate != NULL) {
        other = htools_load(options, &error);
        if (other == NULL || !move_request(asked, other, &request, &error)) {
            return htools_complain(NULL, error);
        }
    } else if (!htools_ask_mond(options, asked, &error)) {
        return htools_complain(NULL, error);
    }
    return answer_and_save(options, other != NULL ? other : asked, &request, &error)
               ? EXIT_SUCCESS
               : htools_complain(NULL, error);
}
