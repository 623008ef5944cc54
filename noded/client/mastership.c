#include "config.h"

#include "noded/client/mastership.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "compat-config/paths/paths.h"
#include "compat-config/store/store.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/client/voting.h"

enum { SSCONF_MAX = 128 * 1024 };

/* The name of the master according to the files that every node has; NULL if they do not tell. */
static char *master_name(GError **errp)
{
    g_autofree char *path = path_format(PATH_SSCONF_FILE, ssconf_rows[SSCONF_master_node].key);
    char *text = fs_read_file(path, SSCONF_MAX, NULL, errp);

    return text == NULL ? NULL : g_strstrip(text);
}

static char *own_name(void)
{
    const char *virtual_name = vcluster_hostname();
    char name[256];

    if (virtual_name != NULL) {
        return g_strdup(virtual_name);
    }
    return g_strdup(gethostname(name, sizeof name) == 0 ? name : "");
}

struct rpc_client *mastership_rpc_client(void)
{
    const struct rpc_client_options rpc = {
        .cluster_cert = path_get(PATH_NODED_CERT_FILE),
        .client_cert = path_get(PATH_NODED_CLIENT_CERT_FILE),
        .port = daemon_rows[DAEMON_noded].port,
    };

    return rpc_client_new(&rpc);
}

static bool vote(const char *me, GError **errp)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_load(path_get(PATH_CLUSTER_CONF_FILE), errp);
    CLEANUP(rpc_client_freep) struct rpc_client *client = NULL;

    if (cfg == NULL) {
        return false;
    }
    client = mastership_rpc_client();
    return voting_is_won(client, cfg, me, errp);
}

/* The child's part: the reason goes through the pipe. */
static void vote_and_exit(const char *me, int out)
{
    g_autoptr(GError) error = NULL;
    bool won = vote(me, &error);

    if (!won && !fs_write_fd(out, "voting", error->message, strlen(error->message), NULL)) {
        g_printerr("%s\n", error->message);
    }
    _exit(won ? 0 : 1);
}

/* In a process of its own: calls to nodes run on the main loop, whose descriptors must not be open
 * when the daemon detaches and closes them all (the loop would then spin on what takes their
 * numbers). */
static bool win_voting(const char *me, GError **errp)
{
    g_autofree char *reason = NULL;
    int fds[2], status = 0;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) != 0) {
        return fs_error_set(errp, errno, "make", "a pipe");
    }
    pid = fork();
    if (pid == 0) {
        vote_and_exit(me, fds[1]);
    }
    (void)close(fds[1]);
    reason = fs_read_fd(fds[0], "voting", SSCONF_MAX, NULL, NULL);
    (void)close(fds[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        return fs_error_set(errp, errno, "hold", "the voting for the master");
    }
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
           err_fail(errp, ERR_GENERIC, ECODE_NONE, "%s",
                    reason != NULL && reason[0] != '\0' ? reason : "the voting broke off");
}

/* Two daemons that answer differently would be worse than none. */
bool mastership_check(struct daemon *daemon, int *ret_exit, GError **errp)
{
    const struct daemon_options *options = daemon_get_options(daemon);
    g_autofree char *master = NULL, *me = own_name();

    *ret_exit = DAEMON_EXIT_FAILURE;
    if (options->no_voting && !options->yes_do_it) {
        g_set_error(errp, DAEMON_ERROR, DAEMON_ERROR_START,
                    "--no-voting is dangerous and needs --yes-do-it as well");
        return false;
    }
    /* For the making and destruction of a cluster, where there is no master yet or any more. */
    if (options->force_node) {
        return true;
    }
    master = master_name(errp);
    if (master == NULL) {
        return false;
    }
    if (strcmp(master, me) != 0) {
        *ret_exit = C_EXIT_NOTMASTER;
        g_set_error(errp, DAEMON_ERROR, DAEMON_ERROR_START,
                    "this node, %s, is not the master: that is %s; commands must be run there", me,
                    master);
        return false;
    }
    return options->no_voting || win_voting(me, errp);
}

void mastership_share_socket(const char *path)
{
    const struct group *group = getgrnam(group_name(GROUP_daemons));

    if (group != NULL && chown(path, (uid_t)-1, group->gr_gid) != 0) {
        g_warning("cannot give %s to group %s: %s", path, group->gr_name, g_strerror(errno));
    }
}
