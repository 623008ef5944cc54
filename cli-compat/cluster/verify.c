/* gnt-cluster verify and verify-disks (lib/client/gnt_cluster.py VerifyCluster, VerifyDisks). */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/submit.h"
#include "facts/codec.h"
#include "facts/errors.h"

/* The end of what a node said, characters. */
enum { NODE_TEXT_MAX = 400 };

/* Submits the opcode, then waits for the jobs that it submitted; results are borrowed from *set. */
static bool run_parts(struct cli_run *run, struct opcode *op, struct job_set *set,
                      const struct job_set_result **results, size_t *n, GError **errp)
{
    CLEANUP(json_unrefp) struct json *result = NULL;

    if (!submit_opcode(run, op, &result, errp)) {
        return false;
    }
    const struct json *jobs = json_kind(result) == JSON_OBJECT ? json_get(result, "jobs") : NULL;
    for (size_t i = 0; json_kind(jobs) == JSON_ARRAY && i < json_len(jobs); i++) {
        if (!job_set_add_submitted(set, NULL, json_at(jobs, i), errp)) {
            return false;
        }
    }
    return job_set_wait(set, results, n, errp);
}

/* The result of a job's only opcode; NULL if there is none. */
static const struct json *only_result(const struct job_set_result *job)
{
    return job->ok && json_kind(job->result) == JSON_ARRAY && json_len(job->result) == 1
               ? json_at(job->result, 0)
               : NULL;
}

/* --- verify -------------------------------------------------------------------------------------
 */
static struct json *skipped_checks(const struct cli_run *run)
{
    static const struct {
        enum cli_option_id option;
        enum verify_check check;
    } rows[] = {
        {CLI_OPT_nonplus1, VERIFY_NPLUSONE_MEM},
        {CLI_OPT_nohvparamassess, VERIFY_HVPARAM_ASSESSMENT},
    };
    struct json *list = json_new_array();

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (command_line_has(run->line, rows[i].option) &&
            command_line_flag(run->line, rows[i].option)) {
            json_append(list, json_new_string(fact_enum_verify_check.words[rows[i].check]));
        }
    }
    return list;
}

static struct opcode *verify_op(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_cluster_verify);
    struct op_cluster_verify *params = op->params;
    CLEANUP(json_unrefp) struct json *skipped = skipped_checks(run);

    OP_SET(params, verbose, command_line_flag(run->line, CLI_OPT_verbose));
    OP_SET(params, error_codes, command_line_flag(run->line, CLI_OPT_error_codes));
    OP_SET(params, debug_simulate_errors, command_line_flag(run->line, CLI_OPT_debug_simerr));
    OP_SET(params, verify_clutter, command_line_flag(run->line, CLI_OPT_verify_clutter));
    OP_SET_TEXT(params, group_name, command_line_text(run->line, CLI_OPT_nodegroup));
    if (!SUBMIT_SET_JSON(op, cluster_verify, skip_checks, skipped, errp) ||
        !SUBMIT_SET_JSON(op, cluster_verify, ignore_errors,
                         command_line_json(run->line, CLI_OPT_ignore_errors), errp)) {
        opcode_free(op);
        return NULL;
    }
    return op;
}

bool cmd_cluster_verify(struct cli_run *run, GError **errp)
{
    struct opcode *op = verify_op(run, errp);
    CLEANUP(job_set_freep) struct job_set *set = job_set_new(run, true);
    const struct job_set_result *results;
    size_t n, failed = 0, bad = 0;

    if (op == NULL || !run_parts(run, op, set, &results, &n, errp)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const struct json *verdict = only_result(&results[i]);
        failed += !results[i].ok;
        bad += json_kind(verdict) != JSON_BOOL || !json_boolean(verdict);
    }
    if (failed > 0) {
        run_print(run, "%zu job(s) failed while verifying the cluster.", failed);
    }
    run->exit_code = bad > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    return true;
}

/* --- verify-disks -------------------------------------------------------------------------------
 */
