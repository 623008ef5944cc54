/* Changing an instance (lib/client/gnt_instance.py SetInstanceParams). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/confirm.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/submit.h"
#include "cli-compat/instance/device-mods.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "facts/level.h"
#include "facts/params.h"
#include "jobs/lu/params.h"

/* Whether a value says something: neither nothing nor an empty list or object. */
static bool says(const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_NULL:
        return false;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return json_len(value) > 0;
    case JSON_STRING:
        return json_string_len(value) > 0;
    case JSON_BOOL:
    case JSON_INT:
    case JSON_FLOAT:
        break;
    }
    return true;
}

/* What is submitted, and what counts as a change; devices have forms of their own
 * (device-mods.h). */
#define PARAMS(PARAM)                                                                              \
    PARAM(hvparams, hvopts, true)                                                                  \
    PARAM(beparams, backend, true)                                                                 \
    PARAM(osparams, osparams, true)                                                                \
    PARAM(osparams_private, osparams_private, true)                                                \
    PARAM(os_name, os, true)                                                                       \
    PARAM(runtime_mem, runtime_mem, true)                                                          \
    PARAM(pnode, new_primary, true)                                                                \
    PARAM(disk_template, disk_template, true)                                                      \
    PARAM(instance_communication, instance_communication, true)                                    \
    PARAM(ext_params, ext_params, false)                                                           \
    PARAM(file_driver, filestore_driver, false)                                                    \
    PARAM(file_storage_dir, filestore_dir, false)                                                  \
    PARAM(remote_node, single_node, false)                                                         \
    PARAM(iallocator, iallocator, false)

static const struct param {
    enum cli_option_id option;
    size_t offset;
    bool change;
} params[] = {
#define PARAM(member, option, change)                                                              \
    {CLI_OPT_##option, offsetof(struct op_instance_set_params, member), change},
    PARAMS(PARAM)
#undef PARAM
};

static bool has_devices(const struct cli_run *run)
{
    return says(command_line_json(run->line, CLI_OPT_net)) ||
           says(command_line_json(run->line, CLI_OPT_disk));
}

static bool has_changes(const struct cli_run *run)
{
    bool any = has_devices(run) || command_line_flag(run->line, CLI_OPT_offline_inst) ||
               command_line_flag(run->line, CLI_OPT_online_inst);
    for (size_t i = 0; !any && i < G_N_ELEMENTS(params); i++) {
        any = params[i].change && says(command_line_json(run->line, params[i].option));
    }
    return any;
}

static const enum vtype *hv_vtype(const char *name)
{
    const struct hv_name *row = hv_name_find(name);
    return row != NULL ? &row->vtype : NULL;
}

/* "memory" is the old name of both limits. */
static const enum vtype *be_vtype(const char *name)
{
    const struct param_row *row =
        param_row_find(&be_params, strcmp(name, "memory") == 0 ? "maxmem" : name);
    return row != NULL ? &row->vtype : NULL;
}

/* The values in the kinds of their rows; "default" in any case stays that (ForceDictType). */
static bool force(const struct json *given, const enum vtype *(*vtype_of)(const char *name),
                  struct json **ret, GError **errp)
{
    *ret = json_new_object();
    struct json_iter it = json_iter_begin(given);
    while (json_iter_next(&it)) {
        const enum vtype *vtype = vtype_of(it.key);
        struct json *value = NULL;
        if (json_kind(it.value) == JSON_STRING &&
            g_ascii_strcasecmp(json_string(it.value), C_VALUE_DEFAULT) == 0) {
            json_set(*ret, it.key, json_new_string(C_VALUE_DEFAULT));
            continue;
        }
        if (vtype == NULL) {
            return err_fail(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE, "There is no parameter '%s'",
                            it.key);
        }
        if (!lu_force_value(it.key, *vtype, it.value, &value, errp)) {
            return false;
        }
        json_set(*ret, it.key, value);
    }
    return true;
}

/* What is submitted of an option. */
static bool value_of(struct cli_run *run, enum cli_option_id option, struct json **ret,
                     GError **errp)
{
    const struct json *given = command_line_json(run->line, option);
    if (json_kind(given) == JSON_OBJECT && option == CLI_OPT_hvopts) {
        return force(given, hv_vtype, ret, errp);
    }
    if (json_kind(given) == JSON_OBJECT && option == CLI_OPT_backend) {
        return force(given, be_vtype, ret, errp);
    }
    *ret = says(given) ? json_copy(given) : NULL;
    return true;
}

static bool fill(struct cli_run *run, struct opcode *op, GError **errp)
{
    struct op_instance_set_params *into = op->params;
    bool offline = command_line_flag(run->line, CLI_OPT_offline_inst);
    OP_SET_TEXT(into, instance_name, run->args[0]);
    OP_SET(into, force, command_line_flag(run->line, CLI_OPT_force));
    OP_SET(into, force_variant, command_line_flag(run->line, CLI_OPT_force_variant));
    OP_SET(into, ignore_ipolicy, command_line_flag(run->line, CLI_OPT_ignore_ipolicy));
    OP_SET(into, wait_for_sync, command_line_flag(run->line, CLI_OPT_nwsync));
    OP_SET(into, conflicts_check, command_line_flag(run->line, CLI_OPT_noconflictscheck));
    if (offline || command_line_flag(run->line, CLI_OPT_online_inst)) {
        OP_SET(into, offline, offline);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(params); i++) {
        CLEANUP(json_unrefp) struct json *value = NULL;
        if (!value_of(run, params[i].option, &value, errp) ||
            !submit_set_json(op, params[i].offset, value, errp)) {
            return false;
        }
    }
    return true;
}

static void tell(struct cli_run *run, const struct json *changes)
{
    run_print(run, "Modified instance %s", run->args[0]);
    for (size_t i = 0; i < json_len(changes); i++) {
        const struct json *change = json_at(changes, i);
        if (json_kind(change) == JSON_ARRAY && json_len(change) == 2) {
            g_autofree char *name = pyrepr_str(json_at(change, 0));
            g_autofree char *value = pyrepr_str(json_at(change, 1));
            run_print(run, " - %-5s -> %s", name, value);
        }
    }
    run_print(run, "Most of it takes effect when the instance is next started by Ganeti; a restart "
                   "from inside is not enough.");
    if (says(command_line_json(run->line, CLI_OPT_hvopts))) {
        run_print(run, "Until then a live migration may crash the guest, as hypervisor parameters "
                       "were changed.");
    }
}

/* --- Devices and templates ----------------------------------------------------------------------
 */
struct devices {
    struct json *nics, *disks;
};

static bool read_devices(struct cli_run *run, struct devices *ret, GError **errp)
{
    ret->nics = device_mods_read(command_line_json(run->line, CLI_OPT_net), false, errp);
    if (ret->nics != NULL) {
        ret->disks = device_mods_read(command_line_json(run->line, CLI_OPT_disk), true, errp);
    }
    return ret->disks != NULL;
}

/* 3.0 has to be told to change the running guest, later releases not to. */
static bool is_hotplug(const struct cli_run *run)
{
    return command_line_flag(run->line,
                             fact_level() == LEVEL_3_0 ? CLI_OPT_hotplug : CLI_OPT_nohotplug);
}

static bool may_change_nics(struct cli_run *run, const struct json *nics)
{
    return !device_mods_modify(nics) || !is_hotplug(run) ||
           command_line_flag(run->line, CLI_OPT_force) ||
           confirm_ask("A network interface of the running guest is changed by pulling it out and "
                       "plugging a new one in, which may break its connections. Continue?");
}

/* NULL: options and template fit each other. */
static const char *template_problem(const struct cli_run *run)
{
    const char *ext = fact_enum_disk_template.words[DISK_TEMPLATE_EXT];
    const char *word = command_line_text(run->line, CLI_OPT_disk_template);
    bool has_params = says(command_line_json(run->line, CLI_OPT_ext_params));
    bool has_files = says(command_line_json(run->line, CLI_OPT_filestore_driver)) ||
                     says(command_line_json(run->line, CLI_OPT_filestore_dir));
    int number = word != NULL ? fact_enum_find(&fact_enum_disk_template, word) : -1;
    if (word != NULL && has_params && strcmp(word, ext) != 0) {
        return "Parameters of a storage provider need the disk template 'ext'";
    }
    if (word != NULL && !has_params && strcmp(word, ext) == 0) {
        return "The provider is missing: name it with --ext-params (-e)";
    }
    if (has_files && (number < 0 || !const_has(C_DTS_FILEBASED, number))) {
        return "Folder and driver of files need a disk template whose disks are files";
    }
    return NULL;
}

static bool check_ext_params(const struct cli_run *run, GError **errp)
{
    const struct json *given = command_line_json(run->line, CLI_OPT_ext_params);
    if (!says(given)) {
        return true;
    }
    if (!json_has(given, "provider")) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Disks of the template 'ext' need a 'provider'");
    }
    struct json_iter it = json_iter_begin(given);
    while (json_iter_next(&it)) {
        if (strcmp(it.key, "provider") != 0 &&
            fact_object_find(&fact_object_idisk, it.key) != NULL) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "'%s' is no parameter of a storage provider", it.key);
        }
    }
    return true;
}

