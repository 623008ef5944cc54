#include "config.h"

#include "noded/proto/impexp-options.h"

#include <getopt.h>
#include <netdb.h>
#include <string.h>

#include "base/parse.h"
#include "facts/checks.h"
#include "facts/constants.h"
#include "facts/errors.h"

enum kind { KIND_TEXT, KIND_INT, KIND_FLAG };

enum { MAX_MAGIC = 100, MIN_MAGIC = 5, MAX_HOST = 255, MAX_PORT = 65535 };

static const struct row {
    const char *name;
    enum kind kind;
    size_t offset;
    int dflt;
    const char *doc;
} rows[] = {
#define IMPEXP_TEXT(option, member, doc_)                                                          \
    {.name = option,                                                                               \
     .kind = KIND_TEXT,                                                                            \
     .offset = offsetof(struct impexp_options, member),                                            \
     .doc = doc_},
#define IMPEXP_INT(option, member, dflt_, doc_)                                                    \
    {.name = option,                                                                               \
     .kind = KIND_INT,                                                                             \
     .offset = offsetof(struct impexp_options, member),                                            \
     .dflt = dflt_,                                                                                \
     .doc = doc_},
#define IMPEXP_FLAG(option, member, doc_)                                                          \
    {.name = option,                                                                               \
     .kind = KIND_FLAG,                                                                            \
     .offset = offsetof(struct impexp_options, member),                                            \
     .doc = doc_},
#include "facts/impexp.def"
};

enum { N_ROWS = G_N_ELEMENTS(rows) };

static char **text_of(const struct impexp_options *options, const struct row *row)
{
    return (char **)((char *)options + row->offset);
}

static int *int_of(const struct impexp_options *options, const struct row *row)
{
    return (int *)((char *)options + row->offset);
}

static bool *flag_of(const struct impexp_options *options, const struct row *row)
{
    return (bool *)((char *)options + row->offset);
}

void impexp_options_init(struct impexp_options *options)
{
    *options = (struct impexp_options){.exp_mib = IMPEXP_UNSET};
    for (size_t i = 0; i < N_ROWS; i++) {
        if (rows[i].kind == KIND_INT) {
            *int_of(options, &rows[i]) = rows[i].dflt;
        }
    }
}

void impexp_options_clear(struct impexp_options *options)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        if (rows[i].kind == KIND_TEXT) {
            g_free(*text_of(options, &rows[i]));
        }
    }
    g_free(options->status_file);
    impexp_options_init(options);
}

/* --- Giving -------------------------------------------------------------------------------------
 */

static char *argument(const struct impexp_options *options, const struct row *row)
{
    switch (row->kind) {
    case KIND_TEXT:
        return *text_of(options, row) == NULL
                   ? NULL
                   : g_strdup_printf("--%s=%s", row->name, *text_of(options, row));
    case KIND_INT:
        return *int_of(options, row) == row->dflt
                   ? NULL
                   : g_strdup_printf("--%s=%d", row->name, *int_of(options, row));
    case KIND_FLAG:
        break;
    }
    return *flag_of(options, row) ? g_strdup_printf("--%s", row->name) : NULL;
}

GPtrArray *impexp_options_argv(const struct impexp_options *options, const char *program)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(argv, g_strdup(program));
    g_ptr_array_add(argv, g_strdup(options->status_file));
    g_ptr_array_add(argv, g_strdup(options->import ? C_IEM_IMPORT : C_IEM_EXPORT));
    for (size_t i = 0; i < N_ROWS; i++) {
        char *text = argument(options, &rows[i]);

        if (text != NULL) {
            g_ptr_array_add(argv, text);
        }
    }
    g_ptr_array_add(argv, NULL);
    return argv;
}

/* --- Taking -------------------------------------------------------------------------------------
 */

static bool usage(GError **errp, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool usage(GError **errp, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    return err_fail(errp, ERR_GENERIC, ECODE_NONE, "%s", text);
}

/* A number, or the name of a service. */
static bool parse_port(const char *text, int *ret, GError **errp)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    char service[NI_MAXSERV] = "";
    bool ok;

    if (parse_int(text, 0, MAX_PORT, ret, NULL)) {
        return true;
    }
    ok = g_ascii_isalpha(*text) && getaddrinfo(NULL, text, &hints, &found) == 0 &&
         getnameinfo(found->ai_addr, found->ai_addrlen, NULL, 0, service, sizeof(service),
                     NI_NUMERICSERV) == 0 &&
         parse_int(service, 0, MAX_PORT, ret, NULL);
    if (found != NULL) {
        freeaddrinfo(found);
    }
    return ok || usage(errp, "'%s' is not a port", text);
}

static bool set(struct impexp_options *options, const struct row *row, const char *value,
                GError **errp)
{
    switch (row->kind) {
    case KIND_TEXT:
        g_free(*text_of(options, row));
        *text_of(options, row) = g_strdup(value);
        return true;
    case KIND_INT:
        if (int_of(options, row) == &options->port) {
            return parse_port(value, &options->port, errp);
        }
        if (!parse_int(value, 0, G_MAXINT, int_of(options, row), errp)) {
            g_prefix_error(errp, "option --%s: ", row->name);
            return false;
        }
        return true;
    case KIND_FLAG:
        break;
    }
    *flag_of(options, row) = true;
    return true;
}

