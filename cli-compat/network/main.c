/* gnt-network */
#include "config.h"

/* What this release lacks. */
#define cmd_network_add        cmd_not_available
#define cmd_network_connect    cmd_not_available
#define cmd_network_disconnect cmd_not_available
#define cmd_network_modify     cmd_not_available
#define cmd_network_remove     cmd_not_available
#define cmd_network_rename     cmd_not_available

#define MINE_network MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_network, commands, argc, argv);
}
