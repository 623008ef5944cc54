/* harep: repairs instances whose nodes are off-line, as far as their tags allow, and keeps in other
 * tags what it did (the reference's Program/Harep.hs). */
#include "config.h"

#include <time.h>

#include "base/json-writer.h"
#include "htools/backends/jobs/opcodes.h"
#include "htools/backends/jobs/submit.h"
#include "htools/core/print.h"
#include "htools/core/repair.h"
#include "htools/programs/cli.h"
#include "htools/programs/load.h"
#include "htools/programs/program.h"
#include "luxi/client/client.h"

struct harep {
    const struct htools_options *options;
    const struct ht_cluster *cluster;
    struct luxi_client *client;
    struct submit_note note;
    struct ht_repair_record *records; /* by instance */
};

/* A job with one opcode about tags, carried out before anything else happens. */
static bool change_tags(const struct harep *harep, const char *instance, const char *const *tags,
                        bool remove, GError **errp)
{
    g_autoptr(GPtrArray) job = job_new();

    if (harep->options->dry_run) {
        return true;
    }
    job_add_tags(job, TAG_INSTANCE, instance, tags, remove);
    return submit_and_wait(harep->client, &harep->note, job, errp);
}

static void print_tag(const char *tag)
{
    g_autoptr(GString) out = g_string_new(NULL);

    ht_append_show_string(out, tag);
    puts(out->str);
}

/* Brings the instance's tags up to date with its record (commitChange). */
static bool commit(const struct harep *harep, unsigned i, GError **errp)
{
    struct ht_repair_record *record = &harep->records[i];
    const char *instance = harep->cluster->instances[i].name;
    const char *const added[] = {record->tag, NULL};

    if (record->repair != NULL) {
        printf(">>> Adding the following tag to %s:\n", instance);
        print_tag(record->tag);
        if (!change_tags(harep, instance, added, false, errp)) {
            return false;
        }
    }
    if (record->outdated->len > 0) {
        printf(">>> Removing the following tags from %s:\n", instance);
        for (guint k = 0; k < record->outdated->len; k++) {
            print_tag(g_ptr_array_index(record->outdated, k));
        }
        g_ptr_array_add(record->outdated, NULL);
        if (!change_tags(harep, instance, (const char *const *)record->outdated->pdata, true,
                         errp)) {
            return false;
        }
        g_ptr_array_set_size(record->outdated, 0);
    }
    fflush(stdout);
    return true;
}

static bool any_runs(const int *states, guint n)
{
    for (guint i = 0; i < n; i++) {
        if (states[i] <= JOB_STATUS_RUNNING) {
            return true;
        }
    }
    return false;
}

static bool all_succeeded(const int *states, guint n)
{
    for (guint i = 0; i < n; i++) {
        if (states[i] != JOB_STATUS_SUCCESS) {
            return false;
        }
    }
    return true;
}

/* Looks whether the jobs of a repair have ended (processPending). */
static bool follow_pending(const struct harep *harep, unsigned i, GError **errp)
{
    struct ht_repair_record *record = &harep->records[i];
    const struct ht_repair *old = record->repair;
    g_autofree int *states = NULL;
    enum ht_repair_progress next;
    struct ht_repair *repair;

    if (record->progress != HT_PROGRESS_PENDING) {
        return true;
    }
    states = g_new0(int, old->jobs->len + 1);
    /* Asking for no job would be asking for all. */
    if (old->jobs->len > 0 && !submit_query(harep->client, old->jobs, states, errp)) {
        g_prefix_error(errp, "could not check job status: ");
        return false;
    }
    if (any_runs(states, old->jobs->len)) {
        return true;
    }
    repair = ht_repair_new(old->type, (int64_t)time(NULL));
    g_free(repair->uuid);
    repair->uuid = g_strdup(old->uuid);
    g_array_append_vals(repair->jobs, old->jobs->data, old->jobs->len);
    repair->ended = true;
    repair->result = all_succeeded(states, old->jobs->len) ? HT_RESULT_SUCCESS : HT_RESULT_FAILURE;
    next = repair->result == HT_RESULT_SUCCESS ? HT_PROGRESS_HEALTHY : HT_PROGRESS_FAILED;
    printf("Moving %s from \"%s\" to \"%s\"\n", harep->cluster->instances[i].name,
           ht_repair_progress_name(record->progress), ht_repair_progress_name(next));
    ht_repair_record_move(record, next, repair);
    return commit(harep, i, errp);
}

/* What is broken; false if nothing is that could be repaired. job gets the repair. */
static bool detect(const struct ht_cluster *cluster, const struct ht_instance *inst,
                   enum ht_repair_type *ret, GPtrArray *job)
{
    bool primary = cluster->nodes[inst->pnode].offline;
    bool drbd = inst->disk_template == HT_DT_DRBD8;
    bool secondary = drbd && inst->snode != HT_NONE && cluster->nodes[inst->snode].offline;

    if (!(primary || secondary) || !(drbd || inst->disk_template == HT_DT_PLAIN)) {
        return false;
    }
    if (primary && (secondary || !drbd)) {
        *ret = HT_REPAIR_REINSTALL;
        job_add_reinstall(job, inst->name);
    } else if (primary) {
        *ret = HT_REPAIR_FAILOVER;
        job_add_failover(job, inst->name);
    } else {
        *ret = HT_REPAIR_FIX_STORAGE;
        job_add_new_secondary(job, inst->name);
    }
    return true;
}

static char *describe_suspension(int64_t until)
{
    g_autoptr(GDateTime) utc = NULL;
    g_autoptr(GDateTime) local = NULL;
    g_autofree char *text = NULL;

    if (until == 0) {
        return g_strdup("ArSuspended Forever");
    }
    utc = g_date_time_new_from_unix_utc(until);
    local = utc != NULL ? g_date_time_to_local(utc) : NULL;
    text = local != NULL ? g_date_time_format(local, "%a %b %e %H:%M:%S %Z %Y") : NULL;
    return g_strdup_printf("ArSuspended (Until %s)", text != NULL ? text : "the end of time");
}

