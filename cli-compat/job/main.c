/* gnt-job */
#include "config.h"

#define MINE_job MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_job, commands, argc, argv);
}
