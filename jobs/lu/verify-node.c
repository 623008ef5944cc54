/* What each node answered. Foreign values: each is looked at before it is used. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "compat-config/model/fill.h"
#include "facts/constants.h"
#include "jobs/lu/verify-group.h"

enum { USEC = 1000000 };

static bool is_true(const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_NULL:
        return false;
    case JSON_BOOL:
        return json_boolean(value);
    case JSON_INT:
    case JSON_FLOAT:
        return json_double(value) != 0;
    case JSON_STRING:
        return json_string_len(value) > 0;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return json_len(value) > 0;
    }
    return false;
}

/* As people read it: a text as it is, anything else as JSON. Allocated. */
static char *text_of(const struct json *value)
{
    return json_kind(value) == JSON_STRING ? g_strdup(json_string(value))
                                           : json_to_string(value, JSON_PYTHON);
}

/* Elements of a list with commas between, in natural order if `sorted`; "" for anything else. */
static char *join(const struct json *list, bool sorted)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_len(list); i++) {
        g_ptr_array_add(texts, text_of(json_at(list, i)));
    }
    if (sorted) {
        g_ptr_array_sort(texts, text_nice_compare_slots);
    }
    return verify_join(texts);
}

/* --- Versions, hypervisors, set-up --------------------------------------------------------------
 */
static bool check_version(struct verify_group *group, const char *name, const struct json *answer)
{
    const struct json *version = json_get(answer, C_NV_VERSION);
    if (json_kind(version) != JSON_ARRAY || json_len(version) != 2 ||
        json_kind(json_at(version, 0)) != JSON_INT ||
        json_kind(json_at(version, 1)) != JSON_STRING) {
        verify_error(&group->report, CV_ENODERPC, name, "it did not tell its version");
        return false;
    }
    int64_t protocol = json_int(json_at(version, 0));
    const char *release = json_string(json_at(version, 1));
    if (verify_fails(&group->report, protocol != C_PROTOCOL_VERSION())) {
        verify_error(&group->report, CV_ENODEVERSION, name,
                     "incompatible protocol versions: master %d, node %" G_GINT64_FORMAT,
                     C_PROTOCOL_VERSION(), (gint64)protocol);
    }
    if (protocol != C_PROTOCOL_VERSION()) {
        return false;
    }
    if (verify_fails(&group->report, !g_str_equal(release, C_RELEASE_VERSION()))) {
        verify_warning(&group->report, CV_ENODEVERSION, name, "releases differ: master %s, node %s",
                       C_RELEASE_VERSION(), release);
    }
    return true;
}

static void check_hypervisors(struct verify_group *group, const struct verify_node *node,
                              const struct json *answer)
{
    const struct json *verdicts = json_get(answer, C_NV_HYPERVISOR);
    const struct json *rows = json_get(answer, C_NV_HVPARAMS);
    if (!node->vm_capable) {
        return;
    }
    if (json_kind(verdicts) == JSON_OBJECT) {
        struct json_iter it = json_iter_begin(verdicts);
        while (json_iter_next(&it)) {
            if (verify_fails(&group->report, it.value != NULL)) {
                g_autofree char *text = text_of(it.value);
                verify_error(&group->report, CV_ENODEHV, node->node->name,
                             "hypervisor %s has a problem: '%s'", it.key, text);
            }
        }
    }
    for (size_t i = 0; json_kind(rows) == JSON_ARRAY && i < json_len(rows); i++) {
        const struct json *row = json_at(rows, i);
        if (json_kind(row) == JSON_ARRAY && json_len(row) == 3) {
            g_autofree char *source = text_of(json_at(row, 0)), *hv = text_of(json_at(row, 1)),
                            *text = text_of(json_at(row, 2));
            verify_error(&group->report, CV_ENODEHV, node->node->name,
                         "parameters of hypervisor %s are not good there (source %s): %s", hv,
                         source, text);
        }
    }
}

