#include "config.h"

#include "compat-config/store/store.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "compat-config/model/internal.h"
#include "facts/codec.h"

G_DEFINE_QUARK(gantry - cfg - store - error, cfg_store_error)

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
    return kind != CFG_KIND_disk || cfg_disk_check(value, path, errp);
}

/* Decodes all objects of a kind; the trees are gone afterwards, so that at no time the whole file
 * is there twice. */
static struct cfg_table *decode_table(enum cfg_kind kind, const char *name, struct any_map *map,
                                      GError **errp)
{
    const struct fact_object *object = cfg_kind_object(kind);
    const struct fact_path container = {.member = name};
    struct cfg_table *table = cfg_table_new(object, g_new(const void *, map->n), 0);

    for (size_t i = 0; i < map->n; i++) {
        const struct fact_path path = {.up = &container, .member = map->v[i].key};
        void *value = decode_object(object, map->v[i].value, &path, errp);

        if (value == NULL) {
            cfg_table_unref(table);
            return NULL;
        }
        table->v[table->n++] = value;
        drop_false_mark(object, value);
        if (!check_object(kind, map->v[i].key, cfg_table_uuid(table, value), value, &path, errp)) {
            cfg_table_unref(table);
            return NULL;
        }
        json_unref(map->v[i].value);
        map->v[i].value = NULL;
    }
    fact_clear(&type_any_map, map);
    return table;
}

static bool decode_tables(struct config_data *head, struct cfg_table *tables[CFG_KIND_COUNT],
                          GError **errp)
{
    for (size_t i = 0; i < fact_object_config_data.n_members; i++) {
        const struct fact_member *member = &fact_object_config_data.members[i];
        int kind = cfg_kind_of_member(member);

        if (kind < 0) {
            continue;
        }
        tables[kind] =
            decode_table(kind, member->name, (void *)((char *)head + member->offset), errp);
        if (tables[kind] == NULL) {
            return false;
        }
    }
    return true;
}

/* Takes the head apart into a snapshot; what is left in it is the caller's to clear. */
static const struct cfg *from_head(struct config_data *head, GError **errp)
{
    const struct fact_path path = {.member = "cluster"};
    struct cfg_table *tables[CFG_KIND_COUNT] = {NULL};
    void *cluster;

    if (!check_version(head->version, errp)) {
        return NULL;
    }
    cluster = decode_object(&fact_object_cluster, head->cluster, &path, errp);
    if (cluster == NULL) {
        return NULL;
    }
    json_unref(head->cluster);
    head->cluster = NULL;
    if (!decode_tables(head, tables, errp)) {
        for (size_t i = 0; i < CFG_KIND_COUNT; i++) {
            cfg_table_unref(tables[i]);
        }
        cfg_object_unref(&fact_object_cluster, cluster);
        return NULL;
    }
    return cfg_new(head, cluster, tables);
}

const struct cfg *cfg_parse(const char *text, size_t len, GError **errp)
{
    struct json *json = NULL;
    struct config_data *head;
    const struct cfg *cfg;
    GError *error = NULL;

    if (!json_parse(text, (gssize)len, &json, &error)) {
        g_propagate_prefixed_error(errp, error, "not a configuration: ");
        return NULL;
    }
    head = fact_object_decode(&fact_object_config_data, json, NULL, &error);
    json_unref(json);
    if (head == NULL) {
        g_set_error(errp, CFG_STORE_ERROR, CFG_STORE_ERROR_FORMAT, "not a configuration: %s",
                    error->message);
        g_error_free(error);
        return NULL;
    }
    cfg = from_head(head, &error);
    fact_object_free(&fact_object_config_data, head);
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
