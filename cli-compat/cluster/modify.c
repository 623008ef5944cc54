/* gnt-cluster modify (lib/client/gnt_cluster.py SetClusterParams). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/parse.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/op-options.h"
#include "cli-compat/core/submit.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

static const struct option_param simple[] = {
    {CLI_OPT_vg_name, "vg_name", OPTION_AS_IT_IS},
    {CLI_OPT_drbd_helper, "drbd_helper", OPTION_AS_IT_IS},
    {CLI_OPT_enabled_hv, "enabled_hypervisors", OPTION_LIST},
    {CLI_OPT_hvlist, "hvparams", OPTION_DICT},
    {CLI_OPT_backend, "beparams", OPTION_AS_IT_IS},
    {CLI_OPT_nic_params, "nicparams", OPTION_AS_IT_IS},
    {CLI_OPT_node_params, "ndparams", OPTION_AS_IT_IS},
    {CLI_OPT_disk_params, "diskparams", OPTION_DICT},
    {CLI_OPT_cp_size, "candidate_pool_size", OPTION_AS_IT_IS},
    {CLI_OPT_rql, "max_running_jobs", OPTION_AS_IT_IS},
    {CLI_OPT_max_track, "max_tracked_jobs", OPTION_AS_IT_IS},
    {CLI_OPT_maintain_node_health, "maintain_node_health", OPTION_AS_IT_IS},
    {CLI_OPT_modify_etchosts, "modify_etc_hosts", OPTION_AS_IT_IS},
    {CLI_OPT_default_iallocator, "default_iallocator", OPTION_AS_IT_IS},
    {CLI_OPT_default_iallocator_params, "default_iallocator_params", OPTION_AS_IT_IS},
    {CLI_OPT_prealloc_wipe_disks, "prealloc_wipe_disks", OPTION_AS_IT_IS},
    {CLI_OPT_mac_prefix, "mac_prefix", OPTION_AS_IT_IS},
    {CLI_OPT_master_netdev, "master_netdev", OPTION_AS_IT_IS},
    {CLI_OPT_use_external_mip_script, "use_external_mip_script", OPTION_AS_IT_IS},
    {CLI_OPT_hv_state, "hv_state", OPTION_DICT},
    {CLI_OPT_disk_state, "disk_state", OPTION_TREE},
    {CLI_OPT_global_filedir, "file_storage_dir", OPTION_AS_IT_IS},
    {CLI_OPT_global_shared_filedir, "shared_file_storage_dir", OPTION_AS_IT_IS},
    {CLI_OPT_install_image, "install_image", OPTION_AS_IT_IS},
    {CLI_OPT_instance_communication_network, "instance_communication_network", OPTION_AS_IT_IS},
    {CLI_OPT_zeroing_image, "zeroing_image", OPTION_AS_IT_IS},
    {CLI_OPT_enabled_user_shutdown, "enabled_user_shutdown", OPTION_AS_IT_IS},
};

/* Those that need more than a row; param: NULL where several make one. */
static const struct option_param special[] = {
    {CLI_OPT_enabled_disk_templates, "enabled_disk_templates", OPTION_LIST},
    {CLI_OPT_uidpool, "uid_pool", OPTION_AS_IT_IS},
    {CLI_OPT_add_uids, "add_uids", OPTION_AS_IT_IS},
    {CLI_OPT_remove_uids, "remove_uids", OPTION_AS_IT_IS},
    {CLI_OPT_reserved_lvs, "reserved_lvs", OPTION_WORDS},
    {CLI_OPT_master_netmask, "master_netmask", OPTION_AS_IT_IS},
    {CLI_OPT_compression_tools, "compression_tools", OPTION_LIST},
    {CLI_OPT_ipolicy_bounds_specs, NULL, OPTION_AS_IT_IS},
    {CLI_OPT_ipolicy_std_specs, NULL, OPTION_AS_IT_IS},
    {CLI_OPT_ipolicy_disk_templates, NULL, OPTION_AS_IT_IS},
    {CLI_OPT_ipolicy_vcpu_ratio, NULL, OPTION_AS_IT_IS},
    {CLI_OPT_ipolicy_spindle_ratio, NULL, OPTION_AS_IT_IS},
    {CLI_OPT_enabled_data_collectors, "enabled_data_collectors", OPTION_AS_IT_IS},
    {CLI_OPT_data_collector_interval, "data_collector_interval", OPTION_AS_IT_IS},
};

