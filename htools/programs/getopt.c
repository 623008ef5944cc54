#include "config.h"

#include "htools/programs/getopt.h"

#include <string.h>

G_DEFINE_QUARK(gantry_htools_getopt, getopt_error)

struct parser {
    const struct getopt_option *options;
    unsigned n_options;
    char *const *next; /* the words not yet read */
    struct getopt_result *result;
    GString *errors;
    GString *unknown; /* told behind all other errors, as GetOpt does */
};

/* "-n FILE" or "--name=FILE", with the marks that tell whether the argument may be left out. */
static void append_form(GString *out, const struct getopt_option *option, bool is_long)
{
    const char *required = is_long ? "=" : " ";
    const char *optional = is_long ? "[=" : "[";

    if (is_long) {
        g_string_append_printf(out, "--%s", option->word);
    } else {
        g_string_append_printf(out, "-%c", option->letter);
    }
    if (option->argument == GETOPT_REQUIRED) {
        g_string_append_printf(out, "%s%s", required, option->argument_name);
    } else if (option->argument == GETOPT_OPTIONAL) {
        g_string_append_printf(out, "%s%s]", optional, option->argument_name);
    }
}

static char *form(const struct getopt_option *option, bool is_long)
{
    GString *out = g_string_new(NULL);

    if (is_long || option->letter != '\0') {
        append_form(out, option, is_long);
    }
    return g_string_free(out, FALSE);
}

static int widest(const struct getopt_option *const *options, unsigned n_options, bool is_long)
{
    size_t width = 0;

    for (unsigned i = 0; i < n_options; i++) {
        g_autofree char *text = form(options[i], is_long);

        width = MAX(width, strlen(text));
    }
    return (int)width;
}

void getopt_usage(GString *out, const struct getopt_option *const *options, unsigned n_options)
{
    int short_width = widest(options, n_options, false);
    int long_width = widest(options, n_options, true);

    for (unsigned i = 0; i < n_options; i++) {
        g_autofree char *short_form = form(options[i], false);
        g_autofree char *long_form = form(options[i], true);

        g_string_append_printf(out, "  %-*s  %-*s  %s\n", short_width, short_form, long_width,
                               long_form, options[i]->help);
    }
}

static void add_use(struct parser *p, unsigned option, const char *value)
{
    struct getopt_use use = {.option = option, .value = value};

    g_array_append_val(p->result->uses, use);
}

/* shown is the option as it was typed; its argument, if it needs one, is the next word. */
static void take_next_word(struct parser *p, unsigned option, const char *shown)
{
    if (*p->next == NULL) {
        g_string_append_printf(p->errors, "option '%s' needs an argument (%s)\n", shown,
                               p->options[option].argument_name);
        return;
    }
    add_use(p, option, *p->next++);
}

static void complain_not_unique(struct parser *p, const char *shown, const GPtrArray *candidates)
{
    g_string_append_printf(p->errors, "option '%s' is not unique, it may be one of:\n", shown);
    getopt_usage(p->errors, (const struct getopt_option *const *)candidates->pdata,
                 candidates->len);
}

/* The options whose long form is name, else those that begin with it. */
static GPtrArray *find_long(const struct parser *p, const char *name)
{
    GPtrArray *found = g_ptr_array_new();

    for (unsigned i = 0; i < p->n_options; i++) {
        if (strcmp(p->options[i].word, name) == 0) {
            g_ptr_array_set_size(found, 0);
            g_ptr_array_add(found, (gpointer)&p->options[i]);
            return found;
        }
        if (g_str_has_prefix(p->options[i].word, name)) {
            g_ptr_array_add(found, (gpointer)&p->options[i]);
        }
    }
    return found;
}

/* text: a long option without its dashes, with "=value" if it has one. */
static void parse_long(struct parser *p, const char *text)
{
    const char *equals = strchr(text, '=');
    int len = (int)(equals != NULL ? (size_t)(equals - text) : strlen(text));
    g_autofree char *shown = g_strdup_printf("--%.*s", len, text);
    g_autoptr(GPtrArray) found = find_long(p, shown + 2);
    const struct getopt_option *option;
    unsigned index;

    if (found->len == 0) {
        g_string_append_printf(p->unknown, "unknown option '--%s'\n", text);
        return;
    }
    if (found->len > 1) {
        complain_not_unique(p, shown, found);
        return;
    }
    option = g_ptr_array_index(found, 0);
    index = (unsigned)(option - p->options);
    if (equals == NULL && option->argument == GETOPT_REQUIRED) {
        take_next_word(p, index, shown);
    } else if (equals != NULL && option->argument == GETOPT_NONE) {
        g_string_append_printf(p->errors, "option '%s' takes no argument\n", shown);
    } else {
        add_use(p, index, equals ? equals + 1 : NULL);
    }
}

static int find_short(const struct parser *p, char letter)
{
    for (unsigned i = 0; i < p->n_options; i++) {
        if (p->options[i].letter == letter) {
            return (int)i;
        }
    }
    return -1;
}

/* letters: a word without its dash. What follows an option without argument is read as a word of
 * its own, so that GetOpt takes "-v-" for "-v --" and "-v-help" for "-v --help". Returns false if
 * that ends the options. */
static bool parse_short(struct parser *p, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        char shown[] = {'-', *letters, '\0'};
        int found = find_short(p, *letters);
        enum getopt_argument argument;

        if (*letters == '-') {
            if (letters[1] == '\0') {
                return false;
            }
            parse_long(p, letters + 1);
            return true;
        }
        if (found < 0) {
            g_string_append_printf(p->unknown, "unknown option '%s'\n", shown);
            continue;
        }
        argument = p->options[found].argument;
        if (argument == GETOPT_NONE) {
            add_use(p, (unsigned)found, NULL);
            continue;
        }
        if (letters[1] != '\0' || argument == GETOPT_OPTIONAL) {
            add_use(p, (unsigned)found, letters[1] != '\0' ? letters + 1 : NULL);
        } else {
            take_next_word(p, (unsigned)found, shown);
        }
        return true;
    }
    return true;
}

static void parse_words(struct parser *p)
{
    bool in_options = true;

    while (*p->next != NULL) {
        const char *word = *p->next++;

        if (!in_options || word[0] != '-' || word[1] == '\0') {
            g_ptr_array_add(p->result->operands, (gpointer)word);
        } else if (strcmp(word, "--") == 0) {
            in_options = false;
        } else if (word[1] == '-') {
            parse_long(p, word + 2);
        } else {
            in_options = parse_short(p, word + 1);
        }
    }
}

bool getopt_parse(const struct getopt_option *options, unsigned n_options, char *const *argv,
                  struct getopt_result *ret, GError **errp)
{
    g_autoptr(GString) errors = g_string_new(NULL);
    g_autoptr(GString) unknown = g_string_new(NULL);
    struct parser p = {
        .options = options,
        .n_options = n_options,
        .next = argv,
        .result = ret,
        .errors = errors,
        .unknown = unknown,
    };

    ret->uses = g_array_new(FALSE, FALSE, sizeof(struct getopt_use));
    ret->operands = g_ptr_array_new();
    parse_words(&p);
    g_string_append(errors, unknown->str);
    if (errors->len > 0) {
        g_set_error_literal(errp, GETOPT_ERROR, GETOPT_ERROR_USAGE, errors->str);
        getopt_result_clear(ret);
        return false;
    }
    return true;
}

void getopt_result_clear(struct getopt_result *result)
{
    g_clear_pointer(&result->uses, g_array_unref);
    g_clear_pointer(&result->operands, g_ptr_array_unref);
}
