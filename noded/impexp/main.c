/* import-export: carries a disk between nodes; the node daemon starts one on either side. */
#include "config.h"

#include <signal.h>
#include <stdio.h>

#include "base/about.h"
#include "base/daemon.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "noded/impexp/transfer.h"

static const char program[] = "import-export";

static bool set_up(const struct impexp_options *options, GError **errp)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    const struct log_opts log = {.program = program,
                                 .format = LOG_FORMAT_TOOL,
                                 .level = LOG_LEVEL_NONE,
                                 .stderr_level = options->debug     ? LOG_LEVEL_DEBUG
                                                 : options->verbose ? LOG_LEVEL_INFO
                                                                    : LOG_LEVEL_NOTICE,
                                 .syslog = LOG_SYSLOG_NO};

    /* A pipe that nobody reads is an error to handle. */
    (void)sigaction(SIGPIPE, &ignore, NULL);
    return paths_init(errp) && paths_take_level(errp) && log_setup(&log, errp);
}

int main(int argc, char **argv)
{
    struct impexp_options options;
    g_autoptr(GError) error = NULL;
    bool ok;

    g_set_prgname(program);
    if (about_answer(argc, argv, program, NULL)) {
        return 0;
    }
    impexp_options_init(&options);
    if (!impexp_options_parse(&options, argc, argv, &error)) {
        fprintf(stderr, "%s: %s\n", program, error->message);
        impexp_options_clear(&options);
        return DAEMON_EXIT_USAGE;
    }
    if (options.help) {
        g_autofree char *text = impexp_options_help(program);

        fputs(text, stdout);
        impexp_options_clear(&options);
        return 0;
    }
    ok = set_up(&options, &error) && transfer_run(&options);
    if (error != NULL) {
        fprintf(stderr, "%s: %s\n", program, error->message);
    }
    impexp_options_clear(&options);
    return ok ? 0 : DAEMON_EXIT_FAILURE;
}
