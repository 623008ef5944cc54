/* gnt-cluster init (lib/client/gnt_cluster.py InitCluster). */
#include "config.h"

#include "cli-compat/cluster/init.h"

#include <string.h>

#include "base/json.h"
#include "base/parse.h"
#include "bootstrap/init.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/op-options.h"
#include "cli-compat/core/submit.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "facts/params.h"
#include "facts/storage.h"
#include "jobs/lu/params.h"
#include "jobs/lu/state.h"

/* --- Plain values -------------------------------------------------------------------------------
 */
static void set_text(const struct command_line *line, enum cli_option_id option, const char *usual,
                     char **slot, bool *has)
{
    const char *text = command_line_text(line, option);

    text = text != NULL ? text : usual;
    if (text != NULL) {
        *slot = g_strdup(text);
        if (has != NULL) {
            *has = true;
        }
    }
}
#define SET_TEXT(cluster, member, line, option)                                                    \
    set_text(line, CLI_OPT_##option, NULL, &(cluster)->member, &(cluster)->has.member)

/* An option that was not given is off. */
#define SET_FLAG(cluster, member, line, option)                                                    \
    ((cluster)->member = command_line_flag(line, CLI_OPT_##option), (cluster)->has.member = true)

static void set_plain(const struct command_line *line, struct cluster *cluster)
{
    set_text(line, CLI_OPT_mac_prefix, C_DEFAULT_MAC_PREFIX, &cluster->mac_prefix, NULL);
    set_text(line, CLI_OPT_global_filedir, NULL, &cluster->file_storage_dir, NULL);
    SET_TEXT(cluster, shared_file_storage_dir, line, global_shared_filedir);
    SET_TEXT(cluster, gluster_storage_dir, line, global_gluster_filedir);
    SET_TEXT(cluster, default_iallocator, line, default_iallocator);
    SET_TEXT(cluster, install_image, line, install_image);
    SET_TEXT(cluster, zeroing_image, line, zeroing_image);
    SET_FLAG(cluster, maintain_node_health, line, maintain_node_health);
    SET_FLAG(cluster, prealloc_wipe_disks, line, prealloc_wipe_disks);
    SET_FLAG(cluster, use_external_mip_script, line, use_external_mip_script);
    SET_FLAG(cluster, enabled_user_shutdown, line, enabled_user_shutdown);
    SET_FLAG(cluster, modify_etc_hosts, line, nomodify_etchosts);
    SET_FLAG(cluster, modify_ssh_setup, line, nomodify_ssh_setup);
    cluster->candidate_pool_size =
        command_line_int(line, CLI_OPT_cp_size, C_MASTER_POOL_SIZE_DEFAULT);
}

/* A number that the option takes as a text. */
static bool read_number(const struct command_line *line, enum cli_option_id option,
                        const char *what, int64_t *slot, GError **errp)
{
    const char *text = command_line_text(line, option);
    g_autoptr(GError) error = NULL;

    return text == NULL || parse_int64(text, INT64_MIN, INT64_MAX, slot, &error) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Invalid %s: %s", what, error->message);
}

static void set_ssh(const struct command_line *line, struct cluster *cluster)
{
    const char *type = command_line_text(line, CLI_OPT_ssh_key_type);

    cluster->ssh_key_type = (enum ssh_key_type)fact_enum_find(
        &fact_enum_ssh_key_type, type != NULL ? type : C_SSH_DEFAULT_KEY_TYPE);
    cluster->has.ssh_key_type = true;
    cluster->ssh_key_bits = command_line_int(line, CLI_OPT_ssh_key_bits, 0);
    cluster->has.ssh_key_bits = cluster->ssh_key_bits != 0;
}

/* --- Lists --------------------------------------------------------------------------------------
 */
static bool set_words(const char *text, const struct fact_type *type, void *list, const char *what,
                      GError **errp)
{
    CLEANUP(json_unrefp) struct json *words = json_new_array();
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; parts[i] != NULL; i++) {
        json_append(words, json_new_string(parts[i]));
    }
    return fact_decode(type, words, list, NULL, &error) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "The list of %s has an invalid entry: %s",
                    what, error->message);
}

static bool set_hypervisors(const struct command_line *line, struct cluster *cluster, GError **errp)
{
    const char *text = command_line_text(line, CLI_OPT_enabled_hv);

    return set_words(text != NULL ? text : C_DEFAULT_ENABLED_HYPERVISOR, &type_hypervisor_list,
                     &cluster->enabled_hypervisors, "enabled hypervisors", errp);
}

static bool set_templates(const struct command_line *line, struct cluster *cluster, GError **errp)
{
    const char *text = command_line_text(line, CLI_OPT_enabled_disk_templates);

    cluster->has.enabled_disk_templates = true;
    if (text != NULL && *text != '\0') {
        return set_words(text, &type_disk_template_list, &cluster->enabled_disk_templates,
                         "enabled disk templates", errp);
    }
    for (size_t i = 0; i < C_DEFAULT_ENABLED_DISK_TEMPLATES_N; i++) {
        *(enum disk_template *)fact_list_add(&type_disk_template_list,
                                             &cluster->enabled_disk_templates) =
            (enum disk_template)C_DEFAULT_ENABLED_DISK_TEMPLATES[i];
    }
    return true;
}

/* Empty: back to the usual ones. */
static bool set_compression(const struct command_line *line, struct cluster *cluster, GError **errp)
{
    const char *text = command_line_text(line, CLI_OPT_compression_tools);

    cluster->has.compression_tools = text != NULL && *text != '\0';
    return !cluster->has.compression_tools ||
           set_words(text, &type_str_list, &cluster->compression_tools, "compression tools", errp);
}

static bool set_uid_pool(const struct command_line *line, struct cluster *cluster, GError **errp)
{
    const char *text = command_line_text(line, CLI_OPT_uidpool);
    CLEANUP(json_unrefp) struct json *ranges = option_uids(text != NULL ? text : "", errp);

    cluster->has.uid_pool = true;
    return ranges != NULL &&
           fact_decode(&type_int_list_list, ranges, &cluster->uid_pool, NULL, errp);
}

/* --- Parameters ---------------------------------------------------------------------------------
 */
static bool read_dict(const struct json *given, struct any_dict *ret, GError **errp)
{
    return given == NULL || fact_decode(&type_any_dict, (struct json *)given, ret, NULL, errp);
}

static bool set_params(const struct command_line *line, enum cli_option_id option,
                       const struct param_rows *rows, const struct fact_object *object, void *ret,
                       GError **errp)
{
    struct any_dict given = {0};
    bool ok = read_dict(command_line_json(line, option), &given, errp);

    if (ok && rows == &be_params) {
        lu_split_memory(&given);
    }
    ok = ok && lu_force_params(&given, rows, object, ret, errp);
    fact_clear(&type_any_dict, &given);
    return ok;
}

/* Calls fn for each [name, parameters] of an option that may be given many times; the last of a
 * name counts. */
typedef bool ident_fn(const char *name, const struct any_dict *given, struct cluster *cluster,
                      GError **errp);
static bool each_ident(const struct command_line *line, enum cli_option_id option,
                       struct cluster *cluster, ident_fn *fn, GError **errp)
{
    const struct json *list = command_line_json(line, option);
    bool ok = true;

    for (size_t i = 0; ok && list != NULL && i < json_len(list); i++) {
        const struct json *pair = json_at(list, i);
        struct any_dict given = {0};

        if (json_kind(json_at(pair, 1)) != JSON_OBJECT) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "A new cluster has nothing that could be taken away: %s",
                            json_string(json_at(pair, 0)));
        }
        ok = read_dict(json_at(pair, 1), &given, errp) &&
             fn(json_string(json_at(pair, 0)), &given, cluster, errp);
        fact_clear(&type_any_dict, &given);
    }
    return ok;
}

