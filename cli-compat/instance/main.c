/* gnt-instance */
#include "config.h"

/* What this release lacks. */
#define cmd_instance_batch_create cmd_not_available
#define cmd_instance_change_group cmd_not_available

#define MINE_instance MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_instance, commands, argc, argv);
}
