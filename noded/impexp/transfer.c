#include "config.h"

#include "noded/impexp/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/impexp/build.h"
#include "noded/impexp/lines.h"
#include "noded/impexp/output.h"
#include "noded/impexp/progress.h"
#include "noded/impexp/pump.h"
#include "noded/impexp/status.h"
#include "os-interface/environment.h"

enum { MS = 1000, CHECK_TIMEOUT_MS = 2000 };

enum program_id { PROGRAM_SOCAT, PROGRAM_COMPRESSION, PROGRAM_COMMAND, PROGRAM_COUNT };

struct transfer;

struct program {
    struct transfer *transfer;
    const char *name;    /* for people */
    struct cmd_job *job; /* NULL: not started, or over */
    struct lines *lines; /* its standard error */
    int exit_status;     /* below zero: a signal */
    bool failed;
};

struct transfer {
    const struct impexp_options *options;
    struct status *status;
    struct program programs[PROGRAM_COUNT];
    struct pump *pump;
    bool pump_done; /* all data went through */
    struct lines *size_lines;
    struct progress progress;
    int64_t expected_mib; /* below 0: not known */
    double start;         /* of the data */
    int64_t bytes;
    guint connect_timer, progress_timer;
    bool stopping;
    int signum;    /* that stopped it; 0: none */
    char *problem; /* that no program's end tells */
    GMainLoop *loop;
};

static double monotonic_s(void)
{
    return (double)g_get_monotonic_time() / G_USEC_PER_SEC;
}

static void say(struct transfer *transfer, const char *line)
{
    log_notice("%s", line);
    status_add_output(transfer->status, line);
    status_write(transfer->status, false);
}

/* --- The end ------------------------------------------------------------------------------------
 */

static bool all_over(const struct transfer *transfer)
{
    for (size_t i = 0; i < PROGRAM_COUNT; i++) {
        if (transfer->programs[i].job != NULL) {
            return false;
        }
    }
    return true;
}

static void quit_if_over(struct transfer *transfer)
{
    if (all_over(transfer)) {
        g_main_loop_quit(transfer->loop);
    }
}

/* Ends all programs; TERM, and KILL for those that linger (constants.CHILD_LINGER_TIMEOUT). */
static void stop(struct transfer *transfer)
{
    if (transfer->stopping) {
        return;
    }
    transfer->stopping = true;
    for (size_t i = 0; i < PROGRAM_COUNT; i++) {
        if (transfer->programs[i].job != NULL) {
            cmd_job_cancel(transfer->programs[i].job);
        }
    }
}

static void stop_because(struct transfer *transfer, const char *text)
{
    if (transfer->problem == NULL) {
        transfer->problem = g_strdup(text);
        say(transfer, text);
        status_write(transfer->status, true);
    }
    stop(transfer);
}

static gboolean on_signal(struct transfer *transfer, int signum)
{
    log_info("signal %d: ending the transfer", signum);
    transfer->signum = signum;
    stop(transfer);
    return G_SOURCE_CONTINUE;
}

static gboolean on_term(void *data)
{
    return on_signal(data, SIGTERM);
}

static gboolean on_int(void *data)
{
    return on_signal(data, SIGINT);
}

/* --- Programs -----------------------------------------------------------------------------------
 */

static void close_pump(struct transfer *transfer)
{
    if (transfer->pump != NULL) {
        transfer->bytes = pump_bytes(transfer->pump);
        g_clear_pointer(&transfer->pump, pump_free);
    }
}

/* The data of an export is complete only if its command says so: until then the connection is not
 * closed in good order. */
static void finish_data(struct transfer *transfer)
{
    bool waits = !transfer->options->import && transfer->programs[PROGRAM_COMMAND].job != NULL;

    if (transfer->pump_done && !waits && !transfer->stopping) {
        close_pump(transfer);
    }
}

static void on_program_end(struct cmd_result *done, void *user)
{
    struct program *program = user;
    struct transfer *transfer = program->transfer;

    program->job = NULL;
    program->exit_status = done->exit_code >= 0 ? done->exit_code : -done->term_signal;
    program->failed = !cmd_result_ok(done) && !done->cancelled;
    g_clear_pointer(&program->lines, lines_free);
    if (program->failed) {
        g_autofree char *how = cmd_result_how(done);

        log_info("%s %s", program->name, how);
        stop(transfer);
    }
    cmd_result_free(done);
    finish_data(transfer);
    quit_if_over(transfer);
}

