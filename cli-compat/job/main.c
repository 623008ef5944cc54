/* gnt-job */
#include "config.h"

/* What this release lacks. */
#define cmd_job_cancel          cmd_not_available
#define cmd_job_change_priority cmd_not_available

#define MINE_job MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_job, commands, argc, argv);
}
