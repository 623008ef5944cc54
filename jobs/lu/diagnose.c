/* What nodes have of operating system definitions and external storage providers (reference:
 * lib/cmdlib/operating_system.py, lib/cmdlib/misc.py ExtStorageQuery): OP_OS_DIAGNOSE,
 * OP_EXT_STORAGE_DIAGNOSE, and OP_QUERY for both. */
#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/text.h"
#include "facts/codec.h"
#include "jobs/lu/names.h"
#include "jobs/lu/query.h"
#include "jobs/lu/rpc.h"

/* Members of what a node says of one item, behind the name. */
enum { PATH, STATUS, DIAGNOSE };
enum { OS_VARIANTS = 3, OS_PARAMS, OS_APIS, OS_TRUSTED, OS_LEN };
enum { EXT_PARAMS = 3, EXT_LEN };

/* All items, by name. The status of an item is an object: for each node that answered, by UUID, the
 * list of what it has under the name; the first one counts. */
struct diagnosis {
    struct lu *lu;
    GPtrArray *nodes; /* UUIDs of those that answered, borrowed */
    GPtrArray *names; /* owned, sorted */
    GHashTable *status;
};

static void diagnosis_clear(struct diagnosis *diagnosis)
{
    g_ptr_array_unref(diagnosis->nodes);
    g_hash_table_unref(diagnosis->status);
    g_ptr_array_unref(diagnosis->names);
}

static struct json *status_of(struct diagnosis *diagnosis, const char *name)
{
    struct json *status = g_hash_table_lookup(diagnosis->status, name);
    if (status != NULL) {
        return status;
    }
    status = json_new_object();
    for (guint i = 0; i < diagnosis->nodes->len; i++) {
        json_set(status, diagnosis->nodes->pdata[i], json_new_array());
    }
    char *owned = g_strdup(name);
    g_ptr_array_add(diagnosis->names, owned);
    g_hash_table_insert(diagnosis->status, owned, status);
    return status;
}

/* The name, and len values behind it. */
static bool is_entry(const struct json *entry, size_t len)
{
    return json_kind(entry) == JSON_ARRAY && json_len(entry) == len + 1 &&
           json_kind(json_at(entry, 0)) == JSON_STRING;
}

static bool add_answer(struct diagnosis *diagnosis, const struct lu_answer *answer, size_t len,
                       GError **errp)
{
    const struct json *list = answer->payload;
    for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_len(list); i++) {
        const struct json *entry = json_at(list, i);
        if (!is_entry(entry, len)) {
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                            "Node %s describes what it has in a form that is not understood",
                            answer->node_name);
        }
        struct json *rest = json_new_array();
        for (size_t j = 1; j <= len; j++) {
            json_append(rest, json_ref(json_at(entry, j)));
        }
        json_append(
            json_get(status_of(diagnosis, json_string(json_at(entry, 0))), answer->node_uuid),
            rest);
    }
    return true;
}

/* Nodes that do not answer are left aside: they would make everything invalid. */
static bool collect(struct diagnosis *diagnosis, const struct lu_answers *answers, size_t len,
                    GError **errp)
{
    for (size_t i = 0; i < answers->n; i++) {
        if (answers->v[i].fail_msg == NULL) {
            g_ptr_array_add(diagnosis->nodes, answers->v[i].node_uuid);
        }
    }
    for (size_t i = 0; i < answers->n; i++) {
        if (answers->v[i].fail_msg == NULL && !add_answer(diagnosis, &answers->v[i], len, errp)) {
            return false;
        }
    }
    g_ptr_array_sort(diagnosis->names, text_nice_compare_slots);
    return true;
}

static GPtrArray *vm_nodes(const struct cfg *cfg)
{
    GPtrArray *nodes = g_ptr_array_new();
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);
        if (!node->offline && node->vm_capable) {
            g_ptr_array_add(nodes, node->uuid);
        }
    }
    return nodes;
}

/* What counts of a node's list; NULL: it has none. */
static const struct json *first_of(const struct json *list)
{
    return json_len(list) > 0 ? json_at(list, 0) : NULL;
}

static bool is_valid(const struct json *entry)
{
    const struct json *status = entry != NULL ? json_at(entry, STATUS) : NULL;
    return json_kind(status) == JSON_BOOL && json_boolean(status);
}

static bool has(const struct json *list, const struct json *value)
{
    for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_len(list); i++) {
        if (json_equal(json_at(list, i), value)) {
            return true;
        }
    }
    return false;
}

/* Values that all nodes have at a place, in the order of the first node; the owner is the caller.
 * It ends at the first node where the item is not valid, as the reference does. */
