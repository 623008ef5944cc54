#include "config.h"

#include "compat-config/store/store.h"

#include <string.h>
#include <sys/socket.h>

#include "base/json-scan.h"
#include "base/json-writer.h"
#include "base/json.h"
#include "compat-config/model/filter-rule.h"
#include "compat-config/model/internal.h"
#include "facts/codec.h"

G_DEFINE_QUARK(gantry_cfg_store_error, cfg_store_error)

/* Versions of the format that need no upgrade: those of the releases the rows speak for. */
enum { VERSION_MAJOR_STEP = 1000000, VERSION_MINOR_STEP = 10000 };
static const int64_t versions[] = {3000000, 3010000};

static bool check_version(int64_t version, GError **errp)
{
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        if (version == versions[i]) {
            return true;
        }
    }
    g_set_error(errp, CFG_STORE_ERROR, CFG_STORE_ERROR_VERSION,
                "configuration version %" G_GINT64_FORMAT ".%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT
                " is not one that can be used as it is; upgrade the cluster "
                "first",
                version / VERSION_MAJOR_STEP, version / VERSION_MINOR_STEP % 100,
                version % VERSION_MINOR_STEP);
    return false;
}

static void *decode_object(const struct fact_object *object, struct json *json,
                           const struct fact_path *path, GError **errp)
{
    void *value = cfg_object_new(object);

    if (!fact_object_decode_at(object, json, value, path, errp)) {
        cfg_object_unref(object, value);
        return NULL;
    }
    return value;
}

/* "forthcoming": false says nothing, and the reference drops it (branchOnField in JSON.hs). */
static void drop_false_mark(const struct fact_object *object, void *value)
{
    const struct fact_member *mark = fact_object_find(object, "forthcoming");

    if (mark != NULL && !*(bool *)((char *)value + mark->offset)) {
        fact_member_mark_set(object, value, mark, false);
    }
}

static bool check_object(enum cfg_kind kind, const char *key, const char *uuid, const void *value,
                         const struct fact_path *path, GError **errp)
{
    if (g_strcmp0(key, uuid) != 0) {
        return fact_fail(errp, FACT_ERROR_VALUE, path, "has the UUID %s", uuid);
    }
    if (kind == CFG_KIND_filter) {
        return cfg_filter_rule_check(value, path, errp);
    }
    return kind != CFG_KIND_disk || cfg_disk_check(value, path, errp);
}

/* A part of the file's text; text NULL: the file does not have it. */
struct span {
    const char *text;
    size_t len;
};

/* What stands in the file: the containers as spans, all else decoded. */
struct parts {
    struct config_data *head;
    struct span containers[CFG_KIND_COUNT];
};

static void parts_clear(struct parts *parts)
{
    fact_object_free(&fact_object_config_data, parts->head);
}

/* Sets the path in front of a JSON error. */
static bool fail_json(const struct fact_path *path, GError *error, GError **errp)
{
    (void)fact_fail(errp, FACT_ERROR_KIND, path, "%s", error->message);
    g_error_free(error);
    return false;
}

static const void *decode_entry(enum cfg_kind kind, const struct json_scan *scan,
                                const struct cfg_table *table, const struct fact_path *path,
                                GError **errp)
{
    const struct fact_object *object = cfg_kind_object(kind);
    CLEANUP(json_unrefp) struct json *json = NULL;
    GError *error = NULL;
    void *value;

    if (!json_parse(scan->value, (gssize)scan->value_len, &json, &error)) {
        (void)fail_json(path, error, errp);
        return NULL;
    }
    value = decode_object(object, json, path, errp);
    if (value == NULL) {
        return NULL;
    }
    drop_false_mark(object, value);
    if (!check_object(kind, scan->key, cfg_table_uuid(table, value), value, path, errp)) {
        cfg_object_unref(object, value);
        return NULL;
    }
    return value;
}

static bool scan_container(enum cfg_kind kind, const struct span *span,
                           const struct fact_path *container, const struct cfg_table *empty,
                           GPtrArray *values, GError **errp)
{
    struct json_scan scan;
    GError *error = NULL;

    if (!json_scan_begin(&scan, span->text, span->len, &error)) {
        return fail_json(container, error, errp);
    }
    while (json_scan_next(&scan, &error)) {
        const struct fact_path path = {.up = container, .member = scan.key};
        const void *value = decode_entry(kind, &scan, empty, &path, errp);

        if (value == NULL) {
            json_scan_end(&scan);
            return false;
        }
        g_ptr_array_add(values, (void *)value);
    }
    return scan.complete || fail_json(container, error, errp);
}

