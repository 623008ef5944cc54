/* node_verify: one row per check. A check that fails as a whole fails the call, as in the
 * reference; what it finds wrong is its value. */
#include "config.h"

#include "noded/backend/verify.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/backend/crypto.h"
#include "noded/backend/guests.h"
#include "noded/backend/os.h"
#include "noded/storage/file/paths.h"

enum { MAX_FINGERPRINTED = 512 * 1024 * 1024, USEC = 1000000 };

/* --- Hypervisors --------------------------------------------------------------------------------
 */

/* What is wrong; NULL if nothing is. */
static char *hv_problem(const char *word, struct json *params)
{
    g_autoptr(GError) error = NULL;
    struct backend_hv hv;
    char *problem = NULL;
    bool ok;

    if (!backend_hv_open(word, params, &hv, &error)) {
        return g_strdup_printf("Error while checking hypervisor: %s", error->message);
    }
    ok = hv.ops->verify(&hv.params, &problem, &error);
    backend_hv_close(&hv);
    return ok ? problem : g_strdup_printf("Error while checking hypervisor: %s", error->message);
}

static bool check_hypervisors(const struct verify *verify, struct json *wanted,
                              struct json_writer *result, GError **errp)
{
    json_write_object_begin(result);
    for (size_t i = 0; json_kind(wanted) == JSON_ARRAY && i < json_len(wanted); i++) {
        const struct json *word = json_at(wanted, i);
        g_autofree char *problem = NULL;

        if (json_kind(word) != JSON_STRING) {
            return noded_fail(errp, "names of hypervisors must be texts");
        }
        problem =
            hv_problem(json_string(word), backend_member(verify->all_hvparams, json_string(word)));
        json_write_key(result, json_string(word));
        json_write_string(result, problem);
    }
    json_write_object_end(result);
    return true;
}

static bool validate(const struct json *row, GError **errp)
{
    struct backend_hv hv;
    bool ok = backend_hv_open(json_string(json_at(row, 1)), json_at(row, 2), &hv, errp);

    if (ok) {
        ok = hv.ops->validate(&hv.params, errp);
        backend_hv_close(&hv);
    }
    return ok;
}

/* [[where from, hypervisor, parameters], ...] -> [[where from, hypervisor, what is wrong], ...] */
static bool check_hvparams(const struct verify *verify G_GNUC_UNUSED, struct json *wanted,
                           struct json_writer *result, GError **errp)
{
    json_write_array_begin(result);
    for (size_t i = 0; json_kind(wanted) == JSON_ARRAY && i < json_len(wanted); i++) {
        const struct json *row = json_at(wanted, i);
        g_autoptr(GError) error = NULL;

        if (json_kind(row) != JSON_ARRAY || json_len(row) != 3 ||
            json_kind(json_at(row, 1)) != JSON_STRING) {
            return noded_fail(errp, "parameters to check must be source, hypervisor and values");
        }
        if (!validate(row, &error)) {
            json_write_array_begin(result);
            json_write_value(result, json_at(row, 0));
            json_write_value(result, json_at(row, 1));
            json_write_string(result, error->message);
            json_write_array_end(result);
        }
    }
    json_write_array_end(result);
    return true;
}

static bool check_instance_list(const struct verify *verify, struct json *wanted,
                                struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    g_autofree struct json **words = NULL;
    g_autoptr(GError) error = NULL;
    struct any_list list = {0};
    size_t before = result->out->len;
    bool comma = result->need_comma;

    if (json_kind(wanted) == JSON_ARRAY) {
        list.n = json_len(wanted);
        words = g_new0(struct json *, list.n + 1);
        for (size_t i = 0; i < list.n; i++) {
            words[i] = json_at(wanted, i);
        }
        list.v = words;
    }
    if (!backend_write_guest_names(&list, verify->all_hvparams, result, &error)) {
        g_string_truncate(result->out, before);
        result->need_comma = comma;
        json_write_string(result, error->message);
    }
    return true;
}

static bool check_hv_info(const struct verify *verify, struct json *wanted,
                          struct json_writer *result, GError **errp)
{
    if (json_kind(wanted) != JSON_STRING) {
        return noded_fail(errp, "the name of a hypervisor must be a text");
    }
    return backend_write_hv_info(result, json_string(wanted),
                                 backend_member(verify->all_hvparams, json_string(wanted)), errp);
}

/* --- Files --------------------------------------------------------------------------------------
 */

/* Digest of a regular file; NULL if there is none. */
static char *fingerprint(const char *path)
{
    g_autofree char *data = NULL;
    size_t len;

    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        return NULL;
    }
    data = fs_read_file(path, MAX_FINGERPRINTED, &len, NULL);
    return data == NULL ? NULL
                        : g_compute_checksum_for_data(G_CHECKSUM_SHA1, (const guchar *)data, len);
}

