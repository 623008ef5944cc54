#include "config.h"

#include "cli-compat/core/node-status.h"

#include "base/json.h"
#include "base/text.h"
#include "cli-compat/core/pyrepr.h"
#include "facts/errors.h"

bool node_status_check(const struct json *rows, size_t n, GError **errp)
{
    bool ok = json_kind(rows) == JSON_ARRAY;

    for (size_t i = 0; ok && i < json_len(rows); i++) {
        ok = json_kind(json_at(rows, i)) == JSON_ARRAY && json_len(json_at(rows, i)) == n;
    }
    return ok || err_fail(errp, ERR_PROTOCOL, ECODE_NONE, "the job's result is no list of rows");
}

char *node_status_text(const struct json *list, size_t index)
{
    return json_kind(list) == JSON_ARRAY && index < json_len(list)
               ? pyrepr_str(json_at(list, index))
               : g_strdup("");
}

struct json *node_status_names(const struct json *pairs)
{
    struct json *names = json_new_array();

    for (size_t i = 0; json_kind(pairs) == JSON_ARRAY && i < json_len(pairs); i++) {
        g_autofree char *name = node_status_text(json_at(pairs, i), 0);

        json_append(names, json_new_string(name));
    }
    return names;
}

/* ---- nodes ---- */

struct node_statuses {
    const struct json *nodes;
    const struct node_status_spec *spec;
    GPtrArray *parts[2]; /* names of nodes where it is invalid, and valid; borrowed */
};

/* The entry that counts; NULL: there is none. */
static const struct json *entry_of(const struct node_statuses *statuses, const char *node,
                                   size_t index)
{
    const struct json *list = json_get(statuses->nodes, node);
    const struct json *entry =
        json_kind(list) == JSON_ARRAY && index < json_len(list) ? json_at(list, index) : NULL;

    return json_kind(entry) == JSON_ARRAY && json_len(entry) >= statuses->spec->n_values ? entry
                                                                                         : NULL;
}

static bool is_valid(const struct json *entry)
{
    const struct json *status = entry != NULL ? json_at(entry, 1) : NULL;

    return json_kind(status) == JSON_BOOL && json_boolean(status);
}

struct node_statuses *node_statuses_new(const struct json *nodes,
                                        const struct node_status_spec *spec)
{
    struct node_statuses *statuses = g_new0(struct node_statuses, 1);

    statuses->nodes = nodes;
    statuses->spec = spec;
    statuses->parts[0] = g_ptr_array_new();
    statuses->parts[1] = g_ptr_array_new();
    if (json_kind(nodes) == JSON_OBJECT) {
        struct json_iter it = json_iter_begin(nodes);

        while (json_iter_next(&it)) {
            g_ptr_array_add(statuses->parts[is_valid(entry_of(statuses, it.key, 0)) ? 1 : 0],
                            (void *)it.key);
        }
    }
    g_ptr_array_sort(statuses->parts[0], text_nice_compare_slots);
    g_ptr_array_sort(statuses->parts[1], text_nice_compare_slots);
    return statuses;
}

void node_statuses_free(struct node_statuses *statuses)
{
    if (statuses != NULL) {
        g_ptr_array_unref(statuses->parts[0]);
        g_ptr_array_unref(statuses->parts[1]);
        g_free(statuses);
    }
}

size_t node_statuses_count(const struct node_statuses *statuses, bool valid)
{
    return statuses->parts[valid ? 1 : 0]->len;
}

static char *state_text(const struct json *entry)
{
    g_autofree char *diagnosis = node_status_text(entry, 2);

    return is_valid(entry) ? g_strdup("valid") : g_strdup_printf("invalid - %s", diagnosis);
}

/* Other folders have it too, and are not looked at. */
static void print_hidden(struct cli_run *run, const struct node_statuses *statuses,
                         const char *node)
{
    const struct json *entry;

    for (size_t i = 1; (entry = entry_of(statuses, node, i)) != NULL; i++) {
        g_autofree char *path = node_status_text(entry, 0);
        g_autofree char *state = state_text(entry);

        run_print(run, "    [hidden] path: %s, status: %s", path, state);
    }
}

static void print_node(struct cli_run *run, const struct node_statuses *statuses, const char *node)
{
    const struct json *entry = entry_of(statuses, node, 0);
    g_autoptr(GString) text = g_string_new(NULL);

    if (entry == NULL) {
        g_string_append(text, statuses->spec->missing);
    } else {
        g_autofree char *path = node_status_text(entry, 0);
        g_autofree char *state = state_text(entry);

        g_string_append_printf(text, "%s (path: %s)", state, path);
        statuses->spec->details(text, entry);
    }
    run_print(run, "  Node: %s, status: %s", node, text->str);
    print_hidden(run, statuses, node);
}

void node_statuses_print(struct cli_run *run, const struct node_statuses *statuses)
{
    for (size_t i = 2; i-- > 0;) {
        for (guint j = 0; j < statuses->parts[i]->len; j++) {
            print_node(run, statuses, statuses->parts[i]->pdata[j]);
        }
    }
}