static void check_setup(struct verify_group *group, const char *name, const struct json *answer)
{
    const struct json *problems = json_get(answer, C_NV_NODESETUP);
    bool missing = !json_has(answer, C_NV_NODESETUP);
    if (verify_fails(&group->report, missing || is_true(problems))) {
        g_autofree char *text = join(problems, false);
        verify_error(&group->report, CV_ENODESETUP, name, "node setup error: %s",
                     missing ? "it did not tell" : text);
    }
}

/* [seconds, microseconds]; within the skew allowed before the call and after it. */
static void check_time(struct verify_group *group, const char *name, const struct json *answer)
{
    const struct json *pair = json_get(answer, C_NV_TIME);
    const double skew = C_NODE_MAX_CLOCK_SKEW;
    if (json_kind(pair) != JSON_ARRAY || json_len(pair) != 2 ||
        json_kind(json_at(pair, 0)) != JSON_INT || json_kind(json_at(pair, 1)) != JSON_INT) {
        verify_error(&group->report, CV_ENODETIME, name, "it did not tell its time");
        return;
    }
    double time = (double)json_int(json_at(pair, 0)) + (double)json_int(json_at(pair, 1)) / USEC;
    double before = (double)group->asked / USEC, after = (double)group->answered / USEC;
    double off = time < before - skew ? before - time : time > after + skew ? time - after : 0;
    if (verify_fails(&group->report, off > 0)) {
        verify_error(&group->report, CV_ENODETIME, name,
                     "its clock differs from the master's by at least %.01fs", off);
    }
}

/* --- Network ------------------------------------------------------------------------------------
 */
static void check_ssh_nodes(struct verify_group *group, const char *name, const struct json *answer)
{
    const struct json *failed = json_get(answer, C_NV_NODELIST);
    if (verify_fails(&group->report, !json_has(answer, C_NV_NODELIST))) {
        verify_error(&group->report, CV_ENODESSH, name, "it did not tell whom it reaches by SSH");
    }
    if (json_kind(failed) != JSON_OBJECT) {
        return;
    }
    struct json_iter it = json_iter_begin(failed);
    while (json_iter_next(&it)) {
        g_autofree char *text = text_of(it.value);
        verify_error(&group->report, CV_ENODESSH, name, "SSH to node '%s': %s", it.key, text);
    }
}

static void check_tcp_nodes(struct verify_group *group, const char *name, const struct json *answer)
{
    const struct json *failed = json_get(answer, C_NV_NODENETTEST);
    if (!json_has(answer, C_NV_NODENETTEST)) {
        verify_error(&group->report, CV_ENODENET, name, "it did not tell whom it reaches by TCP");
        return;
    }
    if (json_kind(failed) != JSON_OBJECT) {
        return;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    struct json_iter it = json_iter_begin(failed);
    while (json_iter_next(&it)) {
        g_ptr_array_add(names, (char *)it.key);
    }
    g_ptr_array_sort(names, text_nice_compare_slots);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *text = text_of(json_get(failed, names->pdata[i]));
        g_ptr_array_add(texts,
                        g_strdup_printf("TCP to node '%s': %s", (char *)names->pdata[i], text));
    }
    verify_errors(&group->report, CV_ENODENET, name, texts);
}

/* null: the node was not to tell. */
static void check_master_address(struct verify_group *group, const struct node *node,
                                 const struct json *answer)
{
    const struct json *reached = json_get(answer, C_NV_MASTERIP);
    if (!json_has(answer, C_NV_MASTERIP)) {
        verify_error(&group->report, CV_ENODENET, node->name,
                     "it did not tell whether it reaches the master address");
    } else if (json_kind(reached) == JSON_BOOL && !json_boolean(reached)) {
        verify_error(&group->report, CV_ENODENET, node->name, "%s",
                     node == group->master
                         ? "the master node does not reach the master address (is it set up?)"
                         : "it does not reach the master address");
    }
}

