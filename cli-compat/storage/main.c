/* gnt-storage */
#include "config.h"

/* What this release lacks. */
#define cmd_storage_diagnose cmd_not_available
#define cmd_storage_info     cmd_not_available

#define MINE_storage MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_storage, commands, argc, argv);
}
