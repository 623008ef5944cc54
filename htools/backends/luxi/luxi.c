#include "config.h"

#include "htools/backends/luxi/luxi.h"

#include "base/json.h"
#include "facts/luximethods.h"
#include "htools/backends/rapi/rapi.h"
#include "htools/backends/reader/reader.h"
#include "luxi/client/client.h"

/* The speed stands outside the other parameters: the reference takes it from the master daemon, but
 * not from the remote API, which has it among them (Backend/Luxi.hs and Rapi.hs). */
static const char speed_field[] = "ndp/cpu_speed";

/* The answers of the master daemon are brought into the form of the remote API's, which tells the
 * same under almost the same names. */
static const char *const group_fields[] = {"uuid", "name", "alloc_policy", "ipolicy", "tags", NULL};
static const char *const node_fields[] = {
    "name",
    "mtotal",
    "mnode",
    "mfree",
    "dtotal",
    "dfree",
    "ctotal",
    "cnos",
    "offline",
    "drained",
    "tags",
    "sptotal",
    "spfree",
    "vm_capable",
    "group.uuid",
    "ndp/spindle_count",
    "ndp/exclusive_storage",
    speed_field,
    NULL,
};
static const char *const instance_fields[] = {
    "name",      "disk_usage",    "status",          "pnode",          "snodes",
    "tags",      "disk_template", "disk.sizes",      "disk.spindles",  "forthcoming",
    "be/memory", "be/vcpus",      "be/auto_balance", "be/spindle_use", NULL,
};

static const struct {
    const char *resource;
    const char *const *fields;
} queries[] = {
    [RAPI_GROUPS] = {"group", group_fields},
    [RAPI_NODES] = {"node", node_fields},
    [RAPI_INSTANCES] = {"instance", instance_fields},
};

static const char *group_of_prefix(const char *field)
{
    return strcmp(field, speed_field) == 0   ? NULL
           : g_str_has_prefix(field, "ndp/") ? "ndparams"
           : g_str_has_prefix(field, "be/")  ? "beparams"
                                             : NULL;
}

/* Status 0 of a field: its value is there (RS_NORMAL). */
static bool has_value(const struct json *cell)
{
    const struct json *status = json_at(cell, 0);

    return json_kind(status) == JSON_INT && json_int(status) == 0;
}

static void set_field(struct json *object, const char *field, struct json *value)
{
    const char *group = group_of_prefix(field);
    const char *slash = strchr(field, '/');
    const char *key = slash != NULL ? slash + 1 : field;

    if (group == NULL) {
        json_set(object, key, json_ref(value));
        return;
    }
    if (!json_has(object, group)) {
        json_set(object, group, json_new_object());
    }
    json_set(json_get(object, group), key, json_ref(value));
}

static struct json *row_to_object(const struct json *row, const char *const *fields)
{
    CLEANUP(json_unrefp) struct json *object = NULL;
    size_t n = g_strv_length((char **)fields);

    if (json_kind(row) != JSON_ARRAY || json_len(row) != n) {
        return NULL;
    }
    object = json_new_object();
    for (size_t i = 0; i < n; i++) {
        struct json *cell = json_at(row, i);

        if (json_kind(cell) != JSON_ARRAY || json_len(cell) != 2) {
            return NULL;
        }
        if (has_value(cell)) {
            set_field(object, fields[i], json_at(cell, 1));
        }
    }
    return g_steal_pointer(&object);
}

struct json *luxi_rows_to_objects(const struct json *answer, const char *const *fields,
                                  GError **errp)
{
    CLEANUP(json_unrefp) struct json *objects = json_new_array();
    const struct json *rows = json_kind(answer) == JSON_OBJECT ? json_get(answer, "data") : NULL;

    if (json_kind(rows) != JSON_ARRAY) {
        g_set_error_literal(errp, READER_ERROR, READER_ERROR_KIND, "data: expected an array");
        return NULL;
    }
    for (size_t i = 0; i < json_len(rows); i++) {
        struct json *object = row_to_object(json_at(rows, i), fields);

        if (object == NULL) {
            g_set_error(errp, READER_ERROR, READER_ERROR_KIND,
                        "data: row %zu is not a list of the fields asked for", i);
            return NULL;
        }
        json_append(objects, object);
    }
    return g_steal_pointer(&objects);
}

static struct json *query_arguments(const char *resource, const char *const *fields)
{
    struct json *arguments = json_new_array(), *names = json_new_array();

    for (size_t i = 0; fields[i] != NULL; i++) {
        json_append(names, json_new_string(fields[i]));
    }
    json_append(arguments, json_new_string(resource));
    json_append(arguments, names);
    json_append(arguments, NULL);
    return arguments;
}

static bool ask(struct luxi_client *client, enum rapi_part part, struct json **ret, GError **errp)
{
    CLEANUP(json_unrefp) struct json *arguments = NULL;
    CLEANUP(json_unrefp) struct json *answer = NULL;

    if (part == RAPI_INFO) {
        arguments = json_new_array();
        return luxi_client_call_json(client, luxi_method_rows[LUXI_query_cluster_info].name,
                                     arguments, ret, errp);
    }
    arguments = query_arguments(queries[part].resource, queries[part].fields);
    if (!luxi_client_call_json(client, luxi_method_rows[LUXI_query].name, arguments, &answer,
                               errp)) {
        return false;
    }
    *ret = luxi_rows_to_objects(answer, queries[part].fields, errp);
    return *ret != NULL;
}

struct ht_cluster *luxi_load(const char *socket, GError **errp)
{
    CLEANUP(luxi_client_freep) struct luxi_client *client = luxi_client_connect(socket, NULL, errp);
    CLEANUP(json_unrefp) struct json *answers = json_new_object();
    CLEANUP(document_freep) struct document *document = NULL;

    if (client == NULL) {
        return NULL;
    }
    for (int part = 0; part < RAPI_PARTS; part++) {
        struct json *answer = NULL;

        if (!ask(client, (enum rapi_part)part, &answer, errp)) {
            return NULL;
        }
        json_set(answers, rapi_part_name((enum rapi_part)part), answer);
    }
    document = document_from_json(answers);
    return rapi_parse_document(document_root(document), errp);
}
