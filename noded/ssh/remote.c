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

static bool add_environment(GStrvBuilder *out, const char *node, GError **errp)
{
    g_auto(GStrv) vars = vcluster_environment(node, errp);

    for (char **var = vars; var != NULL && *var != NULL; var++) {
        g_auto(GStrv) pair = g_strsplit(*var, "=", 2);
        g_autofree char *value = text_shell_quote(pair[1]);
        g_autofree char *word = g_strdup_printf("export %s=%s;", pair[0], value);

        g_strv_builder_add(out, word);
    }
    return vars != NULL;
}

char **ssh_argv(const struct ssh_host *host, unsigned flags, const char *const *argv, GError **errp)
{
    g_autoptr(GStrvBuilder) out = g_strv_builder_new();
    g_autofree char *target = g_strdup_printf("%s@%s", C_SSH_LOGIN_USER, host->node);
    g_autoptr(GString) command = g_string_new(NULL);

    for (; *argv != NULL; argv++) {
        g_autofree char *word = text_shell_quote(*argv);

        g_string_append_printf(command, "%s%s", command->len > 0 ? " " : "", word);
    }
    g_strv_builder_add(out, C_SSH);
    add_options(out, host, flags);
    if (flags & SSH_TTY) {
        g_strv_builder_add_many(out, "-t", "-t", NULL);
    }
    g_strv_builder_add(out, target);
    if (!add_environment(out, host->node, errp)) {
        return NULL;
    }
    g_strv_builder_add(out, command->str);
    return g_strv_builder_end(out);
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
