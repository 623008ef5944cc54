#include "config.h"

#include "compat-config/store/store.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

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
    void *value = cfg_object_new(object);

    if (!fact_object_decode_text_at(object, scan->value, scan->value_len, value, path, errp)) {
        cfg_object_unref(object, value);
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

/* The text of the file in pieces: those of the runs are borrowed from the snapshot, where they stay
 * for the next time; what stands between them is made afresh. */
struct pieces {
    GArray *v;            /* struct iovec */
    GPtrArray *own;       /* the texts that are not borrowed */
    GString *text;        /* what comes behind the last piece */
    struct json_writer w; /* writes to text */
};

static void pieces_init(struct pieces *pieces)
{
    pieces->v = g_array_new(FALSE, FALSE, sizeof(struct iovec));
    pieces->own = g_ptr_array_new_with_free_func(g_free);
    pieces->text = g_string_new(NULL);
    pieces->w = json_writer_init(pieces->text, JSON_COMPACT);
}

void cfg_write_object(struct json_writer *w, const struct fact_object *object, const void *value)
{
    fact_object_encode(object, value, w);
}

static void pieces_clear(struct pieces *pieces)
{
    g_array_free(pieces->v, TRUE);
    g_ptr_array_free(pieces->own, TRUE);
    g_string_free(pieces->text, TRUE);
}

static void add_piece(struct pieces *pieces, char *text, size_t len)
{
    const struct iovec piece = {.iov_base = text, .iov_len = len};

    g_array_append_val(pieces->v, piece);
}

/* Makes a piece of what has been written so far. */
static void end_piece(struct pieces *pieces)
{
    char *text = g_memdup2(pieces->text->str, pieces->text->len);

    g_ptr_array_add(pieces->own, text);
    add_piece(pieces, text, pieces->text->len);
    g_string_truncate(pieces->text, 0);
}

static void make_text(const struct cfg_table *table, struct cfg_run *run)
{
    GString *text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);

    for (size_t i = 0; i < run->n; i++) {
        json_write_key(&w, cfg_table_uuid(table, run->v[i]));
        fact_object_encode(table->object, run->v[i], &w);
    }
    run->text_len = text->len;
    run->text = g_realloc(g_string_free(text, FALSE), run->text_len + 1);
}

static void add_table(struct pieces *pieces, const struct cfg_table *table)
{
    json_write_object_begin(&pieces->w);
    for (size_t i = 0; i < table->n_runs; i++) {
        struct cfg_run *run = table->runs[i];

        if (run->text == NULL) {
            make_text(table, run);
        }
        /* The comma between runs. */
        json_write_raw(&pieces->w, "", 0);
        end_piece(pieces);
        add_piece(pieces, run->text, run->text_len);
    }
    json_write_object_end(&pieces->w);
}

static void add_member(struct pieces *pieces, const struct cfg *cfg,
                       const struct fact_member *member)
{
    int kind = cfg_kind_of_member(member);

    json_write_key(&pieces->w, member->name);
    if (kind >= 0) {
        add_table(pieces, cfg->tables[kind]);
    } else if (member->offset == offsetof(struct config_data, cluster)) {
        fact_object_encode(&fact_object_cluster, cfg->cluster, &pieces->w);
    } else {
        fact_encode(member->spec->type, (const char *)&cfg->head + member->offset, &pieces->w);
    }
}

static void make_pieces(const struct cfg *cfg, struct pieces *pieces)
{
    pieces_init(pieces);
    json_write_object_begin(&pieces->w);
    for (size_t i = 0; i < fact_object_config_data.n_members; i++) {
        add_member(pieces, cfg, &fact_object_config_data.members[i]);
    }
    if (cfg->head.extra != NULL) {
        struct json_iter it = json_iter_begin(cfg->head.extra);

        while (json_iter_next(&it)) {
            json_write_key(&pieces->w, it.key);
            json_write_value(&pieces->w, it.value);
        }
    }
    json_write_object_end(&pieces->w);
    end_piece(pieces);
}

void cfg_encode(const struct cfg *cfg, GString *out)
{
    CLEANUP(pieces_clear) struct pieces pieces;

    make_pieces(cfg, &pieces);
    for (guint i = 0; i < pieces.v->len; i++) {
        const struct iovec *piece = &g_array_index(pieces.v, struct iovec, i);

        g_string_append_len(out, piece->iov_base, (gssize)piece->iov_len);
    }
}

bool cfg_save(const struct cfg *cfg, const char *path, const struct fs_write_opts *opts,
              GError **errp)
{
    CLEANUP(pieces_clear) struct pieces pieces;

    make_pieces(cfg, &pieces);
    return fs_write_atomicv(path, (const struct iovec *)(void *)pieces.v->data, pieces.v->len, opts,
                            errp);
}
