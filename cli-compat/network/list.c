#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/list.h"
#include "cli-compat/core/pyrepr.h"

enum { GROUP_PARTS = 4 };

/* "group (mode, link, vlan), ..." */
static char *groups_text(const struct json *value)
{
    GString *out;

    if (json_kind(value) != JSON_ARRAY) {
        return pyrepr_str(value);
    }
    out = g_string_new(NULL);
    for (size_t i = 0; i < json_len(value); i++) {
        const struct json *group = json_at(value, i);
        char *parts[GROUP_PARTS + 1] = {NULL};

        g_string_append(out, i > 0 ? ", " : "");
        if (json_kind(group) != JSON_ARRAY || json_len(group) != GROUP_PARTS) {
            pyrepr_append(out, group);
            continue;
        }
        for (size_t j = 0; j < GROUP_PARTS; j++) {
            parts[j] = pyrepr_str(json_at(group, j));
        }
        g_string_append_printf(out, "%s (%s, %s, %s)", parts[0], parts[1], parts[2], parts[3]);
        for (size_t j = 0; j < GROUP_PARTS; j++) {
            g_free(parts[j]);
        }
    }
    return g_string_free(out, FALSE);
}

bool cmd_network_list(struct cli_run *run, GError **errp)
{
    static const struct list_format formats[] = {
        {"group_list", groups_text, NULL},
        {"inst_list", list_text_joined, NULL},
        {"tags", list_text_joined, NULL},
        {NULL, NULL, NULL},
    };
    const struct list_spec spec = {.kind = QUERY_network, .name_field = "name", .formats = formats};

    return list_run(run, &spec, errp);
}

bool cmd_network_list_fields(struct cli_run *run, GError **errp)
{
    return list_run_fields(run, QUERY_network, errp);
}
