/* Choosing a group for an instance (Cluster.hs: findBestAllocGroup, tryMGAlloc, tryGroupAlloc). */
#include "config.h"

#include "htools/core/alloc.h"
#include "htools/core/dedicated.h"
#include "htools/core/print.h"

/* What was found in one group. */
struct attempt {
    const struct ht_group *group;
    struct ht_alloc_solution solution;
};

static void set_impossible(GError **errp, const char *text)
{
    g_set_error_literal(errp, HT_ALLOC_ERROR, HT_ALLOC_ERROR_IMPOSSIBLE, text);
}

static char *join(const GPtrArray *lines)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < lines->len; i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "",
                               (const char *)g_ptr_array_index(lines, i));
    }
    return g_string_free(out, FALSE);
}

bool ht_group_has_networks(const struct ht_group *group, const struct ht_instance *inst)
{
    for (unsigned i = 0; i < inst->n_nics; i++) {
        const char *network = inst->nics[i].network;
        bool connected = network == NULL;

        for (unsigned j = 0; j < group->n_networks && !connected; j++) {
            connected = strcmp(group->networks[j], network) == 0;
        }
        if (!connected) {
            return false;
        }
    }
    return true;
}

/* The two ways to look for places. */
struct method {
    /* scope: the nodes whose score and redundancy count. */
    bool (*try)(struct ht_cluster *cluster, const struct ht_view *scope,
                const struct ht_algorithm *algorithm, const struct ht_instance *inst,
                const struct ht_alloc_nodes *targets, struct ht_alloc_solution *ret, GError **errp);
    int (*compare)(const struct ht_alloc_solution *a, const struct ht_alloc_solution *b);
    /* Groups without the networks are told before all others, and in other words. */
    bool networks_first;
};

static int compare_scores(const struct ht_alloc_solution *a, const struct ht_alloc_solution *b)
{
    return a->score < b->score ? -1 : a->score > b->score;
}

static bool try_score(struct ht_cluster *cluster, const struct ht_view *scope,
                      const struct ht_algorithm *algorithm, const struct ht_instance *inst,
                      const struct ht_alloc_nodes *targets, struct ht_alloc_solution *ret,
                      GError **errp)
{
    if (!ht_alloc_try(cluster, scope, algorithm, inst, targets, ret, errp)) {
        return false;
    }
    ht_alloc_log_score(cluster, ret);
    return true;
}

static bool try_dedicated(struct ht_cluster *cluster, const struct ht_view *scope,
                          const struct ht_algorithm *algorithm, const struct ht_instance *inst,
                          const struct ht_alloc_nodes *targets, struct ht_alloc_solution *ret,
                          GError **errp)
{
    (void)scope;
    return ht_dedicated_try(cluster, inst, algorithm, targets, ret, errp);
}

static const struct method by_score = {try_score, compare_scores, true};
static const struct method by_loss = {try_dedicated, ht_dedicated_compare, false};

static bool check_networks(const struct ht_group *group, const struct ht_instance *inst,
                           GError **errp)
{
    if (ht_group_has_networks(group, inst)) {
        return true;
    }
    g_set_error(errp, HT_ALLOC_ERROR, HT_ALLOC_ERROR_IMPOSSIBLE,
                "The group %s is not connected to a network required by instance %s", group->name,
                inst->name);
    return false;
}

static bool try_group(const struct method *method, struct ht_cluster *cluster,
                      const struct ht_view *group, const struct ht_view *scope,
                      const struct ht_algorithm *algorithm, const struct ht_instance *inst,
                      int n_required, struct ht_alloc_solution *ret, GError **errp)
{
    struct ht_alloc_nodes targets;
    bool ok;

    if (!check_networks(&cluster->groups[group->group], inst, errp) ||
        !ht_alloc_nodes_collect(cluster, group, algorithm, n_required, false, &targets, errp)) {
        return false;
    }
    ok = method->try(cluster, scope, algorithm, inst, &targets, ret, errp);
    ht_alloc_nodes_clear(&targets);
    return ok;
}

/* Of equally good groups the last one wins (sortMGResults sorts the reversed list). */
static bool is_better(const struct method *method, const struct attempt *best,
                      const struct attempt *other)
{
    if (best == NULL) {
        return true;
    }
    if (other->group->alloc_policy != best->group->alloc_policy) {
        return other->group->alloc_policy < best->group->alloc_policy;
    }
    return method->compare(&best->solution, &other->solution) >= 0;
}

static void append_strings(GString *out, const char *const *strings, unsigned n)
{
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < n; i++) {
        g_string_append(out, i > 0 ? "," : "");
        ht_append_show_string(out, strings[i]);
    }
    g_string_append_c(out, ']');
}

