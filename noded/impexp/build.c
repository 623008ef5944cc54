#include "config.h"

#include "noded/impexp/build.h"

#include <string.h>

#include "facts/checks.h"
#include "facts/constants.h"
#include "facts/errors.h"

enum {
    BUFFER_BYTES = 1024 * 1024,
    /* socat cuts longer options off. */
    MAX_OPTION = 400,
};

/* --- socat --------------------------------------------------------------------------------------
 */

static void addf(GPtrArray *list, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void addf(GPtrArray *list, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(list, g_strdup_vprintf(format, args));
    va_end(args);
}

static void add_all(GPtrArray *list, const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_ptr_array_add(list, g_strdup(texts[i]));
    }
}

static void add_common(GPtrArray *list, const struct impexp_options *options)
{
    static const char *const keep_alive[] = {"keepalive", "keepidle=60", "keepintvl=10",
                                             "keepcnt=5", "verify=1"};

    add_all(list, keep_alive, G_N_ELEMENTS(keep_alive));
    addf(list, "cipher=%s", C_OPENSSL_CIPHERS);
    if (C_SOCAT_USE_COMPRESS) {
        addf(list, "compress=none");
    }
    addf(list, "key=%s", options->key);
    addf(list, "cert=%s", options->cert);
    addf(list, "cafile=%s", options->ca);
    if (options->bind != NULL) {
        addf(list, "bind=%s", options->bind);
    }
    if (options->ipv4 || options->ipv6) {
        addf(list, "pf=%s", options->ipv4 ? "ipv4" : "ipv6");
    }
}

/* Whoever connects with a wrong certificate is dropped, and the next one waited for. */
static GPtrArray *listen_address(const struct impexp_options *options)
{
    static const char *const again[] = {"reuseaddr", "forever", "intervall=0.01"};
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

    addf(list, "OPENSSL-LISTEN:%d", MAX(options->port, 0));
    add_all(list, again, G_N_ELEMENTS(again));
    add_common(list, options);
    return list;
}

static GPtrArray *connect_address(const struct impexp_options *options, const char *peer_name)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    bool six = fact_check_ipv6(options->host) == NULL;

    addf(list, "OPENSSL:%s%s%s:%d", six ? "[" : "", options->host, six ? "]" : "", options->port);
    addf(list, "connect-timeout=%d", options->connect_timeout);
    addf(list, "retry=%d", options->connect_retries);
    addf(list, "intervall=1");
    add_common(list, options);
    addf(list, "openssl-commonname=%s", peer_name);
    return list;
}

/* The options of an address, commas between them. */
static char *join_address(const GPtrArray *list, GError **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++) {
        const char *option = g_ptr_array_index(list, i);

        if (strlen(option) > MAX_OPTION || strchr(option, ',') != NULL) {
            err_set(errp, ERR_GENERIC, ECODE_NONE,
                    "socat cannot be given '%s': it has a comma or more than %d characters", option,
                    MAX_OPTION);
            return NULL;
        }
        g_string_append_printf(text, "%s%s", i == 0 ? "" : ",", option);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

GPtrArray *build_socat(const struct impexp_options *options, const char *peer_name, GError **errp)
{
    g_autoptr(GPtrArray) list =
        options->import ? listen_address(options) : connect_address(options, peer_name);
    g_autofree char *address = join_address(list, errp);
    GPtrArray *argv;

    if (address == NULL) {
        return NULL;
    }
    argv = g_ptr_array_new_with_free_func(g_free);
    /* Log to standard error, with notices; data goes one way only. */
    addf(argv, "%s", C_SOCAT_PATH);
    addf(argv, "-ls");
    addf(argv, "-d");
    addf(argv, "-d");
    addf(argv, "-b%d", BUFFER_BYTES);
    addf(argv, "-u");
    addf(argv, "%s", options->import ? address : "stdin");
    addf(argv, "%s", options->import ? "stdout" : address);
    g_ptr_array_add(argv, NULL);
    return argv;
}

/* --- Compression --------------------------------------------------------------------------------
 */

/* Tools with options of their own; any other has its name, and -d to unpack. */
static const struct tool {
    const char *word, *program;
    const char *pack[2], *unpack[2];
} tools[] = {
    {C_IEC_GZIP, C_IEC_GZIP, {"-1", "-c"}, {"-d", "-c"}},
    {C_IEC_GZIP_FAST, C_IEC_GZIP, {"-1", "-c"}, {"-d", "-c"}},
    {C_IEC_GZIP_SLOW, C_IEC_GZIP, {"-c", NULL}, {"-d", "-c"}},
    {C_IEC_LZOP, C_IEC_LZOP, {"-c", NULL}, {"-d", "-c"}},
};

static const char *word_of(const struct impexp_options *options)
{
    return options->compress != NULL ? options->compress : C_IEC_GZIP;
}

static struct tool find_tool(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(tools); i++) {
        if (strcmp(tools[i].word, word) == 0) {
            return tools[i];
        }
    }
    return (struct tool){.word = word, .program = word, .unpack = {"-d", NULL}};
}

static GPtrArray *make_argv(const char *program, const char *const *args, size_t n)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    addf(argv, "%s", program);
    for (size_t i = 0; i < n && args[i] != NULL; i++) {
        addf(argv, "%s", args[i]);
    }
    g_ptr_array_add(argv, NULL);
    return argv;
}

GPtrArray *build_compression(const struct impexp_options *options)
{
    struct tool tool = find_tool(word_of(options));
    const char *const *args = options->import ? tool.unpack : tool.pack;

    return strcmp(tool.word, C_IEC_NONE) == 0
               ? NULL
               : make_argv(tool.program, args, G_N_ELEMENTS(tool.pack));
}

GPtrArray *build_compression_check(const struct impexp_options *options)
{
    static const char *const args[] = {"-h"};
    struct tool tool = find_tool(word_of(options));

    return strcmp(tool.word, C_IEC_NONE) == 0 ? NULL : make_argv(tool.program, args, 1);
}

/* --- Command ------------------------------------------------------------------------------------
 */

GPtrArray *build_command(const struct impexp_options *options)
{
    const char *prefix = options->cmd_prefix != NULL ? options->cmd_prefix : "";
    const char *suffix = options->cmd_suffix != NULL ? options->cmd_suffix : "";
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    if (*prefix != '\0' || *suffix != '\0') {
        static const char *const shell[] = {"bash", "-o", "errexit", "-o", "pipefail", "-c"};

        add_all(argv, shell, G_N_ELEMENTS(shell));
        addf(argv, "%s cat %s", prefix, suffix);
    } else {
        addf(argv, "cat");
    }
    g_ptr_array_add(argv, NULL);
    return argv;
}

char *build_magic(const struct impexp_options *options)
{
    return options->magic == NULL ? NULL : g_strdup_printf("M=%s", options->magic);
}
