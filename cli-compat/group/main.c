/* gnt-group */
#include "config.h"

#define MINE_group MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_group, commands, argc, argv);
}