/* Short options and those behind the rows. */
enum { CODE_ROWS = 256, CODE_HELP = 'h', CODE_DEBUG = 'd', CODE_VERBOSE = 'v' };

static void fill_long(struct option *longs)
{
    size_t n = 0;

    for (; n < N_ROWS; n++) {
        longs[n] =
            (struct option){.name = rows[n].name,
                            .has_arg = rows[n].kind == KIND_FLAG ? no_argument : required_argument,
                            .val = CODE_ROWS + (int)n};
    }
    longs[n++] = (struct option){.name = "debug", .val = CODE_DEBUG};
    longs[n++] = (struct option){.name = "verbose", .val = CODE_VERBOSE};
    longs[n++] = (struct option){.name = "help", .val = CODE_HELP};
    longs[n] = (struct option){.name = NULL};
}

static bool take_options(struct impexp_options *options, int argc, char **argv, GError **errp)
{
    struct option longs[N_ROWS + 4];
    int code;

    fill_long(longs);
    optind = 0;
    opterr = 0;
    while ((code = getopt_long(argc, argv, "dvh", longs, NULL)) != -1) {
        if (code == CODE_DEBUG) {
            options->debug = true;
        } else if (code == CODE_VERBOSE) {
            options->verbose = true;
        } else if (code == CODE_HELP) {
            options->help = true;
        } else if (code < CODE_ROWS) {
            return usage(errp, "there is no option '%s', or its value is missing",
                         argv[optind - 1]);
        } else if (!set(options, &rows[code - CODE_ROWS], optarg, errp)) {
            return false;
        }
    }
    return true;
}

static bool is_host(const char *host)
{
    return fact_check_ipv4(host) == NULL || fact_check_ipv6(host) == NULL ||
           (*host != '\0' && strlen(host) <= MAX_HOST && *host != '.' &&
            strstr(host, "..") == NULL &&
            host[strspn(host, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._-")] == '\0');
}

static bool is_magic(const char *magic)
{
    size_t len = strlen(magic);

    return len >= MIN_MAGIC && len <= MAX_MAGIC &&
           magic[strspn(magic, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_.")] == '\0';
}

static bool check_size(struct impexp_options *options, GError **errp)
{
    if (options->exp_size == NULL) {
        return true;
    }
    if (strcmp(options->exp_size, C_IE_CUSTOM_SIZE) == 0) {
        options->exp_mib = IMPEXP_SIZE_FROM_COMMAND;
        return true;
    }
    return parse_int(options->exp_size, 0, G_MAXINT, &options->exp_mib, errp);
}

static bool check(struct impexp_options *options, GError **errp)
{
    if (options->host != NULL && !is_host(options->host)) {
        return usage(errp, "'%s' is neither a host name nor an address", options->host);
    }
    if (options->magic != NULL && !is_magic(options->magic)) {
        return usage(errp, "a magic text is %d to %d letters, digits, '-', '_' and '.'", MIN_MAGIC,
                     MAX_MAGIC);
    }
    if (options->ipv4 && options->ipv6) {
        return usage(errp, "--ipv4 and --ipv6 exclude each other");
    }
    if (!options->import && (options->host == NULL || options->port == IMPEXP_UNSET)) {
        return usage(errp, "an export needs --host and --port");
    }
    if (options->key == NULL || options->cert == NULL || options->ca == NULL) {
        return usage(errp, "--key, --cert and --ca are needed");
    }
    return check_size(options, errp);
}

bool impexp_options_parse(struct impexp_options *options, int argc, char **argv, GError **errp)
{
    if (!take_options(options, argc, argv, errp)) {
        return false;
    }
    if (options->help) {
        return true;
    }
    if (argc - optind != 2) {
        return usage(errp, "exactly two arguments are needed: status file and mode");
    }
    options->status_file = g_strdup(argv[optind]);
    options->import = strcmp(argv[optind + 1], C_IEM_IMPORT) == 0;
    if (!options->import && strcmp(argv[optind + 1], C_IEM_EXPORT) != 0) {
        return usage(errp, "'%s' is not a mode: %s or %s", argv[optind + 1], C_IEM_IMPORT,
                     C_IEM_EXPORT);
    }
    return check(options, errp);
}

char *impexp_options_help(const char *program)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "Usage: %s <status-file> {%s|%s}\n\nOptions:\n", program,
                           C_IEM_IMPORT, C_IEM_EXPORT);
    for (size_t i = 0; i < N_ROWS; i++) {
        g_autofree char *name =
            g_strdup_printf("--%s%s", rows[i].name, rows[i].kind == KIND_FLAG ? "" : "=VALUE");

        g_string_append_printf(text, "  %-24s %s\n", name, rows[i].doc);
    }
    g_string_append_printf(text, "  %-24s %s\n  %-24s %s\n  %-24s %s\n", "-d, --debug",
                           "Say all that happens", "-v, --verbose", "Say more", "-h, --help",
                           "This text");
    return g_string_free(text, FALSE);
}