/* ---- one by one ---- */

static const char *given_text(struct cli_run *run, enum cli_option_id option)
{
    const char *text = command_line_text(run->line, option);

    return text != NULL && *text != '\0' ? text : NULL;
}

/* A volume group or a helper for what is not among the enabled templates is worth a word. */
static bool set_templates(struct cli_run *run, struct opcode *op, GError **errp)
{
    struct op_cluster_set_params *params = op->params;
    unsigned set = 0;

    if (given_text(run, CLI_OPT_enabled_disk_templates) == NULL) {
        return true;
    }
    CLEANUP(json_unrefp)
    struct json *list = option_json(run, CLI_OPT_enabled_disk_templates, OPTION_LIST);
    if (!SUBMIT_SET_JSON(op, cluster_set_params, enabled_disk_templates, list, errp)) {
        return false;
    }
    for (size_t i = 0; i < params->enabled_disk_templates.n; i++) {
        set |= 1u << params->enabled_disk_templates.v[i];
    }
    if (given_text(run, CLI_OPT_vg_name) != NULL && (set & C_DTS_LVM) == 0) {
        run_print(run, "There is a volume group (--vg-name), but no disk template that uses LVM is "
                       "enabled.");
    }
    if (given_text(run, CLI_OPT_drbd_helper) != NULL && (set & 1u << DISK_TEMPLATE_DRBD) == 0) {
        run_print(run, "There is a DRBD helper (--drbd-usermode-helper), but DRBD is not enabled.");
    }
    return true;
}

static bool set_uids(struct cli_run *run, struct opcode *op, GError **errp)
{
    static const enum cli_option_id options[] = {CLI_OPT_uidpool, CLI_OPT_add_uids,
                                                 CLI_OPT_remove_uids};
    const size_t offsets[] = {offsetof(struct op_cluster_set_params, uid_pool),
                              offsetof(struct op_cluster_set_params, add_uids),
                              offsetof(struct op_cluster_set_params, remove_uids)};

    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        const char *text = command_line_text(run->line, options[i]);
        CLEANUP(json_unrefp) struct json *ranges = text != NULL ? option_uids(text, errp) : NULL;

        if ((text != NULL && ranges == NULL) || !submit_set_json(op, offsets[i], ranges, errp)) {
            return false;
        }
    }
    return true;
}

/* An empty text takes all away, or for compression tools brings the usual ones back. */
static bool set_lists(struct cli_run *run, struct opcode *op, GError **errp)
{
    const char *lvs = command_line_text(run->line, CLI_OPT_reserved_lvs);
    const char *tools = command_line_text(run->line, CLI_OPT_compression_tools);
    CLEANUP(json_unrefp)
    struct json *lv_list = lvs != NULL && *lvs == '\0'
                               ? json_new_array()
                               : option_json(run, CLI_OPT_reserved_lvs, OPTION_WORDS);
    CLEANUP(json_unrefp)
    struct json *tool_list = tools != NULL && *tools == '\0'
                                 ? run_texts(C_IEC_DEFAULT_TOOLS)
                                 : option_json(run, CLI_OPT_compression_tools, OPTION_LIST);

    return SUBMIT_SET_JSON(op, cluster_set_params, reserved_lvs, lv_list, errp) &&
           SUBMIT_SET_JSON(op, cluster_set_params, compression_tools, tool_list, errp);
}