static void activate(struct cli_run *run, const char *name)
{
    struct opcode *op = opcode_new(OP_ID_instance_activate_disks);
    struct op_instance_activate_disks *params = op->params;
    g_autoptr(GError) error = NULL;

    OP_SET_TEXT(params, instance_name, name);
    run_print(run, "Activating disks for instance '%s'", name);
    if (!submit_opcode(run, op, NULL, &error)) {
        g_printerr("Error activating disks for instance %s: %s\n", name, error->message);
        run->exit_code = EXIT_FAILURE;
    }
}

static int compare_pairs(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    int order = strcmp(x[0], y[0]);

    return order != 0 ? order : strcmp(x[1], y[1]);
}

static void print_missing(struct cli_run *run, const char *name, const struct str_list_list *pairs,
                          const struct str_text_dict *failed)
{
    g_autofree const char **sorted = g_new(const char *, 2 * pairs->n + 1);
    size_t n = 0, broken = 0;

    for (size_t i = 0; i < pairs->n; i++) {
        if (pairs->v[i].n == 2) {
            sorted[2 * n] = pairs->v[i].v[0];
            sorted[2 * n + 1] = pairs->v[i].v[1];
            broken += fact_dict_get(&type_str_text_dict, failed, pairs->v[i].v[0]) != NULL;
            n++;
        }
    }
    if (broken == n) {
        run_print(run, "Instance %s cannot be verified: all its nodes are broken", name);
        return;
    }
    qsort(sorted, n, 2 * sizeof *sorted, compare_pairs);
    run_print(run, "Instance %s has missing logical volumes:", name);
    for (size_t i = 0; i < n; i++) {
        bool bad = fact_dict_get(&type_str_text_dict, failed, sorted[2 * i]) != NULL;
        run_print(run, "\t%s%s /dev/%s", bad ? "broken node " : "", sorted[2 * i],
                  sorted[2 * i + 1]);
    }
}

static void take_findings(struct cli_run *run, const struct verify_disks_result *found)
{
    for (size_t i = 0; i < found->failed.n; i++) {
        g_autofree char *end = text_tail(found->failed.v[i].value, NODE_TEXT_MAX);
        g_autofree char *safe = text_safe_encode(end);
        run_print(run, "Error gathering data on node %s: %s", found->failed.v[i].key, safe);
        run_print(run, "Mend the node first, then its instances");
        run->exit_code = EXIT_FAILURE;
    }
    for (size_t i = 0; i < found->inactive.n; i++) {
        if (fact_dict_get(&type_str_list_list_dict, &found->missing, found->inactive.v[i]) ==
            NULL) {
            activate(run, found->inactive.v[i]);
        }
    }
    for (size_t i = 0; i < found->missing.n; i++) {
        print_missing(run, found->missing.v[i].key, &found->missing.v[i].value, &found->failed);
    }
    if (found->missing.n > 0) {
        run_print(
            run,
            "These instances need new disks (replace-disks, recreate-disks) unless the volumes "
            "come back when the broken nodes do.");
        run->exit_code = EXIT_FAILURE;
    } else if (found->inactive.n == 0) {
        run_print(run, "No disks need to be activated.");
    }
}

bool cmd_cluster_verify_disks(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_cluster_verify_disks);
    struct op_cluster_verify_disks *params = op->params;
    CLEANUP(job_set_freep) struct job_set *set = job_set_new(run, true);
    const struct job_set_result *results;
    size_t n;

    OP_SET_TEXT(params, group_name, command_line_text(run->line, CLI_OPT_nodegroup));
    if (command_line_has(run->line, CLI_OPT_no_strict)) {
        OP_SET(params, is_strict, !command_line_flag(run->line, CLI_OPT_no_strict));
    }
    if (!run_parts(run, op, set, &results, &n, errp)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct verify_disks_result found = {0};
        if (!results[i].ok) {
            run_print(run, "Job failed: %s", results[i].error);
            continue;
        }
        if (!fact_object_decode_at(&fact_object_verify_disks_result,
                                   (struct json *)only_result(&results[i]), &found, NULL, errp)) {
            return false;
        }
        take_findings(run, &found);
        fact_object_clear(&fact_object_verify_disks_result, &found);
    }
    return true;
}
