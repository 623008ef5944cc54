/* What must hold before a cluster is made (bootstrap.py InitCluster, its first half). */
#include "config.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/net.h"
#include "bootstrap/init-private.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "facts/params.h"
#include "jobs/lu/cluster-check.h"
#include "jobs/lu/ipolicy.h"
#include "jobs/lu/params.h"
#include "noded/ssh/files.h"
#include "noded/storage/drbd/drbd.h"
#include "noded/storage/file/paths.h"
#include "noded/storage/lvm/groups.h"

enum {
    MAX_NAMES = 10 * 1000 * 1000,
    MAX_KEY = 64 * 1024,
    PING_TIMEOUT_MS = 5000,
    STORAGE_MODE = 0750,
    IPV4_BITS = 32,
    IPV6_BITS = 128,
};

/* --- Left-overs ---------------------------------------------------------------------------------
 */
static bool has_no_files(enum path_id id, GError **errp)
{
    const char *dir = path_get(id);
    g_autoptr(GPtrArray) names = NULL;

    if (!g_file_test(dir, G_FILE_TEST_IS_DIR)) {
        return true;
    }
    names = fs_list_dir(dir, MAX_NAMES, errp);
    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *path = g_build_filename(dir, names->pdata[i], NULL);

        /* The queue's lock file outlives a cluster that was destroyed. */
        if (!g_file_test(path, G_FILE_TEST_IS_DIR) &&
            strcmp(path, path_get(PATH_JOB_QUEUE_LOCK_FILE)) != 0) {
            return err_fail(
                errp, ERR_OP_PREREQ, ECODE_STATE,
                "%s is left of an earlier cluster: remove what is in %s before making a "
                "new one",
                path, dir);
        }
    }
    return names != NULL;
}

bool init_check_left_overs(GError **errp)
{
    if (g_file_test(path_get(PATH_CLUSTER_CONF_FILE), G_FILE_TEST_EXISTS)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "This node is part of a cluster already: %s is there",
                        path_get(PATH_CLUSTER_CONF_FILE));
    }
    return has_no_files(PATH_QUEUE_DIR, errp) && has_no_files(PATH_DATA_DIR, errp) &&
           has_no_files(PATH_JOB_QUEUE_ARCHIVE_DIR, errp);
}

/* --- Network ------------------------------------------------------------------------------------
 */
static bool find_host(struct init_state *state, bool ipv6, GError **errp)
{
    char name[HOST_NAME_MAX + 1] = "";

    if (vcluster_hostname() != NULL) {
        (void)g_strlcpy(name, vcluster_hostname(), sizeof name);
    } else if (gethostname(name, sizeof name - 1) != 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_ENVIRON, "this host has no name");
    }
    if (!net_resolve(name, ipv6, &state->host_name, &state->host_ip, errp)) {
        err_wrap(errp, ERR_OP_PREREQ, ECODE_ENVIRON);
        return false;
    }
    return true;
}

/* In a virtual cluster all nodes are on one host, where loopback addresses are as good as others.
 */
static bool check_host(const struct init_state *state, GError **errp)
{
    if (net_is_loopback(state->host_ip) && vcluster_hostname() == NULL) {
        return err_fail(
            errp, ERR_OP_PREREQ, ECODE_ENVIRON,
            "The name of this host, %s, stands for %s, a loopback address; correct DNS or "
            "%s",
            state->host_name, state->host_ip, path_get(PATH_ETC_HOSTS));
    }
    return net_is_own_address(state->host_ip) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_ENVIRON,
                    "The name of this host, %s, stands for %s, which is none of its addresses",
                    state->host_name, state->host_ip);
}

