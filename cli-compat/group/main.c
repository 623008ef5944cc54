/* gnt-group */
#include "config.h"

/* What this release lacks. */
#define cmd_group_add    cmd_not_available
#define cmd_group_modify cmd_not_available

#define MINE_group MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_group, commands, argc, argv);
}
