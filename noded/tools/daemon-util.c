/* daemon-util: starts, stops and looks after the daemons of a node, with systemd where its units
 * are there, else by itself (reference: daemons/daemon-util.in, whose verbs scripts and the node
 * daemon use). */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/about.h"
#include "base/cmd.h"
#include "base/fs.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/tools/tool.h"

enum { STOP_TIMEOUT_S = 30 };

/* In the order of starting. */
static const enum daemon_id at_boot[] = {DAEMON_noded, DAEMON_confd, DAEMON_wconfd, DAEMON_rapi,
                                         DAEMON_luxid, DAEMON_kvmd,  DAEMON_mond};
static const enum daemon_id on_master[] = {DAEMON_wconfd, DAEMON_rapi, DAEMON_luxid};
/* Started by others when it is needed. */
static const enum daemon_id on_demand[] = {DAEMON_metad};

static bool is_enabled(enum daemon_id id)
{
    return id != DAEMON_mond || C_ENABLE_MOND;
}

typedef int daemon_fn(const struct daemon_row *row, char **args);

/* --- systemd ------------------------------------------------------------------------------------
 */

static bool systemd_says(const char *unit, const char *property, const char *value)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("systemctl", "show", NULL);
    g_autofree char *text = NULL, *expected = g_strdup_printf("%s=%s\n", property, value);

    cmd_addf(cmd, "-p%s", property);
    cmd_add(cmd, unit, NULL);
    return cmd_check(cmd, &text, NULL) && strcmp(text, expected) == 0;
}

static bool has_systemd(void)
{
    return g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR) &&
           systemd_says("ganeti.target", "LoadState", "loaded");
}

/* Takes the command; returns its exit code. */
static int run(struct cmd *cmd)
{
    CLEANUP(cmd_result_freep) struct cmd_result *result = NULL;
    g_autoptr(GError) error = NULL;

    cmd_set_interactive(cmd);
    cmd_inherit_env(cmd);
    result = cmd_run(cmd, &error);
    cmd_free(cmd);
    if (result == NULL) {
        return tool_end(false, g_steal_pointer(&error));
    }
    return result->exit_code >= 0 ? result->exit_code : TOOL_FAILURE;
}

static int systemctl(const char *verb, const char *unit)
{
    return run(cmd_new("systemctl", verb, unit, NULL));
}

static char *unit_of(const struct daemon_row *row)
{
    return g_strconcat(row->name, ".service", NULL);
}

/* Arguments for one start only travel in a file that the unit reads. */
static int systemd_start(const struct daemon_row *row, char **args)
{
    g_autofree char *unit = unit_of(row);
    g_autofree char *path =
        g_strdup_printf("%s/%s.onetime.conf", path_get(PATH_DATA_DIR), row->name);
    g_autofree char *words = g_strjoinv(" ", args);
    g_autofree char *text = g_strdup_printf("ONETIME_ARGS=%s\n", words);
    const struct fs_write_opts opts = {.mode = 0644, .flags = FS_WRITE_VOLATILE};
    GError *error = NULL;
    int code;

    if (!fs_write_atomic(path, text, strlen(text), &opts, &error)) {
        return tool_end(false, error);
    }
    code = systemctl("start", unit);
    (void)!fs_remove_file(path, NULL);
    return code;
}

/* --- Without it ---------------------------------------------------------------------------------
 */

static char *pid_file_of(const struct daemon_row *row)
{
    return path_format(PATH_DAEMON_PIDFILE, row->name);
}

/* The name of the daemon in variables: "NODED". */
static char *variable_of(const struct daemon_row *row, const char *prefix)
{
    const char *dash = strchr(row->name, '-');
    g_autofree char *name = g_ascii_strup(dash != NULL ? dash + 1 : row->name, -1);

    return g_strdup_printf("%s%s_ARGS", prefix, name);
}

/* What the site wants a daemon to be started with. The file is a piece of shell by contract (init
 * scripts read it), so a shell reads it and prints the variable. */
