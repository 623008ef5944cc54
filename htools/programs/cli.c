#include "config.h"

#include "htools/programs/cli.h"

#include <stddef.h>
#include <sys/utsname.h>

#include "compat-config/paths/paths.h"
#include "facts/objects.h"
#include "htools/core/read.h"
#include "htools/programs/getopt.h"
#include "htools/programs/program.h"

/* The words of --priority, see parseSubmitPriority in src/Ganeti/Types.hs. */
#define HTOOLS_PRIORITY_CHOICES "choices=low,normal,high"
#define HTOOLS_TEMPLATE_CHOICES                                                                    \
    "choices=diskless,file,sharedfile,plain,blockdev,drbd,rbd,ext,gluster"

enum {
    EXIT_BAD_VALUE = 1,
    EXIT_BAD_USAGE = 2,
    LIST_WIDTH = 79,
};

struct option_row {
    struct getopt_option getopt;
    const char *completion;
    size_t offset;
    bool (*store)(struct htools_options *options, const struct option_row *row, void *member,
                  const char *value, GError **errp);
};

struct cli_program {
    const char *name;
    const char *operands;
    const char *summary;
    int (*main)(const struct htools_options *options, const char *const *operands);
    const unsigned char *options; /* indexes of the rows */
    unsigned n_options;
};

#define STORE(kind, type)                                                                          \
    typedef type store_type_##kind;                                                                \
    static bool htools_store_##kind(struct htools_options *options, const struct option_row *row,  \
                                    void *member, const char *value, GError **errp)

#define IGNORE_STORE_ARGUMENTS (void)options, (void)row, (void)value, (void)errp

STORE(true, bool)
{
    IGNORE_STORE_ARGUMENTS;
    *(bool *)member = true;
    return true;
}

STORE(false, bool)
{
    IGNORE_STORE_ARGUMENTS;
    *(bool *)member = false;
    return true;
}

STORE(count_up, int64_t)
{
    IGNORE_STORE_ARGUMENTS;
    ++*(int64_t *)member;
    return true;
}

STORE(count_down, int64_t)
{
    IGNORE_STORE_ARGUMENTS;
    --*(int64_t *)member;
    return true;
}

STORE(string, const char *)
{
    IGNORE_STORE_ARGUMENTS;
    *(const char **)member = value;
    return true;
}

STORE(dash, const char *)
{
    IGNORE_STORE_ARGUMENTS;
    *(const char **)member = value != NULL ? value : "-";
    return true;
}

STORE(socket, const char *)
{
    IGNORE_STORE_ARGUMENTS;
    *(const char **)member = value != NULL ? value : cli_default_socket();
    return true;
}

STORE(int, int64_t)
{
    (void)options;
    return read_int(row->getopt.word, value, member, errp);
}

STORE(double, double)
{
    (void)options;
    return read_double(row->getopt.word, value, member, errp);
}

STORE(positive_double, struct cli_maybe_double)
{
    struct cli_maybe_double *maybe = member;

    (void)options;
    if (!read_double(row->getopt.word, value, &maybe->value, errp)) {
        return false;
    }
    if (maybe->value <= 0) {
        g_set_error(errp, READ_ERROR, READ_ERROR_RANGE, "%s: %s is not over 0", row->getopt.word,
                    value);
        return false;
    }
    maybe->set = true;
    return true;
}

STORE(spindles, struct cli_maybe_int)
{
    struct cli_maybe_int *maybe = member;

    (void)options;
    if (!read_int(row->getopt.word, value, &maybe->value, errp)) {
        return false;
    }
    if (maybe->value < 0) {
        g_set_error(errp, READ_ERROR, READ_ERROR_RANGE, "%s: %s is under 0", row->getopt.word,
                    value);
        return false;
    }
    maybe->set = true;
    return true;
}

STORE(yes_no, bool)
{
    (void)options;
    if (value != NULL && strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
        g_set_error(errp, READ_ERROR, READ_ERROR_SYNTAX, "%s: '%s' is neither 'yes' nor 'no'",
                    row->getopt.word, value);
        return false;
    }
    *(bool *)member = value == NULL || strcmp(value, "yes") == 0;
    return true;
}

/* choices: "choices=a,b,c" */
static bool check_choice(const struct option_row *row, const char *value, GError **errp)
{
    const char *choices = strchr(row->completion, '=') + 1;
    g_auto(GStrv) words = g_strsplit(choices, ",", -1);

    if (!g_strv_contains((const char *const *)words, value)) {
        g_set_error(errp, READ_ERROR, READ_ERROR_SYNTAX, "%s: '%s' is none of %s", row->getopt.word,
                    value, choices);
        return false;
    }
    return true;
}

STORE(priority, struct cli_maybe_int)
{
    struct cli_maybe_int *maybe = member;

    (void)options;
    maybe->set = true;
    maybe->value = strcmp(value, "low") == 0    ? OP_PRIO_LOW
                   : strcmp(value, "high") == 0 ? OP_PRIO_HIGH
                                                : OP_PRIO_NORMAL;
    return check_choice(row, value, errp);
}

