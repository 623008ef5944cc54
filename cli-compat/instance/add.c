/* gnt-instance add, gnt-backup import (lib/cli.py GenericInstanceCreate). */
#include "config.h"

#include "cli-compat/instance/add.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/parse.h"
#include "cli-compat/core/submit.h"
#include "facts/constants.h"
#include "facts/errors.h"

static bool refuse(GError **errp, const char *text)
{
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "%s", text);
}

/* --- Numbered options ---------------------------------------------------------------------------
 *
 * "--disk 0:size=1G --disk 2:..." comes as [[ident, {...}], ...] and becomes a list in which what
 * is not told is empty (ParseNicOption). */
static struct json *numbered(const struct json *given, int most, const char *what, GError **errp)
{
    CLEANUP(json_unrefp) struct json *by_index = json_new_object();
    int n = 0;
    for (size_t i = 0; i < json_len(given); i++) {
        const struct json *ident = json_at(json_at(given, i), 0);
        struct json *values = json_at(json_at(given, i), 1);
        g_autofree char *text = json_kind(ident) == JSON_STRING
                                    ? g_strdup(json_string(ident))
                                    : json_to_string(ident, JSON_PYTHON);
        int index;
        if (!parse_int(text, 0, most - 1, &index, NULL)) {
            err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "'%s' is no number of a %s", text, what);
            return NULL;
        }
        if (json_kind(values) != JSON_OBJECT) {
            err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "The %s %d needs options, name=value", what,
                    index);
            return NULL;
        }
        g_autofree char *key = g_strdup_printf("%d", index);
        json_set(by_index, key, json_copy(values));
        n = MAX(n, index + 1);
    }
    struct json *list = json_new_array();
    for (int i = 0; i < n; i++) {
        g_autofree char *key = g_strdup_printf("%d", i);
        json_append(list, json_has(by_index, key) ? json_ref(json_get(by_index, key))
                                                  : json_new_object());
    }
    return list;
}

static bool to_number(struct json *disk, const char *key, bool size, size_t index, GError **errp)
{
    const struct json *value = json_get(disk, key);
    int64_t number;
    if (json_kind(value) != JSON_STRING) {
        return true;
    }
    if (size ? !parse_size_mib(json_string(value), &number, NULL)
             : !parse_int64(json_string(value), 0, INT64_MAX, &number, NULL)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Disk %zu: '%s' is no good %s", index,
                        json_string(value), key);
    }
    json_set(disk, key, json_new_int(number));
    return true;
}

static bool check_disk(struct json *disk, size_t index, bool import, GError **errp)
{
    bool adopt = json_has(disk, "adopt");
    if (adopt && import) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Disk %zu: an import adopts no disks",
                        index);
    }
    if (json_has(disk, "size")) {
        if (adopt) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "Disk %zu: either 'size' or 'adopt', not both", index);
        }
    } else if (!adopt) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Disk %zu has neither a size nor a volume to adopt", index);
    } else if (json_has(disk, "spindles")) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Disk %zu: one that is adopted has no spindles", index);
    } else {
        json_set(disk, "size", json_new_int(0));
    }
    return to_number(disk, "size", true, index, errp) &&
           to_number(disk, "spindles", false, index, errp);
}

static struct json *read_disks(struct cli_run *run, bool import, GError **errp)
{
    const struct json *given = command_line_json(run->line, CLI_OPT_disk);
    const struct json *size = command_line_json(run->line, CLI_OPT_os_size);
    const char *disk_template = command_line_text(run->line, CLI_OPT_disk_template);
    bool none = json_len(given) == 0 && size == NULL;
    if (g_strcmp0(disk_template, fact_enum_disk_template.words[DISK_TEMPLATE_DISKLESS]) == 0) {
        if (!none) {
            (void)refuse(errp, "An instance without disks is wanted, but disks are given");
            return NULL;
        }
        return json_new_array();
    }
    if ((none && !import) || (json_len(given) > 0 && size != NULL)) {
        (void)refuse(errp, none ? "No disks are given: use --disk or -s"
                                : "Either --disk or -s, not both");
        return NULL;
    }
    if (size != NULL) {
        struct json *list = json_new_array(), *disk = json_new_object();
        json_set(disk, "size", json_copy(size));
        json_append(list, disk);
        return list;
    }
    CLEANUP(json_unrefp) struct json *list = numbered(given, C_MAX_DISKS, "disk", errp);
    for (size_t i = 0; list != NULL && i < json_len(list); i++) {
        if (json_len(json_at(list, i)) > 0 && !check_disk(json_at(list, i), i, import, errp)) {
            return NULL;
        }
    }
    return g_steal_pointer(&list);
}

/* One with everything automatic unless the command line says otherwise; for an import those of the
 * export. */
static struct json *read_nics(struct cli_run *run, bool import, GError **errp)
{
    const struct json *given = command_line_json(run->line, CLI_OPT_net);
    if (json_len(given) > 0) {
        return numbered(given, C_MAX_NICS, "network interface", errp);
    }
    struct json *list = json_new_array();
    if (!import && !command_line_flag(run->line, CLI_OPT_nonics)) {
        json_append(list, json_new_object());
    }
    return list;
}

/* --- Everything else ----------------------------------------------------------------------------
 */
static void set_nodes(struct cli_run *run, struct op_instance_create *params)
{
    const char *text = command_line_text(run->line, CLI_OPT_node_placement);
    if (text != NULL) {
        g_auto(GStrv) nodes = g_strsplit(text, ":", 2);
        OP_SET_TEXT(params, pnode, nodes[0]);
        OP_SET_TEXT(params, snode, nodes[0] != NULL ? nodes[1] : NULL);
    }
}

