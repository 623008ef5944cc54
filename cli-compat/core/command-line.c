#include "config.h"

#include "cli-compat/core/command-line.h"

#include <string.h>

#include "base/json.h"
#include "cli-compat/core/option-value.h"

/* A spelling; option NULL is --help, which every command has. */
struct flag {
    char *text;
    const struct cli_option *option;
};

struct command_line {
    GHashTable *values; /* dest (static) -> struct json * */
    GPtrArray *args;
    GPtrArray *warnings;
    bool help;
};

struct parser {
    struct command_line *line;
    GArray *flags; /* struct flag */
    const char *const *words;
    size_t next;
};

static const char *const help_flags[] = {"-h", "--help"};

static void flag_clear(gpointer data)
{
    g_free(((struct flag *)data)->text);
}

static bool is_long(const char *flag)
{
    return g_str_has_prefix(flag, "--");
}

static bool usage_error(GError **errp, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool usage_error(GError **errp, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (errp != NULL) {
        *errp = g_error_new_valist(CLI_USAGE_ERROR, CLI_USAGE_ERROR_OPTION, format, args);
    }
    va_end(args);
    return false;
}

static void json_free(gpointer value)
{
    json_unref(value);
}

/* ---- values ---- */

static void set_value(struct command_line *line, const struct cli_option *option,
                      struct json *value)
{
    g_hash_table_replace(line->values, (gpointer)option->dest, value);
}

static struct json *parse_row_json(const char *text)
{
    struct json *value = NULL;
    g_autoptr(GError) error = NULL;

    if (text != NULL && !json_parse(text, -1, &value, &error)) {
        g_error("option row: %s", error->message);
    }
    return value;
}

/* A default that is a text is read as if it had been typed (optparse get_default_values). */
static bool set_default(struct command_line *line, const struct cli_option *option, GError **errp)
{
    struct json *value;
    bool ok = true;

    if (option->dest == NULL ||
        (option->default_json == NULL && g_hash_table_contains(line->values, option->dest))) {
        return true;
    }
    value = parse_row_json(option->default_json);
    if (json_kind(value) == JSON_STRING && option->value != CLI_VALUE_STRING) {
        struct json *text = value;

        ok = cli_value_parse(option, option->flags, json_string(text), &value, errp);
        json_unref(text);
    }
    set_value(line, option, value);
    return ok;
}

static void append_value(struct command_line *line, const struct cli_option *option,
                         struct json *value)
{
    struct json *old = g_hash_table_lookup(line->values, option->dest);
    struct json *list = json_kind(old) == JSON_ARRAY ? json_ref(old) : json_new_array();

    json_append(list, value);
    set_value(line, option, list);
}

static void count_up(struct command_line *line, const struct cli_option *option)
{
    struct json *old = g_hash_table_lookup(line->values, option->dest);
    int64_t count = json_kind(old) == JSON_INT ? json_int(old) : 0;

    set_value(line, option, json_new_int(count + 1));
}

/* text: the value, NULL for options without. */
static bool apply(struct command_line *line, const struct cli_option *option, const char *flag,
                  const char *text, GError **errp)
{
    struct json *value = NULL;

    if (text != NULL && !cli_value_parse(option, flag, text, &value, errp)) {
        return false;
    }
    switch (option->action) {
    case CLI_ACTION_STORE:
        set_value(line, option, value);
        break;
    case CLI_ACTION_APPEND:
        append_value(line, option, value);
        break;
    case CLI_ACTION_SET:
        set_value(line, option, json_new_bool(true));
        break;
    case CLI_ACTION_CLEAR:
        set_value(line, option, json_new_bool(false));
        break;
    case CLI_ACTION_CONST:
        set_value(line, option, parse_row_json(option->const_json));
        break;
    case CLI_ACTION_COUNT:
        count_up(line, option);
        break;
    case CLI_ACTION_DEPRECATED:
        g_ptr_array_add(line->warnings, g_strdup_printf("%s: %s", flag, option->help));
        break;
    }
    return true;
}

/* ---- flags ---- */

static void add_flag(GArray *flags, const char *text, const struct cli_option *option)
{
    const struct flag flag = {.text = g_strdup(text), .option = option};

    g_array_append_val(flags, flag);
}

static GArray *collect_flags(const struct cli_option *const *options)
{
    GArray *flags = g_array_new(FALSE, FALSE, sizeof(struct flag));

    g_array_set_clear_func(flags, flag_clear);
    for (size_t i = 0; options[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit(options[i]->flags, " ", -1);

        for (size_t j = 0; words[j] != NULL; j++) {
            add_flag(flags, words[j], options[i]);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(help_flags); i++) {
        add_flag(flags, help_flags[i], NULL);
    }
    return flags;
}

static const struct flag *flag_at(const GArray *flags, guint i)
{
    return &g_array_index(flags, struct flag, i);
}

static gint compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool ambiguous(const char *text, GPtrArray *candidates, GError **errp)
{
    g_autofree char *list = NULL;

    g_ptr_array_sort(candidates, compare_texts);
    g_ptr_array_add(candidates, NULL);
    list = g_strjoinv(", ", (char **)candidates->pdata);
    return usage_error(errp, "%s may be any of: %s", text, list);
}

/* The flag of that name, or the only one that begins so. */
static const struct flag *find_long(const GArray *flags, const char *text, GError **errp)
{
    g_autoptr(GPtrArray) candidates = g_ptr_array_new();
    const struct flag *found = NULL;

    for (guint i = 0; i < flags->len; i++) {
        const struct flag *flag = flag_at(flags, i);

        if (strcmp(flag->text, text) == 0) {
            return flag;
        }
        if (is_long(flag->text) && g_str_has_prefix(flag->text, text)) {
            g_ptr_array_add(candidates, flag->text);
            found = flag;
        }
    }
    if (found == NULL) {
        usage_error(errp, "no such option: %s", text);
    } else if (candidates->len > 1) {
        ambiguous(text, candidates, errp);
        found = NULL;
    }
    return found;
}

static const struct flag *find_short(const GArray *flags, char letter, GError **errp)
{
    const char text[] = {'-', letter, '\0'};

    for (guint i = 0; i < flags->len; i++) {
        if (strcmp(flag_at(flags, i)->text, text) == 0) {
            return flag_at(flags, i);
        }
    }
    usage_error(errp, "no such option: %s", text);
    return NULL;
}

/* ---- words ---- */

/* The word behind the flag. */
static const char *take_value(struct parser *p, const char *flag, GError **errp)
{
    if (p->words[p->next] == NULL) {
        usage_error(errp, "%s needs a value", flag);
        return NULL;
    }
    return p->words[p->next++];
}

static bool parse_long(struct parser *p, const char *word, GError **errp)
{
    const char *equals = strchr(word, '=');
    g_autofree char *name = equals != NULL ? g_strndup(word, (size_t)(equals - word)) : NULL;
    const struct flag *flag = find_long(p->flags, name != NULL ? name : word, errp);
    const char *value = equals != NULL ? equals + 1 : NULL;

    if (flag == NULL) {
        return false;
    }
    if (flag->option != NULL && cli_option_takes_value(flag->option)) {
        value = value != NULL ? value : take_value(p, flag->text, errp);
        return value != NULL && apply(p->line, flag->option, flag->text, value, errp);
    }
    if (value != NULL) {
        return usage_error(errp, "%s takes no value", flag->text);
    }
    if (flag->option == NULL) {
        p->line->help = true;
        return true;
    }
    return apply(p->line, flag->option, flag->text, NULL, errp);
}

static bool parse_short(struct parser *p, const char *word, GError **errp)
{
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        const struct flag *flag = find_short(p->flags, *letter, errp);
        const char *value = letter + 1;

        if (flag == NULL) {
            return false;
        }
        if (flag->option == NULL) {
            p->line->help = true;
            return true;
        }
        if (cli_option_takes_value(flag->option)) {
            value = *value != '\0' ? value : take_value(p, flag->text, errp);
            return value != NULL && apply(p->line, flag->option, flag->text, value, errp);
        }
        if (!apply(p->line, flag->option, flag->text, NULL, errp)) {
            return false;
        }
    }
    return true;
}

static bool parse_words(struct parser *p, GError **errp)
{
    while (p->words[p->next] != NULL && !p->line->help) {
        const char *word = p->words[p->next];

        if (*word != '-' || word[1] == '\0') {
            break;
        }
        p->next++;
        if (strcmp(word, "--") == 0) {
            break;
        }
        if (!(is_long(word) ? parse_long(p, word, errp) : parse_short(p, word, errp))) {
            return false;
        }
    }
    for (; p->words[p->next] != NULL; p->next++) {
        if (!g_utf8_validate(p->words[p->next], -1, NULL)) {
            return usage_error(errp, "argument %u is not UTF-8", p->line->args->len + 1);
        }
        g_ptr_array_add(p->line->args, g_strdup(p->words[p->next]));
    }
    return true;
}

struct command_line *command_line_parse(const struct cli_command *command, const char *const *words,
                                        GError **errp)
{
    g_autofree const struct cli_option **rows = cli_command_options(command);
    g_autoptr(GArray) flags = collect_flags(rows);
    CLEANUP(command_line_freep) struct command_line *line = g_new0(struct command_line, 1);
    struct parser p = {.line = line, .flags = flags, .words = words};

    line->values = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, json_free);
    line->args = g_ptr_array_new_with_free_func(g_free);
    line->warnings = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; rows[i] != NULL; i++) {
        if (!set_default(line, rows[i], errp)) {
            return NULL;
        }
    }
    if (!parse_words(&p, errp)) {
        return NULL;
    }
    g_ptr_array_add(line->args, NULL);
    g_ptr_array_add(line->warnings, NULL);
    return g_steal_pointer(&line);
}