/* One object after the other, so that at no time the whole file is there as a tree. */
static struct cfg_table *decode_table(enum cfg_kind kind, const char *name, const struct span *span,
                                      GError **errp)
{
    const struct fact_object *object = cfg_kind_object(kind);
    const struct fact_path container = {.member = name};
    struct cfg_table *table = cfg_table_new(object, NULL, 0);
    GPtrArray *values = g_ptr_array_new();
    bool good = span->text == NULL || scan_container(kind, span, &container, table, values, errp);
    size_t n = values->len;

    cfg_table_unref(table);
    table = cfg_table_new(object, (const void **)g_ptr_array_free(values, FALSE), n);
    for (size_t i = 1; good && i < n; i++) {
        const char *uuid = cfg_table_uuid(table, table->v[i]);

        if (strcmp(cfg_table_uuid(table, table->v[i - 1]), uuid) == 0) {
            good = fact_fail(errp, FACT_ERROR_VALUE, &container, "%s stands there twice", uuid);
        }
    }
    if (!good) {
        cfg_table_unref(table);
        return NULL;
    }
    return table;
}

static const char *container_name(enum cfg_kind kind)
{
    for (size_t i = 0; i < fact_object_config_data.n_members; i++) {
        if (cfg_kind_of_member(&fact_object_config_data.members[i]) == (int)kind) {
            return fact_object_config_data.members[i].name;
        }
    }
    g_assert_not_reached();
}

/* The reference's loader knows two families, by the kernel's numbers (Types.hs, IpFamily). */
static bool check_cluster(const struct cluster *cluster, const struct fact_path *path,
                          GError **errp)
{
    const struct fact_path family = {.up = path, .member = "primary_ip_family"};

    if (cluster->primary_ip_family != AF_INET && cluster->primary_ip_family != AF_INET6) {
        return fact_fail(errp, FACT_ERROR_VALUE, &family, "expected %d (IPv4) or %d (IPv6)",
                         AF_INET, AF_INET6);
    }
    return true;
}

/* Takes the head out of parts. */
static const struct cfg *from_parts(struct parts *parts, GError **errp)
{
    const struct fact_path path = {.member = "cluster"};
    struct cfg_table *tables[CFG_KIND_COUNT] = {NULL};
    void *cluster;
    bool good;

    cluster = decode_object(&fact_object_cluster, parts->head->cluster, &path, errp);
    good = cluster != NULL && check_cluster(cluster, &path, errp);
    for (int kind = 0; good && kind < CFG_KIND_COUNT; kind++) {
        tables[kind] = decode_table(kind, container_name(kind), &parts->containers[kind], errp);
        good = tables[kind] != NULL;
    }
    if (!good) {
        for (size_t i = 0; i < CFG_KIND_COUNT; i++) {
            cfg_table_unref(tables[i]);
        }
        cfg_object_unref(&fact_object_cluster, cluster);
        return NULL;
    }
    json_unref(parts->head->cluster);
    parts->head->cluster = NULL;
    return cfg_new(parts->head, cluster, tables);
}

/* Puts a member of the file where it belongs: head is the object that is decoded as the file's
 * head, in which containers stand for being there only. */
static bool take_member(struct parts *parts, struct json *head, const struct json_scan *scan,
                        GError **errp)
{
    const struct fact_member *member = fact_object_find(&fact_object_config_data, scan->key);
    const struct fact_path path = {.member = scan->key};
    int kind = member == NULL ? -1 : cfg_kind_of_member(member);
    struct json *value = NULL;
    GError *error = NULL;

    if (kind >= 0 && scan->value[0] == '{') {
        parts->containers[kind] = (struct span){.text = scan->value, .len = scan->value_len};
        json_set(head, scan->key, json_new_object());
        return true;
    }
    if (!json_parse(scan->value, (gssize)scan->value_len, &value, &error)) {
        return fail_json(&path, error, errp);
    }
    json_set(head, scan->key, value);
    return true;
}

static bool take_apart(const char *text, size_t len, struct parts *parts, GError **errp)
{
    CLEANUP(json_unrefp) struct json *head = json_new_object();
    const struct json *version;
    struct json_scan scan;

    if (len > JSON_MAX_TEXT) {
        g_set_error(errp, JSON_ERROR, JSON_ERROR_LIMIT, "larger than %d bytes", JSON_MAX_TEXT);
        return false;
    }
    if (!json_scan_begin(&scan, text, len, errp)) {
        return false;
    }
    while (json_scan_next(&scan, errp)) {
        if (!take_member(parts, head, &scan, errp)) {
            json_scan_end(&scan);
            return false;
        }
    }
    if (!scan.complete) {
        return false;
    }
    /* Older formats lack members, so their version must be the first thing to be said. */
    version = json_get(head, "version");
    if (json_kind(version) == JSON_INT && !check_version(json_int(version), errp)) {
        return false;
    }
    parts->head = fact_object_decode(&fact_object_config_data, head, NULL, errp);
    return parts->head != NULL;
}