static bool site_arguments(const struct daemon_row *row, char **ret, GError **errp)
{
    static const char script[] = ". \"$1\" && eval \"printf %s \\\"\\$$2\\\"\"";
    const char *path = path_get(PATH_DEFAULTS_FILE);
    g_autofree char *variable = variable_of(row, "");
    CLEANUP(cmd_freep)
    struct cmd *cmd = cmd_new("/bin/sh", "-c", script, "sh", path, variable, NULL);

    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        *ret = g_strdup("");
        return true;
    }
    cmd_inherit_env(cmd);
    return cmd_check(cmd, ret, errp);
}

static struct cmd *start_stop_daemon(const struct daemon_row *row, const char *verb)
{
    g_autofree char *pid_file = pid_file_of(row);

    return cmd_new("start-stop-daemon", verb, "--quiet", "--pidfile", pid_file, NULL);
}

static bool add_words(struct cmd *cmd, const char *text, GError **errp)
{
    g_auto(GStrv) words = NULL;
    g_autoptr(GError) error = NULL;

    if (g_shell_parse_argv(text, NULL, &words, &error)) {
        cmd_add_all(cmd, (const char *const *)words);
    } else if (!g_error_matches(error, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING)) {
        g_propagate_prefixed_error(errp, g_steal_pointer(&error), "arguments \"%s\": ", text);
        return false;
    }
    return true;
}

/* A daemon on a port below 1024 that is not root's. */
static bool grant_capabilities(const struct daemon_row *row, GError **errp)
{
    g_autofree char *path = path_of_daemon(row->id);
    g_autofree char *real = NULL;
    CLEANUP(cmd_freep) struct cmd *cmd = NULL;

    if (row->id != DAEMON_metad) {
        return true;
    }
    real = realpath(path, NULL);
    cmd = cmd_new("setcap", "cap_net_bind_service=+ep", real != NULL ? real : path, NULL);
    return cmd_check(cmd, NULL, errp);
}

static int plain_start(const struct daemon_row *row, char **args)
{
    CLEANUP(cmd_freep) struct cmd *ensure = cmd_new(path_get(PATH_ENSURE_DIRS), NULL);
    struct cmd *cmd = start_stop_daemon(row, "--start");
    g_autofree char *executable = path_of_daemon(row->id);
    g_autofree char *extra_name = variable_of(row, "EXTRA_");
    const char *extra = g_getenv(extra_name);
    g_autofree char *site = NULL;
    GError *error = NULL;

    cmd_inherit_env(ensure);
    cmd_add(cmd, "--oknodo", "--startas", executable, "--chuid", NULL);
    cmd_addf(cmd, "%s:%s", row->user, row->group);
    cmd_add(cmd, "--", NULL);
    if (!cmd_check(ensure, NULL, &error) || !grant_capabilities(row, &error) ||
        !site_arguments(row, &site, &error) || !add_words(cmd, site, &error) ||
        !add_words(cmd, extra != NULL ? extra : "", &error)) {
        cmd_free(cmd);
        return tool_end(false, error);
    }
    cmd_add_all(cmd, (const char *const *)args);
    return run(cmd);
}

/* --- Verbs for one daemon -----------------------------------------------------------------------
 */

static int do_start(const struct daemon_row *row, char **args)
{
    return has_systemd() ? systemd_start(row, args) : plain_start(row, args);
}

static int do_stop(const struct daemon_row *row, char **args G_GNUC_UNUSED)
{
    struct cmd *cmd;

    if (has_systemd()) {
        g_autofree char *unit = unit_of(row);

        return systemctl("stop", unit);
    }
    cmd = start_stop_daemon(row, "--stop");
    cmd_add(cmd, "--oknodo", "--remove-pidfile", "--name", row->name, "--retry", NULL);
    cmd_addf(cmd, "%d", STOP_TIMEOUT_S);
    return run(cmd);
}

static int do_check(const struct daemon_row *row, char **args G_GNUC_UNUSED)
{
    struct cmd *cmd;

    if (has_systemd()) {
        g_autofree char *unit = unit_of(row);

        return systemd_says(unit, "ActiveState", "active") ? TOOL_OK : TOOL_FAILURE;
    }
    cmd = start_stop_daemon(row, "--stop");
    cmd_add(cmd, "--signal", "0", "--name", row->name, NULL);
    return run(cmd);
}