STORE(disk_template, const char *)
{
    (void)options;
    *(const char **)member = value;
    return check_choice(row, value, errp);
}

static void keep_list(struct htools_options *options, char ***member, char **list)
{
    g_ptr_array_add(options->owned, list);
    *member = list;
}

STORE(list, char **)
{
    IGNORE_STORE_ARGUMENTS;
    keep_list(options, member, cli_split(value, ','));
    return true;
}

STORE(push_front, char **)
{
    char **old = *(char ***)member;
    guint n = old != NULL ? g_strv_length(old) : 0;
    char **list = g_new0(char *, n + 2);

    IGNORE_STORE_ARGUMENTS;
    list[0] = g_strdup(value);
    for (guint i = 0; i < n; i++) {
        list[i + 1] = g_strdup(old[i]);
    }
    keep_list(options, member, list);
    return true;
}

STORE(fields, char **)
{
    bool add = value != NULL && value[0] == '+';
    g_autoptr(GPtrArray) fields = g_ptr_array_new();
    g_autofree char **split = cli_split(value != NULL ? value + add : "", ',');

    IGNORE_STORE_ARGUMENTS;
    if (add) {
        g_ptr_array_add(fields, g_strdup("+"));
    }
    for (char **field = split; *field != NULL; field++) {
        g_ptr_array_add(fields, *field);
    }
    g_ptr_array_add(fields, NULL);
    keep_list(options, member, (char **)g_ptr_array_free(g_steal_pointer(&fields), FALSE));
    return true;
}

/* parseISpecString in src/Ganeti/HTools/CLI.hs; a spec without spindles gets one. */
STORE(spec, struct cli_spec)
{
    struct cli_spec *spec = member;
    const char *word = row->getopt.word;
    g_auto(GStrv) parts = cli_split(value, ',');
    guint n = g_strv_length(parts);

    (void)options;
    if (n < 3 || n > 4) {
        g_set_error(errp, READ_ERROR, READ_ERROR_SYNTAX,
                    "%s: '%s' is not of the form disk,memory,cpus[,spindles]", word, value);
        return false;
    }
    *spec = (struct cli_spec){.set = true, .spindles = 1};
    return read_unit(word, parts[0], &spec->disk, errp) &&
           read_unit(word, parts[1], &spec->memory, errp) &&
           read_int(word, parts[2], &spec->cpus, errp) &&
           (n == 3 || read_int(word, parts[3], &spec->spindles, errp));
}

enum {
#define HTOOLS_OPTION(name, ...) OPTION_##name,
#include "facts/htools-options.def"
    N_OPTIONS,
};

static const struct option_row rows[] = {
#define HTOOLS_OPTION(name, letter, word, argument, argument_name, completion, store, member,      \
                      help)                                                                        \
    {{letter, word, GETOPT_##argument, argument_name, help},                                       \
     completion,                                                                                   \
     offsetof(struct htools_options, member),                                                      \
     htools_store_##store},
#include "facts/htools-options.def"
};

#define HTOOLS_OPTION(name, letter, word, argument, argument_name, completion, store, member,      \
                      help)                                                                        \
    _Static_assert(__builtin_types_compatible_p(                                                   \
                       store_type_##store, __typeof__(((struct htools_options *)NULL)->member)),   \
                   "the member of option " word " has the type that its store needs");
#include "facts/htools-options.def"

/* Every program has these behind its own. */
#define OPT(name)      OPTION_##name,
#define COMMON_OPTIONS OPT(version) OPT(help) OPT(help_completion)

#define HTOOLS_PROGRAM(name, operands, summary, options)                                           \
    static const unsigned char options_of_##name[] = {options COMMON_OPTIONS};
#include "facts/htools-options.def"

static const struct cli_program programs[] = {
#define HTOOLS_PROGRAM(name, operands, summary, options)                                           \
    {#name, operands, summary, name##_main, options_of_##name, G_N_ELEMENTS(options_of_##name)},
#include "facts/htools-options.def"
};

const struct cli_program *cli_program_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        if (g_ascii_strcasecmp(name, programs[i].name) == 0) {
            return &programs[i];
        }
    }
    return NULL;
}

/* Appends text from column on, broken between words. */
static void append_wrapped(GString *out, const char *text, int column)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    size_t at = (size_t)column;

    for (char **word = words; *word != NULL; word++) {
        size_t len = strlen(*word);

        if (at > (size_t)column && at + 1 + len > LIST_WIDTH) {
            g_string_append_printf(out, "\n%*s", column, "");
            at = (size_t)column;
        } else if (at > (size_t)column) {
            g_string_append_c(out, ' ');
            at++;
        }
        g_string_append(out, *word);
        at += len;
    }
    g_string_append_c(out, '\n');
}

static int compare_programs(gconstpointer a, gconstpointer b)
{
    const struct cli_program *const *left = a, *const *right = b;

    return strcmp((*left)->name, (*right)->name);
}

