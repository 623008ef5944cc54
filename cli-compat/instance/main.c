/* gnt-instance */
#include "config.h"

#define MINE_instance MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_instance, commands, argc, argv);
}