static void check_bridges(struct verify_group *group, const char *name, const struct json *answer)
{
    const struct json *missing = json_get(answer, C_NV_BRIDGES);
    if (g_hash_table_size(group->bridges) == 0) {
        return;
    }
    if (verify_fails(&group->report, json_kind(missing) != JSON_ARRAY)) {
        verify_error(&group->report, CV_ENODENET, name, "it did not tell which bridges it has");
    }
    if (json_kind(missing) == JSON_ARRAY && verify_fails(&group->report, json_len(missing) > 0)) {
        g_autofree char *text = join(missing, true);
        verify_error(&group->report, CV_ENODENET, name, "missing bridges: %s", text);
    }
}

/* --- Scripts and paths --------------------------------------------------------------------------
 */
static void check_scripts(struct verify_group *group, const struct node *node,
                          const struct json *answer)
{
    bool missing = !json_has(answer, C_NV_USERSCRIPTS);
    const struct json *broken = json_get(answer, C_NV_USERSCRIPTS);
    if (verify_fails(&group->report, missing)) {
        verify_error(&group->report, CV_ENODEUSERSCRIPTS, node->name,
                     "it did not tell about the site's scripts");
    }
    if (!missing && verify_fails(&group->report, is_true(broken))) {
        g_autofree char *text = join(broken, true);
        verify_error(&group->report, CV_ENODEUSERSCRIPTS, node->name,
                     "scripts of the site are missing or not executable: %s", text);
    }
}

static void check_oob(struct verify_group *group, const struct node *node,
                      const struct json *answer)
{
    const struct json *rows = json_get(answer, C_NV_OOB_PATHS);
    bool concerned = node->master_candidate || node->master_capable;
    for (size_t i = 0; concerned && json_kind(rows) == JSON_ARRAY && i < json_len(rows); i++) {
        if (verify_fails(&group->report, is_true(json_at(rows, i)))) {
            g_autofree char *text = text_of(json_at(rows, i));
            verify_error(&group->report, CV_ENODEOOBPATH, node->name, "%s", text);
        }
    }
}

/* Only the master looks at the list of paths that are allowed. */
static void check_allowed_paths(struct verify_group *group, const struct node *node,
                                const struct json *answer)
{
    bool expected =
        node == group->master && (lu_template_is_enabled(group->cluster, DISK_TEMPLATE_FILE) ||
                                  lu_template_is_enabled(group->cluster, DISK_TEMPLATE_SHAREDFILE));
    bool told = json_has(answer, C_NV_ACCEPTED_STORAGE_PATHS);
    const struct json *bad = json_get(answer, C_NV_ACCEPTED_STORAGE_PATHS);
    if (verify_fails(&group->report, told != expected)) {
        verify_error(&group->report, CV_ENODEFILESTORAGEPATHS, node->name,
                     expected ? "it did not tell which paths for file storage are forbidden"
                              : "it was not to tell which paths for file storage are forbidden");
    }
    if (expected && told && verify_fails(&group->report, is_true(bad))) {
        g_autofree char *text = join(bad, false);
        verify_error(&group->report, CV_ENODEFILESTORAGEPATHS, node->name,
                     "forbidden paths for file storage are allowed: %s", text);
    }
}

static const struct {
    enum disk_template disk_template;
    const char *check;
    enum cv_code code;
} storage_paths[] = {
    {DISK_TEMPLATE_FILE, C_NV_FILE_STORAGE_PATH, CV_ENODEFILESTORAGEPATHUNUSABLE},
    {DISK_TEMPLATE_SHAREDFILE, C_NV_SHARED_FILE_STORAGE_PATH,
     CV_ENODESHAREDFILESTORAGEPATHUNUSABLE},
    {DISK_TEMPLATE_GLUSTER, C_NV_GLUSTER_STORAGE_PATH, CV_ENODEGLUSTERSTORAGEPATHUNUSABLE},
};

