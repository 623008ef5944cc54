#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/info.h"
#include "cli-compat/core/params-info.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/time-text.h"
#include "facts/paths.h"

struct row {
    const char *label;
    const char *key; /* of the answer; NULL: the function looks for itself */
    /* Makes what stands behind the label from the whole answer and that member of it. */
    struct info *(*make)(const struct json *answer, const struct json *value);
};

static const struct json *get(const struct json *object, const char *key)
{
    return json_kind(object) == JSON_OBJECT ? json_get(object, key) : NULL;
}

static size_t list_len(const struct json *value)
{
    return json_kind(value) == JSON_ARRAY ? json_len(value) : 0;
}

static struct info *rows_info(const struct row *rows, size_t n, const struct json *answer)
{
    struct info *info = info_map();

    for (size_t i = 0; i < n; i++) {
        info_add(info, rows[i].label,
                 rows[i].make(answer, rows[i].key != NULL ? get(answer, rows[i].key) : NULL));
    }
    return info;
}

/* ---- ways to show a value ---- */

static struct info *as_is(const struct json *answer G_GNUC_UNUSED, const struct json *value)
{
    return info_from_json(value);
}

static struct info *as_time(const struct json *answer G_GNUC_UNUSED, const struct json *value)
{
    g_autofree char *text = time_text(value);

    return info_text(text);
}

static struct info *as_list(const struct json *answer G_GNUC_UNUSED, const struct json *value)
{
    g_autofree char *text = params_comma_join(value);

    return info_text(text);
}

static struct info *as_list_or_none(const struct json *answer, const struct json *value)
{
    return list_len(value) > 0 ? as_list(answer, value) : info_text("(none)");
}

static struct info *as_params(const struct json *answer G_GNUC_UNUSED, const struct json *value)
{
    return params_info_grouped(value);
}

static struct info *as_policy(const struct json *answer G_GNUC_UNUSED, const struct json *value)
{
    return params_info_policy(value, NULL);
}

static struct info *as_tags(const struct json *answer, const struct json *value)
{
    g_autoptr(GPtrArray) tags = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = NULL;

    if (list_len(value) == 0) {
        return as_list_or_none(answer, value);
    }
    for (size_t i = 0; i < json_len(value); i++) {
        g_ptr_array_add(tags, pyrepr_str(json_at(value, i)));
    }
    g_ptr_array_sort(tags, text_nice_compare_slots);
    g_ptr_array_add(tags, NULL);
    text = g_strjoinv(", ", (char **)tags->pdata);
    return info_text(text);
}

/* "bits (machine)" */
static struct info *as_architecture(const struct json *answer G_GNUC_UNUSED,
                                    const struct json *value)
{
    g_autofree char *bits = pyrepr_str(list_len(value) > 0 ? json_at(value, 0) : NULL);
    g_autofree char *machine = pyrepr_str(list_len(value) > 1 ? json_at(value, 1) : NULL);

    return info_format("%s (%s)", bits, machine);
}

/* "5, 7-9" of [[5, 5], [7, 9]] */
static struct info *as_uid_pool(const struct json *answer G_GNUC_UNUSED, const struct json *value)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (size_t i = 0; i < list_len(value); i++) {
        const struct json *range = json_at(value, i);
        g_autofree char *from = pyrepr_str(list_len(range) == 2 ? json_at(range, 0) : range);
        g_autofree char *to = pyrepr_str(list_len(range) == 2 ? json_at(range, 1) : range);

        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", from);
        if (strcmp(from, to) != 0) {
            g_string_append_printf(out, "-%s", to);
        }
    }
    return info_text(out->str);
}

/* Those of the hypervisors that are enabled. */
static struct info *as_hvparams(const struct json *answer, const struct json *value)
{
    const struct json *enabled = get(answer, "enabled_hypervisors");
    struct info *info = info_sorted_map();

    for (size_t i = 0; i < list_len(enabled); i++) {
        g_autofree char *name = pyrepr_str(json_at(enabled, i));

        if (json_kind(value) == JSON_OBJECT && json_has(value, name)) {
            info_add(info, name, params_info_grouped(json_get(value, name)));
        }
    }
    return info;
}

/* Configure's search path, as this node has it. */
static struct info *search_path(enum search_path_id id)
{
    g_auto(GStrv) folders = g_strsplit(search_path_rows[id].folders, ",", -1);
    g_autofree char *text = g_strjoinv(", ", folders);

    return info_text(text);
}

static struct info *os_search_path(const struct json *answer G_GNUC_UNUSED,
                                   const struct json *value G_GNUC_UNUSED)
{
    return search_path(PATH_OS_SEARCH_PATH);
}

static struct info *es_search_path(const struct json *answer G_GNUC_UNUSED,
                                   const struct json *value G_GNUC_UNUSED)
{
    return search_path(PATH_ES_SEARCH_PATH);
}

/* Each collector with its interval, which travels in microseconds. */
static struct info *as_collectors(const struct json *answer, const struct json *value)
{
    const struct json *intervals = get(answer, "data_collector_interval");
    struct info *info = info_sorted_map();
    struct json_iter it;

    if (json_kind(value) != JSON_OBJECT) {
        return info;
    }
    it = json_iter_begin(value);
    while (json_iter_next(&it)) {
        const struct json *interval = get(intervals, it.key);
        bool is_number = json_kind(interval) == JSON_INT || json_kind(interval) == JSON_FLOAT;
        struct info *collector = info_sorted_map();

        info_add(collector, "active", info_from_json(it.value));
        info_add(collector, "interval",
                 info_format("%.3fs", is_number ? json_double(interval) / G_USEC_PER_SEC : 0));
        info_add(info, it.key, collector);
    }
    return info;
}

