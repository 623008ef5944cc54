/* Commands that submit test jobs (lib/client/gnt_debug.py). */
#include "config.h"

#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/parse.h"
#include "base/text.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/op-options.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/submit.h"
#include "facts/codec.h"
#include "facts/errors.h"

bool cmd_debug_delay(struct cli_run *run, GError **errp)
{
    static const struct option_param options[] = {
        {CLI_OPT_delay_no_master, "on_master", OPTION_AS_IT_IS},
        {CLI_OPT_delay_nodes, "on_nodes", OPTION_AS_IT_IS},
        {CLI_OPT_delay_repeat, "repeat", OPTION_AS_IT_IS},
        {CLI_OPT_delay_interruptible, "interruptible", OPTION_AS_IT_IS},
        {CLI_OPT_delay_no_locks, "no_locks", OPTION_AS_IT_IS},
    };
    struct opcode *op = opcode_new(OP_ID_test_delay);
    struct op_test_delay *params = op->params;
    double seconds;

    if (!parse_double(run->args[0], -G_MAXDOUBLE, G_MAXDOUBLE, &seconds, NULL)) {
        opcode_free(op);
        return err_fail(errp, ERR_PARAMETER, ECODE_NONE, "'%s' is no number of seconds",
                        run->args[0]);
    }
    OP_SET(params, duration, seconds);
    if (!options_to_params(run, op, options, G_N_ELEMENTS(options), errp)) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, NULL, errp);
}

bool cmd_debug_test_osparams(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_test_os_params);

    if (!SUBMIT_SET_JSON(op, test_os_params, osparams_secret,
                         command_line_json(run->line, CLI_OPT_osparams_secret), errp)) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, NULL, errp);
}

/* ---- submit-job ---- */

enum { MAX_FILE_SIZE = 64 * 1024 * 1024 };

/* The opcodes of a file, so many times; freeing the array frees those that are still in it. */
static GPtrArray *load_opcodes(const char *path, int64_t repeat, GError **errp)
{
    g_autoptr(GPtrArray) ops = g_ptr_array_new();
    size_t len = 0;
    g_autofree char *text = fs_read_file(path, MAX_FILE_SIZE, &len, errp);
    CLEANUP(json_unrefp) struct json *list = NULL;

    if (text == NULL) {
        return NULL;
    }
    if (!json_parse(text, (gssize)len, &list, errp)) {
        g_prefix_error(errp, "%s: ", path);
        return NULL;
    }
    if (json_kind(list) != JSON_ARRAY) {
        err_set(errp, ERR_PARAMETER, ECODE_NONE, "%s: expected a list of opcodes", path);
        return NULL;
    }
    for (int64_t i = 0; i < repeat; i++) {
        for (size_t j = 0; j < json_len(list); j++) {
            struct opcode *op = opcode_decode(json_at(list, j), NULL, errp);

            if (op == NULL) {
                g_prefix_error(errp, "%s: ", path);
                g_ptr_array_set_free_func(ops, (GDestroyNotify)opcode_free);
                return NULL;
            }
            g_ptr_array_add(ops, op);
        }
    }
    return g_steal_pointer(&ops);
}

static bool add_jobs(struct cli_run *run, struct job_set *set, int64_t *ret_n_ops, GError **errp)
{
    int64_t jobs = command_line_int(run->line, CLI_OPT_submit_job_repeat, 1);
    int64_t repeat = command_line_int(run->line, CLI_OPT_submit_op_repeat, 1);

    for (int64_t i = 0; i < jobs; i++) {
        for (size_t j = 0; run->args[j] != NULL; j++) {
            g_autoptr(GPtrArray) ops = load_opcodes(run->args[j], repeat, errp);
            g_autofree char *name = NULL;

            if (ops == NULL) {
                return false;
            }
            name = g_strdup_printf("file %s/%" G_GINT64_FORMAT, run->args[j], (gint64)i);
            job_set_add(set, name, (struct opcode *const *)ops->pdata, ops->len);
            *ret_n_ops += (int64_t)ops->len;
        }
    }
    return true;
}