/* A node tells of a path only if it cannot be used. */
static void check_paths(struct verify_group *group, const char *name, const struct json *answer)
{
    for (size_t i = 0; i < G_N_ELEMENTS(storage_paths); i++) {
        if (lu_template_is_enabled(group->cluster, storage_paths[i].disk_template) &&
            verify_fails(&group->report, json_has(answer, storage_paths[i].check))) {
            g_autofree char *text = text_of(json_get(answer, storage_paths[i].check));
            verify_error(&group->report, storage_paths[i].code, name,
                         "the folder for %s disks cannot be used: %s",
                         fact_enum_disk_template.words[storage_paths[i].disk_template], text);
        }
    }
}

/* --- LVM ----------------------------------------------------------------------------------------
 */
static void check_pv_name(struct verify_group *group, const char *name, const struct json *pv)
{
    const struct json *device = json_get(pv, "name");
    if (json_kind(device) == JSON_STRING && strchr(json_string(device), ':') != NULL) {
        verify_error(&group->report, CV_ENODELVM, name,
                     "the name of physical volume '%s' has a ':', which lvcreate takes for a range",
                     json_string(device));
    }
}

static bool pv_sizes_differ(double small, double big)
{
    return small * (1 + C_PART_MARGIN) < big * (1 - C_PART_MARGIN);
}

static void check_exclusive_pvs(struct verify_group *group, struct verify_node *node,
                                const struct json *answer)
{
    const char *name = node->node->name;
    const struct json *shared = json_get(answer, C_NV_EXCLUSIVEPVS);
    if (node->has_pv_sizes && pv_sizes_differ(node->pv_min, node->pv_max)) {
        verify_error(&group->report, CV_ENODELVM, name,
                     "physical volumes differ too much in size: %.0f to %.0f MiB", node->pv_min,
                     node->pv_max);
    }
    for (size_t i = 0; json_kind(shared) == JSON_ARRAY && i < json_len(shared); i++) {
        const struct json *row = json_at(shared, i);
        if (json_kind(row) == JSON_ARRAY && json_len(row) == 2) {
            g_autofree char *pv = text_of(json_at(row, 0)), *lvs = join(json_at(row, 1), false);
            verify_error(&group->report, CV_ENODELVM, name,
                         "physical volume %s is shared by unrelated volumes (%s)", pv, lvs);
        }
    }
}

static void check_pvs(struct verify_group *group, struct verify_node *node,
                      const struct json *answer)
{
    const struct json *pvs = json_get(answer, C_NV_PVLIST);
    if (json_kind(pvs) != JSON_ARRAY) {
        verify_error(&group->report, CV_ENODELVM, node->node->name,
                     "it did not tell its physical volumes");
        return;
    }
    for (size_t i = 0; i < json_len(pvs); i++) {
        const struct json *pv = json_at(pvs, i);
        if (json_kind(pv) != JSON_OBJECT) {
            continue;
        }
        check_pv_name(group, node->node->name, pv);
        const struct json *size = json_get(pv, "size");
        if (json_kind(size) == JSON_INT || json_kind(size) == JSON_FLOAT) {
            double mib = json_double(size);
            node->pv_min = node->has_pv_sizes ? MIN(node->pv_min, mib) : mib;
            node->pv_max = node->has_pv_sizes ? MAX(node->pv_max, mib) : mib;
            node->has_pv_sizes = true;
        }
    }
    if (group->exclusive_storage) {
        check_exclusive_pvs(group, node, answer);
    }
}

static void check_vg(struct verify_group *group, struct verify_node *node,
                     const struct json *answer)
{
    const struct json *vgs = json_get(answer, C_NV_VGLIST);
    if (group->vg_name == NULL) {
        return;
    }
    if (json_kind(vgs) != JSON_OBJECT || json_len(vgs) == 0) {
        verify_error(&group->report, CV_ENODELVM, node->node->name,
                     "it did not tell its volume groups");
    } else {
        const struct json *size = json_get(vgs, group->vg_name);
        bool known = json_kind(size) == JSON_INT || json_kind(size) == JSON_FLOAT;
        if (!known) {
            verify_error(&group->report, CV_ENODELVM, node->node->name,
                         "volume group '%s' is missing", group->vg_name);
        } else if (verify_fails(&group->report, json_double(size) < C_MIN_VG_SIZE)) {
            verify_error(&group->report, CV_ENODELVM, node->node->name,
                         "volume group '%s' is too small: %d MiB are needed, it has %.0f",
                         group->vg_name, C_MIN_VG_SIZE, json_double(size));
        }
    }
    check_pvs(group, node, answer);
}