/* Files that are not there are not in the answer. */
static bool check_files(const struct verify *verify G_GNUC_UNUSED, struct json *wanted,
                        struct json_writer *result, GError **errp)
{
    json_write_object_begin(result);
    for (size_t i = 0; json_kind(wanted) == JSON_ARRAY && i < json_len(wanted); i++) {
        const struct json *item = json_at(wanted, i);
        g_autofree char *path = NULL, *digest = NULL;

        if (json_kind(item) != JSON_STRING) {
            return noded_fail(errp, "paths of files must be texts");
        }
        path = vcluster_path_from_wire(json_string(item), errp);
        if (path == NULL) {
            return false;
        }
        digest = fingerprint(path);
        if (digest != NULL) {
            json_write_key(result, json_string(item));
            json_write_string(result, digest);
        }
    }
    json_write_object_end(result);
    return true;
}

static bool check_client_cert(const struct verify *verify G_GNUC_UNUSED,
                              struct json *wanted G_GNUC_UNUSED, struct json_writer *result,
                              GError **errp G_GNUC_UNUSED)
{
    backend_write_client_cert(result);
    return true;
}

/* Writes those of the texts for which good() is false. */
static bool write_bad(struct json *texts, bool (*good)(const char *text),
                      struct json_writer *result)
{
    json_write_array_begin(result);
    for (size_t i = 0; json_kind(texts) == JSON_ARRAY && i < json_len(texts); i++) {
        const struct json *text = json_at(texts, i);

        if (json_kind(text) == JSON_STRING && !good(json_string(text))) {
            json_write_string(result, json_string(text));
        }
    }
    json_write_array_end(result);
    return true;
}

static bool is_executable(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_REGULAR) && access(path, X_OK) == 0;
}

static bool check_user_scripts(const struct verify *verify G_GNUC_UNUSED, struct json *wanted,
                               struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    return write_bad(wanted, is_executable, result);
}

static bool check_bridges(const struct verify *verify G_GNUC_UNUSED, struct json *wanted,
                          struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    return write_bad(wanted, backend_bridge_exists, result);
}

static char *oob_problem(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        return g_strdup_printf("out-of-band helper %s: %s", path, g_strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return g_strdup_printf("out-of-band helper %s is not a file", path);
    }
    return (st.st_mode & S_IXUSR) != 0
               ? NULL
               : g_strdup_printf("out-of-band helper %s is not executable", path);
}

static bool check_oob(const struct verify *verify G_GNUC_UNUSED, struct json *wanted,
                      struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    json_write_array_begin(result);
    for (size_t i = 0; json_kind(wanted) == JSON_ARRAY && i < json_len(wanted); i++) {
        const struct json *path = json_at(wanted, i);
        g_autofree char *problem =
            oob_problem(json_kind(path) == JSON_STRING ? json_string(path) : "");

        json_write_string(result, problem);
    }
    json_write_array_end(result);
    return true;
}

/* --- The node -----------------------------------------------------------------------------------
 */

static bool check_version(const struct verify *verify G_GNUC_UNUSED,
                          struct json *wanted G_GNUC_UNUSED, struct json_writer *result,
                          GError **errp G_GNUC_UNUSED)
{
    json_write_array_begin(result);
    json_write_int(result, C_PROTOCOL_VERSION());
    json_write_string(result, C_RELEASE_VERSION());
    json_write_array_end(result);
    return true;
}

static bool check_time(const struct verify *verify G_GNUC_UNUSED, struct json *wanted G_GNUC_UNUSED,
                       struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    int64_t now = g_get_real_time();

    json_write_array_begin(result);
    json_write_int(result, now / USEC);
    json_write_int(result, now % USEC);
    json_write_array_end(result);
    return true;
}

static bool check_node_setup(const struct verify *verify G_GNUC_UNUSED,
                             struct json *wanted G_GNUC_UNUSED, struct json_writer *result,
                             GError **errp G_GNUC_UNUSED)
{
    static const struct {
        const char *path;
        GFileTest test;
    } rows[] = {
        {"/sys/block", G_FILE_TEST_IS_DIR},
        {"/sys/class/net", G_FILE_TEST_IS_DIR},
        {"/proc/sys", G_FILE_TEST_IS_DIR},
        {"/proc/sysrq-trigger", G_FILE_TEST_IS_REGULAR},
    };

    json_write_array_begin(result);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!g_file_test(rows[i].path, rows[i].test)) {
            g_autofree char *text = g_strdup_printf(
                "%s is missing: is %s mounted?", rows[i].path,
                g_str_has_prefix(rows[i].path, "/sys") ? "sysfs on /sys" : "procfs on /proc");
            json_write_string(result, text);
        }
    }
    json_write_array_end(result);
    return true;
}

static bool check_os_list(const struct verify *verify G_GNUC_UNUSED,
                          struct json *wanted G_GNUC_UNUSED, struct json_writer *result,
                          GError **errp G_GNUC_UNUSED)
{
    backend_write_os_list(result);
    return true;
}

static bool check_accepted_paths(const struct verify *verify G_GNUC_UNUSED,
                                 struct json *wanted G_GNUC_UNUSED, struct json_writer *result,
                                 GError **errp G_GNUC_UNUSED)
{
    g_auto(GStrv) allowed = file_paths_allowed();
    g_auto(GStrv) wrong = file_paths_wrong((const char *const *)allowed);

    json_write_array_begin(result);
    for (char **path = wrong; *path != NULL; path++) {
        json_write_string(result, *path);
    }
    json_write_array_end(result);
    return true;
}

