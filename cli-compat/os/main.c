/* gnt-os */
#include "config.h"

#define MINE_os MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_os, commands, argc, argv);
}
