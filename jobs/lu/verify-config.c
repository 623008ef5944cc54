/* OP_CLUSTER_VERIFY_CONFIG: what can be told without asking nodes (reference:
 * lib/cmdlib/cluster/verify.py LUClusterVerifyConfig). */
#include "config.h"

#include <pwd.h>
#include <sys/stat.h>
#include <time.h>

#include "base/tls.h"
#include "compat-config/paths/paths.h"
#include "compat-config/verify/verify.h"
#include "facts/constants.h"
#include "jobs/lu/all-hvparams.h"
#include "jobs/lu/ancillary.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/params.h"
#include "jobs/lu/verify-report.h"

static bool names(struct lu *lu, GError **errp G_GNUC_UNUSED)
{
    lu_need_all_shared(lu);
    for (enum lock_level level = LOCK_LEVEL_INSTANCE; level <= LOCK_LEVEL_NETWORK; level++) {
        lu_need_all(lu, level);
    }
    return true;
}

/* --- Certificates -------------------------------------------------------------------------------
 */
static void check_certificate(struct verify_report *report, const char *path)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(tls_cert_freep) struct tls_cert *cert = tls_cert_read(path, &error);
    if (cert == NULL) {
        verify_error(report, CV_ECLUSTERCERT, NULL, "Failed to load certificate %s: %s", path,
                     error->message);
        return;
    }
    g_autofree char *text = NULL;
    enum tls_validity validity = tls_cert_check(cert, time(NULL), C_SSL_CERT_EXPIRATION_WARN,
                                                C_SSL_CERT_EXPIRATION_ERROR, &text);
    if (verify_fails(report, validity != TLS_VALID)) {
        verify_say(report, validity == TLS_VALIDITY_WARNING ? VERIFY_WARNING : VERIFY_ERROR,
                   CV_ECLUSTERCERT, NULL, "Certificate %s: %s", path,
                   text != NULL ? text : "it is good");
    }
}

/* Whether the user whose daemon needs it can read the file, by owner, group and mode
 * (utils/io.py CanRead). */
static bool can_read(const char *user, const char *path)
{
    struct stat st;
    const struct passwd *entry = getpwnam(user);
    if (entry == NULL || stat(path, &st) != 0) {
        return false;
    }
    return ((st.st_mode & S_IRUSR) != 0 && st.st_uid == entry->pw_uid) ||
           ((st.st_mode & S_IRGRP) != 0 && st.st_gid == entry->pw_gid) ||
           (st.st_mode & S_IROTH) != 0 || entry->pw_uid == 0;
}

static void check_certificates(struct verify_report *report)
{
    const char *cluster_cert = path_get(PATH_NODED_CERT_FILE);
    const char *user = daemon_rows[DAEMON_luxid].user;
    for (size_t i = 0; i < lu_cert_files_n; i++) {
        check_certificate(report, path_get(lu_cert_files[i]));
    }
    if (verify_fails(report, !can_read(user, cluster_cert))) {
        verify_error(report, CV_ECLUSTERCERT, NULL, "%s must be readable for user %s", cluster_cert,
                     user);
    }
}

/* --- Parameters ---------------------------------------------------------------------------------
 */
static void check_hvparams(const char *source, enum hypervisor hypervisor,
                           const struct value_map *filled, void *data)
{
    struct verify_report *report = data;
    g_autoptr(GError) error = NULL;
    if (!lu_check_hv_syntax(hypervisor, filled, &error)) {
        verify_error(report, CV_ECLUSTERCFG, NULL, "parameters of hypervisor %s (source %s): %s",
                     fact_enum_hypervisor.words[hypervisor], source, error->message);
    }
}

/* --- Objects that no group reaches --------------------------------------------------------------
 */
static void append_name(GString *list, const char *name)
{
    g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "", name);
}

static char *node_with_instances(const struct cfg *cfg, const struct node *node)
{
    struct cfg_instances primaries = cfg_node_primaries(cfg, node);
    g_autoptr(GString) list = g_string_new(NULL);
    for (size_t i = 0; i < primaries.n; i++) {
        append_name(list, primaries.v[i]->name);
    }
    return g_strdup_printf("%s (%s)", node->name, list->str);
}

static void check_groups(struct verify_report *report, const struct cfg *cfg)
{
    g_autoptr(GString) nodes = g_string_new(NULL), instances = g_string_new(NULL);
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);
        if (cfg_node_group(cfg, node) == NULL) {
            g_autofree char *text = node_with_instances(cfg, node);
            append_name(nodes, text);
        }
    }
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = cfg_instance_at(cfg, i);
        if (!cfg_instance_is_forthcoming(instance) && cfg_instance_primary(cfg, instance) == NULL) {
            append_name(instances, instance->name);
        }
    }
    if (verify_fails(report, nodes->len > 0)) {
        verify_error(report, CV_ECLUSTERDANGLINGNODES, NULL,
                     "nodes (with their instances) in a group that does not exist: %s", nodes->str);
    }
    if (verify_fails(report, instances->len > 0)) {
        verify_error(report, CV_ECLUSTERDANGLINGINST, NULL,
                     "instances whose primary node does not exist: %s", instances->str);
    }
}

static bool exec(struct lu *lu, struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    const struct op_cluster_verify_config *op = lu_params(lu);
    const struct cfg *cfg = lu_cfg(lu);
    struct verify_report report = {.lu = lu,
                                   .ignored = &op->ignore_errors,
                                   .for_programs = op->error_codes,
                                   .simulate = op->debug_simulate_errors};
    lu_log(lu, "* Verifying cluster config");
    g_autoptr(GPtrArray) problems = cfg_verify(cfg);
    verify_errors(&report, CV_ECLUSTERCFG, NULL, problems);
    lu_log(lu, "* Verifying cluster certificate files");
    check_certificates(&report);
    lu_log(lu, "* Verifying hypervisor parameters");
    lu_all_hvparams(cfg, check_hvparams, &report);
    lu_log(lu, "* Verifying all nodes belong to an existing group");
    check_groups(&report, cfg);
    json_write_bool(result, !report.bad);
    return true;
}

LU(cluster_verify_config, .expand_names = names, .exec = exec)
