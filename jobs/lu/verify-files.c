/* Files that nodes have in common, their client certificates, their SSH keys. */
#include "config.h"

#include "base/json.h"
#include "base/text.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/verify-group.h"

/* --- Client certificates ------------------------------------------------------------------------
 */
static const char rebuild[] = "To make the nodes' certificates again, run 'gnt-cluster renew-crypto"
                              " --new-node-certificates'.";

static const char *recorded_digest(const struct verify_group *group, const char *uuid)
{
    char *const *found = fact_dict_get(&type_str_map, &group->cluster->candidate_certs, uuid);
    return found != NULL ? *found : NULL;
}

/* Digests on record, to see whose a certificate is. */
static GHashTable *digests(const struct verify_group *group)
{
    GHashTable *set = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < group->cluster->candidate_certs.n; i++) {
        g_hash_table_add(set, group->cluster->candidate_certs.v[i].value);
    }
    return set;
}

#define CERT_ERROR(group, ...)                                                                     \
    verify_error(&(group)->report, CV_ECLUSTERCLIENTCERT, NULL, __VA_ARGS__)

static bool check_candidate(struct verify_group *group, const char *uuid, const char *digest,
                            GHashTable *known)
{
    const char *expected = recorded_digest(group, uuid);
    if (expected == NULL) {
        CERT_ERROR(group, "The certificate of master candidate '%s' is not on record.", uuid);
        if (g_hash_table_contains(known, digest)) {
            CERT_ERROR(group, "Master candidate '%s' uses a certificate of another node.", uuid);
        }
        return false;
    }
    if (!g_str_equal(digest, expected)) {
        CERT_ERROR(group,
                   "The certificate of master candidate '%s' is not the one on record: it has %s, "
                   "recorded is %s",
                   uuid, digest, expected);
        return false;
    }
    return true;
}

static bool check_other(struct verify_group *group, const char *uuid, const char *digest,
                        GHashTable *known)
{
    if (recorded_digest(group, uuid) != NULL) {
        CERT_ERROR(group, "Node '%s' is no master candidate, and its certificate is on record.",
                   uuid);
        return false;
    }
    if (g_hash_table_contains(known, digest)) {
        CERT_ERROR(group, "Node '%s' is no master candidate and uses a certificate of one that is.",
                   uuid);
        return false;
    }
    return true;
}

/* A node tells [what is wrong or null, text or digest]. */
static bool check_certificate(struct verify_group *group, const struct node *node,
                              GHashTable *known)
{
    const struct json *answer = verify_payload(group->answers, node->uuid);
    if (node->offline || answer == NULL || json_len(answer) == 0) {
        return true;
    }
    const struct json *pair = json_get(answer, C_NV_CLIENT_CERT);
    if (json_kind(pair) != JSON_ARRAY || json_len(pair) != 2) {
        CERT_ERROR(group, "Node '%s' did not tell its client certificate.", node->uuid);
        return false;
    }
    const struct json *text = json_at(pair, 1);
    const char *digest = json_kind(text) == JSON_STRING ? json_string(text) : "";
    if (json_at(pair, 0) != NULL) {
        g_autofree char *code = json_to_string(json_at(pair, 0), JSON_PYTHON);
        CERT_ERROR(group, "The client certificate of node '%s' is not good: %s (code %s)",
                   node->uuid, digest, code);
        return false;
    }
    return node->master_candidate ? check_candidate(group, node->uuid, digest, known)
                                  : check_other(group, node->uuid, digest, known);
}

void verify_client_certificates(struct verify_group *group)
{
    g_autoptr(GHashTable) known = digests(group);
    size_t n = group->cluster->candidate_certs.n;
    if (n == 0) {
        CERT_ERROR(group,
                   "No certificate of a master candidate is on record, perhaps because the cluster "
                   "was just upgraded. %s",
                   rebuild);
        return;
    }
    bool good = g_hash_table_size(known) == n;
    if (!good) {
        CERT_ERROR(group, "Two master candidates have the same certificate on record.");
    }
    for (size_t i = 0; i < group->members.n; i++) {
        good = check_certificate(group, group->members.v[i], known) && good;
    }
    if (!good) {
        CERT_ERROR(group, "%s", rebuild);
    }
}

/* --- SSH ----------------------------------------------------------------------------------------
 */
static void check_ssh_answer(struct verify_group *group, const struct json *problems)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; json_kind(problems) == JSON_ARRAY && i < json_len(problems); i++) {
        const struct json *one = json_at(problems, i);
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "",
                               json_kind(one) == JSON_STRING ? json_string(one) : "?");
    }
    if (verify_fails(&group->report, text->len > 0)) {
        verify_error(&group->report, CV_ENODESSH, NULL, "%s", text->str);
    }
}

void verify_ssh(struct verify_group *group)
{
    static const char *const checks[] = {C_NV_SSH_SETUP, C_NV_SSH_CLUTTER};
    for (size_t i = 0; i < group->members.n; i++) {
        const struct node *node = group->members.v[i];
        const struct json *answer = verify_payload(group->answers, node->uuid);
        if (node->offline) {
            continue;
        }
        if (answer == NULL || json_len(answer) == 0) {
            verify_error(&group->report, CV_ENODESSH, node->name,
                         "its set-up of SSH cannot be verified");
            return;
        }
        for (size_t j = 0; j < G_N_ELEMENTS(checks); j++) {
            check_ssh_answer(group, json_get(answer, checks[j]));
        }
    }
}

/* --- Files --------------------------------------------------------------------------------------
 *
 * Nodes told {path: digest} for the files they have. */
