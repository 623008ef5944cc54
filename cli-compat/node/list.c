#include "config.h"

#include "cli-compat/core/commands.h"
#include "cli-compat/core/list.h"

bool cmd_node_list(struct cli_run *run, GError **errp)
{
    static const struct list_format formats[] = {
        {"pinst_list", list_text_joined, NULL},
        {"sinst_list", list_text_joined, NULL},
        {"tags", list_text_joined, NULL},
        {NULL, NULL, NULL},
    };
    const struct list_spec spec = {.kind = QUERY_node, .name_field = "name", .formats = formats};

    return list_run(run, &spec, errp);
}

bool cmd_node_list_fields(struct cli_run *run, GError **errp)
{
    return list_run_fields(run, QUERY_node, errp);
}