static bool find_cluster(const struct cluster_init *request, bool ipv6, GError **errp)
{
    struct cluster *cluster = request->cluster;
    char *name = NULL, *ip = NULL;

    if (!net_resolve(request->name, ipv6, &name, &ip, errp)) {
        err_wrap(errp, ERR_OP_PREREQ, ECODE_ENVIRON);
        return false;
    }
    g_free(cluster->cluster_name);
    g_free(cluster->master_ip);
    cluster->cluster_name = name;
    cluster->master_ip = ip;
    cluster->primary_ip_family = ipv6 ? AF_INET6 : AF_INET;
    cluster->has.primary_ip_family = true;
    if (net_tcp_try(ip, daemon_rows[DAEMON_noded].port, NULL, PING_TIMEOUT_MS) != NET_SILENT &&
        !net_is_loopback(ip)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_NOTUNIQUE,
                        "The address of the cluster, %s, is in use: a host answers there", ip);
    }
    return true;
}

static bool check_secondary(const struct cluster_init *request, struct init_state *state, bool ipv6,
                            GError **errp)
{
    if (request->secondary_ip == NULL && ipv6) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "With an IPv6 primary address the node needs a secondary one of IPv4 "
                        "(--secondary-ip)");
    }
    state->secondary_ip =
        g_strdup(request->secondary_ip != NULL ? request->secondary_ip : state->host_ip);
    if (!net_is_address(state->secondary_ip, false)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "The secondary address must be one of IPv4, and '%s' is none",
                        state->secondary_ip);
    }
    return net_is_own_address(state->secondary_ip) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_ENVIRON,
                    "The secondary address %s is none of this host", state->secondary_ip);
}

static bool check_netmask(struct cluster *cluster, bool ipv6, GError **errp)
{
    if (cluster->master_netmask == 0) {
        cluster->master_netmask = ipv6 ? IPV6_BITS : IPV4_BITS;
    }
    return lu_check_netmask(cluster->primary_ip_family, cluster->master_netmask, errp);
}

bool init_check_network(const struct cluster_init *request, struct init_state *state, GError **errp)
{
    struct cluster *cluster = request->cluster;
    bool ipv6 = request->ip_version == C_IP6_VERSION;
    const struct nicparams *nic = &cluster->nicparams.v[0].value;
    bool later = nic->has.mode && nic->mode == NIC_MODE_OPENVSWITCH; /* the switch is made last */

    if (request->ip_version != C_IP4_VERSION && !ipv6) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no IP version %d",
                        request->ip_version);
    }
    return find_host(state, ipv6, errp) && check_host(state, errp) &&
           find_cluster(request, ipv6, errp) && check_secondary(request, state, ipv6, errp) &&
           check_netmask(cluster, ipv6, errp) &&
           (later || net_has_interface(cluster->master_netdev) ||
            err_fail(
                errp, ERR_OP_PREREQ, ECODE_INVAL,
                "This host has no network device '%s' for the master address (--master-netdev)",
                cluster->master_netdev));
}

/* --- The host -----------------------------------------------------------------------------------
 */
static bool is_enabled(const struct cluster *cluster, enum disk_template wanted)
{
    for (size_t i = 0; i < cluster->enabled_disk_templates.n; i++) {
        if (cluster->enabled_disk_templates.v[i] == wanted) {
            return true;
        }
    }
    return false;
}

static bool check_volume_group(const struct cluster *cluster, GError **errp)
{
    const char *group = cluster->has.volume_group_name ? cluster->volume_group_name : "";
    double size = 0, free_room = 0;
    bool there = false;

    if (*group == '\0') {
        return true;
    }
    if (!lvm_group_room(group, false, &size, &free_room, &there, errp)) {
        err_wrap(errp, ERR_OP_PREREQ, ECODE_ENVIRON);
        return false;
    }
    if (!there) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "This host has no volume group '%s' (--vg-name, --enabled-disk-templates)",
                        group);
    }
    return size >= C_MIN_VG_SIZE ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "The volume group '%s' is too small: it has %.0f MiB and needs %d MiB", group,
                    size, C_MIN_VG_SIZE);
}

static bool check_drbd(const struct cluster *cluster, GError **errp)
{
    g_autofree char *helper = NULL;

    if (!is_enabled(cluster, DISK_TEMPLATE_DRBD) || !cluster->has.drbd_usermode_helper) {
        return true;
    }
    helper = drbd_node_helper(errp);
    if (helper == NULL) {
        err_wrap(errp, ERR_OP_PREREQ, ECODE_ENVIRON);
        g_prefix_error(errp, "Disks of DRBD are enabled (--enabled-disk-templates), but: ");
        return false;
    }
    return strcmp(helper, cluster->drbd_usermode_helper) == 0 ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "The user-mode helper of DRBD shall be %s, but on this host it is %s",
                    cluster->drbd_usermode_helper, helper);
}