/* What begins with a "t" is on. */
static bool set_collectors(struct cli_run *run, struct opcode *op, GError **errp)
{
    const struct json *given = command_line_json(run->line, CLI_OPT_enabled_data_collectors);
    CLEANUP(json_unrefp) struct json *enabled = json_new_object();
    g_autoptr(GString) unknown = g_string_new(NULL);
    struct json_iter it = json_iter_begin(given);

    while (json_iter_next(&it)) {
        const char *text = json_kind(it.value) == JSON_STRING ? json_string(it.value) : "";

        if (!g_strv_contains(C_DATA_COLLECTOR_NAMES, it.key)) {
            g_string_append_printf(unknown, "%s%s", unknown->len > 0 ? ", " : "", it.key);
        }
        json_set(enabled, it.key, json_new_bool(g_ascii_tolower(*text) == 't'));
    }
    if (unknown->len > 0) {
        run_warn(run, "There are no such data collectors: %s", unknown->str);
    }
    return SUBMIT_SET_JSON(op, cluster_set_params, enabled_data_collectors, enabled, errp);
}

/* Seconds to microseconds. */
static bool set_intervals(struct cli_run *run, struct opcode *op, GError **errp)
{
    const struct json *given = command_line_json(run->line, CLI_OPT_data_collector_interval);
    CLEANUP(json_unrefp) struct json *intervals = json_new_object();
    struct json_iter it = json_iter_begin(given);

    while (json_iter_next(&it)) {
        const char *text = json_kind(it.value) == JSON_STRING ? json_string(it.value) : "";
        double seconds;

        if (!parse_double(text, 0, (double)INT64_MAX / 1e7, &seconds, NULL) ||
            (int64_t)(seconds * 1e6) <= 0) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "The interval of data collector %s must be seconds above 0, not '%s'",
                            it.key, text);
        }
        json_set(intervals, it.key, json_new_int((int64_t)(seconds * 1e6)));
    }
    return SUBMIT_SET_JSON(op, cluster_set_params, data_collector_interval, intervals, errp);
}

static bool set_netmask(struct cli_run *run, struct opcode *op, GError **errp)
{
    struct op_cluster_set_params *params = op->params;
    const char *text = command_line_text(run->line, CLI_OPT_master_netmask);
    int64_t netmask;

    if (text == NULL) {
        return true;
    }
    if (!parse_int64(text, 0, INT64_MAX, &netmask, NULL)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "--master-netmask takes a number, the length of the prefix, not '%s'",
                        text);
    }
    OP_SET(params, master_netmask, netmask);
    return true;
}

static bool set_policy(struct cli_run *run, struct opcode *op, GError **errp)
{
    CLEANUP(json_unrefp) struct json *policy = option_policy(run, false, errp);

    return policy != NULL && SUBMIT_SET_JSON(op, cluster_set_params, ipolicy, policy, errp);
}

/* ---- the command ---- */

bool cmd_cluster_modify(struct cli_run *run, GError **errp)
{
    CLEANUP(json_unrefp) struct json *result = NULL;
    struct op_cluster_set_params *params;
    struct opcode *op;

    if (!options_any_given(run, simple, G_N_ELEMENTS(simple)) &&
        !options_any_given(run, special, G_N_ELEMENTS(special))) {
        options_missing(run);
        return true;
    }
    op = opcode_new(OP_ID_cluster_set_params);
    params = op->params;
    OP_SET(params, force, command_line_flag(run->line, CLI_OPT_force));
    if (!options_to_params(run, op, simple, G_N_ELEMENTS(simple), errp) ||
        !set_templates(run, op, errp) || !set_uids(run, op, errp) || !set_lists(run, op, errp) ||
        !set_collectors(run, op, errp) || !set_intervals(run, op, errp) ||
        !set_netmask(run, op, errp) || !set_policy(run, op, errp)) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, &result, errp) && submit_follow_jobs(run, result, errp);
}