void command_line_free(struct command_line *line)
{
    g_hash_table_destroy(line->values);
    g_ptr_array_free(line->args, TRUE);
    g_ptr_array_free(line->warnings, TRUE);
    g_free(line);
}

bool command_line_want_help(const struct command_line *line)
{
    return line->help;
}

const char *const *command_line_args(const struct command_line *line)
{
    return (const char *const *)line->args->pdata;
}

const char *const *command_line_warnings(const struct command_line *line)
{
    return (const char *const *)line->warnings->pdata;
}

bool command_line_has(const struct command_line *line, enum cli_option_id option)
{
    return g_hash_table_contains(line->values, cli_options[option].dest);
}

const struct json *command_line_json(const struct command_line *line, enum cli_option_id option)
{
    gpointer value = NULL;
    gboolean known =
        g_hash_table_lookup_extended(line->values, cli_options[option].dest, NULL, &value);

    g_assert(known);
    return value;
}

bool command_line_flag(const struct command_line *line, enum cli_option_id option)
{
    const struct json *value = command_line_json(line, option);

    return json_kind(value) == JSON_BOOL && json_boolean(value);
}

const char *command_line_text(const struct command_line *line, enum cli_option_id option)
{
    const struct json *value = command_line_json(line, option);

    return json_kind(value) == JSON_STRING ? json_string(value) : NULL;
}

int64_t command_line_int(const struct command_line *line, enum cli_option_id option,
                         int64_t missing)
{
    const struct json *value = command_line_json(line, option);

    return json_kind(value) == JSON_INT ? json_int(value) : missing;
}
