/* gnt-backup */
#include "config.h"

/* What this release lacks. */
#define cmd_backup_export cmd_not_available
#define cmd_backup_import cmd_not_available
#define cmd_backup_remove cmd_not_available

#define MINE_backup MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_backup, commands, argc, argv);
}
