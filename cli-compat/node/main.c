/* gnt-node */
#include "config.h"

/* Those of cli-compat/bootstrap. */
#define cmd_node_add cmd_in_bootstrap

#define MINE_node MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_node, commands, argc, argv);
}