static bool make_pipe(int *ret_read, int *ret_write, GError **errp)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0) {
        return fs_error_set(errp, errno, "make", "a pipe");
    }
    *ret_read = fds[0];
    *ret_write = fds[1];
    return true;
}

/* Takes in and out over. */
static bool start_program(struct transfer *transfer, enum program_id id, struct cmd *cmd, int in,
                          int out, lines_fn on_line, GError **errp)
{
    CLEANUP(fs_closep) int in_end = in;
    CLEANUP(fs_closep) int out_end = out;
    CLEANUP(fs_closep) int err = -1;
    struct program *program = &transfer->programs[id];
    g_autofree char *cwd = g_get_current_dir();
    int read_err = -1;

    if (!make_pipe(&read_err, &err, errp)) {
        return false;
    }
    program->lines = lines_new(read_err, on_line, program);
    cmd_set_cwd(cmd, cwd);
    cmd_set_input_fd(cmd, in_end);
    cmd_set_output_fds(cmd, out_end, err);
    program->job = cmd_start(cmd, NULL, on_program_end, program, errp);
    return program->job != NULL;
}

static struct cmd *cmd_of(GPtrArray *argv)
{
    struct cmd *cmd = cmd_new_argv((const char *const *)argv->pdata);

    cmd_inherit_env(cmd);
    return cmd;
}

/* --- What programs say --------------------------------------------------------------------------
 */

static void on_connected(struct transfer *transfer)
{
    log_debug("Connection established");
    transfer->status->data.connected = true;
    transfer->status->data.has.connected = true;
    if (transfer->connect_timer != 0) {
        g_source_remove(transfer->connect_timer);
        transfer->connect_timer = 0;
    }
    status_write(transfer->status, true);
}

static void on_socat_line(const char *text, void *user)
{
    struct transfer *transfer = ((struct program *)user)->transfer;
    struct import_export_status *data = &transfer->status->data;
    struct socat_line line;

    socat_line_parse(text, transfer->options->debug, &line);
    if (line.shown != NULL) {
        say(transfer, line.shown);
        g_free(line.shown);
    }
    if (line.event == SOCAT_LISTENS && !data->has.listen_port) {
        data->listen_port = line.port;
        data->has.listen_port = true;
        status_write(transfer->status, true);
    } else if (line.event == SOCAT_TRANSFERS && !data->connected) {
        on_connected(transfer);
    }
}

static void on_other_line(const char *line, void *user)
{
    say(((struct program *)user)->transfer, line);
}

static void on_size_line(const char *line, void *user)
{
    struct transfer *transfer = user;

    log_debug("predicted size: %s", line);
    if (!output_parse_size(line, &transfer->expected_mib)) {
        log_error("'%s' is not a size in bytes", line);
        transfer->expected_mib = -1;
    }
}

static void add_progress(struct transfer *transfer)
{
    int64_t bytes = transfer->pump != NULL ? pump_bytes(transfer->pump) : transfer->bytes;

    progress_add(&transfer->progress, monotonic_s() - transfer->start, bytes,
                 transfer->expected_mib, &transfer->status->data);
    status_write(transfer->status, true);
}

static gboolean on_progress_time(void *data)
{
    add_progress(data);
    return G_SOURCE_CONTINUE;
}

static gboolean on_connect_timeout(void *data)
{
    struct transfer *transfer = data;
    g_autofree char *text = g_strdup_printf("the other side did not connect within %d seconds",
                                            transfer->options->connect_timeout);

    transfer->connect_timer = 0;
    stop_because(transfer, text);
    return G_SOURCE_REMOVE;
}

static void on_pump_end(enum pump_end end, const char *text, void *user)
{
    struct transfer *transfer = user;

    if (end == PUMP_DONE) {
        transfer->pump_done = true;
        if (transfer->options->import) {
            close_pump(transfer);
        } else {
            finish_data(transfer);
        }
        return;
    }
    close_pump(transfer);
    /* Who broke it ends with a reason of its own. */
    if (end == PUMP_FAILED) {
        stop_because(transfer, text);
    }
}

/* --- Start --------------------------------------------------------------------------------------
 */

/* A tool that is not there is noticed before anybody waits for it. */
static bool check_compression(const struct impexp_options *options, GError **errp)
{
    g_autoptr(GPtrArray) argv = build_compression_check(options);
    CLEANUP(cmd_freep) struct cmd *cmd = argv == NULL ? NULL : cmd_of(argv);

    if (cmd == NULL) {
        return true;
    }
    cmd_set_timeout(cmd, CHECK_TIMEOUT_MS);
    if (!cmd_check(cmd, NULL, errp)) {
        g_prefix_error(errp, "compression tool '%s' (it must know the option -h): ",
                       (const char *)g_ptr_array_index(argv, 0));
        return false;
    }
    return true;
}

