/* gnt-filter */
#include "config.h"

/* What this release lacks. */
#define cmd_filter_add     cmd_not_available
#define cmd_filter_delete  cmd_not_available
#define cmd_filter_replace cmd_not_available

#define MINE_filter MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_filter, commands, argc, argv);
}