void verify_node_volumes(struct verify_group *group, struct verify_node *node,
                         const struct json *answer)
{
    const struct json *volumes = answer != NULL ? json_get(answer, C_NV_LVLIST) : NULL;
    node->lvm_fail = true;
    if (group->vg_name == NULL) {
        return;
    }
    if (json_kind(volumes) == JSON_OBJECT) {
        node->volumes = volumes;
        node->lvm_fail = false;
        return;
    }
    g_autofree char *text =
        json_kind(volumes) == JSON_STRING ? text_safe_encode(json_string(volumes)) : NULL;
    verify_error(&group->report, CV_ENODELVM, node->node->name, "LVM problem on the node: %s",
                 text != NULL ? text : "it did not tell its logical volumes");
}

/* --- DRBD ---------------------------------------------------------------------------------------
 */
static void check_drbd_helper(struct verify_group *group, const char *name,
                              const struct json *answer)
{
    const char *expected = group->cluster->drbd_usermode_helper;
    const struct json *pair = json_get(answer, C_NV_DRBDHELPER);
    if (expected == NULL || *expected == '\0') {
        return;
    }
    if (json_kind(pair) != JSON_ARRAY || json_len(pair) != 2 ||
        json_kind(json_at(pair, 0)) != JSON_BOOL) {
        verify_error(&group->report, CV_ENODEDRBDHELPER, name,
                     "it did not tell its DRBD usermode helper");
        return;
    }
    bool good = json_boolean(json_at(pair, 0));
    g_autofree char *found = text_of(json_at(pair, 1));
    if (verify_fails(&group->report, !good)) {
        verify_error(&group->report, CV_ENODEDRBDHELPER, name,
                     "the DRBD usermode helper cannot be found out: %s", found);
    }
    if (verify_fails(&group->report, good && !g_str_equal(found, expected))) {
        verify_error(&group->report, CV_ENODEDRBDHELPER, name,
                     "wrong DRBD usermode helper: %s instead of %s", found, expected);
    }
}

/* Checks one minor that the configuration knows; in_use: the node has it. */
static void check_minor(struct verify_group *group, const char *name, int64_t minor,
                        const char *disk_uuid, bool in_use)
{
    const struct disk *disk = cfg_disk_get(group->cfg, disk_uuid);
    if (verify_fails(&group->report, disk == NULL)) {
        verify_error(&group->report, CV_ECLUSTERCFG, NULL,
                     "disk '%s' has a DRBD minor and does not exist", disk_uuid);
    }
    if (disk == NULL) {
        return;
    }
    const struct instance *instance = cfg_disk_instance(group->cfg, disk);
    bool must = instance != NULL && instance->disks_active;
    if (verify_fails(&group->report, must && !in_use)) {
        verify_error(&group->report, CV_ENODEDRBD, name,
                     "DRBD minor %" G_GINT64_FORMAT " of disk %s (of instance %s) is not active",
                     (gint64)minor, disk_uuid, instance != NULL ? instance->name : "nobody");
    }
}

