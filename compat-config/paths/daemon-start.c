#include "config.h"

#include "compat-config/paths/daemon-start.h"

#include "base/cmd.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"

int daemon_start(enum daemon_id id, struct daemon_desc desc, int argc, char **argv, void *user)
{
    const struct daemon_row *row = &daemon_rows[id];
    g_autoptr(GError) error = NULL;
    g_autofree char *log_file = NULL, *pid_file = NULL, *version = NULL;

    if (!paths_init(&error) || !paths_take_level(&error)) {
        g_printerr("%s: %s\n", row->name, error->message);
        return DAEMON_EXIT_FAILURE;
    }
    cmd_pass_variable("GANETI_ROOTDIR");
    cmd_pass_variable("GANETI_HOSTNAME");
    log_file = path_of_log(id, DAEMON_LOG_MAIN);
    pid_file = path_format(PATH_DAEMON_PIDFILE, row->name);
    version = g_strdup_printf("%s (ganeti) version %s, " PACKAGE_NAME " " PACKAGE_VERSION,
                              row->name, C_RELEASE_VERSION());
    desc.name = row->name;
    desc.version_text = version;
    desc.log_file = log_file;
    desc.pid_file = pid_file;
    desc.user = row->user;
    desc.group = row->group;
    desc.default_port = row->port;
    return daemon_main(&desc, argc, argv, user);
}