static struct json *common(const struct json *status, size_t place)
{
    struct json *values = NULL;
    struct json_iter it = json_iter_begin(status);
    while (json_iter_next(&it)) {
        const struct json *entry = first_of(it.value);
        if (!is_valid(entry)) {
            break;
        }
        const struct json *own = json_at(entry, place);
        struct json *kept = json_new_array();
        const struct json *from = values != NULL ? values : own;
        for (size_t i = 0; json_kind(from) == JSON_ARRAY && i < json_len(from); i++) {
            if (has(own, json_at(from, i))) {
                json_append(kept, json_ref(json_at(from, i)));
            }
        }
        json_unref(values);
        values = kept;
    }
    return values != NULL ? values : json_new_array();
}

/* --- Operating systems --------------------------------------------------------------------------
 */
static bool valid_everywhere(const struct json *status)
{
    struct json_iter it = json_iter_begin(status);
    while (json_iter_next(&it)) {
        if (!is_valid(first_of(it.value))) {
            return false;
        }
    }
    return true;
}

static bool trusted_everywhere(const struct json *status)
{
    struct json_iter it = json_iter_begin(status);
    while (json_iter_next(&it)) {
        const struct json *entry = first_of(it.value);
        if (!is_valid(entry)) {
            break;
        }
        const struct json *trusted = json_at(entry, OS_TRUSTED);
        if (json_kind(trusted) != JSON_BOOL || !json_boolean(trusted)) {
            return false;
        }
    }
    return true;
}

static bool is_listed(const struct str_list *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->v[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* What the cluster has for the variants of the OS, by the whole name. */
static void set_of_variants(const struct fact_type *type, const void *map, const char *os,
                            const struct json *status, struct query_value *ret_value)
{
    CLEANUP(json_unrefp) struct json *variants = common(status, OS_VARIANTS);
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = query_set_begin(text);
    json_write_object_begin(&w);
    for (size_t i = 0; i < json_len(variants); i++) {
        const struct json *variant = json_at(variants, i);
        g_autofree char *name = g_strdup_printf(
            "%s+%s", os, json_kind(variant) == JSON_STRING ? json_string(variant) : "");
        const void *params = fact_dict_get(type, map, name);
        if (params != NULL) {
            json_write_key(&w, name);
            fact_encode(type->elem, params, &w);
        }
    }
    json_write_object_end(&w);
    query_set_end(ret_value, g_steal_pointer(&text));
}

static void os_value(void *data, size_t item, const struct qfield *field,
                     struct query_value *ret_value)
{
    struct diagnosis *diagnosis = data;
    const struct cluster *cluster = cfg_cluster(lu_cfg(diagnosis->lu));
    const char *name = diagnosis->names->pdata[item];
    struct json *status = g_hash_table_lookup(diagnosis->status, name);
    switch ((int)field->row->getter) {
    case QF_GET_os_name:
        query_set_text(ret_value, name);
        break;
    case QF_GET_os_valid:
        query_set_bool(ret_value, valid_everywhere(status));
        break;
    case QF_GET_os_hidden:
        query_set_bool(ret_value, is_listed(&cluster->hidden_os, name));
        break;
    case QF_GET_os_blacklisted:
        query_set_bool(ret_value, is_listed(&cluster->blacklisted_os, name));
        break;
    case QF_GET_os_variants:
        query_set_json(ret_value, common(status, OS_VARIANTS));
        break;
    case QF_GET_os_api_versions:
        query_set_json(ret_value, common(status, OS_APIS));
        break;
    case QF_GET_os_parameters:
        query_set_json(ret_value, common(status, OS_PARAMS));
        break;
    case QF_GET_os_node_status:
        query_set_json(ret_value, json_ref(status));
        break;
    case QF_GET_os_os_hvp:
        set_of_variants(&type_os_hv_map, &cluster->os_hvp, name, status, ret_value);
        break;
    case QF_GET_os_osparams:
        set_of_variants(&type_value_map_map, &cluster->osparams, name, status, ret_value);
        break;
    case QF_GET_os_trusted:
        query_set_bool(ret_value, trusted_everywhere(status));
        break;
    default:
        g_return_if_reached();
    }
}

/* --- External storage ---------------------------------------------------------------------------
 */
/* The provider is valid on all nodes of the group that were asked and answered. */
static bool valid_in_group(const struct cfg *cfg, const struct node_group *group,
                           const struct json *status)
{
    struct cfg_nodes nodes = cfg_group_nodes(cfg, group);
    for (size_t i = 0; i < nodes.n; i++) {
        const struct json *list = json_get(status, nodes.v[i]->uuid);
        if (list != NULL && !is_valid(first_of(list))) {
            return false;
        }
    }
    return true;
}

static struct json *group_status(const struct cfg *cfg, const struct json *status)
{
    struct json *groups = json_new_object();
    for (size_t i = 0; i < cfg_group_count(cfg); i++) {
        const struct node_group *group = cfg_group_at(cfg, i);
        json_set(groups, group->name, json_new_bool(valid_in_group(cfg, group, status)));
    }
    return groups;
}

static void extstorage_value(void *data, size_t item, const struct qfield *field,
                             struct query_value *ret_value)
{
    struct diagnosis *diagnosis = data;
    const char *name = diagnosis->names->pdata[item];
    struct json *status = g_hash_table_lookup(diagnosis->status, name);
    switch ((int)field->row->getter) {
    case QF_GET_extstorage_name:
        query_set_text(ret_value, name);
        break;
    case QF_GET_extstorage_node_status:
        query_set_json(ret_value, json_ref(status));
        break;
    case QF_GET_extstorage_nodegroup_status:
        query_set_json(ret_value, group_status(lu_cfg(diagnosis->lu), status));
        break;
    case QF_GET_extstorage_parameters:
        query_set_json(ret_value, common(status, EXT_PARAMS));
        break;
    default:
        g_return_if_reached();
    }
}

/* --- Queries ------------------------------------------------------------------------------------
 */
static bool diagnose(struct lu *lu, const struct query_request *request, bool old,
                     struct json_writer *result, GError **errp)
{
    bool is_os = request->kind == QUERY_os;
    g_autoptr(GPtrArray) nodes = vm_nodes(lu_cfg(lu));
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = lu_call_nodes(lu, (const char *const *)nodes->pdata, nodes->len,
                                               is_os ? LU_CALL(os_diagnose, .whole = true)
                                                     : LU_CALL(extstorage_diagnose, .whole = true));
    struct diagnosis diagnosis = {
        .lu = lu,
        .nodes = g_ptr_array_new(),
        .names = g_ptr_array_new_with_free_func(g_free),
        .status = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)json_unref),
    };
    bool ok = collect(&diagnosis, answers, is_os ? OS_LEN : EXT_LEN, errp);
    if (ok) {
        const struct query_items items = {
            .names = (const char *const *)diagnosis.names->pdata,
            .n = diagnosis.names->len,
            .value = is_os ? os_value : extstorage_value,
            .data = &diagnosis,
        };
        ok = query_answer_items(&items, request, old, result, errp);
    } else {
        query_filter_free(request->filter);
    }
    diagnosis_clear(&diagnosis);
    return ok;
}

