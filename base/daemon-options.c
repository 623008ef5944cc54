#include "base/daemon-private.h"

#include <getopt.h>
#include <string.h>

#include "base/parse.h"

enum kind {
    KIND_FLAG,   /* bool */
    KIND_STRING, /* const char * */
    KIND_PORT,   /* int */
    KIND_SYSLOG, /* enum log_syslog */
};

struct row {
    const char *name;
    char letter; /* '\0': none */
    enum kind kind;
    unsigned set; /* 0: every daemon */
    size_t offset;
    const char *arg_name;
    const char *completion; /* in the words of --help-completion */
    const char *help;
};

#define ROW(name, letter, kind, set, member, arg, completion, help)                                \
    {                                                                                              \
        name, letter, kind, set, offsetof(struct daemon_options, member), arg, completion, help    \
    }

static const struct row rows[] = {
    ROW("foreground", 'f', KIND_FLAG, 0, foreground, NULL, "none", "stay in the foreground"),
    ROW("no-user-checks", '\0', KIND_FLAG, DAEMON_OPTIONS_NO_USER_CHECKS, no_user_checks, NULL,
        "none", "run as whoever starts it"),
    ROW("debug", 'd', KIND_FLAG, 0, debug, NULL, "none", "log debug messages"),
    ROW("port", 'p', KIND_PORT, DAEMON_OPTIONS_BIND, port, "PORT", "integer", "port to listen on"),
    ROW("bind", 'b', KIND_STRING, DAEMON_OPTIONS_BIND, bind, "ADDRESS", "inetaddr",
        "address to listen on (default: any)"),
    ROW("interface", 'i', KIND_STRING, DAEMON_OPTIONS_INTERFACE, interface, "INTERFACE", "string",
        "listen on the address of this interface"),
    ROW("no-ssl", '\0', KIND_FLAG, DAEMON_OPTIONS_SSL, no_ssl, NULL, "none", "plain HTTP"),
    ROW("ssl-key", 'K', KIND_STRING, DAEMON_OPTIONS_SSL, ssl_key, "FILE", "file",
        "private key, PEM"),
    ROW("ssl-cert", 'C', KIND_STRING, DAEMON_OPTIONS_SSL, ssl_cert, "FILE", "file",
        "certificate, PEM"),
    ROW("syslog", '\0', KIND_SYSLOG, 0, syslog, "SYSLOG", "choices=yes,no,only",
        "log to syslog (never debug messages): no, yes, or only"),
    ROW("force-node", '\0', KIND_FLAG, DAEMON_OPTIONS_FORCE_NODE, force_node, NULL, "none",
        "run though this node is not the master"),
    ROW("no-voting", '\0', KIND_FLAG, DAEMON_OPTIONS_VOTING, no_voting, NULL, "none",
        "do not ask the other nodes who is master (dangerous)"),
    ROW("yes-do-it", '\0', KIND_FLAG, DAEMON_OPTIONS_VOTING, yes_do_it, NULL, "none",
        "really do the dangerous thing"),
    ROW("help", 'h', KIND_FLAG, 0, help, NULL, "none", "show this text"),
    ROW("version", 'V', KIND_FLAG, 0, version, NULL, "none", "show the version"),
    ROW("help-completion", '\0', KIND_FLAG, DAEMON_OPTIONS_HASKELL, help_completion, NULL, "none",
        "show the options for shell completion"),
};

enum {
    FIRST_ROW_CODE = 256, /* getopt's code of rows[i] is this + i, of extra[i] it follows */
    MAX_EXTRA = 16,
    MAX_OPTIONS = G_N_ELEMENTS(rows) + MAX_EXTRA,
    MAX_PORT = 65535,
    HELP_COLUMN = 28,
};

static bool row_applies(const struct daemon_desc *desc, const struct row *row)
{
    return row->set == 0 || (desc->options & row->set) != 0;
}

/* The Python daemons have no letter for --version. */
static char row_letter(const struct daemon_desc *desc, const struct row *row)
{
    return row->letter == 'V' && (desc->options & DAEMON_OPTIONS_HASKELL) == 0 ? '\0' : row->letter;
}

static size_t count_extra(const struct daemon_desc *desc)
{
    size_t n = 0;

    while (desc->extra != NULL && desc->extra[n].name != NULL) {
        n++;
    }
    g_assert(n <= MAX_EXTRA);
    return n;
}

static bool set_row(const struct row *row, const char *value, struct daemon_options *options,
                    GError **errp)
{
    static const char *const syslog_words[] = {
        [LOG_SYSLOG_NO] = "no", [LOG_SYSLOG_YES] = "yes", [LOG_SYSLOG_ONLY] = "only"};
    void *member = (char *)options + row->offset;

    switch (row->kind) {
    case KIND_FLAG:
        *(bool *)member = true;
        return true;
    case KIND_STRING:
        *(const char **)member = value;
        return true;
    case KIND_PORT:
        return parse_int(value, 1, MAX_PORT, member, errp);
    case KIND_SYSLOG:
        break;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(syslog_words); i++) {
        if (strcmp(value, syslog_words[i]) == 0) {
            *(enum log_syslog *)member = (enum log_syslog)i;
            return true;
        }
    }
    g_set_error(errp, PARSE_ERROR, PARSE_ERROR_SYNTAX, "'%.64s' is none of no, yes, only", value);
    return false;
}

