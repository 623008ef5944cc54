/* gnt-filter */
#include "config.h"

#define MINE_filter MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_filter, commands, argc, argv);
}