static bool submit_repair(const struct harep *harep, GPtrArray *job, GArray *ret_ids, GError **errp)
{
    g_autoptr(GPtrArray) jobs = g_ptr_array_new();
    g_autoptr(GArray) ids = NULL;

    if (harep->options->dry_run) {
        g_autoptr(GString) out = g_string_new("jobs: [");
        struct json_writer w = json_writer_init(out, JSON_COMPACT);

        job_write(job, &w);
        g_string_append_c(out, ']');
        puts(out->str);
        return true;
    }
    g_ptr_array_add(jobs, job);
    ids = submit_jobs(harep->client, &harep->note, jobs, errp);
    if (ids != NULL) {
        g_array_append_vals(ret_ids, ids->data, ids->len);
    }
    return ids != NULL;
}

/* Repairs the instance, if it may (doRepair). The tag about it is set by another job, which needs
 * the same lock: the repair waits a little first, so that the tag comes before it. */
static bool repair(const struct harep *harep, unsigned i, enum ht_repair_type type,
                   const GPtrArray *steps, GError **errp)
{
    const struct ht_instance *inst = &harep->cluster->instances[i];
    struct ht_repair_record *record = &harep->records[i];
    g_autoptr(GPtrArray) job = job_new();
    struct ht_repair *next;

    if (inst->repair.state != HT_REPAIR_ENABLED) {
        g_autofree char *why = inst->repair.state == HT_REPAIR_SUSPENDED
                                   ? describe_suspension(inst->repair.until)
                                   : g_strdup("ArNotEnabled");

        printf("Not repairing %s because it's in state %s\n", inst->name, why);
        return true;
    }
    next = ht_repair_new(type, (int64_t)time(NULL));
    if (type > inst->repair.type) {
        printf("Not performing a repair of type %s on %s because only repairs up to %s are "
               "allowed\n",
               ht_repair_rows[type].shown, inst->name, ht_repair_rows[inst->repair.type].shown);
        next->ended = true;
        next->result = HT_RESULT_ENOPERM;
        ht_repair_record_move(record, HT_PROGRESS_NEEDED, next);
        return commit(harep, i, errp);
    }
    printf("Executing %s repair on %s\n", ht_repair_rows[type].shown, inst->name);
    if (harep->options->job_delay > 0) {
        job_add_delay(job, harep->options->job_delay);
    }
    for (guint k = 0; k < steps->len; k++) {
        g_ptr_array_add(job, opcode_copy(g_ptr_array_index(steps, k)));
    }
    if (!submit_repair(harep, job, next->jobs, errp)) {
        ht_repair_free(next);
        return false;
    }
    ht_repair_record_move(record, HT_PROGRESS_PENDING, next);
    return commit(harep, i, errp);
}

static void print_counts(const struct harep *harep)
{
    /* In the order of their names. */
    static const enum ht_repair_progress order[HT_PROGRESS_COUNT] = {
        HT_PROGRESS_FAILED, HT_PROGRESS_HEALTHY, HT_PROGRESS_NEEDED, HT_PROGRESS_PENDING};
    unsigned counts[HT_PROGRESS_COUNT] = {0};

    for (unsigned i = 0; i < harep->cluster->n_instances; i++) {
        counts[harep->records[i].progress]++;
    }
    puts("---------------------\nInstance status count\n---------------------");
    for (size_t k = 0; k < G_N_ELEMENTS(order); k++) {
        if (counts[order[k]] > 0) {
            printf("%s: %u\n", ht_repair_progress_name(order[k]), counts[order[k]]);
        }
    }
}

static bool run(struct harep *harep, GError **errp)
{
    const struct ht_cluster *cluster = harep->cluster;

    for (unsigned i = 0; i < cluster->n_instances; i++) {
        if (!ht_repair_read(&cluster->instances[i], &harep->records[i], errp)) {
            g_prefix_error(errp, "when parsing auto-repair tags: ");
            return false;
        }
    }
    harep->client = luxi_client_connect(harep->options->luxi, NULL, errp);
    if (harep->client == NULL) {
        return false;
    }
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        if (!follow_pending(harep, i, errp)) {
            return false;
        }
    }
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        g_autoptr(GPtrArray) job = job_new();
        enum ht_repair_type type;

        if (harep->records[i].progress == HT_PROGRESS_HEALTHY &&
            detect(cluster, &cluster->instances[i], &type, job) &&
            !repair(harep, i, type, job, errp)) {
            return false;
        }
    }
    print_counts(harep);
    return true;
}

int harep_main(const struct htools_options *options, const char *const *operands)
{
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = NULL;
    struct htools_options own = *options;
    struct harep harep = {
        .options = &own,
        .note = {.program = "harep",
                 .reason = options->reason,
                 .comment = "automated repairs by harep"},
    };
    GError *error = NULL;
    bool ok;

    if (!htools_no_operands(operands)) {
        return EXIT_FAILURE;
    }
    if (own.luxi == NULL) {
        own.luxi = cli_default_socket();
    }
    cluster = htools_load(&own, &error);
    if (cluster == NULL) {
        return htools_complain(NULL, error);
    }
    harep.cluster = cluster;
    harep.records = g_new0(struct ht_repair_record, cluster->n_instances + 1);
    ok = run(&harep, &error);
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        ht_repair_record_clear(&harep.records[i]);
    }
    g_free(harep.records);
    luxi_client_free(harep.client);
    return ok ? EXIT_SUCCESS : htools_complain(NULL, error);
}
