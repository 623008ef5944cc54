#include "config.h"

#include "cli-compat/core/online-nodes.h"

#include "base/json.h"
#include "cli-compat/core/list.h"
#include "facts/errors.h"
#include "facts/queryfields.h"

static struct json *equal(const char *field, const char *value)
{
    return run_list(3, json_new_string(fact_enum_query_op.words[QUERY_OP_EQUAL]),
                    json_new_string(field), json_new_string(value));
}

/* NULL: all. */
static struct json *make_filter(const struct online_nodes_spec *spec)
{
    CLEANUP(json_unrefp)
    struct json *names = spec->names != NULL ? run_texts(spec->names) : NULL;
    struct json *by_name = list_any_of("name", names);
    struct json *parts = run_list(1, json_new_string(fact_enum_query_op.words[QUERY_OP_AND]));

    if (by_name != NULL) {
        json_append(parts, by_name);
    }
    if (spec->group != NULL) {
        json_append(parts, run_list(3, json_new_string(fact_enum_query_op.words[QUERY_OP_OR]),
                                    equal("group", spec->group), equal("group.uuid", spec->group)));
    }
    if (spec->not_master) {
        json_append(parts,
                    run_list(2, json_new_string(fact_enum_query_op.words[QUERY_OP_NOT]),
                             run_list(2, json_new_string(fact_enum_query_op.words[QUERY_OP_TRUE]),
                                      json_new_string("master"))));
    }
    if (json_len(parts) == 1) {
        json_unref(parts);
        return NULL;
    }
    return parts;
}

/* [status, value] at a place of a row. */
static const struct json *cell(const struct json *row, size_t index)
{
    const struct json *pair =
        json_kind(row) == JSON_ARRAY && json_len(row) > index ? json_at(row, index) : NULL;

    return json_kind(pair) == JSON_ARRAY && json_len(pair) == 2 ? json_at(pair, 1) : NULL;
}

static GPtrArray *sort_out(struct cli_run *run, const struct online_nodes_spec *spec,
                           const struct json *rows)
{
    GPtrArray *online = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) offline = g_string_new(NULL);

    for (size_t i = 0; json_kind(rows) == JSON_ARRAY && i < json_len(rows); i++) {
        const struct json *row = json_at(rows, i), *is_offline = cell(row, 1);
        const struct json *name = cell(row, 0), *wanted = cell(row, spec->secondary_ips ? 2 : 0);

        if (json_kind(name) != JSON_STRING || json_kind(wanted) != JSON_STRING) {
            continue;
        }
        if (json_kind(is_offline) == JSON_BOOL && json_boolean(is_offline)) {
            g_string_append_printf(offline, "%s%s", offline->len > 0 ? ", " : "",
                                   json_string(name));
        } else {
            g_ptr_array_add(online, g_strdup(json_string(wanted)));
        }
    }
    if (offline->len > 0 && !spec->quiet) {
        run_warn(run, "Note: offline node(s) are left out: %s", offline->str);
    }
    return online;
}

GPtrArray *online_nodes(struct cli_run *run, const struct online_nodes_spec *spec, GError **errp)
{
    static const char *const fields[] = {"name", "offline", "sip", NULL};
    CLEANUP(json_unrefp) struct json *answer = NULL;
    struct json *args = run_list(3, json_new_string(fact_enum_query_type.words[QUERY_TYPE_NODE]),
                                 run_texts(fields), make_filter(spec));

    if (!run_call_for(run, LUXI_query, args, JSON_OBJECT, &answer, errp)) {
        return NULL;
    }
    return sort_out(run, spec, json_get(answer, "data"));
}
