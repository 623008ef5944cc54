/* gnt-storage */
#include "config.h"

#include "cli-compat/core/main.h"

/* What this release lacks. */
#define cmd_storage_diagnose cmd_not_available
#define cmd_storage_info     cmd_not_available

#define MINE_storage MINE
#include "cli-compat/core/handlers.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_storage, handlers, argc, argv);
}