/* A group as Haskell shows the record: hail's answer has it. */
static void show_group(const struct ht_group *group, GString *out)
{
    g_string_append(out, "Group {name = ");
    ht_append_show_string(out, group->name);
    g_string_append(out, ", uuid = ");
    ht_append_show_string(out, group->uuid);
    g_string_append_printf(out, ", idx = %d, allocPolicy = %s, networks = ", group->idx,
                           ht_alloc_policy_show(group->alloc_policy));
    append_strings(out, group->networks, group->n_networks);
    g_string_append(out, ", iPolicy = ");
    ht_ipolicy_show(&group->ipolicy, out);
    g_string_append(out, ", allTags = ");
    append_strings(out, group->tags, group->n_tags);
    g_string_append_c(out, '}');
}

static char *explain_no_group(const struct ht_cluster *cluster, const struct ht_view *views,
                              unsigned n_views, const int *allowed, unsigned n_allowed)
{
    GString *out = g_string_new("no groups for evacuation: allowed groups was ");

    g_string_append(out, allowed == NULL ? "Nothing" : "Just [");
    for (unsigned i = 0; i < n_allowed; i++) {
        g_string_append_printf(out, "%s%d", i > 0 ? "," : "", allowed[i]);
    }
    g_string_append(out, allowed == NULL ? ", all groups: [" : "], all groups: [");
    for (unsigned i = 0; i < n_views; i++) {
        g_string_append(out, i > 0 ? "," : "");
        show_group(&cluster->groups[views[i].group], out);
    }
    g_string_append_c(out, ']');
    return g_string_free(out, FALSE);
}

static bool is_allowed(int group, const int *allowed, unsigned n_allowed)
{
    for (unsigned i = 0; i < n_allowed; i++) {
        if (allowed[i] == group) {
            return true;
        }
    }
    return allowed == NULL;
}

/* All groups of a choice, with what was found in each and what to say about it. */
struct choice {
    const struct method *method;
    GArray *attempts;    /* struct attempt, of groups that have a place and may be used */
    GPtrArray *unsuited; /* lines about groups without the networks */
    GPtrArray *lines;    /* about the others */
    unsigned n_considered;
};

static void clear_attempt(gpointer attempt)
{
    ht_alloc_solution_clear(&((struct attempt *)attempt)->solution);
}

static void choice_init(struct choice *choice, const struct method *method)
{
    *choice = (struct choice){
        .method = method,
        .attempts = g_array_new(FALSE, TRUE, sizeof(struct attempt)),
        .unsuited = g_ptr_array_new_with_free_func(g_free),
        .lines = g_ptr_array_new_with_free_func(g_free),
    };
    g_array_set_clear_func(choice->attempts, clear_attempt);
}

static void choice_clear(struct choice *choice)
{
    g_array_unref(choice->attempts);
    g_ptr_array_unref(choice->unsuited);
    g_ptr_array_unref(choice->lines);
}

static void consider(struct choice *choice, struct ht_cluster *cluster, const struct ht_view *nodes,
                     const struct ht_view *scope, const struct ht_algorithm *algorithm,
                     const struct ht_instance *inst, int n_required)
{
    struct attempt attempt = {.group = &cluster->groups[nodes->group]};
    g_autoptr(GError) error = NULL;

    choice->n_considered++;
    if (choice->method->networks_first && !ht_group_has_networks(attempt.group, inst)) {
        g_ptr_array_add(choice->unsuited,
                        g_strdup_printf("group %s is not connected to a network required by "
                                        "instance %s",
                                        attempt.group->name, inst->name));
        return;
    }
    if (!try_group(choice->method, cluster, nodes, scope, algorithm, inst, n_required,
                   &attempt.solution, &error)) {
        g_ptr_array_add(choice->lines,
                        g_strdup_printf("Group %s: error %s", attempt.group->name, error->message));
        return;
    }
    ht_alloc_describe(attempt.group, &attempt.solution, choice->lines);
    if (attempt.solution.found && ht_group_allocable(attempt.group)) {
        g_array_append_val(choice->attempts, attempt);
    } else {
        ht_alloc_solution_clear(&attempt.solution);
    }
}

static const struct attempt *best_attempt(const struct choice *choice)
{
    const struct attempt *best = NULL;

    for (guint i = 0; i < choice->attempts->len; i++) {
        const struct attempt *attempt = &g_array_index(choice->attempts, struct attempt, i);

        if (is_better(choice->method, best, attempt)) {
            best = attempt;
        }
    }
    return best;
}

/* Puts the solution's own lines first. */
static GPtrArray *all_lines(struct choice *choice)
{
    g_ptr_array_extend_and_steal(choice->unsuited, g_steal_pointer(&choice->lines));
    choice->lines = g_ptr_array_new_with_free_func(g_free);
    return choice->unsuited;
}

