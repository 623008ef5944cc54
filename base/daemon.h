/* The skeleton of every daemon: main() is one call of daemon_main() with a description.
 *
 * In this order: options; check() as the user who typed; user check or privilege drop; detaching
 * (the starter waits and gets the error text and exit code of whatever fails until prepare() is
 * over); log; early(); pid file (locked as both families of the reference do, content "PID\n");
 * prepare(); then the GLib default loop until daemon_quit(). TERM and INT call stop(), HUP opens
 * the logs anew and calls reload(). At the end the pid file is removed. PIPE is ignored. systemd is
 * notified if it asks.
 *
 * Reference: lib/daemon.py GenericMain, Daemon.hs genericMain. base knows no path, name or version
 * of Ganeti: all come with the description. */
#ifndef GANTRY_BASE_DAEMON_H
#define GANTRY_BASE_DAEMON_H

#include <glib.h>
#include <stdbool.h>

#include "base/log.h"

#define DAEMON_ERROR (daemon_error_quark())
GQuark daemon_error_quark(void);
enum daemon_error {
    DAEMON_ERROR_USER,  /* wrong or missing user or group */
    DAEMON_ERROR_START, /* could not detach */
};

enum {
    DAEMON_EXIT_FAILURE = 1,
    DAEMON_EXIT_USAGE = 2, /* of both option parsers of the reference */
};

/* Which options beyond -f, -d, --syslog, -h, --help, --version a daemon has. */
enum daemon_option_set {
    DAEMON_OPTIONS_BIND = 1 << 0,           /* -p, -b */
    DAEMON_OPTIONS_INTERFACE = 1 << 1,      /* -i */
    DAEMON_OPTIONS_SSL = 1 << 2,            /* --no-ssl, -K, -C */
    DAEMON_OPTIONS_NO_USER_CHECKS = 1 << 3, /* --no-user-checks */
    DAEMON_OPTIONS_VOTING = 1 << 4,         /* --no-voting, --yes-do-it */
    DAEMON_OPTIONS_FORCE_NODE = 1 << 5,     /* --force-node */
    DAEMON_OPTIONS_HASKELL = 1 << 6,        /* -V, --help-completion */
};

/* What the command line said; strings live as long as the daemon. */
struct daemon_options {
    bool foreground;
    bool debug;
    enum log_syslog syslog;
    int port;              /* default_port unless given */
    const char *bind;      /* NULL: any */
    const char *interface; /* NULL: none */
    bool no_ssl;
    const char *ssl_key;  /* NULL: the daemon's default */
    const char *ssl_cert; /* NULL: the daemon's default */
    bool no_user_checks;
    bool no_voting;
    bool yes_do_it;
    bool force_node;
    bool help;
    bool version;
    bool help_completion;
};

/* An option of one daemon only, long form. */
struct daemon_extra_option {
    const char *name;     /* without "--" */
    const char *arg_name; /* NULL: takes no value */
    const char *help;
    /* Called for each use; value NULL if it takes none. An error is a usage error. */
    bool (*set)(const char *value, void *user, GError **errp);
};

struct daemon;

struct daemon_desc {
    const char *name;         /* of the program, in logs and messages */
    const char *version_text; /* printed by --version, without the last newline */
    const char *log_file;
    const char *pid_file;
    const char *user, *group; /* NULL: any; root becomes this user, anybody else must be it */
    const char *console;      /* see struct log_opts */
    enum log_format log_format;
    enum log_syslog syslog; /* the cluster's default */
    int default_port;
    unsigned options;                        /* enum daemon_option_set */
    const struct daemon_extra_option *extra; /* ends with a row without name; NULL: none */

    /* Each may be NULL. check() may refuse with an exit code of its own by *ret_exit (such as "not
       master"), in the foreground of the starter; it must not keep descriptors or threads. */
    bool (*check)(struct daemon *daemon, int *ret_exit, GError **errp);
    /* Before the pid file is taken and while the process has one thread: the only place to fork a
       helper, which must call daemon_forked() first of all. */
    bool (*early)(struct daemon *daemon, GError **errp);
    bool (*prepare)(struct daemon *daemon, GError **errp);
    void (*reload)(struct daemon *daemon);
    /* Begins a graceful end; must lead to daemon_quit(). Without it the loop ends at once. A second
       signal ends the loop at once in any case. */
    void (*stop)(struct daemon *daemon);
    /* After the loop, also if early() or prepare() failed. */
    void (*cleanup)(struct daemon *daemon);
};

/* To be called first thing in main(): descriptors that are open are closed when it detaches.
 * Returns the exit code. */
int daemon_main(const struct daemon_desc *desc, int argc, char **argv, void *user);

const struct daemon_desc *daemon_get_desc(const struct daemon *daemon);
const struct daemon_options *daemon_get_options(const struct daemon *daemon);
void *daemon_get_user(const struct daemon *daemon);
/* In a process that early() forked: lets go of what belongs to the daemon itself. */
void daemon_forked(struct daemon *daemon);
/* Ends the loop when control returns to it. */
void daemon_quit(struct daemon *daemon, int exit_code);
/* One line of state for "systemctl status"; nothing without systemd. */
void daemon_status(struct daemon *daemon, const char *text);

#endif
