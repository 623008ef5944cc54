#include "config.h"

#include "htools/programs/jobs.h"

#include "htools/backends/jobs/opcodes.h"
#include "htools/backends/jobs/submit.h"
#include "htools/core/loader.h"
#include "htools/core/moves.h"
#include "htools/programs/cli.h"
#include "htools/programs/load.h"

static void clear_job(gpointer job)
{
    g_ptr_array_unref(((struct htools_job *)job)->commands);
}

GArray *htools_jobs_new(void)
{
    GArray *jobs = g_array_new(FALSE, FALSE, sizeof(struct htools_job));

    g_array_set_clear_func(jobs, clear_job);
    return jobs;
}

static void add_node(struct htools_job *job, int node)
{
    for (int i = 0; i < job->n_nodes; i++) {
        if (job->nodes[i] == node) {
            return;
        }
    }
    if (node != HT_NONE) {
        job->nodes[job->n_nodes++] = node;
    }
}

void htools_jobs_add(GArray *jobs, const struct ht_cluster *cluster,
                     const struct ht_placement *placement, int old_pnode, int old_snode,
                     const char *name, GString *actions)
{
    g_autoptr(GString) own_actions = g_string_new(NULL);
    struct htools_job job = {
        .placement = *placement,
        .commands = g_ptr_array_new_with_free_func(g_free),
    };

    add_node(&job, placement->pnode);
    add_node(&job, placement->snode);
    add_node(&job, old_pnode);
    if (ht_instance_has_secondary(&cluster->instances[placement->instance])) {
        add_node(&job, old_snode);
    }
    ht_move_describe(cluster, placement, name, actions != NULL ? actions : own_actions,
                     job.commands);
    g_array_append_val(jobs, job);
}

static bool share_node(const struct htools_job *job, const bool *used)
{
    for (int i = 0; i < job->n_nodes; i++) {
        if (used[job->nodes[i]]) {
            return true;
        }
    }
    return false;
}

GArray *htools_job_sets(const struct ht_cluster *cluster, const GArray *jobs)
{
    GArray *sizes = g_array_new(FALSE, FALSE, sizeof(unsigned));
    g_autofree bool *used = g_new0(bool, cluster->n_nodes + 1);

    for (unsigned i = jobs->len; i-- > 0;) {
        const struct htools_job *job = &g_array_index(jobs, struct htools_job, i);

        if (sizes->len == 0 || share_node(job, used)) {
            unsigned none = 0;

            g_array_prepend_val(sizes, none);
            memset(used, 0, cluster->n_nodes * sizeof(*used));
        }
        g_array_index(sizes, unsigned, 0)++;
        for (int k = 0; k < job->n_nodes; k++) {
            used[job->nodes[k]] = true;
        }
    }
    return sizes;
}

void htools_append_jobs(const GArray *jobs, const GArray *sets, GString *out)
{
    unsigned next = 0;

    for (unsigned set = 0; set < sets->len; set++) {
        unsigned size = g_array_index(sets, unsigned, set);

        g_string_append_printf(out, "\necho jobset %u, %u jobs\n", set + 1, size);
        for (unsigned i = 0; i < size; i++) {
            const struct htools_job *job = &g_array_index(jobs, struct htools_job, next++);

            g_string_append_printf(out, "  echo job %u/%u\n  check\n", set + 1, i + 1);
            for (unsigned k = 0; k < job->commands->len; k++) {
                g_string_append_printf(out, "  gnt-instance %s\n", (char *)job->commands->pdata[k]);
            }
        }
    }
}

static GPtrArray *to_opcodes(const struct ht_cluster *cluster, const struct htools_job *job)
{
    GPtrArray *opcodes = job_new();

    job_add_move(opcodes, cluster, job->placement.instance, job->placement.move);
    return opcodes;
}

void htools_submit_add(GArray *planned, const struct ht_cluster *cluster, const GArray *jobs,
                       const GArray *sets, const char *text)
{
    unsigned next = 0;

    for (unsigned set = 0; set < sets->len; set++) {
        unsigned size = g_array_index(sets, unsigned, set);
        GString *description = g_string_new(text);
        struct submit_set *added;

        for (unsigned i = 0; i < size; i++) {
            const struct htools_job *job = &g_array_index(jobs, struct htools_job, next + i);

            g_string_append_printf(description, "%s%s", i > 0 ? ", " : "",
                                   cluster->instances[job->placement.instance].name);
        }
        added = submit_sets_add(planned, g_string_free(description, FALSE));
        for (unsigned i = 0; i < size; i++) {
            g_ptr_array_add(added->jobs,
                            to_opcodes(cluster, &g_array_index(jobs, struct htools_job, next++)));
        }
    }
}

bool htools_submit(const struct htools_options *options, const char *program, const char *comment,
                   const GArray *planned, GError **errp)
{
    struct submit_note note = {
        .program = program,
        .reason = options->reason,
        .comment = comment,
        .priority = (enum submit_priority)options->priority.value,
        .has_priority = options->priority.set,
    };

    if (!options->exec) {
        return true;
    }
    if (options->luxi == NULL) {
        g_set_error_literal(errp, HT_LOAD_ERROR, 0, "Execution of commands possible only on LUXI");
        return false;
    }
    return submit_sets(options->luxi, &note, planned, errp);
}

static const char script_head[] = "#!/bin/sh\n"
                                  "\n"
                                  "# Changes a cluster as planned.\n"
                                  "\n"
                                  "# To stop it, create the file /tmp/stop-htools\n"
                                  "\n"
                                  "set -e\n"
                                  "\n"
                                  "check() {\n"
                                  "  if [ -f /tmp/stop-htools ]; then\n"
                                  "    echo 'Stop requested, exiting'\n"
                                  "    exit 0\n"
                                  "  fi\n"
                                  "}\n"
                                  "\n";

/* For people: indented, without the checks of the script. */
static void print_commands(const char *title, const char *commands)
{
    g_auto(GStrv) lines = g_strsplit(commands, "\n", -1);

    printf("\n%s\n", title);
    for (unsigned i = 0; lines[i] != NULL; i++) {
        bool last = lines[i + 1] == NULL && *lines[i] == '\0';

        if (!last && strcmp(lines[i], "  check") != 0) {
            printf("  %s\n", lines[i]);
        }
    }
}

bool htools_give_commands(const struct htools_options *options, const char *title,
                          const char *commands, GError **errp)
{
    const char *path = options->print_commands;
    g_autoptr(GString) script = g_string_new(script_head);

    if (path == NULL) {
        return true;
    }
    if (strcmp(path, "-") == 0) {
        print_commands(title, commands);
        return true;
    }
    g_string_append(script, commands);
    if (!htools_write_file(path, script, errp)) {
        return false;
    }
    printf("The commands have been written to file '%s'\n", path);
    return true;
}