struct found {
    const struct node *node;
    GHashTable *digests; /* path here to digest; borrowed values */
};

static void found_free(void *data)
{
    struct found *found = data;
    g_hash_table_unref(found->digests);
    g_free(found);
}

static GHashTable *localize(const struct json *told)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct json_iter it = json_iter_begin(told);
    while (json_iter_next(&it)) {
        char *path = vcluster_path_from_wire(it.key, NULL);
        if (path != NULL && json_kind(it.value) == JSON_STRING) {
            g_hash_table_replace(table, path, (char *)json_string(it.value));
        } else {
            g_free(path);
        }
    }
    return table;
}

static void read_node(struct verify_group *group, const struct node *node,
                      const struct lu_answers *answers, GPtrArray *all)
{
    const struct json *answer = verify_payload(answers, node->uuid);
    const struct json *told = answer != NULL ? json_get(answer, C_NV_FILELIST) : NULL;
    bool good = json_kind(told) == JSON_OBJECT && json_len(told) > 0;
    if (node->offline) {
        return;
    }
    if (verify_fails(&group->report, !good)) {
        verify_error(&group->report, CV_ENODEFILECHECK, node->name,
                     "it did not tell the checksums of its files");
    }
    if (good) {
        struct found *found = g_new0(struct found, 1);
        found->node = node;
        found->digests = localize(told);
        g_ptr_array_add(all, found);
    }
}

static bool should_have(const struct verify_group *group, const struct node *node,
                        const struct lu_file *file)
{
    switch (file->on) {
    case LU_FILES_ALL:
        return true;
    case LU_FILES_CANDIDATES:
        return node->master_candidate || node == group->master;
    case LU_FILES_VM:
        return node->vm_capable;
    }
    return false;
}

static char *join_sorted(GPtrArray *names)
{
    g_ptr_array_sort(names, text_nice_compare_slots);
    return verify_join(names);
}

static int compare_texts(const void *a, const void *b)
{
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

/* variants: digest to the names of the nodes that have it. */
static void report_variants(struct verify_group *group, const char *path, GHashTable *variants)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    g_autoptr(GString) text = g_string_new(NULL);
    GHashTableIter it;
    void *key;
    g_hash_table_iter_init(&it, variants);
    while (g_hash_table_iter_next(&it, &key, NULL)) {
        g_ptr_array_add(keys, key);
    }
    g_ptr_array_sort(keys, compare_texts);
    for (guint i = 0; i < keys->len; i++) {
        g_autofree char *names = join_sorted(g_hash_table_lookup(variants, keys->pdata[i]));
        g_string_append_printf(text, "%svariant %u on %s", i > 0 ? "; " : "", i + 1, names);
    }
    verify_error(&group->report, CV_ECLUSTERFILECHECK, NULL,
                 "File %s found with %u different checksums (%s)", path, keys->len, text->str);
}

static void report_missing(struct verify_group *group, const struct lu_file *file,
                           GPtrArray *missing, GPtrArray *unexpected, guint n_expected)
{
    if (file->optional) {
        bool some = missing->len > 0 && missing->len < n_expected;
        if (verify_fails(&group->report, some)) {
            g_autofree char *names = join_sorted(missing);
            verify_error(
                &group->report, CV_ECLUSTERFILECHECK, NULL,
                "File %s is optional, but it must be on all nodes or on none (not found on "
                "%s)",
                file->path, names);
        }
        return;
    }
    if (verify_fails(&group->report, missing->len > 0)) {
        g_autofree char *names = join_sorted(missing);
        verify_error(&group->report, CV_ECLUSTERFILECHECK, NULL,
                     "File %s is missing from node(s) %s", file->path, names);
    }
    if (verify_fails(&group->report, unexpected->len > 0)) {
        g_autofree char *names = join_sorted(unexpected);
        verify_error(&group->report, CV_ECLUSTERFILECHECK, NULL,
                     "File %s should not exist on node(s) %s", file->path, names);
    }
}

static void check_file(struct verify_group *group, const struct lu_file *file, const GPtrArray *all)
{
    g_autoptr(GPtrArray) missing = g_ptr_array_new(), unexpected = g_ptr_array_new();
    g_autoptr(GHashTable) variants =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
    guint n_expected = 0;
    for (guint i = 0; i < all->len; i++) {
        const struct found *found = all->pdata[i];
        char *digest = g_hash_table_lookup(found->digests, file->path);
        bool expected = should_have(group, found->node, file);
        n_expected += expected;
        if (digest == NULL) {
            if (expected) {
                g_ptr_array_add(missing, found->node->name);
            }
            continue;
        }
        if (!expected) {
            g_ptr_array_add(unexpected, found->node->name);
        }
        GPtrArray *names = g_hash_table_lookup(variants, digest);
        if (names == NULL) {
            names = g_ptr_array_new();
            g_hash_table_insert(variants, digest, names);
        }
        g_ptr_array_add(names, found->node->name);
    }
    report_missing(group, file, missing, unexpected, n_expected);
    if (verify_fails(&group->report, g_hash_table_size(variants) > 1)) {
        report_variants(group, file->path, variants);
    }
}

void verify_files(struct verify_group *group)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(found_free);
    for (size_t i = 0; i < group->members.n; i++) {
        read_node(group, group->members.v[i], group->answers, all);
    }
    for (size_t i = 0; group->compared != NULL && i < group->compared->n; i++) {
        const struct node *node = cfg_node_get(group->cfg, group->compared->v[i].node_uuid);
        read_node(group, node, group->compared, all);
    }
    for (size_t i = 0; i < group->files->n; i++) {
        check_file(group, &group->files->v[i], all);
    }
}
