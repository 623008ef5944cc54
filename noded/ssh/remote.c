#include "config.h"

#include "noded/ssh/remote.h"

#include <string.h>

#include "base/cmd.h"
#include "base/json-writer.h"
#include "base/text.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

enum {
    DEFAULT_PORT = 22,
    PUSH_TIMEOUT_MS = 120 * 1000,
    READ_TIMEOUT_MS = 60 * 1000,
    MAX_AT_ONCE = 30,
};

/* --- The command --------------------------------------------------------------------------------
 */

static void add_options(GStrvBuilder *out, const struct ssh_host *host, unsigned flags)
{
    g_autofree char *known =
        g_strdup_printf("-oGlobalKnownHostsFile=%s", path_get(PATH_SSH_KNOWN_HOSTS_FILE));
    g_autofree char *alias = g_strdup_printf("-oHostKeyAlias=%s", host->cluster);
    g_autofree char *port = g_strdup_printf("-oPort=%" G_GINT64_FORMAT,
                                            (gint64)(host->port > 0 ? host->port : DEFAULT_PORT));
    const char *check =
        flags & SSH_STRICT ? "-oStrictHostKeyChecking=yes" : "-oStrictHostKeyChecking=no";

    g_strv_builder_add_many(out, "-oEscapeChar=none", "-oHashKnownHosts=no", known,
                            "-oUserKnownHostsFile=/dev/null", "-oCheckHostIp=no",
                            "-oConnectTimeout=10", NULL);
    if (flags & SSH_CLUSTER_KEY) {
        g_strv_builder_add(out, alias);
    }
    if (flags & SSH_QUIET) {
        g_strv_builder_add(out, "-q");
    }
    g_strv_builder_add(out, port);
    if (flags & SSH_BATCH) {
        g_strv_builder_add(out, "-oBatchMode=yes");
    } else if (flags & SSH_ASK_KEY) {
        check = "-oStrictHostKeyChecking=ask";
    }
    g_strv_builder_add(out, check);
    g_strv_builder_add(out, host->ipv6 ? "-6" : "-4");
}

/* For a shell: "cat '/a b' && true". */
static char *quote_commands(const char *const *const *commands)
{
    GString *text = g_string_new(NULL);

    for (; *commands != NULL; commands++) {
        g_autofree char *words = text_shell_join(*commands);

        g_string_append_printf(text, "%s%s", text->len > 0 ? " && " : "", words);
    }
    return g_string_free(text, FALSE);
}

/* In a virtual cluster. */
static char **virtual_argv(const char *node, const char *const *argv, GError **errp)
{
    g_auto(GStrv) vars = vcluster_environment(node, errp);
    g_autoptr(GStrvBuilder) out = g_strv_builder_new();

    if (vars == NULL) {
        return NULL;
    }
    g_strv_builder_add(out, "env");
    g_strv_builder_addv(out, (const char **)vars);
    g_strv_builder_addv(out, (const char **)argv);
    return g_strv_builder_end(out);
}

char **ssh_argv_shell(const struct ssh_host *host, unsigned flags, const char *command,
                      GError **errp)
{
    g_autoptr(GStrvBuilder) out = g_strv_builder_new();
    g_autofree char *target = g_strdup_printf("%s@%s", C_SSH_LOGIN_USER, host->node);
    const char *const shell[] = {"/bin/sh", "-c", command, NULL};

    if (vcluster_hostname() != NULL) {
        return virtual_argv(host->node, shell, errp);
    }
    g_strv_builder_add(out, C_SSH);
    add_options(out, host, flags);
    if (flags & SSH_TTY) {
        g_strv_builder_add_many(out, "-t", "-t", NULL);
    }
    g_strv_builder_add_many(out, target, command, NULL);
    return g_strv_builder_end(out);
}

char **ssh_argv_all(const struct ssh_host *host, unsigned flags, const char *const *const *commands,
                    GError **errp)
{
    g_autofree char *command = quote_commands(commands);

    if (vcluster_hostname() != NULL) {
        g_assert(commands[0] != NULL && commands[1] == NULL);
        return virtual_argv(host->node, commands[0], errp);
    }
    return ssh_argv_shell(host, flags, command, errp);
}

char **ssh_copy_argv(const struct ssh_host *host, unsigned flags, const char *path, GError **errp)
{
    g_autofree char *there = vcluster_path_on(host->node, path, errp);
    g_autoptr(GStrvBuilder) out = g_strv_builder_new();
    g_autofree char *target = NULL;

    if (there == NULL) {
        return NULL;
    }
    if (vcluster_hostname() != NULL) {
        g_strv_builder_add_many(out, "cp", "-p", path, there, NULL);
        return g_strv_builder_end(out);
    }
    target = strchr(host->node, ':') != NULL ? g_strdup_printf("[%s]:%s", host->node, there)
                                             : g_strdup_printf("%s:%s", host->node, there);
    g_strv_builder_add_many(out, C_SCP, "-p", NULL);
    add_options(out, host, flags);
    g_strv_builder_add_many(out, path, target, NULL);
    return g_strv_builder_end(out);
}