static int do_check_and_start(const struct daemon_row *row, char **args)
{
    if (do_check(row, args) == TOOL_OK) {
        return TOOL_OK;
    }
    if (has_systemd()) {
        g_print("%s is looked after by systemd, but does not run; it is not started here\n",
                row->name);
        return TOOL_FAILURE;
    }
    return do_start(row, args);
}

static int do_rotate_logs(const struct daemon_row *row, char **args G_GNUC_UNUSED)
{
    struct cmd *cmd = start_stop_daemon(row, "--stop");

    cmd_add(cmd, "--oknodo", "--signal", "HUP", "--name", row->name, NULL);
    return run(cmd);
}

static int do_pidfile(const struct daemon_row *row, char **args G_GNUC_UNUSED)
{
    g_autofree char *path = pid_file_of(row);

    g_print("%s\n", path);
    return TOOL_OK;
}

static int do_executable(const struct daemon_row *row, char **args G_GNUC_UNUSED)
{
    g_autofree char *path = path_of_daemon(row->id);

    g_print("%s\n", path);
    return TOOL_OK;
}

static int do_nothing(const struct daemon_row *row G_GNUC_UNUSED, char **args G_GNUC_UNUSED)
{
    return TOOL_OK;
}

static int do_print(const struct daemon_row *row, char **args G_GNUC_UNUSED)
{
    g_print("%s\n", row->name);
    return TOOL_OK;
}

/* --- Verbs for several --------------------------------------------------------------------------
 */

static char *no_args[] = {NULL};

/* Of all daemons those are started that this release has. */
static int start_if_there(const struct daemon_row *row, char **args)
{
    g_autofree char *executable = path_of_daemon(row->id);

    if (!g_file_test(executable, G_FILE_TEST_IS_EXECUTABLE)) {
        g_printerr("%s is not installed and is left out\n", executable);
        return TOOL_OK;
    }
    return do_start(row, args);
}

/* Stops at the first that fails, but goes on where it only is not the master here. */
static int each(const enum daemon_id *ids, size_t n, daemon_fn *fn)
{
    for (size_t i = 0; i < n; i++) {
        int code = is_enabled(ids[i]) ? fn(&daemon_rows[ids[i]], no_args) : TOOL_OK;

        if (code != TOOL_OK && code != C_EXIT_NOTMASTER) {
            g_printerr("%s: exit code %d\n", daemon_rows[ids[i]].name, code);
            return TOOL_FAILURE;
        }
    }
    return TOOL_OK;
}

/* The other way round, to the end whatever happens. */
static int each_back(const enum daemon_id *ids, size_t n, daemon_fn *fn)
{
    int worst = TOOL_OK;

    for (size_t i = n; i > 0; i--) {
        int code = is_enabled(ids[i - 1]) ? fn(&daemon_rows[ids[i - 1]], no_args) : TOOL_OK;

        worst = code != TOOL_OK ? code : worst;
    }
    return worst;
}

static int all_back(daemon_fn *fn)
{
    int first = each_back(on_demand, G_N_ELEMENTS(on_demand), fn);
    int second = each_back(at_boot, G_N_ELEMENTS(at_boot), fn);

    return first != TOOL_OK ? first : second;
}

static int start_master(void)
{
    return has_systemd() ? systemctl("start", "ganeti-master.target")
                         : each(on_master, G_N_ELEMENTS(on_master), start_if_there);
}

static int stop_master(void)
{
    return has_systemd() ? systemctl("stop", "ganeti-master.target")
                         : each_back(on_master, G_N_ELEMENTS(on_master), do_stop);
}

static int start_all(void)
{
    if (has_systemd()) {
        (void)systemctl("start", "ganeti.target");
    }
    return each(at_boot, G_N_ELEMENTS(at_boot), start_if_there);
}

static int stop_all(void)
{
    return has_systemd() ? systemctl("stop", "ganeti.target") : all_back(do_stop);
}

static int rotate_all_logs(void)
{
    return all_back(do_rotate_logs);
}

static int list_start_daemons(void)
{
    return each(at_boot, G_N_ELEMENTS(at_boot), do_print);
}

static int list_stop_daemons(void)
{
    return all_back(do_print);
}

static int check_config(void)
{
    const char *path = path_get(PATH_NODED_CERT_FILE);

    if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        return TOOL_OK;
    }
    g_printerr("%s is missing: this node does not belong to a cluster yet\n", path);
    return TOOL_FAILURE;
}