static bool decide(struct choice *choice, int *ret_group, struct ht_alloc_solution *ret,
                   GError **errp)
{
    const struct attempt *best = best_attempt(choice);
    GPtrArray *lines = all_lines(choice);

    if (best == NULL) {
        g_autofree char *text = join(lines);

        set_impossible(errp, text);
        return false;
    }
    *ret_group = best->group->idx;
    *ret = best->solution;
    ret->log = g_ptr_array_ref(lines);
    if (ret->lost != NULL) {
        g_array_ref(ret->lost);
    }
    return true;
}

static bool best_group(const struct method *method, struct ht_cluster *cluster,
                       const struct ht_algorithm *algorithm, const int *allowed, unsigned n_allowed,
                       const struct ht_instance *inst, int n_required, int *ret_group,
                       struct ht_alloc_solution *ret, GError **errp)
{
    unsigned n_views;
    struct ht_view *views = ht_view_split(cluster, &n_views);
    struct ht_view all = ht_view_all(cluster);
    struct choice choice;
    bool ok = false;

    choice_init(&choice, method);
    for (unsigned i = 0; i < n_views; i++) {
        if (is_allowed(views[i].group, allowed, n_allowed)) {
            consider(&choice, cluster, &views[i], &all, algorithm, inst, n_required);
        }
    }
    if (choice.n_considered == 0 && method == &by_score) {
        g_autofree char *text = explain_no_group(cluster, views, n_views, allowed, n_allowed);

        set_impossible(errp, text);
    } else {
        ok = decide(&choice, ret_group, ret, errp);
    }
    choice_clear(&choice);
    ht_view_clear(&all);
    ht_views_free(views, n_views);
    return ok;
}

bool ht_alloc_best_group(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                         const int *allowed, unsigned n_allowed, const struct ht_instance *inst,
                         int n_required, int *ret_group, struct ht_alloc_solution *ret,
                         GError **errp)
{
    return best_group(&by_score, cluster, algorithm, allowed, n_allowed, inst, n_required,
                      ret_group, ret, errp);
}

static bool in_one_group(const struct method *method, struct ht_cluster *cluster,
                         const struct ht_algorithm *algorithm, const char *name,
                         const struct ht_instance *inst, int n_required, bool name_group,
                         struct ht_alloc_solution *ret, GError **errp)
{
    int index = ht_cluster_find_group(cluster, name);
    struct ht_view view;
    GPtrArray *lines;
    bool ok;

    if (index == HT_NONE) {
        g_set_error(errp, HT_ALLOC_ERROR, HT_ALLOC_ERROR_IMPOSSIBLE,
                    "Wrong number of elems found with name %s", name);
        return false;
    }
    view = ht_view_group(cluster, index);
    ok = try_group(method, cluster, &view, &view, algorithm, inst, n_required, ret, errp);
    ht_view_clear(&view);
    if (ok && name_group) {
        lines = g_ptr_array_new_with_free_func(g_free);
        ht_alloc_describe(&cluster->groups[index], ret, lines);
        g_ptr_array_unref(ret->log);
        ret->log = lines;
    }
    return ok;
}

static bool in_group(const struct method *method, struct ht_cluster *cluster,
                     const struct ht_algorithm *algorithm, const char *group,
                     const struct ht_instance *inst, int n_required, struct ht_alloc_solution *ret,
                     GError **errp)
{
    int chosen;

    if (group != NULL) {
        return in_one_group(method, cluster, algorithm, group, inst, n_required, true, ret, errp);
    }
    if (!best_group(method, cluster, algorithm, algorithm->only_group,
                    algorithm->only_group != NULL, inst, n_required, &chosen, ret, errp)) {
        return false;
    }
    g_ptr_array_insert(ret->log, 0,
                       g_strdup_printf("Selected group: %s", cluster->groups[chosen].name));
    return true;
}

bool ht_alloc_in_group(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                       const char *group, const struct ht_instance *inst, int n_required,
                       struct ht_alloc_solution *ret, GError **errp)
{
    return in_group(&by_score, cluster, algorithm, group, inst, n_required, ret, errp);
}

bool ht_alloc_dedicated(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                        const char *group, const struct ht_instance *inst, int n_required,
                        struct ht_alloc_solution *ret, GError **errp)
{
    return in_group(&by_loss, cluster, algorithm, group, inst, n_required, ret, errp);
}

bool ht_alloc_dedicated_terse(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                              const char *group, const struct ht_instance *inst, int n_required,
                              struct ht_alloc_solution *ret, GError **errp)
{
    return in_one_group(&by_loss, cluster, algorithm, group, inst, n_required, false, ret, errp);
}