static bool set_devices(struct cli_run *run, struct opcode *op, const struct devices *devices,
                        GError **errp)
{
    struct op_instance_set_params *into = op->params;
    OP_SET(into, hotplug, is_hotplug(run));
    if (fact_level() == LEVEL_3_0) {
        OP_SET(into, hotplug_if_possible,
               command_line_flag(run->line, CLI_OPT_hotplug_if_possible));
    }
    return SUBMIT_SET_JSON(op, instance_set_params, nics, devices->nics, errp) &&
           SUBMIT_SET_JSON(op, instance_set_params, disks, devices->disks, errp);
}

static bool send(struct cli_run *run, const struct devices *devices, GError **errp)
{
    CLEANUP(json_unrefp) struct json *changes = NULL;
    struct opcode *op = opcode_new(OP_ID_instance_set_params);
    if (!fill(run, op, errp) || !set_devices(run, op, devices, errp)) {
        opcode_free(op);
        return false;
    }
    if (!submit_or_send(run, op, &changes, errp)) {
        return false;
    }
    if (json_kind(changes) == JSON_ARRAY && json_len(changes) > 0) {
        tell(run, changes);
    }
    return true;
}

static bool modify(struct cli_run *run, struct devices *devices, GError **errp)
{
    if (!read_devices(run, devices, errp)) {
        return false;
    }
    if (!may_change_nics(run, devices->nics)) {
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    const char *problem = template_problem(run);
    if (problem != NULL) {
        run_warn(run, "%s", problem);
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    return check_ext_params(run, errp) && send(run, devices, errp);
}

bool cmd_instance_modify(struct cli_run *run, GError **errp)
{
    if (!has_changes(run)) {
        run_warn(run, "Please give at least one of the parameters.");
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    struct devices devices = {0};
    bool ok = modify(run, &devices, errp);
    json_unref(devices.nics);
    json_unref(devices.disks);
    return ok;
}
