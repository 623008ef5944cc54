/* All there is to tell of instances (lib/client/gnt_instance.py ShowInstanceConfig). */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/info.h"
#include "cli-compat/core/params-info.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/submit.h"
#include "cli-compat/core/time-text.h"
#include "facts/constants.h"
#include "facts/params.h"

/* NULL for whatever has no such member. */
static const struct json *get(const struct json *object, const char *key)
{
    return json_kind(object) == JSON_OBJECT ? json_get(object, key) : NULL;
}

static const struct json *at(const struct json *list, size_t index)
{
    return json_kind(list) == JSON_ARRAY && index < json_len(list) ? json_at(list, index) : NULL;
}

static size_t length(const struct json *list)
{
    return json_kind(list) == JSON_ARRAY ? json_len(list) : 0;
}

static bool is_text(const struct json *value, const char *text)
{
    return json_kind(value) == JSON_STRING && strcmp(json_string(value), text) == 0;
}

static bool is_template(const struct json *disk, enum disk_template disk_template)
{
    return is_text(get(disk, "dev_type"), fact_enum_disk_template.words[disk_template]);
}

static char *text_of(const struct json *object, const char *key)
{
    return pyrepr_str(get(object, key));
}

static void add(struct info *map, const char *label, const struct json *object, const char *key)
{
    g_autofree char *text = text_of(object, key);
    info_add(map, label, info_text(text));
}

/* ---- disks ---- */

static bool is_ldisk(const struct json *status, int64_t state)
{
    const struct json *ldisk = at(status, 6);
    return json_kind(ldisk) == JSON_INT && json_int(ldisk) == state;
}

static bool is_number(const struct json *value)
{
    return json_kind(value) == JSON_INT || json_kind(value) == JSON_FLOAT;
}

static void append_sync(GString *out, const struct json *status)
{
    const struct json *percent = at(status, 3), *left = at(status, 4), *degraded = at(status, 5);
    if (is_number(percent)) {
        g_string_append_printf(out, " *RECOVERING* %5.2f%%,", json_double(percent));
        if (is_number(left) && fabs(json_double(left)) > 0) {
            g_autofree char *seconds = pyrepr_str(left);
            g_string_append_printf(out, " ETA %ss", seconds);
        } else {
            g_string_append(out, " ETA unknown");
        }
    } else {
        g_string_append(out, " in sync");
    }
    bool is_degraded = json_kind(degraded) == JSON_BOOL && json_boolean(degraded);
    g_string_append_printf(out, ", status %s", is_degraded ? "*DEGRADED*" : "ok");
    if (is_ldisk(status, C_LDS_FAULTY)) {
        g_string_append(out, " *MISSING DISK*");
    } else if (is_ldisk(status, C_LDS_UNKNOWN)) {
        g_string_append(out, " *UNCERTAIN STATE*");
    }
}

static char *number_or_na(const struct json *value)
{
    return value != NULL ? pyrepr_str(value) : g_strdup("N/A");
}

/* "/dev/drbd0 (147:0) in sync, status ok" */
static void add_status(struct info *map, const char *label, const struct json *disk,
                       const char *key)
{
    const struct json *status = get(disk, key);
    if (length(status) == 0) {
        return;
    }
    g_autofree char *path = pyrepr_str(at(status, 0));
    g_autofree char *major = number_or_na(at(status, 1));
    g_autofree char *minor = number_or_na(at(status, 2));
    g_autoptr(GString) out = g_string_new(NULL);
    g_string_append_printf(out, "%s (%s:%s)", path, major, minor);
    if (is_template(disk, DISK_TEMPLATE_DRBD)) {
        append_sync(out, status);
    } else if (is_template(disk, DISK_TEMPLATE_PLAIN) && is_ldisk(status, C_LDS_FAULTY)) {
        g_string_append(out, " *FAILED* (failed drive?)");
    }
    info_add(map, label, info_text(out->str));
}

