/* gnt-os */
#include "config.h"

/* What this release lacks. */
#define cmd_os_diagnose cmd_not_available
#define cmd_os_info     cmd_not_available
#define cmd_os_list     cmd_not_available
#define cmd_os_modify   cmd_not_available

#define MINE_os MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_os, commands, argc, argv);
}
