#include "config.h"

#include "facts/system-files.h"

#include <glib.h>
#include <string.h>

#include "facts/constants.h"
#include "facts/paths.h"

/* What only its unit needs to know of a daemon. */
struct unit {
    enum daemon_id daemon;
    const char *arguments; /* variable of /etc/default/ganeti */
    enum path_id needs;    /* PATH_COUNT: nothing */
    const char *more;      /* lines of [Service] */
};

/* Guests and workers outlive the node daemon, jobs luxid. */
static const struct unit units[] = {
    {DAEMON_confd, "CONFD", PATH_CLUSTER_CONF_FILE, ""},
    {DAEMON_kvmd, "KVMD", PATH_COUNT, ""},
    {DAEMON_luxid, "LUXID", PATH_CLUSTER_CONF_FILE, "KillMode=process\n"},
    {DAEMON_metad, "METAD", PATH_COUNT,
     "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n"},
    {DAEMON_mond, "MOND", PATH_COUNT, ""},
    {DAEMON_noded, "NODED", PATH_NODED_CERT_FILE, "KillMode=process\n"},
    {DAEMON_rapi, "RAPI", PATH_RAPI_CERT_FILE, ""},
    {DAEMON_wconfd, "WCONFD", PATH_CLUSTER_CONF_FILE, ""},
};

static char *daemon_unit(const struct unit *unit)
{
    const struct daemon_row *row = &daemon_rows[unit->daemon];
    bool master = (row->flags & DAEMON_MASTER) != 0;
    const char *part = master ? "ganeti-master" : "ganeti-node";
    GString *out = g_string_new(NULL);

    g_string_append_printf(out,
                           "[Unit]\nDescription=Ganeti %s: %s\nDocumentation=man:%s(8)\n"
                           "Requires=ganeti-common.service\nAfter=ganeti-common.service\n"
                           "PartOf=%s.target\n",
                           strchr(row->name, '-') + 1, row->doc, row->name, part);
    if (unit->daemon == DAEMON_rapi) {
        g_string_append_printf(out, "Requisite=%s.service\n", daemon_rows[DAEMON_luxid].name);
    }
    if (unit->needs != PATH_COUNT) {
        g_string_append_printf(out, "ConditionPathExists=%s\n", path_plain(unit->needs));
    }
    g_string_append_printf(
        out,
        "\n[Service]\nType=simple\nUser=%s\nGroup=%s\nEnvironmentFile=-%s/default/ganeti\n"
        "EnvironmentFile=-%s/%s.onetime.conf\nExecStart=%s/%s -f $%s_ARGS $ONETIME_ARGS\n"
        "Restart=on-failure\n%s",
        row->user, row->group, path_plain(PATH_SYSCONFDIR), path_plain(PATH_DATA_DIR), row->name,
        path_plain(PATH_SBINDIR), row->name, unit->arguments, unit->more);
    /* On a node that is not the master they end with a code of their own. */
    if (master) {
        g_string_append_printf(out, "SuccessExitStatus=0 %d\n", C_EXIT_NOTMASTER);
    }
    /* The node daemon starts metad when the first guest needs it. */
    if (unit->daemon != DAEMON_metad) {
        g_string_append_printf(out, "\n[Install]\nWantedBy=%s.target ganeti.target\n", part);
    }
    return g_string_free(out, FALSE);
}

static char *common_unit(void)
{
    return g_strdup_printf("[Unit]\nDescription=Ganeti: folders, owners and modes\n"
                           "StartLimitIntervalSec=0\n\n[Service]\nType=oneshot\nExecStart=%s\n",
                           path_plain(PATH_ENSURE_DIRS));
}

static char *target(const char *what, const char *of)
{
    return g_strdup_printf("[Unit]\nDescription=Ganeti: %s\nDocumentation=man:ganeti(7)\n"
                           "PartOf=%s\n\n[Install]\nWantedBy=%s\n",
                           what, of, of);
}

/* The master's daemons and the node's are two switches; all of them is a third. */
static char *whole_target(void)
{
    return g_strdup("[Unit]\nDescription=Ganeti: all daemons of this machine\n"
                    "Documentation=man:ganeti(7)\nPartOf=ganeti.service\n\n"
                    "[Install]\nWantedBy=multi-user.target\n"
                    "Also=ganeti-node.target ganeti-master.target\n");
}

/* For what still asks for the service of the init script. */
static char *whole_service(void)
{
    return g_strdup("[Unit]\nDescription=Ganeti: stands for ganeti.target\n"
                    "Documentation=man:ganeti(7)\nAfter=ganeti.target\nRequires=ganeti.target\n\n"
                    "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n");
}

/* Each command asks first whether it is there: packages leave these files behind when they go. */
static void append_job(GString *out, const char *why, const char *when, const char *user,
                       const char *command)
{
    g_autofree char *program = g_strdup(command);

    *strchrnul(program, ' ') = '\0';
    g_string_append_printf(out, "\n# %s\n%s %s [ -x %s/%s ] && %s/%s\n", why, when, user,
                           path_plain(PATH_SBINDIR), program, path_plain(PATH_SBINDIR), command);
}

static char *cron(void)
{
    GString *out =
        g_string_new("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");

    append_job(out, "An upgrade that a reboot cut short goes on.", "@reboot", "root",
               "gnt-cluster upgrade --resume");
    append_job(out, "What should run, runs: gently every five minutes,", "5-25/5,35-55/5 * * * *",
               "root", "ganeti-watcher --no-strict");
    append_job(out, "and every half hour with all checks.", "*/30 * * * *", "root",
               "ganeti-watcher");
    append_job(out, "Old jobs go: the master's,", "45 1 * * *", daemon_rows[DAEMON_masterd].user,
               "ganeti-cleaner master");
    append_job(out, "and what nodes keep.", "45 2 * * *", daemon_rows[DAEMON_noded].user,
               "ganeti-cleaner node");
    return g_string_free(out, FALSE);
}

static char *logrotate(void)
{
    return g_strdup_printf("%s/*.log {\n    weekly\n    rotate 52\n    missingok\n    notifempty\n"
                           "    compress\n    delaycompress\n    create 640\n    su root root\n"
                           "    sharedscripts\n    postrotate\n        %s rotate-all-logs\n"
                           "    endscript\n}\n",
                           path_plain(PATH_LOG_DIR), path_plain(PATH_DAEMON_UTIL));
}

char *system_file(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        const char *daemon = daemon_rows[units[i].daemon].name;

        if (g_str_has_prefix(name, daemon) && strcmp(name + strlen(daemon), ".service") == 0) {
            return daemon_unit(&units[i]);
        }
    }
    return strcmp(name, "ganeti-common.service") == 0 ? common_unit()
           : strcmp(name, "ganeti-node.target") == 0  ? target("what a node runs", "ganeti.target")
           : strcmp(name, "ganeti-master.target") == 0
               ? target("what the master runs", "ganeti.target")
           : strcmp(name, "ganeti.target") == 0    ? whole_target()
           : strcmp(name, "ganeti.service") == 0   ? whole_service()
           : strcmp(name, "ganeti.cron") == 0      ? cron()
           : strcmp(name, "ganeti.logrotate") == 0 ? logrotate()
                                                   : NULL;
}
