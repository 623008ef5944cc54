/* gnt-debug */
#include "config.h"

/* What this release lacks. */
#define cmd_debug_metad         cmd_not_available
#define cmd_debug_test_jobqueue cmd_not_available
#define cmd_debug_wconfd        cmd_not_available

#define MINE_debug MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_debug, commands, argc, argv);
}