/* Submission and waiting are one step here: --timing-stats tells their sum. */
bool cmd_debug_submit_job(struct cli_run *run, GError **errp)
{
    CLEANUP(job_set_freep)
    struct job_set *set = job_set_new(run, command_line_flag(run->line, CLI_OPT_verbose));
    bool timing = command_line_flag(run->line, CLI_OPT_submit_timing);
    const struct job_set_result *results;
    int64_t n_ops = 0, start;
    size_t n;

    if (command_line_flag(run->line, CLI_OPT_submit_each)) {
        job_set_submit_each(set);
    }
    if (!add_jobs(run, set, &n_ops, errp)) {
        return false;
    }
    start = g_get_monotonic_time();
    if (!job_set_wait(set, &results, &n, errp)) {
        return false;
    }
    if (timing) {
        run_print(run, "C:op     %4" G_GINT64_FORMAT, (gint64)n_ops);
        run_print(run, "C:job    %4zu", n);
        run_print(run, "T:total  %4.4f", (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC);
    }
    return true;
}

/* ---- iallocator ---- */

static struct json *parse_disks(const char *text, GError **errp)
{
    g_auto(GStrv) sizes = g_strsplit(text, ",", -1);
    CLEANUP(json_unrefp) struct json *disks = json_new_array();

    for (size_t i = 0; sizes[i] != NULL; i++) {
        struct json *disk;
        int64_t mib;

        if (!parse_size_mib(sizes[i], &mib, NULL)) {
            err_set(errp, ERR_PARAMETER, ECODE_NONE, "--disks: '%s' is no size", sizes[i]);
            return NULL;
        }
        disk = json_new_object();
        json_set(disk, "size", json_new_int(mib));
        json_set(disk, "mode", json_new_string(fact_enum_disk_mode.words[DISK_MODE_RW]));
        json_append(disks, disk);
    }
    return g_steal_pointer(&disks);
}

/* mac/ip/bridge; what is missing or empty is null. */
static struct json *parse_nics(const char *text)
{
    static const char *const keys[] = {"mac", "ip", "bridge"};
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    struct json *nics = json_new_array();

    for (size_t i = 0; parts[i] != NULL; i++) {
        g_auto(GStrv) values = g_strsplit(parts[i], "/", -1);
        guint n = g_strv_length(values);
        struct json *nic = json_new_object();

        for (guint j = 0; j < G_N_ELEMENTS(keys); j++) {
            json_set(nic, keys[j], j < n && *values[j] != '\0' ? json_new_string(values[j]) : NULL);
        }
        json_append(nics, nic);
    }
    return nics;
}

bool cmd_debug_iallocator(struct cli_run *run, GError **errp)
{
    static const struct option_param options[] = {
        {CLI_OPT_iallocator_direction, "direction", OPTION_AS_IT_IS},
        {CLI_OPT_iallocator_mode, "mode", OPTION_AS_IT_IS},
        {CLI_OPT_iallocator, "iallocator", OPTION_AS_IT_IS},
        {CLI_OPT_iallocator_memory, "memory", OPTION_AS_IT_IS},
        {CLI_OPT_disk_template, "disk_template", OPTION_AS_IT_IS},
        {CLI_OPT_os, "os", OPTION_AS_IT_IS},
        {CLI_OPT_iallocator_vcpus, "vcpus", OPTION_AS_IT_IS},
        {CLI_OPT_iallocator_evac_mode, "evac_mode", OPTION_AS_IT_IS},
        {CLI_OPT_iallocator_target_groups, "target_groups", OPTION_AS_IT_IS},
        {CLI_OPT_iallocator_spindle_use, "spindle_use", OPTION_AS_IT_IS},
        {CLI_OPT_iallocator_count, "count", OPTION_AS_IT_IS},
        {CLI_OPT_tag_add, "tags", OPTION_LIST},
    };
    CLEANUP(json_unrefp)
    struct json *disks = parse_disks(command_line_text(run->line, CLI_OPT_iallocator_disks), errp);
    CLEANUP(json_unrefp)
    struct json *nics = parse_nics(command_line_text(run->line, CLI_OPT_iallocator_nics));
    CLEANUP(json_unrefp) struct json *names = run_texts(run->args);
    CLEANUP(json_unrefp) struct json *result = NULL;
    struct op_test_allocator *params;
    struct opcode *op;

    if (disks == NULL) {
        return false;
    }
    op = opcode_new(OP_ID_test_allocator);
    params = op->params;
    OP_SET_TEXT(params, name, run->args[0]);
    if (!options_to_params(run, op, options, G_N_ELEMENTS(options), errp) ||
        !SUBMIT_SET_JSON(op, test_allocator, instances, names, errp) ||
        !SUBMIT_SET_JSON(op, test_allocator, disks, disks, errp) ||
        !SUBMIT_SET_JSON(op, test_allocator, nics, nics, errp)) {
        opcode_free(op);
        return false;
    }
    if (!submit_opcode(run, op, &result, errp)) {
        return false;
    }
    g_autofree char *text = pyrepr_str(result);
    run_print(run, "%s", text);
    return true;
}