struct parser {
    struct option longs[MAX_OPTIONS + 1];
    GString *shorts;
};

static void add_option(struct parser *parser, size_t *n, const char *name, bool has_arg, int code)
{
    parser->longs[(*n)++] =
        (struct option){name, has_arg ? required_argument : no_argument, NULL, code};
}

static void build_parser(const struct daemon_desc *desc, struct parser *parser)
{
    size_t n = 0, extra = count_extra(desc);

    *parser = (struct parser){.shorts = g_string_new(NULL)};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct row *row = &rows[i];
        char letter = row_letter(desc, row);

        if (!row_applies(desc, row)) {
            continue;
        }
        add_option(parser, &n, row->name, row->arg_name != NULL, FIRST_ROW_CODE + (int)i);
        if (letter != '\0') {
            g_string_append_printf(parser->shorts, "%c%s", letter,
                                   row->arg_name == NULL ? "" : ":");
        }
    }
    for (size_t i = 0; i < extra; i++) {
        add_option(parser, &n, desc->extra[i].name, desc->extra[i].arg_name != NULL,
                   FIRST_ROW_CODE + (int)(G_N_ELEMENTS(rows) + i));
    }
}

static size_t index_of(int code)
{
    if (code >= FIRST_ROW_CODE) {
        return (size_t)(code - FIRST_ROW_CODE);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].letter == code) {
            return i;
        }
    }
    g_assert_not_reached();
}

static bool set_option(const struct daemon_desc *desc, int code, const char *value, void *user,
                       struct daemon_options *options)
{
    g_autoptr(GError) error = NULL;
    size_t index = index_of(code);
    const char *name;
    bool ok;

    if (index < G_N_ELEMENTS(rows)) {
        name = rows[index].name;
        ok = set_row(&rows[index], value, options, &error);
    } else {
        const struct daemon_extra_option *extra = &desc->extra[index - G_N_ELEMENTS(rows)];

        name = extra->name;
        ok = extra->set(value, user, &error);
    }
    if (!ok) {
        (void)fprintf(stderr, "%s: option --%s: %s\n", desc->name, name, error->message);
    }
    return ok;
}

bool daemon_options_parse(const struct daemon_desc *desc, int argc, char **argv, void *user,
                          struct daemon_options *options)
{
    struct parser parser;
    bool ok = true;
    int code;

    *options = (struct daemon_options){.syslog = desc->syslog, .port = desc->default_port};
    build_parser(desc, &parser);
    optind = 0;
    /* getopt prints its complaints itself, after argv[0]. */
    while (ok && (code = getopt_long(argc, argv, parser.shorts->str, parser.longs, NULL)) != -1) {
        ok = code != '?' && set_option(desc, code, optarg, user, options);
    }
    g_string_free(parser.shorts, TRUE);
    if (!ok) {
        (void)fprintf(stderr, "Try '%s --help'.\n", desc->name);
    }
    return ok;
}

static void help_line(FILE *out, char letter, const char *name, const char *arg, const char *help)
{
    char letters[8] = "    ";
    g_autofree char *option = NULL;

    if (letter != '\0') {
        (void)g_snprintf(letters, sizeof(letters), "-%c, ", letter);
    }
    option = g_strdup_printf("%s--%s%s%s", letters, name, arg == NULL ? "" : "=",
                             arg == NULL ? "" : arg);
    (void)fprintf(out, "  %-*s %s\n", HELP_COLUMN, option, help);
}

void daemon_options_help(const struct daemon_desc *desc, FILE *out)
{
    size_t extra = count_extra(desc);

    (void)fprintf(out, "Usage: %s [OPTION...]\n\nOptions:\n", desc->name);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (row_applies(desc, &rows[i])) {
            help_line(out, row_letter(desc, &rows[i]), rows[i].name, rows[i].arg_name,
                      rows[i].help);
        }
    }
    for (size_t i = 0; i < extra; i++) {
        help_line(out, '\0', desc->extra[i].name, desc->extra[i].arg_name, desc->extra[i].help);
    }
    if (desc->default_port != 0) {
        (void)fprintf(out, "\nDefault port: %d\n", desc->default_port);
    }
}

/* The reference's Common.hs, its --help-completion. */
void daemon_options_completion(const struct daemon_desc *desc, FILE *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct row *row = &rows[i];
        char letter = row_letter(desc, row);

        if (!row_applies(desc, row)) {
            continue;
        }
        if (letter != '\0') {
            (void)fprintf(out, "-%c,", letter);
        }
        (void)fprintf(out, "--%s %s\n", row->name, row->completion);
    }
}
