/* gnt-network */
#include "config.h"

#define MINE_network MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_network, commands, argc, argv);
}
