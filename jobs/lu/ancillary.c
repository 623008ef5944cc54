#include "config.h"

#include "jobs/lu/ancillary.h"

#include "compat-config/paths/paths.h"

const enum path_id lu_cert_files[] = {
    PATH_NODED_CERT_FILE,
    PATH_RAPI_CERT_FILE,
    PATH_SPICE_CERT_FILE,
    PATH_SPICE_CACERT_FILE,
};
const size_t lu_cert_files_n = G_N_ELEMENTS(lu_cert_files);

bool lu_template_is_enabled(const struct cluster *cluster, enum disk_template disk_template)
{
    for (size_t i = 0; i < cluster->enabled_disk_templates.n; i++) {
        if (cluster->enabled_disk_templates.v[i] == disk_template) {
            return true;
        }
    }
    return false;
}

/* --- Rows ---------------------------------------------------------------------------------------
 */
enum when {
    ALWAYS,
    COMPARED_ONLY, /* not sent */
    IF_HOSTS,      /* the cluster cares for /etc/hosts */
    IF_SCRIPT,     /* a script of the site sets the master address */
    IF_FILES,      /* there are file disks; compared only */
};
static const struct {
    enum path_id path;
    enum when when;
    enum lu_files_for on;
    bool optional;
} rows[] = {
    {PATH_SSH_KNOWN_HOSTS_FILE, ALWAYS, LU_FILES_ALL, false},
    {PATH_CONFD_HMAC_KEY, ALWAYS, LU_FILES_ALL, false},
    {PATH_CLUSTER_DOMAIN_SECRET_FILE, ALWAYS, LU_FILES_ALL, false},
    {PATH_SPICE_CERT_FILE, ALWAYS, LU_FILES_ALL, false},
    {PATH_SPICE_CACERT_FILE, ALWAYS, LU_FILES_ALL, false},
    {PATH_RAPI_USERS_FILE, ALWAYS, LU_FILES_ALL, true},
    {PATH_RAPI_CERT_FILE, ALWAYS, LU_FILES_ALL, false},
    {PATH_NODED_CERT_FILE, COMPARED_ONLY, LU_FILES_ALL, false},
    {PATH_ETC_HOSTS, IF_HOSTS, LU_FILES_ALL, false},
    {PATH_EXTERNAL_MASTER_SETUP_SCRIPT, IF_SCRIPT, LU_FILES_ALL, false},
    {PATH_CLUSTER_CONF_FILE, COMPARED_ONLY, LU_FILES_CANDIDATES, false},
    {PATH_FILE_STORAGE_PATHS_FILE, IF_FILES, LU_FILES_ALL, true},
};

/* Of hypervisors (hv_*.py ANCILLARY_FILES); the rest of the path, NULL: none. */
static const struct {
    enum hypervisor hypervisor;
    enum path_id path;
    const char *rest;
    bool optional;
} hypervisor_rows[] = {
    {HYPERVISOR_KVM, PATH_KVM_VIF_BRIDGE, NULL, true},
    {HYPERVISOR_XEN_PVM, PATH_XEN_CONFIG_DIR, "xen/xl.conf", true},
    {HYPERVISOR_XEN_PVM, PATH_XEN_CONFIG_DIR, "scripts/vif-bridge", false},
    {HYPERVISOR_XEN_HVM, PATH_XEN_CONFIG_DIR, "xen/xl.conf", true},
    {HYPERVISOR_XEN_HVM, PATH_XEN_CONFIG_DIR, "scripts/vif-bridge", false},
    {HYPERVISOR_XEN_HVM, PATH_VNC_PASSWORD_FILE, NULL, true},
};

/* --- Files of a cluster -------------------------------------------------------------------------
 */
static bool is_wanted(const struct cluster *cluster, enum when when, bool only_sent)
{
    switch (when) {
    case ALWAYS:
        return true;
    case COMPARED_ONLY:
        return !only_sent;
    case IF_HOSTS:
        return cluster->modify_etc_hosts;
    case IF_SCRIPT:
        return cluster->use_external_mip_script;
    case IF_FILES:
        return !only_sent && (lu_template_is_enabled(cluster, DISK_TEMPLATE_FILE) ||
                              lu_template_is_enabled(cluster, DISK_TEMPLATE_SHAREDFILE));
    }
    g_assert_not_reached();
}

static bool has(const struct lu_files *files, const char *path)
{
    for (size_t i = 0; i < files->n; i++) {
        if (g_str_equal(files->v[i].path, path)) {
            return true;
        }
    }
    return false;
}

/* Takes over path; two hypervisors may name the same file. */
static void add(struct lu_files *files, char *path, enum lu_files_for on, bool optional)
{
    if (has(files, path)) {
        g_free(path);
        return;
    }
    files->v = g_renew(struct lu_file, files->v, files->n + 1);
    files->v[files->n++] = (struct lu_file){.path = path, .on = on, .optional = optional};
}

static void add_of_hypervisor(struct lu_files *files, enum hypervisor hypervisor)
{
    for (size_t i = 0; i < G_N_ELEMENTS(hypervisor_rows); i++) {
        if (hypervisor_rows[i].hypervisor == hypervisor) {
            add(files,
                g_build_filename(path_get(hypervisor_rows[i].path), hypervisor_rows[i].rest, NULL),
                LU_FILES_VM, hypervisor_rows[i].optional);
        }
    }
}

struct lu_files *lu_files_new(const struct cluster *cluster, bool only_sent)
{
    struct lu_files *files = g_new0(struct lu_files, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (is_wanted(cluster, rows[i].when, only_sent)) {
            add(files, g_strdup(path_get(rows[i].path)), rows[i].on, rows[i].optional);
        }
    }
    for (int id = 0; !only_sent && id < SSCONF_COUNT; id++) {
        add(files, path_format(PATH_SSCONF_FILE, ssconf_rows[id].key), LU_FILES_ALL, false);
    }
    for (size_t i = 0; i < cluster->enabled_hypervisors.n; i++) {
        add_of_hypervisor(files, cluster->enabled_hypervisors.v[i]);
    }
    return files;
}

void lu_files_free(struct lu_files *files)
{
    if (files == NULL) {
        return;
    }
    for (size_t i = 0; i < files->n; i++) {
        g_free(files->v[i].path);
    }
    g_free(files->v);
    g_free(files);
}