char **ssh_argv(const struct ssh_host *host, unsigned flags, const char *const *argv, GError **errp)
{
    const char *const *const commands[] = {argv, NULL};

    return ssh_argv_all(host, flags, commands, errp);
}

bool ssh_run_with(const struct ssh_host *host, unsigned flags, const char *const *const *commands,
                  const struct fact_object *object, const void *value, GError **errp)
{
    g_autoptr(GString) input = g_string_new(NULL);
    struct json_writer w = json_writer_init(input, JSON_PYTHON);
    g_auto(GStrv) argv = ssh_argv_all(host, flags, commands, errp);
    CLEANUP(cmd_freep) struct cmd *cmd = NULL;

    if (argv == NULL) {
        return false;
    }
    fact_object_encode(object, value, &w);
    cmd = cmd_new_argv((const char *const *)argv);
    cmd_inherit_env(cmd);
    cmd_set_interactive(cmd);
    cmd_set_input(cmd, input->str, input->len);
    return cmd_check(cmd, NULL, errp);
}

char *ssh_read_file(const struct ssh_host *host, const char *path, GError **errp)
{
    const char *const argv[] = {"cat", path, NULL};
    g_auto(GStrv) words = ssh_argv(host, SSH_BATCH | SSH_CLUSTER_KEY, argv, errp);
    CLEANUP(cmd_freep) struct cmd *cmd = NULL;
    char *text = NULL;

    if (words == NULL) {
        return NULL;
    }
    cmd = cmd_new_argv((const char *const *)words);
    cmd_inherit_env(cmd);
    cmd_set_timeout(cmd, READ_TIMEOUT_MS);
    return cmd_check(cmd, &text, errp) ? text : NULL;
}

/* --- Many nodes ---------------------------------------------------------------------------------
 */

struct fan {
    struct ssh_push *pushes;
    size_t n, next;
    size_t running;
    GMainLoop *loop;
};

struct attempt {
    struct fan *fan;
    struct ssh_push *push;
    int number;
};

static void start_more(struct fan *fan);
static void try_once(struct attempt *attempt);

static void attempt_over(struct attempt *attempt, GError *error)
{
    struct fan *fan = attempt->fan;

    attempt->push->error = error;
    fan->running--;
    g_free(attempt);
    start_more(fan);
}

static void attempt_failed(struct attempt *attempt, GError *error)
{
    if (attempt->number < C_SSHS_MAX_RETRIES) {
        g_error_free(error);
        try_once(attempt);
        return;
    }
    g_prefix_error(&error, "SSH keys on node %s (%d attempts): ", attempt->push->host.node,
                   attempt->number);
    attempt_over(attempt, error);
}

static void on_done(struct cmd_result *result, void *user)
{
    struct attempt *attempt = user;
    GError *error = NULL;

    if (cmd_result_ok(result)) {
        attempt_over(attempt, NULL);
    } else {
        cmd_result_fail(result, &error);
        attempt_failed(attempt, error);
    }
    cmd_result_free(result);
}

static void try_once(struct attempt *attempt)
{
    const char *const program[] = {path_get(PATH_SSH_UPDATE), NULL};
    g_autoptr(GString) input = g_string_new(NULL);
    struct json_writer w = json_writer_init(input, JSON_PYTHON);
    GError *error = NULL;
    g_auto(GStrv) argv = ssh_argv(&attempt->push->host, 0, program, &error);
    CLEANUP(cmd_freep) struct cmd *cmd = NULL;

    attempt->number++;
    if (argv == NULL) {
        attempt_over(attempt, error);
        return;
    }
    fact_object_encode(&fact_object_ssh_update, attempt->push->update, &w);
    cmd = cmd_new_argv((const char *const *)argv);
    cmd_inherit_env(cmd);
    cmd_set_input(cmd, input->str, input->len);
    cmd_set_timeout(cmd, PUSH_TIMEOUT_MS);
    if (cmd_start(cmd, NULL, on_done, attempt, &error) == NULL) {
        attempt_failed(attempt, error);
    }
}

static void start_more(struct fan *fan)
{
    while (fan->next < fan->n && fan->running < MAX_AT_ONCE) {
        struct attempt *attempt = g_new0(struct attempt, 1);

        attempt->fan = fan;
        attempt->push = &fan->pushes[fan->next++];
        fan->running++;
        try_once(attempt);
    }
    if (fan->running == 0) {
        g_main_loop_quit(fan->loop);
    }
}

void ssh_push_updates(struct ssh_push *pushes, size_t n)
{
    struct fan fan = {.pushes = pushes, .n = n, .loop = g_main_loop_new(NULL, FALSE)};

    start_more(&fan);
    if (fan.running > 0) {
        g_main_loop_run(fan.loop);
    }
    g_main_loop_unref(fan.loop);
}