/* A space between USB devices, as commas cannot be typed there (FixHvParams). */
static struct json *hvparams_of(const struct json *hypervisor)
{
    struct json *params = json_copy(json_at(hypervisor, 1));
    const struct json *usb =
        json_kind(params) == JSON_OBJECT ? json_get(params, "usb_devices") : NULL;
    if (json_kind(usb) == JSON_STRING) {
        g_autofree char *text = g_strdelimit(g_strdup(json_string(usb)), " ", ',');
        json_set(params, "usb_devices", json_new_string(text));
    }
    return params;
}

static bool set_parameters(struct cli_run *run, struct opcode *op, GError **errp)
{
    const struct json *hypervisor = command_line_json(run->line, CLI_OPT_hypervisor);
    const char *tags = command_line_text(run->line, CLI_OPT_tag_add);
    CLEANUP(json_unrefp) struct json *tag_list = json_new_array();
    CLEANUP(json_unrefp) struct json *hvparams = NULL;
    if (tags != NULL) {
        g_auto(GStrv) parts = g_strsplit(tags, ",", -1);
        for (size_t i = 0; parts[i] != NULL; i++) {
            json_append(tag_list, json_new_string(parts[i]));
        }
    }
    if (hypervisor != NULL) {
        hvparams = hvparams_of(hypervisor);
        if (!SUBMIT_SET_JSON(op, instance_create, hypervisor, json_at(hypervisor, 0), errp)) {
            return false;
        }
    }
#define FROM_OPTION(member, option)                                                                \
    SUBMIT_SET_JSON(op, instance_create, member, command_line_json(run->line, CLI_OPT_##option),   \
                    errp)
    return SUBMIT_SET_JSON(op, instance_create, hvparams, hvparams, errp) &&
           SUBMIT_SET_JSON(op, instance_create, tags, tag_list, errp) &&
           FROM_OPTION(disk_template, disk_template) &&
           FROM_OPTION(file_driver, filestore_driver) && FROM_OPTION(beparams, backend) &&
           FROM_OPTION(osparams, osparams) && FROM_OPTION(osparams_private, osparams_private) &&
           FROM_OPTION(osparams_secret, osparams_secret) &&
           FROM_OPTION(helper_startup_timeout, helper_startup_timeout) &&
           FROM_OPTION(helper_shutdown_timeout, helper_shutdown_timeout) &&
           (!command_line_has(run->line, CLI_OPT_instance_communication) ||
            FROM_OPTION(instance_communication, instance_communication));
#undef FROM_OPTION
}

/* Options that only making an instance has, or only importing it. */
static void set_mode(struct cli_run *run, struct op_instance_create *params, bool import)
{
    if (import) {
        OP_SET(params, start, false);
        OP_SET(params, identify_defaults, command_line_flag(run->line, CLI_OPT_identify_defaults));
        OP_SET_TEXT(params, src_node, command_line_text(run->line, CLI_OPT_src_node));
        OP_SET_TEXT(params, src_path, command_line_text(run->line, CLI_OPT_src_dir));
        OP_SET_TEXT(params, compress, command_line_text(run->line, CLI_OPT_compress));
        return;
    }
    OP_SET_TEXT(params, os_type, command_line_text(run->line, CLI_OPT_os));
    OP_SET(params, forthcoming, command_line_flag(run->line, CLI_OPT_forthcoming));
    OP_SET(params, commit, command_line_flag(run->line, CLI_OPT_commit));
    OP_SET(params, start, command_line_flag(run->line, CLI_OPT_nostart));
    OP_SET(params, force_variant, command_line_flag(run->line, CLI_OPT_force_variant));
    OP_SET(params, no_install, command_line_flag(run->line, CLI_OPT_no_install));
}

static void set_flags(struct cli_run *run, struct op_instance_create *params)
{
    OP_SET(params, conflicts_check, command_line_flag(run->line, CLI_OPT_noconflictscheck));
    OP_SET(params, ip_check, command_line_flag(run->line, CLI_OPT_ipcheck));
    OP_SET(params, name_check, command_line_flag(run->line, CLI_OPT_namecheck));
    OP_SET(params, wait_for_sync, command_line_flag(run->line, CLI_OPT_nwsync));
    OP_SET(params, opportunistic_locking, command_line_flag(run->line, CLI_OPT_opportunistic));
    OP_SET(params, ignore_ipolicy, command_line_flag(run->line, CLI_OPT_ignore_ipolicy));
}

bool instance_create(struct cli_run *run, enum inst_create_mode mode, GError **errp)
{
    bool import = mode == INST_CREATE_IMPORT;
    CLEANUP(json_unrefp) struct json *nics = read_nics(run, import, errp);
    CLEANUP(json_unrefp) struct json *disks = nics != NULL ? read_disks(run, import, errp) : NULL;
    if (disks == NULL) {
        return false;
    }
    struct opcode *op = opcode_new(OP_ID_instance_create);
    struct op_instance_create *params = op->params;
    OP_SET_TEXT(params, instance_name, run->args[0]);
    OP_SET(params, mode, mode);
    OP_SET_TEXT(params, group_name, command_line_text(run->line, CLI_OPT_nodegroup));
    OP_SET_TEXT(params, file_storage_dir, command_line_text(run->line, CLI_OPT_filestore_dir));
    OP_SET_TEXT(params, iallocator, command_line_text(run->line, CLI_OPT_iallocator));
    set_nodes(run, params);
    set_flags(run, params);
    set_mode(run, params, import);
    if (!SUBMIT_SET_JSON(op, instance_create, disks, disks, errp) ||
        !SUBMIT_SET_JSON(op, instance_create, nics, nics, errp) || !set_parameters(run, op, errp)) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, NULL, errp);
}
