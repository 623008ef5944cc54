/* gnt-node */
#include "config.h"

/* What this release lacks. */
#define cmd_node_add                cmd_not_available
#define cmd_node_failover           cmd_not_available
#define cmd_node_health             cmd_not_available
#define cmd_node_power              cmd_not_available
#define cmd_node_remove             cmd_not_available
#define cmd_node_restricted_command cmd_not_available

#define MINE_node MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_node, commands, argc, argv);
}