static GHashTable *minor_set(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

static void minor_add(GHashTable *set, gint64 minor)
{
    gint64 *key = g_new(gint64, 1);
    *key = minor;
    g_hash_table_add(set, key);
}

/* Compares what the configuration has for the node with the minors in use there. */
static void compare_minors(struct verify_group *group, const struct verify_node *node,
                           const struct json *used)
{
    const struct json *known = g_hash_table_lookup(group->minors, node->uuid);
    g_autoptr(GHashTable) in_use = minor_set(), allocated = minor_set();
    for (size_t i = 0; used != NULL && i < json_len(used); i++) {
        if (json_kind(json_at(used, i)) == JSON_INT) {
            minor_add(in_use, json_int(json_at(used, i)));
        }
    }
    for (size_t i = 0; known != NULL && i < json_len(known); i++) {
        const struct json *pair = json_at(known, i);
        gint64 minor = json_int(json_at(pair, 0));
        minor_add(allocated, minor);
        check_minor(group, node->node->name, minor, json_string(json_at(pair, 1)),
                    g_hash_table_contains(in_use, &minor));
    }
    GHashTableIter it;
    void *key;
    g_hash_table_iter_init(&it, in_use);
    while (g_hash_table_iter_next(&it, &key, NULL)) {
        if (verify_fails(&group->report, !g_hash_table_contains(allocated, key))) {
            verify_error(&group->report, CV_ENODEDRBD, node->node->name,
                         "DRBD minor %" G_GINT64_FORMAT " is in use and belongs to no disk",
                         *(gint64 *)key);
        }
    }
}

static void check_drbd(struct verify_group *group, const struct verify_node *node,
                       const struct json *answer)
{
    const struct json *used = json_get(answer, C_NV_DRBDLIST);
    check_drbd_helper(group, node->node->name, answer);
    if (json_has(answer, C_NV_DRBDLIST) && json_kind(used) != JSON_ARRAY) {
        g_autofree char *text = text_of(used);
        verify_error(&group->report, CV_ENODEDRBD, node->node->name,
                     "the state of DRBD cannot be read: %s", text);
        return;
    }
    compare_minors(group, node, used);
}

/* --- Guests and memory --------------------------------------------------------------------------
 */
static void read_guests(struct verify_group *group, struct verify_node *node,
                        const struct json *answer)
{
    const struct json *names = json_get(answer, C_NV_INSTANCELIST);
    if (verify_fails(&group->report, json_kind(names) != JSON_ARRAY)) {
        g_autofree char *text = text_of(names);
        g_autofree char *safe = text_safe_encode(text);
        verify_error(&group->report, CV_ENODEHV, node->node->name,
                     "it did not tell which instances run: %s", safe);
    }
    for (size_t i = 0; json_kind(names) == JSON_ARRAY && i < json_len(names); i++) {
        if (json_kind(json_at(names, i)) == JSON_STRING) {
            const char *name = json_string(json_at(names, i));
            const struct instance *instance = cfg_instance_named(group->cfg, name);
            g_hash_table_add(node->running, (char *)(instance != NULL ? instance->uuid : name));
        }
    }
}

static void read_memory(struct verify_group *group, struct verify_node *node,
                        const struct json *answer)
{
    const struct json *info = json_get(answer, C_NV_HVINFO);
    const struct json *mib = json_kind(info) == JSON_OBJECT ? json_get(info, "memory_free") : NULL;
    if (json_kind(info) != JSON_OBJECT || !json_has(info, "memory_free")) {
        verify_error(&group->report, CV_ENODEHV, node->node->name,
                     "it did not tell what its hypervisor has");
    } else if (json_kind(mib) != JSON_INT && json_kind(mib) != JSON_FLOAT) {
        verify_error(&group->report, CV_ENODERPC, node->node->name,
                     "its hypervisor does not tell how much memory is free");
    } else {
        node->free_memory = (int64_t)json_double(mib);
    }
}

static int compare_texts(const void *a, const void *b)
{
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

static void check_guests(struct verify_group *group, const struct verify_node *node)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    GHashTableIter it;
    void *key;
    g_hash_table_iter_init(&it, node->running);
    while (g_hash_table_iter_next(&it, &key, NULL)) {
        g_ptr_array_add(keys, key);
    }
    g_ptr_array_sort(keys, compare_texts);
    for (guint i = 0; i < keys->len; i++) {
        const struct instance *instance = cfg_instance_get(group->cfg, keys->pdata[i]);
        if (instance == NULL) {
            verify_error(&group->report, CV_ENODEORPHANINSTANCE, node->node->name,
                         "it runs the unknown instance %s", (char *)keys->pdata[i]);
        } else if (g_strcmp0(instance->primary_node, node->uuid) != 0) {
            verify_error(&group->report, CV_EINSTANCEWRONGNODE, instance->name,
                         "it should not run on node %s", node->node->name);
        }
    }
}

/* --- All of it ----------------------------------------------------------------------------------
 */
static void check_vm_capable(struct verify_group *group, struct verify_node *node,
                             const struct json *answer)
{
    bool drbd = lu_template_is_enabled(group->cluster, DISK_TEMPLATE_DRBD);
    check_vg(group, node, answer);
    if (drbd) {
        check_drbd(group, node, answer);
    }
    if (drbd || lu_template_is_enabled(group->cluster, DISK_TEMPLATE_PLAIN)) {
        verify_node_volumes(group, node, answer);
    }
    read_guests(group, node, answer);
    read_memory(group, node, answer);
    verify_os_read(group, node, answer);
}

void verify_node_check(struct verify_group *group, struct verify_node *node,
                       const struct json *answer)
{
    const char *name = node->node->name;
    if (json_len(answer) == 0) {
        verify_error(&group->report, CV_ENODERPC, name, "it answered nothing");
    } else if (check_version(group, name, answer)) {
        check_hypervisors(group, node, answer);
        check_setup(group, name, answer);
    }
    check_time(group, name, answer);
    check_ssh_nodes(group, name, answer);
    check_tcp_nodes(group, name, answer);
    check_master_address(group, node->node, answer);
    check_scripts(group, node->node, answer);
    check_oob(group, node->node, answer);
    check_allowed_paths(group, node->node, answer);
    check_paths(group, name, answer);
    if (node->vm_capable) {
        check_vm_capable(group, node, answer);
        check_bridges(group, name, answer);
        check_guests(group, node);
        verify_exclusion_tags(group, node);
    }
}

static void compare_drbd_versions(struct verify_group *group)
{
    g_autoptr(GHashTable) versions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int report = 0; report < 2; report++) {
        for (size_t i = 0; i < group->members.n; i++) {
            const struct json *answer = verify_payload(group->answers, group->members.v[i]->uuid);
            const struct json *version = answer != NULL ? json_get(answer, C_NV_DRBDVERSION) : NULL;
            if (!is_true(version)) {
                continue;
            }
            g_autofree char *text = text_of(version);
            if (report == 0) {
                g_hash_table_add(versions, g_steal_pointer(&text));
            } else if (g_hash_table_size(versions) > 1) {
                /* The reference has the code of the helper and the UUID here, too. */
                verify_warning(&group->report, CV_ENODEDRBDHELPER, group->members.v[i]->uuid,
                               "DRBD version mismatch: %s", text);
            }
        }
    }
}

static void compare_pv_sizes(struct verify_group *group)
{
    const struct verify_node *smallest = NULL, *biggest = NULL;
    if (group->vg_name == NULL || !group->exclusive_storage) {
        return;
    }
    for (guint i = 0; i < group->nodes->len; i++) {
        const struct verify_node *node = group->nodes->pdata[i];
        if (node->has_pv_sizes) {
            smallest = smallest == NULL || node->pv_min < smallest->pv_min ? node : smallest;
            biggest = biggest == NULL || node->pv_max > biggest->pv_max ? node : biggest;
        }
    }
    if (smallest != NULL &&
        verify_fails(&group->report, pv_sizes_differ(smallest->pv_min, biggest->pv_max))) {
        verify_error(&group->report, CV_EGROUPDIFFERENTPVSIZE, group->group->name,
                     "physical volumes differ too much in size: the smallest has %.0f MiB (on %s), "
                     "the biggest %.0f MiB (on %s)",
                     smallest->pv_min, verify_node_name(group, smallest->uuid), biggest->pv_max,
                     verify_node_name(group, biggest->uuid));
    }
}

void verify_nodes_together(struct verify_group *group)
{
    compare_drbd_versions(group);
    compare_pv_sizes(group);
}
