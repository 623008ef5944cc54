#include "config.h"

#include "cli-compat/core/commands.h"
#include "cli-compat/core/list.h"

bool cmd_instance_list(struct cli_run *run, GError **errp)
{
    static const struct list_format formats[] = {
        {"tags", list_text_joined, NULL},
        {"disk.sizes", list_text_joined, NULL},
        {"nic.macs", list_text_joined, NULL},
        {"nic.ips", list_text_joined, NULL},
        {"nic.modes", list_text_joined, NULL},
        {"nic.links", list_text_joined, NULL},
        {"nic.bridges", list_text_joined, NULL},
        {"nic.networks", list_text_joined, NULL},
        {"snodes", list_text_joined, NULL},
        {"snodes.group", list_text_joined, NULL},
        {"snodes.group.uuid", list_text_joined, NULL},
        {NULL, NULL, NULL},
    };
    const struct list_spec spec = {
        .kind = QUERY_instance, .name_field = "name", .formats = formats};

    return list_run(run, &spec, errp);
}

bool cmd_instance_list_fields(struct cli_run *run, GError **errp)
{
    return list_run_fields(run, QUERY_instance, errp);
}