static void add_drbd(struct info *map, const struct json *drbd)
{
    static const struct {
        const char *label, *node, *minor;
    } rows[] = {
        {"nodeA", "primary_node", "primary_minor"},
        {"nodeB", "secondary_node", "secondary_minor"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *node = text_of(drbd, rows[i].node);
        g_autofree char *minor = text_of(drbd, rows[i].minor);
        info_add(map, rows[i].label, info_format("%s, minor=%s", node, minor));
    }
    add(map, "port", drbd, "port");
}

static void add_logical_id(struct info *map, const struct json *disk)
{
    const struct json *id = get(disk, "logical_id");
    if (id == NULL) {
        return;
    }
    if (is_template(disk, DISK_TEMPLATE_DRBD)) {
        add_drbd(map, get(disk, "drbd_info"));
    } else if (is_template(disk, DISK_TEMPLATE_PLAIN) && length(id) == 2) {
        g_autofree char *vg = pyrepr_str(at(id, 0)), *lv = pyrepr_str(at(id, 1));
        info_add(map, "logical_id", info_format("%s/%s", vg, lv));
    } else {
        add(map, "logical_id", disk, "logical_id");
    }
}

static char *size_of(const struct json *disk)
{
    const struct json *size = get(disk, "size");
    return json_kind(size) == JSON_INT ? text_format_mib((double)json_int(size), 'h')
                                       : pyrepr_str(size);
}

static struct info *disk_info(const struct json *disk, size_t index, bool top)
{
    struct info *map = info_map();
    g_autofree char *size = size_of(disk), *type = text_of(disk, "dev_type");
    g_autofree char *title = top && get(disk, "iv_name") != NULL
                                 ? text_of(disk, "iv_name")
                                 : g_strdup_printf("%s %zu", top ? "disk" : "child", index);
    info_add(map, title, info_format("%s, size %s", type, size));
    if (top) {
        if (get(disk, "spindles") != NULL) {
            add(map, "spindles", disk, "spindles");
        }
        add(map, "access mode", disk, "mode");
    }
    add_logical_id(map, disk);
    add_status(map, "on primary", disk, "pstatus");
    add_status(map, "on secondary", disk, "sstatus");
    add(map, "name", disk, "name");
    add(map, "UUID", disk, "uuid");
    const struct json *children = get(disk, "children");
    if (length(children) > 0) {
        struct info *list = info_list();
        for (size_t i = 0; i < length(children); i++) {
            info_append(list, disk_info(at(children, i), i, false));
        }
        info_add(map, "child devices", list);
    }
    return map;
}

/* ---- interfaces and nodes ---- */

static struct info *nic_info(const struct json *nic, size_t index)
{
    /* Of [name, uuid, ip, mac, mode, link, vlan, network's UUID, network]. */
    static const struct {
        const char *label;
        size_t index;
    } before[] = {{"MAC", 3}, {"IP", 2}, {"mode", 4}, {"link", 5}, {"vlan", 6}},
      after[] = {{"UUID", 1}, {"name", 0}};
    struct info *map = info_map();
    g_autofree char *title = g_strdup_printf("nic/%zu", index);
    info_add(map, title, info_text(""));
    for (size_t i = 0; i < G_N_ELEMENTS(before); i++) {
        g_autofree char *text = pyrepr_str(at(nic, before[i].index));
        info_add(map, before[i].label, info_text(text));
    }
    add(map, "network", at(nic, 8), "name");
    for (size_t i = 0; i < G_N_ELEMENTS(after); i++) {
        g_autofree char *text = pyrepr_str(at(nic, after[i].index));
        info_add(map, after[i].label, info_text(text));
    }
    return map;
}

static struct info *nodes_info(const struct json *instance)
{
    struct info *list = info_list(), *primary = info_map(), *secondary = info_map();
    g_autofree char *group = text_of(instance, "pnode_group_name");
    g_autofree char *uuid = text_of(instance, "pnode_group_uuid");
    g_autoptr(GString) names = g_string_new(NULL);
    const struct json *secondaries = get(instance, "snodes");
    for (size_t i = 0; i < length(secondaries); i++) {
        g_autofree char *name = pyrepr_str(at(secondaries, i));
        g_autofree char *its_group = pyrepr_str(at(get(instance, "snodes_group_names"), i));
        g_autofree char *its_uuid = pyrepr_str(at(get(instance, "snodes_group_uuids"), i));
        g_string_append_printf(names, "%s%s (group %s, group UUID %s)", i > 0 ? ", " : "", name,
                               its_group, its_uuid);
    }
    add(primary, "primary", instance, "pnode");
    info_add(primary, "group", info_format("%s (UUID %s)", group, uuid));
    info_add(secondary, "secondaries", info_text(names->str));
    info_append(list, primary);
    info_append(list, secondary);
    return list;
}

/* ---- the instance ---- */

static void add_state(struct info *map, const struct json *instance)
{
    g_autofree char *wanted = text_of(instance, "config_state");
    const struct json *found = get(instance, "run_state");
    if (json_kind(found) == JSON_STRING && json_string_len(found) > 0) {
        info_add(
            map, "State",
            info_format("configured to be %s, actual state is %s", wanted, json_string(found)));
    } else {
        info_add(map, "State", info_format("configured to be %s", wanted));
    }
}

static void add_time(struct info *map, const char *label, const struct json *seconds)
{
    g_autofree char *text = time_text(seconds);
    info_add(map, label, info_text(text));
}

/* Where its VNC server listens: an address, or a file of the node. */
static void add_vnc(struct info *map, const struct json *instance)
{
    const struct json *address =
        get(get(instance, "hv_actual"), hv_names[HV_NAME_vnc_bind_address].name);
    const struct json *port = get(instance, "network_port");
    if (json_kind(address) != JSON_STRING || json_string_len(address) == 0) {
        return;
    }
    g_autofree char *node = text_of(instance, "pnode"), *port_text = pyrepr_str(port);
    int64_t display = json_kind(port) == JSON_INT ? json_int(port) - C_VNC_BASE_PORT : 0;
    const char *listen = json_string(address);
    if (display > 0 && strcmp(listen, C_IP4_ADDRESS_ANY) == 0) {
        info_add(
            map, "console connection",
            info_format("vnc to %s:%s (display %" G_GINT64_FORMAT ")", node, port_text, display));
    } else if (display > 0 && g_hostname_is_ip_address(listen) && strchr(listen, ':') == NULL) {
        info_add(map, "console connection",
                 info_format("vnc to %s:%s (node %s) (display %" G_GINT64_FORMAT ")", listen,
                             port_text, node, display));
    } else {
        info_add(map, "console connection", info_format("vnc to %s:%s", node, listen));
    }
}

/* With the old name of the largest memory, which scripts still read. */
static struct info *backend_info(const struct json *instance)
{
    CLEANUP(json_unrefp) struct json *actual = json_copy(get(instance, "be_actual"));
    if (json_kind(actual) == JSON_OBJECT) {
        json_set(actual, "memory", json_ref(json_get(actual, "maxmem")));
    }
    return params_info(get(instance, "be_instance"), actual);
}

static struct info *each(const struct json *list, struct info *(*fn)(const struct json *, size_t))
{
    struct info *out = info_list();
    for (size_t i = 0; i < length(list); i++) {
        info_append(out, fn(at(list, i), i));
    }
    return out;
}

static struct info *top_disk_info(const struct json *disk, size_t index)
{
    return disk_info(disk, index, true);
}

static struct info *instance_info(const struct json *instance)
{
    struct info *map = info_map();
    add(map, "Instance name", instance, "name");
    add(map, "UUID", instance, "uuid");
    add(map, "Serial number", instance, "serial_no");
    add_time(map, "Creation time", get(instance, "ctime"));
    add_time(map, "Modification time", get(instance, "mtime"));
    add_state(map, instance);
    info_add(map, "Nodes", nodes_info(instance));
    add(map, "Operating system", instance, "os");
    info_add(map, "Operating system parameters",
             params_info(get(instance, "os_instance"), get(instance, "os_actual")));
    if (json_kind(instance) == JSON_OBJECT && json_has(instance, "network_port")) {
        add(map, "Allocated network port", instance, "network_port");
    }
    add(map, "Hypervisor", instance, "hypervisor");
    add_vnc(map, instance);
    info_add(map, "Hypervisor parameters",
             params_info(get(instance, "hv_instance"), get(instance, "hv_actual")));
    info_add(map, "Back-end parameters", backend_info(instance));
    info_add(map, "NICs", each(get(instance, "nics"), nic_info));
    add(map, "Disk template", instance, "disk_template");
    info_add(map, "Disks", each(get(instance, "disks"), top_disk_info));
    return map;
}

bool cmd_instance_info(struct cli_run *run, GError **errp)
{
    bool all = command_line_flag(run->line, CLI_OPT_all), named = run->args[0] != NULL;
    bool is_static = command_line_flag(run->line, CLI_OPT_static);
    if (all == named) {
        run_warn(run, "%s",
                 named ? "Either --all or names of instances can be given, not both."
                       : "No instance selected. Name some, or give --all for all of "
                         "them, which takes long on a large cluster.");
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    struct opcode *op = opcode_new(OP_ID_instance_query_data);
    struct op_instance_query_data *params = op->params;
    CLEANUP(json_unrefp) struct json *names = run_texts(run->args), *result = NULL;
    OP_SET(params, is_static, is_static);
    OP_SET(params, use_locking, !is_static);
    if (!SUBMIT_SET_JSON(op, instance_query_data, instances, names, errp)) {
        opcode_free(op);
        return false;
    }
    if (!submit_opcode(run, op, &result, errp)) {
        return false;
    }
    if (json_kind(result) != JSON_OBJECT || json_len(result) == 0) {
        run_print(run, "No instances.");
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    CLEANUP(info_freep) struct info *list = info_list();
    struct json_iter it = json_iter_begin(result);
    while (json_iter_next(&it)) {
        info_append(list, instance_info(it.value));
    }
    run_print_info(run, list);
    return true;
}