/* ---- what is shown ---- */

static struct info *cluster_params(const struct json *answer,
                                   const struct json *value G_GNUC_UNUSED)
{
    static const struct row rows[] = {
        {"candidate pool size", "candidate_pool_size", as_is},
        {"maximal number of jobs running simultaneously", "max_running_jobs", as_is},
        {"maximal number of jobs simultaneously tracked by the scheduler", "max_tracked_jobs",
         as_is},
        {"mac prefix", "mac_prefix", as_is},
        {"master netdev", "master_netdev", as_is},
        {"master netmask", "master_netmask", as_is},
        {"use external master IP address setup script", "use_external_mip_script", as_is},
        {"lvm volume group", "volume_group_name", as_is},
        {"lvm reserved volumes", "reserved_lvs", as_list_or_none},
        {"drbd usermode helper", "drbd_usermode_helper", as_is},
        {"file storage path", "file_storage_dir", as_is},
        {"shared file storage path", "shared_file_storage_dir", as_is},
        {"gluster storage path", "gluster_storage_dir", as_is},
        {"maintenance of node health", "maintain_node_health", as_is},
        {"uid pool", "uid_pool", as_uid_pool},
        {"default instance allocator", "default_iallocator", as_is},
        {"default instance allocator parameters", "default_iallocator_params", as_is},
        {"primary ip version", "primary_ip_version", as_is},
        {"preallocation wipe disks", "prealloc_wipe_disks", as_is},
        {"OS search path", NULL, os_search_path},
        {"ExtStorage Providers search path", NULL, es_search_path},
        {"enabled disk templates", "enabled_disk_templates", as_list},
        {"install image", "install_image", as_is},
        {"instance communication network", "instance_communication_network", as_is},
        {"zeroing image", "zeroing_image", as_is},
        {"compression tools", "compression_tools", as_is},
        {"enabled user shutdown", "enabled_user_shutdown", as_is},
        {"modify ssh setup", "modify_ssh_setup", as_is},
        {"ssh_key_type", "ssh_key_type", as_is},
        {"ssh_key_bits", "ssh_key_bits", as_is},
    };

    return rows_info(rows, G_N_ELEMENTS(rows), answer);
}

bool cmd_cluster_info(struct cli_run *run, GError **errp)
{
    static const struct row rows[] = {
        {"Cluster name", "name", as_is},
        {"Cluster UUID", "uuid", as_is},
        {"Creation time", "ctime", as_time},
        {"Modification time", "mtime", as_time},
        {"Master node", "master", as_is},
        {"Architecture (this node)", "architecture", as_architecture},
        {"Tags", "tags", as_tags},
        {"Default hypervisor", "default_hypervisor", as_is},
        {"Enabled hypervisors", "enabled_hypervisors", as_list},
        {"Hypervisor parameters", "hvparams", as_hvparams},
        {"OS-specific hypervisor parameters", "os_hvp", as_params},
        {"OS parameters", "osparams", as_params},
        {"Hidden OSes", "hidden_os", as_list},
        {"Blacklisted OSes", "blacklisted_os", as_list},
        {"Cluster parameters", NULL, cluster_params},
        {"Default node parameters", "ndparams", as_params},
        {"Default instance parameters", "beparams", as_params},
        {"Default nic parameters", "nicparams", as_params},
        {"Default disk parameters", "diskparams", as_params},
        {"Instance policy - limits for instances", "ipolicy", as_policy},
        {"Data collectors", "enabled_data_collectors", as_collectors},
    };
    CLEANUP(json_unrefp) struct json *answer = NULL;
    CLEANUP(info_freep) struct info *info = NULL;

    if (!run_call_for(run, LUXI_query_cluster_info, NULL, JSON_OBJECT, &answer, errp)) {
        return false;
    }
    info = rows_info(rows, G_N_ELEMENTS(rows), answer);
    run_print_info(run, info);
    return true;
}

bool cmd_cluster_version(struct cli_run *run, GError **errp)
{
    static const struct {
        const char *label, *key;
    } rows[] = {
        {"Software version", "software_version"},   {"Internode protocol", "protocol_version"},
        {"Configuration format", "config_version"}, {"OS api version", "os_api_version"},
        {"Export interface", "export_version"},     {"VCS version", "vcs_version"},
    };
    CLEANUP(json_unrefp) struct json *answer = NULL;

    if (!run_call_for(run, LUXI_query_cluster_info, NULL, JSON_OBJECT, &answer, errp)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = pyrepr_str(json_get(answer, rows[i].key));

        run_print(run, "%s: %s", rows[i].label, text);
    }
    return true;
}

bool cmd_cluster_show_ispecs_cmd(struct cli_run *run, GError **errp)
{
    CLEANUP(json_unrefp) struct json *answer = NULL;
    g_autofree char *name = NULL;
    g_autoptr(GString) text = g_string_new("gnt-cluster init");

    if (!run_call_for(run, LUXI_query_cluster_info, NULL, JSON_OBJECT, &answer, errp)) {
        return false;
    }
    name = pyrepr_str(json_get(answer, "name"));
    params_append_policy_options(text, json_get(answer, "ipolicy"), true);
    run_print(run, "%s %s", text->str, name);
    return true;
}