static bool set_hypervisor(const char *name, const struct any_dict *given, struct cluster *cluster,
                           GError **errp)
{
    if (fact_enum_find(&fact_enum_hypervisor, name) < 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no hypervisor '%s'", name);
    }
    return lu_force_hvparams(given, fact_dict_add(&type_hv_map, &cluster->hvparams, name), errp);
}

static bool set_template(const char *name, const struct any_dict *given, struct cluster *cluster,
                         GError **errp)
{
    struct disk_template_params one = {0};
    bool ok;

    fact_copy(&type_any_dict, fact_dict_add(&type_disk_template_params, &one, name), given);
    ok = lu_force_diskparams(&one, &cluster->diskparams, errp);
    fact_clear(&type_disk_template_params, &one);
    return ok;
}

/* DRBD's own data lies in the cluster's volume group, whatever was told (bootstrap.py InitCluster).
 */
static const char DRBD_METAVG[] = "metavg";
static void set_metavg(struct cluster *cluster)
{
    const char *drbd = fact_enum_disk_template.words[DISK_TEMPLATE_DRBD];
    CLEANUP(json_unrefp) struct json *group = NULL;
    struct value_map *params;

    if (!cluster->has.volume_group_name) {
        return;
    }
    params = fact_dict_get(&type_value_map_map, &cluster->diskparams, drbd);
    params =
        params != NULL ? params : fact_dict_add(&type_value_map_map, &cluster->diskparams, drbd);
    group = json_new_string(cluster->volume_group_name);
    (void)fact_value_set(fact_dict_add(&type_value_map, params, DRBD_METAVG), group);
}

