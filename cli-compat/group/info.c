#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/info.h"
#include "cli-compat/core/params-info.h"
#include "cli-compat/core/pyrepr.h"

static struct info *group_info(const struct json *group)
{
    struct info *info = info_map();

    info_add(info, "Node group", info_from_json(json_at(group, 0)));
    info_add(info, "Node parameters", params_info(json_at(group, 2), json_at(group, 1)));
    info_add(info, "Disk parameters", params_info(json_at(group, 4), json_at(group, 3)));
    info_add(info, "Instance policy", params_info_policy(json_at(group, 6), json_at(group, 5)));
    return info;
}

bool cmd_group_info(struct cli_run *run, GError **errp)
{
    static const char *const fields[] = {"name",
                                         "ndparams",
                                         "custom_ndparams",
                                         "diskparams",
                                         "custom_diskparams",
                                         "ipolicy",
                                         "custom_ipolicy",
                                         NULL};
    CLEANUP(json_unrefp) struct json *groups = NULL;
    CLEANUP(info_freep) struct info *list = info_list();

    if (!run_query_old(run, LUXI_query_groups, run->args, fields, &groups, errp)) {
        return false;
    }
    for (size_t i = 0; i < json_len(groups); i++) {
        info_append(list, group_info(json_at(groups, i)));
    }
    run_print_info(run, list);
    return true;
}

bool cmd_group_show_ispecs_cmd(struct cli_run *run, GError **errp)
{
    bool defaults = command_line_flag(run->line, CLI_OPT_includedefaults);
    const char *const fields[] = {"name", defaults ? "ipolicy" : "custom_ipolicy", NULL};
    CLEANUP(json_unrefp) struct json *groups = NULL;

    if (!run_query_old(run, LUXI_query_groups, run->args, fields, &groups, errp)) {
        return false;
    }
    for (size_t i = 0; i < json_len(groups); i++) {
        const struct json *group = json_at(groups, i);
        g_autofree char *name = pyrepr_str(json_at(group, 0));
        g_autoptr(GString) text = g_string_new("gnt-group add");

        params_append_policy_options(text, json_at(group, 1), false);
        run_print(run, "%s %s", text->str, name);
    }
    return true;
}
