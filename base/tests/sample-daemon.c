/* A daemon for test_daemon.c; its files are in $SAMPLE_DIR. */
#include <unistd.h>

#include "base/daemon.h"

struct sample {
    char *refusal, *failure;
};

static bool set_refusal(const char *value, void *user, GError **errp G_GNUC_UNUSED)
{
    ((struct sample *)user)->refusal = g_strdup(value);
    return true;
}

static bool set_failure(const char *value, void *user, GError **errp)
{
    if (*value == '\0') {
        g_set_error(errp, DAEMON_ERROR, DAEMON_ERROR_START, "the text is empty");
        return false;
    }
    ((struct sample *)user)->failure = g_strdup(value);
    return true;
}

static bool check(struct daemon *daemon, int *ret_exit, GError **errp)
{
    const struct sample *sample = daemon_get_user(daemon);

    if (sample->refusal == NULL) {
        return true;
    }
    *ret_exit = 11;
    g_set_error(errp, DAEMON_ERROR, DAEMON_ERROR_START, "%s", sample->refusal);
    return false;
}

static bool prepare(struct daemon *daemon, GError **errp)
{
    const struct sample *sample = daemon_get_user(daemon);
    const struct daemon_options *options = daemon_get_options(daemon);

    log_debug("debug is on");
    log_info("port %d bind %s", options->port, options->bind == NULL ? "any" : options->bind);
    if (sample->failure == NULL) {
        return true;
    }
    g_set_error(errp, DAEMON_ERROR, DAEMON_ERROR_START, "%s", sample->failure);
    return false;
}

static void reload(struct daemon *daemon G_GNUC_UNUSED)
{
    g_printerr("stray output\n");
    log_info("reloaded");
}

static gboolean finish(void *data)
{
    daemon_quit(data, 0);
    return G_SOURCE_REMOVE;
}

static void stop(struct daemon *daemon)
{
    log_info("stopping");
    g_idle_add(finish, daemon);
}

static void cleanup(struct daemon *daemon G_GNUC_UNUSED)
{
    log_info("cleaned up");
}

int main(int argc, char **argv)
{
    static const struct daemon_extra_option extra[] = {
        {"refuse", "TEXT", "fail in check", set_refusal},
        {"fail", "TEXT", "fail in prepare", set_failure},
        {0},
    };
    g_autofree char *log_file = g_build_filename(g_getenv("SAMPLE_DIR"), "log", NULL);
    g_autofree char *pid_file = g_build_filename(g_getenv("SAMPLE_DIR"), "pid", NULL);
    const struct daemon_desc desc = {
        .name = "sample-daemon",
        .version_text = "sample-daemon 1.0",
        .log_file = log_file,
        .pid_file = pid_file,
        .user = g_getenv("SAMPLE_USER"),
        .log_format = LOG_FORMAT_HASKELL,
        .default_port = 1811,
        .options = DAEMON_OPTIONS_BIND | DAEMON_OPTIONS_NO_USER_CHECKS | DAEMON_OPTIONS_HASKELL,
        .extra = extra,
        .check = check,
        .prepare = prepare,
        .reload = reload,
        .stop = stop,
        .cleanup = cleanup,
    };
    struct sample sample = {0};
    int exit_code = daemon_main(&desc, argc, argv, &sample);

    g_free(sample.refusal);
    g_free(sample.failure);
    return exit_code;
}