static bool set_hv_state(struct cli_run *run, struct cluster *cluster, GError **errp)
{
    CLEANUP(json_unrefp) struct json *list = option_json(run, CLI_OPT_hv_state, OPTION_DICT);
    struct any_dict given = {0};
    bool ok = read_dict(list, &given, errp);

    for (size_t i = 0; given.n == 0 && i < cluster->enabled_hypervisors.n; i++) {
        const char *name = fact_enum_hypervisor.words[cluster->enabled_hypervisors.v[i]];

        *(struct json **)fact_dict_add(&type_any_map, &cluster->hv_state_static, name) =
            json_new_object();
    }
    ok = ok && lu_hv_state_merge(&given, &cluster->hv_state_static, errp);
    lu_hv_state_fill(&cluster->hv_state_static);
    cluster->has.hv_state_static = true;
    fact_clear(&type_any_dict, &given);
    return ok;
}

static bool set_disk_state(struct cli_run *run, struct cluster *cluster, GError **errp)
{
    CLEANUP(json_unrefp) struct json *tree = option_json(run, CLI_OPT_disk_state, OPTION_TREE);
    struct any_dict given = {0};
    bool ok = read_dict(tree, &given, errp) &&
              lu_disk_state_merge(&given, &cluster->disk_state_static, errp);

    lu_disk_state_fill(&cluster->disk_state_static);
    cluster->has.disk_state_static = true;
    fact_clear(&type_any_dict, &given);
    return ok;
}

static bool set_allocator_params(const struct command_line *line, struct cluster *cluster,
                                 GError **errp)
{
    const struct json *given = command_line_json(line, CLI_OPT_default_iallocator_params);

    cluster->has.default_iallocator_params = given != NULL;
    return given == NULL || fact_decode(&type_value_map, (struct json *)given,
                                        &cluster->default_iallocator_params, NULL, errp);
}

static bool set_all_params(struct cli_run *run, struct cluster *cluster, GError **errp)
{
    const struct command_line *line = run->line;
    struct beparams *be = fact_dict_add(&type_beparams_map, &cluster->beparams, CFG_PARAMS_DEFAULT);
    struct nicparams *nic =
        fact_dict_add(&type_nicparams_map, &cluster->nicparams, CFG_PARAMS_DEFAULT);
    bool ok =
        set_params(line, CLI_OPT_backend, &be_params, &fact_object_beparams, be, errp) &&
        set_params(line, CLI_OPT_nic_params, &nic_params, &fact_object_nicparams, nic, errp) &&
        set_params(line, CLI_OPT_node_params, &nd_params, &fact_object_ndparams, &cluster->ndparams,
                   errp) &&
        each_ident(line, CLI_OPT_hvlist, cluster, set_hypervisor, errp) &&
        each_ident(line, CLI_OPT_disk_params, cluster, set_template, errp) &&
        set_hv_state(run, cluster, errp) && set_disk_state(run, cluster, errp) &&
        set_allocator_params(line, cluster, errp) && init_policy(run, &cluster->ipolicy, errp);

    set_metavg(cluster);
    cluster->has.beparams = cluster->has.nicparams = cluster->has.ndparams = true;
    cluster->has.hvparams = cluster->has.diskparams = cluster->has.ipolicy = true;
    return ok;
}

/* --- Where one option decides on another --------------------------------------------------------
 */
static bool has_storage(const struct cluster *cluster, enum storage_type type)
{
    for (size_t i = 0; i < cluster->enabled_disk_templates.n; i++) {
        if (storage_type_of(cluster->enabled_disk_templates.v[i]) == type) {
            return true;
        }
    }
    return false;
}

