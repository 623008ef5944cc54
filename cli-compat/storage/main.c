/* gnt-storage */
#include "config.h"

#define MINE_storage MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_storage, commands, argc, argv);
}