/* Within a cluster all certificates have one name; between clusters they have that of the node,
 * while the address is often a number (impexpd.py, since 3.1). Allocated. */
static char *peer_name(const struct impexp_options *options)
{
    const char *cluster_file = path_get(PATH_NODED_CERT_FILE);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *found = NULL;
    char name[NI_MAXHOST];
    int rc;

    if (strcmp(options->cert, cluster_file) == 0 && strcmp(options->key, cluster_file) == 0) {
        return g_strdup(C_X509_CERT_CN);
    }
    if (getaddrinfo(options->host, NULL, &hints, &found) != 0) {
        return g_strdup(options->host);
    }
    rc = getnameinfo(found->ai_addr, found->ai_addrlen, name, sizeof(name), NULL, 0, NI_NAMEREQD);
    freeaddrinfo(found);
    if (rc != 0) {
        log_error("the address %s has no name (%s), so the other side's certificate must be for "
                  "%s",
                  options->host, gai_strerror(rc), C_X509_CERT_CN);
        return g_strdup(C_X509_CERT_CN);
    }
    return g_strdup(name);
}

/* Takes in and out over. */
static bool start_socat(struct transfer *transfer, int in, int out, GError **errp)
{
    g_autofree char *peer = transfer->options->import ? NULL : peer_name(transfer->options);
    g_autoptr(GPtrArray) argv = build_socat(transfer->options, peer, errp);
    CLEANUP(cmd_freep) struct cmd *cmd = argv == NULL ? NULL : cmd_of(argv);

    if (cmd == NULL) {
        fs_closep(&in);
        fs_closep(&out);
        return false;
    }
    return start_program(transfer, PROGRAM_SOCAT, cmd, in, out, on_socat_line, errp);
}

static bool start_command(struct transfer *transfer, int in, int out, GError **errp)
{
    g_autoptr(GPtrArray) argv = build_command(transfer->options);
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_of(argv);
    CLEANUP(fs_closep) int write_size = -1;
    int read_size = -1;

    if (transfer->options->exp_mib == IMPEXP_SIZE_FROM_COMMAND) {
        g_autofree char *number = NULL;

        if (!make_pipe(&read_size, &write_size, errp)) {
            return false;
        }
        transfer->size_lines = lines_new(read_size, on_size_line, transfer);
        number = g_strdup_printf("%d", cmd_keep_fd(cmd, write_size));
        cmd_set_env(cmd, os_var_names[OS_VAR_EXP_SIZE_FD], number);
    }
    return start_program(transfer, PROGRAM_COMMAND, cmd, in, out, on_other_line, errp);
}

/* Puts the compression between; *fd is the end of the chain so far, and becomes its new end. */
static bool chain_compression(struct transfer *transfer, int *fd, GError **errp)
{
    g_autoptr(GPtrArray) argv = build_compression(transfer->options);
    CLEANUP(cmd_freep) struct cmd *cmd = argv == NULL ? NULL : cmd_of(argv);
    int in = -1, out = -1, next = -1;

    if (cmd == NULL) {
        return true;
    }
    if (transfer->options->import) {
        in = *fd;
        if (!make_pipe(&next, &out, errp)) {
            return false;
        }
    } else {
        out = *fd;
        if (!make_pipe(&in, &next, errp)) {
            return false;
        }
    }
    *fd = next;
    return start_program(transfer, PROGRAM_COMPRESSION, cmd, in, out, on_other_line, errp);
}