/* (_InitVgName) */
static bool set_volume_group(struct cli_run *run, struct cluster *cluster, GError **errp)
{
    const char *name = command_line_text(run->line, CLI_OPT_vg_name);
    bool lvm = has_storage(cluster, STORAGE_LVM_VG);

    if (name != NULL && *name != '\0' && !lvm) {
        run_print(run,
                  "A volume group is given (--vg-name), but no enabled disk template uses LVM.");
    }
    if (name != NULL && *name == '\0' && lvm) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Disk templates of LVM are enabled, but there shall be no volume group");
    }
    name = name != NULL ? name : lvm ? C_DEFAULT_VG : NULL;
    cluster->has.volume_group_name = name != NULL;
    cluster->volume_group_name = g_strdup(name);
    return true;
}

static bool has_drbd(const struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->enabled_disk_templates.n; i++) {
        if (cluster->enabled_disk_templates.v[i] == DISK_TEMPLATE_DRBD) {
            return true;
        }
    }
    return false;
}

/* (_InitDrbdHelper) */
static bool set_drbd_helper(struct cli_run *run, struct cluster *cluster, GError **errp)
{
    const char *helper = command_line_text(run->line, CLI_OPT_drbd_helper);
    bool drbd = has_drbd(cluster);

    if (helper != NULL && !drbd) {
        run_print(run,
                  "Note: A user-mode helper of DRBD is given, but disks of DRBD are not enabled.");
    }
    if (drbd && helper != NULL && *helper == '\0') {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Disks of DRBD are enabled, so there must be a user-mode helper");
    }
    helper = helper != NULL ? helper : drbd ? C_DEFAULT_DRBD_HELPER : NULL;
    cluster->has.drbd_usermode_helper = helper != NULL;
    cluster->drbd_usermode_helper = g_strdup(helper);
    return true;
}

/* Guests are on the usual bridge, and the master address too, unless it is told otherwise. */
static void set_network(const struct command_line *line, struct cluster *cluster)
{
    const char *netdev = command_line_text(line, CLI_OPT_master_netdev);
    struct nicparams *nic = &cluster->nicparams.v[0].value;
    bool ovs = nic->has.mode && nic->mode == NIC_MODE_OPENVSWITCH;

    if ((netdev == NULL && ovs) || !nic->has.link) {
        g_free(nic->link);
        nic->link = g_strdup(netdev == NULL && ovs ? C_DEFAULT_OVS : C_DEFAULT_BRIDGE);
        nic->has.link = true;
    }
    netdev = netdev != NULL ? netdev : ovs ? C_DEFAULT_OVS : C_DEFAULT_BRIDGE;
    cluster->master_netdev = g_strdup(netdev);
}

static bool fill(struct cli_run *run, struct cluster_init *request, GError **errp)
{
    const struct command_line *line = run->line;
    struct cluster *cluster = request->cluster;
    int64_t version = C_IP4_VERSION;

    set_plain(line, cluster);
    set_ssh(line, cluster);
    if (!set_hypervisors(line, cluster, errp) || !set_templates(line, cluster, errp) ||
        !set_volume_group(run, cluster, errp) || !set_drbd_helper(run, cluster, errp) ||
        !set_all_params(run, cluster, errp) || !set_compression(line, cluster, errp) ||
        !set_uid_pool(line, cluster, errp) ||
        !read_number(line, CLI_OPT_master_netmask, "netmask", &cluster->master_netmask, errp) ||
        !read_number(line, CLI_OPT_primary_ip_version, "IP version", &version, errp)) {
        return false;
    }
    set_network(line, cluster);
    request->name = run->args[0];
    request->secondary_ip = command_line_text(line, CLI_OPT_secondary_ip);
    request->ip_version = (int)CLAMP(version, 0, G_MAXINT);
    return true;
}

bool cmd_cluster_init(struct cli_run *run, GError **errp)
{
    struct cluster_init request = {.cluster = fact_object_new(&fact_object_cluster)};
    bool ok = fill(run, &request, errp) && run_flush(run, errp) && cluster_init(&request, errp);

    fact_object_free(&fact_object_cluster, request.cluster);
    return ok && submit_opcode(run, opcode_new(OP_ID_cluster_post_init), NULL, errp);
}
