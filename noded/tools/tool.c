#include "config.h"

#include "noded/tools/tool.h"

#include <unistd.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"

static bool parse_options(const struct tool *tool, struct tool_options *opts, int *argc,
                          char ***argv, int *ret_exit)
{
    gboolean show_version = FALSE;
    const GOptionEntry common[] = {
        {"debug", 'd', 0, G_OPTION_ARG_NONE, &opts->debug, "show all that happens", NULL},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &opts->verbose, "show what is done", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &show_version, "show the version", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    const GOptionEntry dry_run[] = {
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &opts->dry_run, "check only, change nothing", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(tool->arguments);
    g_autoptr(GError) error = NULL;

    g_set_prgname(tool->name);
    g_option_context_set_summary(context, tool->summary);
    g_option_context_add_main_entries(context, common, NULL);
    if (tool->dry_run) {
        g_option_context_add_main_entries(context, dry_run, NULL);
    }
    if (tool->extra != NULL) {
        g_option_context_add_main_entries(context, tool->extra, NULL);
    }
    *ret_exit = TOOL_USAGE;
    if (!g_option_context_parse(context, argc, argv, &error)) {
        g_printerr("%s: %s\n", tool->name, error->message);
        return false;
    }
    if (show_version) {
        g_print("%s (%s) %s\n", tool->name, PACKAGE_NAME, PACKAGE_VERSION);
        *ret_exit = TOOL_OK;
        return false;
    }
    if (tool->arguments == NULL && *argc > 1) {
        g_printerr("%s: no arguments are expected, but there is '%s'\n", tool->name, (*argv)[1]);
        return false;
    }
    return true;
}

bool tool_start(const struct tool *tool, struct tool_options *opts, int *argc, char ***argv,
                int *ret_exit)
{
    struct log_opts log = {.program = tool->name, .format = LOG_FORMAT_TOOL};
    g_autoptr(GError) error = NULL;

    *opts = (struct tool_options){0};
    if (!parse_options(tool, opts, argc, argv, ret_exit)) {
        return false;
    }
    log.stderr_level = opts->debug     ? LOG_LEVEL_DEBUG
                       : opts->verbose ? LOG_LEVEL_INFO
                                       : LOG_LEVEL_WARNING;
    cmd_pass_variable("GANETI_ROOTDIR");
    cmd_pass_variable("GANETI_HOSTNAME");
    if (!paths_init(&error) || !paths_take_level(&error) || !log_setup(&log, &error)) {
        *ret_exit = tool_end(false, g_steal_pointer(&error));
        return false;
    }
    return true;
}

static void *read_request(const struct fact_object *object, GError **errp)
{
    static const char where[] = "standard input";
    CLEANUP(json_unrefp) struct json *value = NULL;
    size_t len = 0;
    g_autofree char *text = fs_read_fd(STDIN_FILENO, where, JSON_MAX_TEXT, &len, errp);
    void *request = NULL;

    if (text != NULL && json_parse(text, (gssize)len, &value, errp)) {
        request = fact_object_decode(object, value, NULL, errp);
    }
    if (request == NULL) {
        g_prefix_error(errp, "the request on %s cannot be read: ", where);
    }
    return request;
}

int tool_end(bool ok, GError *error)
{
    if (error != NULL) {
        log_error("%s", error->message);
        g_error_free(error);
    }
    return ok ? TOOL_OK : TOOL_FAILURE;
}

int tool_request_main(const struct tool *tool, const struct fact_object *object,
                      tool_request_fn *run, int argc, char **argv)
{
    struct tool_options opts;
    GError *error = NULL;
    void *request;
    bool ok;
    int code;

    if (!tool_start(tool, &opts, &argc, &argv, &code)) {
        return code;
    }
    request = read_request(object, &error);
    ok = request != NULL && run(request, opts.dry_run, &error);
    if (ok && opts.dry_run) {
        log_info("dry run: the request is good, nothing was changed");
    }
    if (request != NULL) {
        fact_object_free(object, request);
    }
    return tool_end(ok, error);
}