static bool check_users(GError **errp)
{
    for (size_t i = 0; i < DAEMON_COUNT; i++) {
        if (getpwnam(daemon_rows[i].user) == NULL) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_ENVIRON, "This host has no user '%s'",
                            daemon_rows[i].user);
        }
    }
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        if (getgrnam(group_name((enum group_id)i)) == NULL) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_ENVIRON, "This host has no group '%s'",
                            group_name((enum group_id)i));
        }
    }
    return true;
}

/* The key itself, without its type and comment; empty if there is no such file. */
static bool read_host_key(enum path_id id, char **slot, GError **errp)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;

    if (!g_file_test(path_get(id), G_FILE_TEST_IS_REGULAR)) {
        *slot = g_strdup("");
        return true;
    }
    text = fs_read_file(path_get(id), MAX_KEY, NULL, errp);
    if (text == NULL) {
        return false;
    }
    words = g_strsplit(g_strstrip(text), " ", -1);
    *slot = g_strdup(g_strv_length(words) > 1 ? words[1] : "");
    return true;
}

static bool read_host_keys(struct cluster *cluster, GError **errp)
{
    g_clear_pointer(&cluster->rsahostkeypub, g_free);
    g_clear_pointer(&cluster->dsahostkeypub, g_free);
    if (!read_host_key(PATH_SSH_HOST_RSA_PUB, &cluster->rsahostkeypub, errp) ||
        !read_host_key(PATH_SSH_HOST_DSA_PUB, &cluster->dsahostkeypub, errp)) {
        return false;
    }
    cluster->has.dsahostkeypub = true;
    return *cluster->rsahostkeypub != '\0' || *cluster->dsahostkeypub != '\0' ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_ENVIRON,
                    "This host has no key for SSH: neither %s nor %s is there",
                    path_get(PATH_SSH_HOST_RSA_PUB), path_get(PATH_SSH_HOST_DSA_PUB));
}

static bool has_allocator(const char *name)
{
    const char *const *dirs = path_list(PATH_IALLOCATOR_SEARCH_PATH);

    for (size_t i = 0; strchr(name, '/') == NULL && dirs[i] != NULL; i++) {
        g_autofree char *path = g_build_filename(dirs[i], name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
            return true;
        }
    }
    return false;
}

static bool choose_allocator(struct cluster *cluster, GError **errp)
{
    if (!cluster->has.default_iallocator) {
        bool hail = has_allocator(C_IALLOC_HAIL);

        cluster->default_iallocator = hail ? g_strdup(C_IALLOC_HAIL) : NULL;
        cluster->has.default_iallocator = hail;
        return true;
    }
    return has_allocator(cluster->default_iallocator) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no instance allocator '%s'",
                    cluster->default_iallocator);
}

bool init_check_host(struct cluster *cluster, GError **errp)
{
    return check_volume_group(cluster, errp) && check_drbd(cluster, errp) && check_users(errp) &&
           read_host_keys(cluster, errp) && choose_allocator(cluster, errp);
}

/* --- Values -------------------------------------------------------------------------------------
 */
static bool check_prefix(struct cluster *cluster, GError **errp)
{
    char *prefix = lu_mac_prefix(cluster->mac_prefix, errp);

    if (prefix == NULL) {
        return false;
    }
    g_free(cluster->mac_prefix);
    cluster->mac_prefix = prefix;
    return true;
}

static bool check_compression(const struct cluster *cluster, GError **errp)
{
    const struct nonempty_str_list tools = {.v = cluster->compression_tools.v,
                                            .n = cluster->compression_tools.n};

    return !cluster->has.compression_tools || lu_check_compression_tools(&tools, errp);
}