/* From the network's side to the command's. */
static bool start_chain(struct transfer *transfer, GError **errp)
{
    bool import = transfer->options->import;
    g_autofree char *magic = build_magic(transfer->options);
    CLEANUP(fs_closep) int net = -1;
    CLEANUP(fs_closep) int local = -1;
    int socat_end = -1, command_end = -1, standard;

    if (!(import ? make_pipe(&net, &socat_end, errp) : make_pipe(&socat_end, &net, errp)) ||
        !start_socat(transfer, import ? open("/dev/null", O_RDONLY | O_CLOEXEC) : socat_end,
                     import ? socat_end : open("/dev/null", O_WRONLY | O_CLOEXEC), errp) ||
        !chain_compression(transfer, &net, errp) ||
        !(import ? make_pipe(&command_end, &local, errp) : make_pipe(&local, &command_end, errp))) {
        return false;
    }
    standard = fcntl(import ? STDOUT_FILENO : STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    if (!start_command(transfer, import ? command_end : standard, import ? standard : command_end,
                       errp)) {
        return false;
    }
    transfer->start = monotonic_s();
    transfer->pump = pump_new(import ? net : local, import ? local : net, import ? NULL : magic,
                              import ? magic : NULL, on_pump_end, transfer);
    net = local = -1;
    return true;
}

static void start(struct transfer *transfer)
{
    const struct impexp_options *options = transfer->options;
    g_autoptr(GError) error = NULL;

    if (!check_compression(options, &error) || !start_chain(transfer, &error)) {
        stop_because(transfer, error->message);
        return;
    }
    if (options->import && options->connect_timeout > 0) {
        transfer->connect_timer =
            g_timeout_add_seconds((guint)options->connect_timeout, on_connect_timeout, transfer);
    }
    transfer->progress_timer =
        g_timeout_add_seconds(PROGRESS_INTERVAL_S, on_progress_time, transfer);
}

/* --- Result -------------------------------------------------------------------------------------
 */

/* The programs in the order of the data: what a shell's pipefail tells is the last that failed. */
static const enum program_id orders[2][PROGRAM_COUNT] = {
    {PROGRAM_COMMAND, PROGRAM_COMPRESSION, PROGRAM_SOCAT},
    {PROGRAM_SOCAT, PROGRAM_COMPRESSION, PROGRAM_COMMAND},
};

static void set_result(struct transfer *transfer)
{
    const enum program_id *order = orders[transfer->options->import];
    g_autoptr(GString) text = g_string_new(transfer->problem);
    int exit_status = 0;

    for (size_t i = 0; i < PROGRAM_COUNT; i++) {
        const struct program *program = &transfer->programs[order[i]];

        if (program->failed) {
            g_string_append_printf(text, "%s%s %s %d", text->len > 0 ? "; " : "", program->name,
                                   program->exit_status < 0 ? "was ended by signal"
                                                            : "ended with exit code",
                                   ABS(program->exit_status));
            exit_status = program->exit_status;
        }
    }
    if (text->len == 0 && (transfer->stopping || !transfer->pump_done)) {
        g_string_append_printf(text, "the transfer was stopped%s",
                               transfer->signum != 0 ? " by a signal" : " before its end");
    }
    if (text->len > 0 && exit_status == 0) {
        exit_status = transfer->stopping ? -(transfer->signum != 0 ? transfer->signum : SIGTERM)
                                         : EXIT_FAILURE;
    }
    status_set_exit(transfer->status, exit_status, text->len > 0 ? text->str : NULL);
}

bool transfer_run(const struct impexp_options *options)
{
    static const char *const names[PROGRAM_COUNT] = {[PROGRAM_SOCAT] = "the connection (socat)",
                                                     [PROGRAM_COMPRESSION] = "the compression",
                                                     [PROGRAM_COMMAND] = "the command"};
    struct transfer transfer = {.options = options, .expected_mib = options->exp_mib};
    guint term = g_unix_signal_add(SIGTERM, on_term, &transfer);
    guint interrupt = g_unix_signal_add(SIGINT, on_int, &transfer);
    bool ok;

    for (size_t i = 0; i < PROGRAM_COUNT; i++) {
        transfer.programs[i].transfer = &transfer;
        transfer.programs[i].name = names[i];
    }
    transfer.status = status_new(options->status_file);
    transfer.loop = g_main_loop_new(NULL, FALSE);
    start(&transfer);
    if (!all_over(&transfer)) {
        g_main_loop_run(transfer.loop);
    }
    close_pump(&transfer);
    lines_free(transfer.size_lines);
    add_progress(&transfer);
    set_result(&transfer);
    status_write(transfer.status, true);
    ok = !transfer.status->data.has.error_message;
    for (size_t i = 0; i < PROGRAM_COUNT; i++) {
        lines_free(transfer.programs[i].lines);
    }
    if (transfer.connect_timer != 0) {
        g_source_remove(transfer.connect_timer);
    }
    if (transfer.progress_timer != 0) {
        g_source_remove(transfer.progress_timer);
    }
    g_source_remove(term);
    g_source_remove(interrupt);
    g_main_loop_unref(transfer.loop);
    status_free(transfer.status);
    g_free(transfer.problem);
    return ok;
}