const struct cfg *cfg_parse(const char *text, size_t len, GError **errp)
{
    struct parts parts = {0};
    const struct cfg *cfg = NULL;
    GError *error = NULL;

    if (!take_apart(text, len, &parts, &error)) {
        if (g_error_matches(error, CFG_STORE_ERROR, CFG_STORE_ERROR_VERSION)) {
            g_propagate_error(errp, error);
            return NULL;
        }
        g_set_error(errp, CFG_STORE_ERROR, CFG_STORE_ERROR_FORMAT, "not a configuration: %s",
                    error->message);
        g_error_free(error);
        return NULL;
    }
    cfg = from_parts(&parts, &error);
    parts_clear(&parts);
    if (cfg == NULL && error->domain == FACT_ERROR) {
        error->domain = CFG_STORE_ERROR;
        error->code = CFG_STORE_ERROR_FORMAT;
    }
    if (cfg == NULL) {
        g_propagate_error(errp, error);
    }
    return cfg;
}

const struct cfg *cfg_load(const char *path, GError **errp)
{
    size_t len = 0;
    g_autofree char *text = fs_read_file(path, JSON_MAX_TEXT, &len, errp);
    const struct cfg *cfg;
    GError *error = NULL;

    if (text == NULL) {
        return NULL;
    }
    cfg = cfg_parse(text, len, &error);
    if (cfg == NULL) {
        g_propagate_prefixed_error(errp, error, "%s: ", path);
    }
    return cfg;
}

void *cfg_read_object(enum cfg_kind kind, struct json *json, GError **errp)
{
    const struct fact_object *object = cfg_kind_object(kind);
    const struct fact_path path = {.member = object->name};
    void *value = fact_object_decode(object, json, &path, errp);
    char **uuid;

    if (value == NULL) {
        return NULL;
    }
    drop_false_mark(object, value);
    uuid = cfg_object_member(object, value, "uuid");
    if (!check_object(kind, *uuid, *uuid, value, &path, errp)) {
        fact_object_free(object, value);
        return NULL;
    }
    return value;
}

struct cluster *cfg_read_cluster(struct json *json, GError **errp)
{
    const struct fact_path path = {.member = fact_object_cluster.name};
    struct cluster *cluster = fact_object_decode(&fact_object_cluster, json, &path, errp);

    if (cluster != NULL && !check_cluster(cluster, &path, errp)) {
        fact_object_free(&fact_object_cluster, cluster);
        return NULL;
    }
    return cluster;
}

/* ---- writing ---- */

/* The text of an object, made once. */
static void append_object(struct json_writer *out, const struct fact_object *object,
                          const void *value)
{
    struct cfg_object *head = cfg_object_head(value);

    if (head->encoded == NULL) {
        g_autoptr(GString) text = g_string_new(NULL);
        struct json_writer w = json_writer_init(text, JSON_COMPACT);

        fact_object_encode(object, value, &w);
        head->encoded_len = text->len;
        head->encoded = g_memdup2(text->str, text->len + 1);
    }
    json_write_raw(out, head->encoded, head->encoded_len);
}

void cfg_write_object(struct json_writer *w, const struct fact_object *object, const void *value)
{
    append_object(w, object, value);
}

static void append_table(struct json_writer *w, const struct cfg_table *table)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < table->n; i++) {
        json_write_key(w, cfg_table_uuid(table, table->v[i]));
        append_object(w, table->object, table->v[i]);
    }
    json_write_object_end(w);
}

static void append_member(struct json_writer *w, const struct cfg *cfg,
                          const struct fact_member *member)
{
    int kind = cfg_kind_of_member(member);

    json_write_key(w, member->name);
    if (kind >= 0) {
        append_table(w, cfg->tables[kind]);
    } else if (member->offset == offsetof(struct config_data, cluster)) {
        append_object(w, &fact_object_cluster, cfg->cluster);
    } else {
        fact_encode(member->spec->type, (const char *)&cfg->head + member->offset, w);
    }
}

void cfg_encode(const struct cfg *cfg, GString *out)
{
    struct json_writer w = json_writer_init(out, JSON_COMPACT);

    json_write_object_begin(&w);
    for (size_t i = 0; i < fact_object_config_data.n_members; i++) {
        append_member(&w, cfg, &fact_object_config_data.members[i]);
    }
    if (cfg->head.extra != NULL) {
        struct json_iter it = json_iter_begin(cfg->head.extra);

        while (json_iter_next(&it)) {
            json_write_key(&w, it.key);
            json_write_value(&w, it.value);
        }
    }
    json_write_object_end(&w);
}

bool cfg_save(const struct cfg *cfg, const char *path, const struct fs_write_opts *opts,
              GError **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);

    cfg_encode(cfg, text);
    return fs_write_atomic(path, text->str, text->len, opts, errp);
}
