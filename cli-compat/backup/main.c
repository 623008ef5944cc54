/* gnt-backup */
#include "config.h"

#define MINE_backup MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_backup, commands, argc, argv);
}
