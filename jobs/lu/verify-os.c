/* Operating systems: those of a node, and whether they are those of the first node that told its
 * own. A row is [name, path, usable, diagnosis, variants, parameters, API versions, trusted]. */
#include "config.h"

#include "base/json.h"
#include "facts/constants.h"
#include "jobs/lu/verify-group.h"

enum {
    OS_NAME,
    OS_PATH,
    OS_USABLE,
    OS_DIAGNOSIS,
    OS_VARIANTS,
    OS_PARAMETERS,
    OS_API_VERSIONS,
    OS_TRUSTED,
    OS_COLUMNS,
};

static bool is_row(const struct json *row)
{
    static const enum json_kind kinds[OS_COLUMNS] = {
        JSON_STRING, JSON_STRING, JSON_BOOL,  JSON_STRING,
        JSON_ARRAY,  JSON_ARRAY,  JSON_ARRAY, JSON_BOOL,
    };
    if (json_kind(row) != JSON_ARRAY || json_len(row) != OS_COLUMNS) {
        return false;
    }
    for (size_t i = 0; i < OS_COLUMNS; i++) {
        if (json_kind(json_at(row, i)) != kinds[i]) {
            return false;
        }
    }
    return true;
}

static bool is_list_of_rows(const struct json *list)
{
    if (json_kind(list) != JSON_ARRAY) {
        return false;
    }
    for (size_t i = 0; i < json_len(list); i++) {
        if (!is_row(json_at(list, i))) {
            return false;
        }
    }
    return true;
}

void verify_os_read(struct verify_group *group, struct verify_node *node, const struct json *answer)
{
    const struct json *list = json_get(answer, C_NV_OSLIST);
    node->os_fail = !is_list_of_rows(list);
    if (verify_fails(&group->report, node->os_fail)) {
        verify_error(&group->report, CV_ENODEOS, node->node->name,
                     "it did not tell its operating systems");
    }
    if (node->os_fail) {
        return;
    }
    node->oses =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
    node->os_names = g_ptr_array_new();
    for (size_t i = 0; i < json_len(list); i++) {
        struct json *row = json_at(list, i);
        char *name = (char *)json_string(json_at(row, OS_NAME));
        GPtrArray *rows = g_hash_table_lookup(node->oses, name);
        if (rows == NULL) {
            rows = g_ptr_array_new();
            g_hash_table_insert(node->oses, name, rows);
            g_ptr_array_add(node->os_names, name);
        }
        g_ptr_array_add(rows, row);
    }
}

static int compare_texts(const void *a, const void *b)
{
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

/* A list as one text, whatever its order: what people see, and what is compared. Parameters are
 * pairs of name and description. */
static char *as_text(const struct json *list)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < json_len(list); i++) {
        const struct json *one = json_at(list, i);
        if (json_kind(one) == JSON_ARRAY && json_len(one) == 2 &&
            json_kind(json_at(one, 0)) == JSON_STRING &&
            json_kind(json_at(one, 1)) == JSON_STRING) {
            g_ptr_array_add(texts, g_strdup_printf("%s: %s", json_string(json_at(one, 0)),
                                                   json_string(json_at(one, 1))));
        } else {
            g_ptr_array_add(texts, json_kind(one) == JSON_STRING
                                       ? g_strdup(json_string(one))
                                       : json_to_string(one, JSON_PYTHON));
        }
    }
    g_ptr_array_sort(texts, compare_texts);
    return verify_join(texts);
}

static const struct {
    int column;
    const char *title;
} compared[] = {
    {OS_API_VERSIONS, "API version"},
    {OS_VARIANTS, "variants list"},
    {OS_PARAMETERS, "parameters"},
};

static void compare_rows(struct verify_group *group, const char *node, const char *os,
                         const struct json *mine, const struct json *base, const char *base_name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(compared); i++) {
        g_autofree char *a = as_text(json_at(mine, compared[i].column));
        g_autofree char *b = as_text(json_at(base, compared[i].column));
        if (verify_fails(&group->report, !g_str_equal(a, b))) {
            verify_error(&group->report, CV_ENODEOS, node,
                         "OS %s for %s differs from reference node %s: [%s] vs. [%s]",
                         compared[i].title, os, base_name, a, b);
        }
    }
    bool a = json_boolean(json_at(mine, OS_TRUSTED)), b = json_boolean(json_at(base, OS_TRUSTED));
    if (verify_fails(&group->report, a != b)) {
        verify_error(&group->report, CV_ENODEOS, node,
                     "OS trusted for %s differs from reference node %s: %s vs. %s", os, base_name,
                     a ? "True" : "False", b ? "True" : "False");
    }
}

static void compare_os(struct verify_group *group, const struct verify_node *node, const char *os,
                       const struct verify_node *base)
{
    const char *name = node->node->name, *base_name = base->node->name;
    const GPtrArray *rows = g_hash_table_lookup(node->oses, os);
    const GPtrArray *base_rows = g_hash_table_lookup(base->oses, os);
    const struct json *first = rows->pdata[0];
    if (verify_fails(&group->report, !json_boolean(json_at(first, OS_USABLE)))) {
        verify_error(&group->report, CV_ENODEOS, name, "OS %s in %s cannot be used: %s", os,
                     json_string(json_at(first, OS_PATH)),
                     json_string(json_at(first, OS_DIAGNOSIS)));
    }
    if (verify_fails(&group->report, rows->len > 1)) {
        g_autoptr(GPtrArray) paths = g_ptr_array_new();
        for (guint i = 0; i < rows->len; i++) {
            g_ptr_array_add(paths, (char *)json_string(json_at(rows->pdata[i], OS_PATH)));
        }
        g_autofree char *text = verify_join(paths);
        verify_error(&group->report, CV_ENODEOS, name,
                     "OS '%s' is there several times, the first one counts: %s", os, text);
    }
    if (verify_fails(&group->report, base_rows == NULL)) {
        verify_error(&group->report, CV_ENODEOS, name, "OS %s is not on reference node %s", os,
                     base_name);
    }
    if (base_rows != NULL && json_boolean(json_at(base_rows->pdata[0], OS_USABLE))) {
        compare_rows(group, name, os, first, base_rows->pdata[0], base_name);
    }
}

void verify_os_compare(struct verify_group *group, const struct verify_node *node,
                       const struct verify_node *base)
{
    g_autoptr(GPtrArray) missing = g_ptr_array_new();
    for (guint i = 0; i < node->os_names->len; i++) {
        compare_os(group, node, node->os_names->pdata[i], base);
    }
    for (guint i = 0; i < base->os_names->len; i++) {
        if (!g_hash_table_contains(node->oses, base->os_names->pdata[i])) {
            g_ptr_array_add(missing, base->os_names->pdata[i]);
        }
    }
    if (verify_fails(&group->report, missing->len > 0)) {
        g_autofree char *text = verify_join(missing);
        verify_error(&group->report, CV_ENODEOS, node->node->name,
                     "OSes of reference node %s that are missing here: %s", base->node->name, text);
    }
}