void cli_program_list(GString *out)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    size_t width = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_ptr_array_add(sorted, (gpointer)&programs[i]);
        width = MAX(width, strlen(programs[i].name));
    }
    g_ptr_array_sort(sorted, compare_programs);
    for (guint i = 0; i < sorted->len; i++) {
        const struct cli_program *program = g_ptr_array_index(sorted, i);

        g_string_append_printf(out, " %-*s - ", (int)width, program->name);
        append_wrapped(out, program->summary, (int)width + 4);
    }
}

static void append_version(GString *out, const char *name)
{
    g_string_append_printf(out, "%s (%s) version %s\n", name, PACKAGE_NAME, PACKAGE_VERSION);
}

static void append_help(GString *out, const struct cli_program *program)
{
    g_autofree const struct getopt_option **shown =
        g_new(const struct getopt_option *, program->n_options);

    for (unsigned i = 0; i < program->n_options; i++) {
        shown[i] = &rows[program->options[i]].getopt;
    }
    append_version(out, program->name);
    g_string_append_printf(out, "Usage: %s [OPTION...]\n", program->name);
    getopt_usage(out, shown, program->n_options);
}

static void append_build(GString *out, const struct cli_program *program)
{
    struct utsname host;

    append_version(out, program->name);
    g_string_append_printf(out, "compiled with %s\n", __VERSION__);
    if (uname(&host) == 0) {
        g_autofree char *system = g_ascii_strdown(host.sysname, -1);

        g_string_append_printf(out, "running on %s %s\n", system, host.machine);
    }
}

static void append_completion(GString *out, const struct cli_program *program)
{
    for (unsigned i = 0; i < program->n_options; i++) {
        const struct option_row *row = &rows[program->options[i]];

        if (row->getopt.letter != '\0') {
            g_string_append_printf(out, "-%c,", row->getopt.letter);
        }
        g_string_append_printf(out, "--%s %s\n", row->getopt.word, row->completion);
    }
    if (program->operands != NULL) {
        g_string_append_printf(out, "%s\n", program->operands);
    }
}

static bool store_uses(const struct cli_program *program, const GArray *uses,
                       struct htools_options *options, GError **errp)
{
    for (guint i = 0; i < uses->len; i++) {
        const struct getopt_use *use = &g_array_index(uses, struct getopt_use, i);
        const struct option_row *row = &rows[program->options[use->option]];

        if (!row->store(options, row, (char *)options + row->offset, use->value, errp)) {
            return false;
        }
    }
    return true;
}

static int run_with_options(const struct cli_program *program, const struct htools_options *options,
                            GPtrArray *operands)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (options->show_help) {
        append_help(text, program);
    } else if (options->show_version) {
        append_build(text, program);
    } else if (options->show_completion) {
        append_completion(text, program);
    } else {
        g_ptr_array_add(operands, NULL);
        return program->main(options, (const char *const *)operands->pdata);
    }
    fputs(text->str, stdout);
    return EXIT_SUCCESS;
}

static int report_usage(const struct cli_program *program, const GError *error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    append_help(text, program);
    fprintf(stderr, "Error on the command line: %s\n%s", error->message, text->str);
    return EXIT_BAD_USAGE;
}

int cli_program_run(const struct cli_program *program, char *const *argv)
{
    struct getopt_option accepted[N_OPTIONS];
    struct getopt_result line;
    struct htools_options options;
    g_autoptr(GError) error = NULL;
    int status;

    for (unsigned i = 0; i < program->n_options; i++) {
        accepted[i] = rows[program->options[i]].getopt;
    }
    if (!getopt_parse(accepted, program->n_options, argv, &line, &error)) {
        return report_usage(program, error);
    }
    htools_options_init(&options);
    if (store_uses(program, line.uses, &options, &error)) {
        status = run_with_options(program, &options, line.operands);
    } else {
        fprintf(stderr, "Error on the command line: %s\n", error->message);
        status = EXIT_BAD_VALUE;
    }
    htools_options_clear(&options);
    getopt_result_clear(&line);
    return status;
}

static void free_list(gpointer list)
{
    g_strfreev(list);
}

/* The defaults are those of defaultOptions in src/Ganeti/HTools/CLI.hs. */
void htools_options_init(struct htools_options *options)
{
    *options = (struct htools_options){
        .master = "",
        .static_kvm_node_memory = 4096,
        .disk_moves = true,
        .instance_moves = true,
        .capacity_checks = true,
        .max_length = -1,
        .min_score = 1e-9,
        .min_gain = 1e-2,
        .min_gain_limit = 1e-1,
        .minimal_resources = 2.0,
        .target_resources = 2.0,
        .job_delay = 10,
        .verbose = 1,
        .output_dir = ".",
        .owned = g_ptr_array_new_with_free_func(free_list),
    };
}

void htools_options_clear(struct htools_options *options)
{
    g_clear_pointer(&options->owned, g_ptr_array_unref);
}

char **cli_split(const char *text, char sep)
{
    const char separator[] = {sep, '\0'};

    return *text == '\0' ? g_new0(char *, 1) : g_strsplit(text, separator, -1);
}

const char *cli_default_socket(void)
{
    return path_get(PATH_QUERY_SOCKET);
}
