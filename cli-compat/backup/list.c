#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/list.h"

bool cmd_backup_list(struct cli_run *run, GError **errp)
{
    CLEANUP(json_unrefp)
    struct json *nodes = list_any_of("node", command_line_json(run->line, CLI_OPT_node_list));
    const struct list_spec spec = {.kind = QUERY_export, .filter = nodes};

    return list_run(run, &spec, errp);
}

bool cmd_backup_list_fields(struct cli_run *run, GError **errp)
{
    return list_run_fields(run, QUERY_export, errp);
}