bool lu_query_os(struct lu *lu, const struct query_request *request, bool old,
                 struct json_writer *result, GError **errp)
{
    return diagnose(lu, request, old, result, errp);
}

bool lu_query_extstorage(struct lu *lu, const struct query_request *request, bool old,
                         struct json_writer *result, GError **errp)
{
    return diagnose(lu, request, old, result, errp);
}

/* --- OP_OS_DIAGNOSE, OP_EXT_STORAGE_DIAGNOSE ----------------------------------------------------
 */
static bool is_asked(const struct op_os_diagnose *op, const char *field)
{
    for (size_t i = 0; i < op->output_fields.n; i++) {
        if (strcmp(op->output_fields.v[i], field) == 0) {
            return true;
        }
    }
    return false;
}

static struct json *is_true(const char *field)
{
    return lu_filter_list(QUERY_OP_TRUE, 1, json_new_string(field));
}

/* Who does not ask whether an OS is hidden, blacklisted or valid gets those only that can be used
 * (LUOsDiagnose._BuildFilter). */
static struct json *os_filter(const struct op_os_diagnose *op)
{
    struct json *names = lu_filter_names(LU_TEXTS(op->names));
    struct json *status = lu_filter_list(QUERY_OP_AND, 0);
    static const char *const unwanted[] = {"hidden", "blacklisted"};
    for (size_t i = 0; i < G_N_ELEMENTS(unwanted); i++) {
        if (!is_asked(op, unwanted[i])) {
            json_append(status, lu_filter_list(QUERY_OP_NOT, 1, is_true(unwanted[i])));
        }
    }
    if (!is_asked(op, "valid")) {
        json_append(status, is_true("valid"));
    }
    if (json_len(status) == 1) {
        json_unref(status);
        return names;
    }
    return names != NULL ? lu_filter_list(QUERY_OP_AND, 2, names, status) : status;
}

static bool os_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_os_diagnose *op = lu_params(lu);
    return lu_query_run(lu, lu_query_os, QUERY_os, LU_TEXTS(op->output_fields), os_filter(op), true,
                        result, errp);
}

LU(os_diagnose, .exec = os_exec)

static bool extstorage_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_ext_storage_diagnose *op = lu_params(lu);
    return lu_query_run(lu, lu_query_extstorage, QUERY_extstorage, LU_TEXTS(op->output_fields),
                        lu_filter_names(LU_TEXTS(op->names)), true, result, errp);
}

LU(ext_storage_diagnose, .exec = extstorage_exec)