static int reload_ssh_keys(void)
{
    g_auto(GStrv) argv = NULL;
    GError *error = NULL;

    if (!g_shell_parse_argv(C_SSHD_RESTART_COMMAND, NULL, &argv, &error)) {
        return tool_end(false, error);
    }
    return run(cmd_new_argv((const char *const *)argv));
}

/* What an exit code means; for init scripts. */
static int check_exitcode(char **args)
{
    int code;

    if (args[0] == NULL || !parse_int(args[0], 0, 255, &code, NULL)) {
        g_printerr("Missing exit code.\n");
        return TOOL_FAILURE;
    }
    if (code == C_EXIT_NOTMASTER) {
        g_print("not master\n");
    } else if (code != 0) {
        g_print("exit code %d\n", code);
        return TOOL_FAILURE;
    }
    return TOOL_OK;
}

static int use_systemctl(void)
{
    return has_systemd() ? TOOL_OK : TOOL_FAILURE;
}

static const struct verb {
    const char *name;
    daemon_fn *one;
    int (*all)(void);
    int (*with_args)(char **args);
} verbs[] = {
    {.name = "start", .one = do_start},
    {.name = "stop", .one = do_stop},
    {.name = "check", .one = do_check},
    {.name = "check-and-start", .one = do_check_and_start},
    {.name = "rotate-logs", .one = do_rotate_logs},
    {.name = "daemon-pidfile", .one = do_pidfile},
    {.name = "daemon-executable", .one = do_executable},
    {.name = "is-daemon-name", .one = do_nothing},
    {.name = "start-all", .all = start_all},
    {.name = "stop-all", .all = stop_all},
    {.name = "start-master", .all = start_master},
    {.name = "stop-master", .all = stop_master},
    {.name = "rotate-all-logs", .all = rotate_all_logs},
    {.name = "list-start-daemons", .all = list_start_daemons},
    {.name = "list-stop-daemons", .all = list_stop_daemons},
    {.name = "check-config", .all = check_config},
    {.name = "reload-ssh-keys", .all = reload_ssh_keys},
    {.name = "use-systemctl", .all = use_systemctl},
    {.name = "check-exitcode", .with_args = check_exitcode},
};

static int run_verb(const struct verb *verb, char **args)
{
    const struct daemon_row *row;

    if (verb->all != NULL) {
        return verb->all();
    }
    if (verb->with_args != NULL) {
        return verb->with_args(args);
    }
    if (args[0] == NULL) {
        g_printerr("Missing daemon name.\n");
        return TOOL_FAILURE;
    }
    row = daemon_row_find(args[0]);
    if (row == NULL || row->id == DAEMON_masterd) {
        g_printerr("Unknown daemon name '%s'\n", args[0]);
        return TOOL_FAILURE;
    }
    return verb->one(row, args + 1);
}

/* No option parser: what stands behind the daemon's name is the daemon's. */
int main(int argc, char **argv)
{
    GError *error = NULL;

    g_set_prgname("daemon-util");
    if (about_answer(argc, argv, "daemon-util", NULL)) {
        return TOOL_OK;
    }
    if (!paths_init(&error) || !paths_take_level(&error)) {
        return tool_end(false, error);
    }
    cmd_pass_variable("GANETI_ROOTDIR");
    cmd_pass_variable("GANETI_HOSTNAME");
    for (size_t i = 0; argc > 1 && i < G_N_ELEMENTS(verbs); i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            return run_verb(&verbs[i], argv + 2);
        }
    }
    if (argc > 1 && strcmp(argv[1], "--help") != 0) {
        g_printerr("Unknown command: %s\n", argv[1]);
        return TOOL_FAILURE;
    }
    fputs("Usage: daemon-util COMMAND [DAEMON [ARGUMENT...]]\n\nCommands:\n",
          argc > 1 ? stdout : stderr);
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        fprintf(argc > 1 ? stdout : stderr, "  %s%s\n", verbs[i].name,
                verbs[i].one != NULL ? " DAEMON" : "");
    }
    return argc > 1 ? TOOL_OK : TOOL_FAILURE;
}