/* --- All of them --------------------------------------------------------------------------------
 */

enum {
    CHECK_GUESTS = 1 << 0, /* only on a node that may run guests */
    CHECK_ONE = 1 << 1,    /* only on the node that is named */
};

static const struct {
    const char *name;
    verify_check_fn *check;
    unsigned flags;
} checks[] = {
    {C_NV_HYPERVISOR, check_hypervisors, CHECK_GUESTS},
    {C_NV_HVPARAMS, check_hvparams, CHECK_GUESTS},
    {C_NV_FILELIST, check_files, 0},
    {C_NV_CLIENT_CERT, check_client_cert, 0},
    {C_NV_NODELIST, verify_node_list, 0},
    {C_NV_NODENETTEST, verify_node_net_test, 0},
    {C_NV_MASTERIP, verify_master_ip, 0},
    {C_NV_USERSCRIPTS, check_user_scripts, 0},
    {C_NV_OOB_PATHS, check_oob, 0},
    {C_NV_LVLIST, verify_volumes, CHECK_GUESTS},
    {C_NV_INSTANCELIST, check_instance_list, CHECK_GUESTS},
    {C_NV_VGLIST, verify_groups, CHECK_GUESTS},
    {C_NV_PVLIST, verify_physical_volumes, CHECK_GUESTS},
    {C_NV_VERSION, check_version, 0},
    {C_NV_HVINFO, check_hv_info, CHECK_GUESTS},
    {C_NV_DRBDVERSION, verify_drbd_version, CHECK_GUESTS},
    {C_NV_DRBDLIST, verify_drbd_minors, CHECK_GUESTS},
    {C_NV_DRBDHELPER, verify_drbd_helper, CHECK_GUESTS},
    {C_NV_NODESETUP, check_node_setup, 0},
    {C_NV_TIME, check_time, 0},
    {C_NV_OSLIST, check_os_list, CHECK_GUESTS},
    {C_NV_BRIDGES, check_bridges, CHECK_GUESTS},
    {C_NV_ACCEPTED_STORAGE_PATHS, check_accepted_paths, CHECK_ONE},
};

/* Folders that must be fit for disks; only what is wrong is in the answer. */
static void check_folder(const char *name, const struct json *path, struct json_writer *result)
{
    g_autoptr(GError) error = NULL;

    if (json_kind(path) == JSON_STRING && *json_string(path) != '\0' &&
        !file_dir_check(json_string(path), &error)) {
        json_write_key(result, name);
        json_write_string(result, error->message);
    }
}

static struct json *find(const struct any_dict *dict, const char *key, bool *ret_there)
{
    for (size_t i = 0; i < dict->n; i++) {
        if (strcmp(dict->v[i].key, key) == 0) {
            *ret_there = true;
            return dict->v[i].value;
        }
    }
    *ret_there = false;
    return NULL;
}

static bool names_node(const struct json *value, const char *node)
{
    if (json_kind(value) == JSON_STRING) {
        return strcmp(json_string(value), node) == 0;
    }
    for (size_t i = 0; json_kind(value) == JSON_ARRAY && i < json_len(value); i++) {
        if (json_kind(json_at(value, i)) == JSON_STRING &&
            strcmp(json_string(json_at(value, i)), node) == 0) {
            return true;
        }
    }
    return false;
}

static bool run_checks(const struct any_dict *wanted, const char *cluster,
                       const struct json *all_hvparams, struct json_writer *result, GError **errp)
{
    struct verify verify = {
        .node = backend_node_name(), .cluster = cluster, .all_hvparams = all_hvparams};
    bool there;

    verify.vm_capable = !names_node(find(wanted, C_NV_NONVMNODES, &there), verify.node);
    (void)find(wanted, C_NV_EXCLUSIVEPVS, &verify.exclusive_pvs);
    json_write_object_begin(result);
    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++) {
        struct json *value = find(wanted, checks[i].name, &there);

        if (!there || ((checks[i].flags & CHECK_GUESTS) != 0 && !verify.vm_capable) ||
            ((checks[i].flags & CHECK_ONE) != 0 && !names_node(value, verify.node))) {
            continue;
        }
        json_write_key(result, checks[i].name);
        if (!checks[i].check(&verify, value, result, errp)) {
            return false;
        }
    }
    check_folder(C_NV_FILE_STORAGE_PATH, find(wanted, C_NV_FILE_STORAGE_PATH, &there), result);
    check_folder(C_NV_SHARED_FILE_STORAGE_PATH, find(wanted, C_NV_SHARED_FILE_STORAGE_PATH, &there),
                 result);
    json_write_object_end(result);
    return true;
}

NODED_CALL(node_verify, NODED_WORKER)
{
    return run_checks(&args->checkdict, args->cluster_name, args->all_hvparams, result, errp);
}

NODED_CALL(node_verify_light, NODED_WORKER)
{
    return run_checks(&args->checkdict, args->cluster_name, args->hvparams, result, errp);
}
