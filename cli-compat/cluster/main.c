/* gnt-cluster */
#include "config.h"

/* What this release lacks. */
#define cmd_cluster_command         cmd_not_available
#define cmd_cluster_copyfile        cmd_not_available
#define cmd_cluster_destroy         cmd_not_available
#define cmd_cluster_epo             cmd_not_available
#define cmd_cluster_init            cmd_not_available
#define cmd_cluster_master_failover cmd_not_available
#define cmd_cluster_master_ping     cmd_not_available
#define cmd_cluster_redist_conf     cmd_not_available
#define cmd_cluster_rename          cmd_not_available
#define cmd_cluster_renew_crypto    cmd_not_available
#define cmd_cluster_upgrade         cmd_not_available

#define MINE_cluster MINE
#include "cli-compat/core/commands.h"

int main(int argc, char **argv)
{
    return cli_main(CLI_PROG_cluster, commands, argc, argv);
}
