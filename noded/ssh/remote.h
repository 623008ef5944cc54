/* Programs that are run on other nodes as root, through ssh (reference: lib/ssh.py SshRunner).
 *
 * Nodes of a virtual cluster are all on this machine, so there programs are started as the other
 * node without ssh: no SSH daemon, no keys and no root are needed. */
#ifndef GANTRY_NODED_SSH_REMOTE_H
#define GANTRY_NODED_SSH_REMOTE_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "facts/objects.h"

enum ssh_flags {
    SSH_ASK_KEY = 1 << 0,     /* an unknown host's key is shown to the person at the terminal */
    SSH_CLUSTER_KEY = 1 << 1, /* the host must have the cluster's key */
    SSH_STRICT = 1 << 2,      /* the host's key must be known */
    SSH_BATCH = 1 << 3,       /* nobody is there to be asked anything */
    SSH_QUIET = 1 << 4,
    SSH_TTY = 1 << 5,
};

struct ssh_host {
    const char *cluster; /* name of the cluster */
    const char *node;    /* name or address */
    int64_t port;        /* 0: the usual one */
    bool ipv6;
};

/* Arguments of ssh that run argv there; each word is quoted for the shell on the other side.
 * g_strfreev(); NULL if the node has no place in this virtual cluster. */
char **ssh_argv(const struct ssh_host *host, unsigned flags, const char *const *argv,
                GError **errp);

/* The same for several commands, each of which runs only if the one before has succeeded; ends with
 * NULL. In a virtual cluster there can be one only. */
char **ssh_argv_all(const struct ssh_host *host, unsigned flags, const char *const *const *commands,
                    GError **errp);

/* The same for a text that a shell there reads. */
char **ssh_argv_shell(const struct ssh_host *host, unsigned flags, const char *command,
                      GError **errp);
/* Arguments of scp that copy a file of this node, given by its whole path, to the same place there.
 */
char **ssh_copy_argv(const struct ssh_host *host, unsigned flags, const char *path, GError **errp);

/* Runs them with an object of facts/objects.def as JSON on their standard input; ssh may ask the
 * person at the terminal for a password. (RunSshCmdWithStdin) */
bool ssh_run_with(const struct ssh_host *host, unsigned flags, const char *const *const *commands,
                  const struct fact_object *object, const void *value, GError **errp);

/* Reads a small file there. */
char *ssh_read_file(const struct ssh_host *host, const char *path, GError **errp);

/* --- Changing keys on many nodes ----------------------------------------------------------------
 *
 * Runs the node's ssh-update, which reads what to do from its standard input. */
struct ssh_push {
    struct ssh_host host;
    const struct ssh_update *update;
    GError *error; /* out, owned by the caller; NULL: done */
};
/* At the same time on all; each node is tried a few times (C_SSHS_MAX_RETRIES). Runs the default
 * main context meanwhile. */
void ssh_push_updates(struct ssh_push *pushes, size_t n);

#endif
