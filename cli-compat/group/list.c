#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/list.h"
#include "cli-compat/core/pyrepr.h"

/* "key=value, ..." in the order of the answer. */
static char *params_text(const struct json *value)
{
    GString *out;
    struct json_iter it;

    if (json_kind(value) != JSON_OBJECT || json_len(value) == 0) {
        return g_strdup("(empty)");
    }
    out = g_string_new(NULL);
    it = json_iter_begin(value);
    while (json_iter_next(&it)) {
        g_autofree char *text = pyrepr_str(it.value);

        g_string_append_printf(out, "%s%s=%s", out->len > 0 ? ", " : "", it.key, text);
    }
    return g_string_free(out, FALSE);
}

bool cmd_group_list(struct cli_run *run, GError **errp)
{
    static const struct list_format formats[] = {
        {"node_list", list_text_joined, NULL},
        {"pinst_list", list_text_joined, NULL},
        {"ndparams", params_text, NULL},
        {NULL, NULL, NULL},
    };
    const struct list_spec spec = {.kind = QUERY_group, .name_field = "name", .formats = formats};

    return list_run(run, &spec, errp);
}

bool cmd_group_list_fields(struct cli_run *run, GError **errp)
{
    return list_run_fields(run, QUERY_group, errp);
}