static bool check_hypervisors(const struct cluster *cluster, GError **errp)
{
    for (size_t i = 0; i < cluster->hvparams.n; i++) {
        int hypervisor = fact_enum_find(&fact_enum_hypervisor, cluster->hvparams.v[i].key);

        if (hypervisor < 0) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no hypervisor '%s'",
                            cluster->hvparams.v[i].key);
        }
        if (!lu_check_hv_syntax((enum hypervisor)hypervisor, &cluster->hvparams.v[i].value, errp)) {
            return false;
        }
    }
    return true;
}

static bool check_nics(const struct cluster *cluster, GError **errp)
{
    const struct nicparams *given = &cluster->nicparams.v[0].value;

    return !given->has.link || *given->link != '\0' ||
           (given->has.mode && given->mode != NIC_MODE_BRIDGED) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "Bridged network interfaces need the name of a bridge (link)");
}

static bool check_policy(const struct cluster *cluster, GError **errp)
{
    struct ipolicy *filled = fact_object_copy(&fact_object_ipolicy, &cluster->ipolicy);
    bool ok;

    (void)ipolicy_fill_defaults(filled);
    ok = lu_ipolicy_check(filled, true, errp);
    fact_object_free(&fact_object_ipolicy, filled);
    return ok;
}

bool init_check_values(struct cluster *cluster, GError **errp)
{
    if (cluster->enabled_hypervisors.n == 0 || cluster->enabled_disk_templates.n == 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "At least one %s must be enabled",
                        cluster->enabled_hypervisors.n == 0 ? "hypervisor" : "disk template");
    }
    return check_prefix(cluster, errp) &&
           ssh_key_length(cluster->ssh_key_type,
                          cluster->has.ssh_key_bits ? cluster->ssh_key_bits : 0,
                          &cluster->ssh_key_bits, errp) &&
           (cluster->has.ssh_key_bits = true) && check_compression(cluster, errp) &&
           check_hypervisors(cluster, errp) && check_nics(cluster, errp) &&
           check_policy(cluster, errp);
}

/* --- Folders for disks that are files -----------------------------------------------------------
 */
static bool make_storage_dir(const struct cluster *cluster, enum disk_template disk_template,
                             enum path_id usual, char **slot, GError **errp)
{
    const char *name = fact_enum_disk_template.words[disk_template];
    bool chosen = *slot != NULL;
    g_autofree char *dir = chosen ? g_canonicalize_filename(*slot, "/") : NULL;

    if (!chosen) {
        *slot = g_strdup(path_get(usual));
    }

    if (!is_enabled(cluster, disk_template)) {
        if (chosen && **slot != '\0') {
            log_info("a folder for %s disks is given, but these are not enabled", name);
        }
        return true;
    }
    if (!g_path_is_absolute(*slot)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "%s disks are enabled and need a folder, with its whole path", name);
    }
    if (chosen) {
        g_free(*slot);
        *slot = g_steal_pointer(&dir);
    }
    if (!file_path_check(*slot, true, errp)) {
        err_wrap(errp, ERR_OP_PREREQ, ECODE_INVAL);
        return false;
    }
    if (g_mkdir_with_parents(*slot, STORAGE_MODE) != 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_ENVIRON, "Cannot make the folder %s: %s", *slot,
                        g_strerror(errno));
    }
    return true;
}

bool init_make_storage(struct cluster *cluster, GError **errp)
{
    cluster->has.shared_file_storage_dir = cluster->has.gluster_storage_dir = true;
    return make_storage_dir(cluster, DISK_TEMPLATE_FILE, PATH_DEFAULT_FILE_STORAGE_DIR,
                            &cluster->file_storage_dir, errp) &&
           make_storage_dir(cluster, DISK_TEMPLATE_SHAREDFILE, PATH_DEFAULT_SHARED_FILE_STORAGE_DIR,
                            &cluster->shared_file_storage_dir, errp) &&
           make_storage_dir(cluster, DISK_TEMPLATE_GLUSTER, PATH_DEFAULT_GLUSTER_STORAGE_DIR,
                            &cluster->gluster_storage_dir, errp);
}
