/* gnt-cluster */
#include "config.h"

/* What this release lacks. */
#define cmd_cluster_renew_crypto cmd_not_available
#define cmd_cluster_upgrade      cmd_not_available

/* Those of cli-compat/bootstrap. */
#define cmd_cluster_destroy         cmd_in_bootstrap
#define cmd_cluster_init            cmd_in_bootstrap
#define cmd_cluster_master_failover cmd_in_bootstrap

#define MINE_cluster MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_cluster, commands, argc, argv);
}
