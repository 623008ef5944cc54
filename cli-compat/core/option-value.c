#include "config.h"

#include "cli-compat/core/option-value.h"

#include <string.h>

#include "base/json.h"
#include "base/parse.h"
#include "base/text.h"
#include "facts/cli.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

G_DEFINE_QUARK(cli_usage_error_quark, cli_usage_error)

/* In front of a key or an identifier: take it away, or back to its default. */
static const char no_prefix[] = "no_";
static const char un_prefix = '-';

static bool bad_value(const char *flag, GError **errp, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool bad_value(const char *flag, GError **errp, const char *format, ...)
{
    g_autofree char *reason = NULL;
    va_list args;

    va_start(args, format);
    reason = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(errp, CLI_USAGE_ERROR, CLI_USAGE_ERROR_VALUE, "option %s: %s", flag, reason);
    return false;
}

/* ---- numbers ---- */

/* Number base by the prefix, as optparse does: 0x1f, 0b11, 017. The prefix is cut off. */
static unsigned take_base(const char **digits)
{
    const char *text = *digits;

    if (text[0] != '0' || text[1] == '\0') {
        return 10;
    }
    switch (g_ascii_tolower(text[1])) {
    case 'x':
        *digits += 2;
        return 16;
    case 'b':
        *digits += 2;
        return 2;
    default:
        *digits += 1;
        return 8;
    }
}

static bool parse_in_base(const char *digits, unsigned base, int64_t *ret)
{
    int64_t number = 0;

    for (const char *at = digits; *at != '\0'; at++) {
        int digit = g_ascii_xdigit_value(*at);

        if (digit < 0 || (unsigned)digit >= base ||
            __builtin_mul_overflow(number, (int64_t)base, &number) ||
            __builtin_add_overflow(number, (int64_t)digit, &number)) {
            return false;
        }
    }
    *ret = number;
    return *digits != '\0';
}

static bool read_int(const char *flag, const char *text, struct json **ret_value, GError **errp)
{
    const char *digits = text;
    unsigned base = take_base(&digits);
    int64_t number;
    bool ok = base == 10 ? parse_int64(text, INT64_MIN, INT64_MAX, &number, NULL)
                         : parse_in_base(digits, base, &number);

    if (!ok) {
        return bad_value(flag, errp, "'%s' is not an integer", text);
    }
    *ret_value = json_new_int(number);
    return true;
}

static bool read_float(const char *flag, const char *text, struct json **ret_value, GError **errp)
{
    double number;

    if (!parse_double(text, -G_MAXDOUBLE, G_MAXDOUBLE, &number, NULL)) {
        return bad_value(flag, errp, "'%s' is not a number", text);
    }
    *ret_value = json_new_double(number);
    return true;
}

static bool read_unit(const char *flag, const char *text, struct json **ret_value, GError **errp)
{
    g_autoptr(GError) error = NULL;
    int64_t mib;

    if (!parse_size_mib(text, &mib, &error)) {
        return bad_value(flag, errp, "%s", error->message);
    }
    *ret_value = json_new_int(mib);
    return true;
}

static bool read_maybefloat(const char *flag, const char *text, struct json **ret_value,
                            GError **errp)
{
    double number;

    if (g_ascii_strcasecmp(text, C_VALUE_DEFAULT) == 0) {
        *ret_value = json_new_string(C_VALUE_DEFAULT);
        return true;
    }
    if (!parse_double(text, -G_MAXDOUBLE, G_MAXDOUBLE, &number, NULL)) {
        return err_fail(errp, ERR_PARAMETER, ECODE_NONE, "%s takes a number or '%s', not '%s'",
                        flag, C_VALUE_DEFAULT, text);
    }
    *ret_value = json_new_double(number);
    return true;
}

/* ---- words ---- */

static bool read_bool(const char *flag, const char *text, struct json **ret_value, GError **errp)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{C_VALUE_FALSE, false}, {"no", false}, {C_VALUE_TRUE, true}, {"yes", true}};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strcasecmp(text, words[i].word) == 0) {
            *ret_value = json_new_bool(words[i].value);
            return true;
        }
    }
    return err_fail(errp, ERR_PARAMETER, ECODE_NONE, "%s takes yes or no, not '%s'", flag, text);
}

static bool read_choice(const struct cli_option *option, const char *flag, const char *text,
                        struct json **ret_value, GError **errp)
{
    g_autoptr(GString) list = NULL;

    if (fact_enum_find(option->words, text) >= 0) {
        *ret_value = json_new_string(text);
        return true;
    }
    list = g_string_new(NULL);
    for (size_t i = 0; i < option->words->n; i++) {
        if (fact_word_is_current(option->words, i)) {
            g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "",
                                   option->words->words[i]);
        }
    }
    return bad_value(flag, errp, "'%s' is none of: %s", text, list->str);
}

static struct json *read_list(const char *text)
{
    struct json *list = json_new_array();
    g_auto(GStrv) parts = NULL;

    if (*text == '\0') {
        return list;
    }
    parts = text_split_escaped(text, ',');
    for (size_t i = 0; parts[i] != NULL; i++) {
        json_append(list, json_new_string(parts[i]));
    }
    return list;
}

/* "RATE_LIMIT n" is a list; other texts are for the server to judge (cli_opts.py
 * check_filteraction, which looks at the beginning of the text only). */
static bool read_filteraction(const char *flag, const char *text, struct json **ret_value,
                              GError **errp)
{
    static const char rate_limit[] = "RATE_LIMIT";
    const char *rest = text + strlen(rate_limit);
    g_autofree char *digits = NULL;
    int64_t number;

    *ret_value = NULL;
    if (!g_str_has_prefix(text, rate_limit) || !g_ascii_isspace(*rest)) {
        *ret_value = json_new_string(text);
        return true;
    }
    while (g_ascii_isspace(*rest)) {
        rest++;
    }
    digits = g_strndup(rest, strspn(rest, "0123456789"));
    if (*digits == '\0') {
        *ret_value = json_new_string(text);
        return true;
    }
    if (!parse_int64(digits, 0, INT64_MAX, &number, NULL)) {
        return bad_value(flag, errp, "'%s' is too large", digits);
    }
    *ret_value = json_new_array();
    json_append(*ret_value, json_new_string(rate_limit));
    json_append(*ret_value, json_new_int(number));
    return true;
}

static bool read_json(const char *flag, const char *text, struct json **ret_value, GError **errp)
{
    if (!json_parse(text, -1, ret_value, errp)) {
        err_wrap(errp, ERR_PARAMETER, ECODE_NONE);
        g_prefix_error(errp, "%s takes JSON: ", flag);
        return false;
    }
    return true;
}

/* ---- keys and values ---- */

/* An element without "="; prefixes: whether no_ and - mean something. Returns the key. */
static const char *bare_key(const char *element, bool prefixes, struct json **ret_value)
{
    *ret_value = NULL;
    if (prefixes && g_str_has_prefix(element, no_prefix)) {
        *ret_value = json_new_bool(false);
        return element + strlen(no_prefix);
    }
    if (prefixes && *element == un_prefix) {
        return element + 1;
    }
    *ret_value = json_new_bool(true);
    return element;
}

static bool add_element(struct json *object, const char *flag, char *element, bool prefixes,
                        GError **errp)
{
    char *equals = strchr(element, '=');
    const char *key = element;
    struct json *value = NULL;

    if (equals != NULL) {
        *equals = '\0';
        value = json_new_string(equals + 1);
    } else if (prefixes) {
        key = bare_key(element, prefixes, &value);
    } else {
        return err_fail(errp, ERR_PARAMETER, ECODE_NONE, "%s: key '%s' has no value", flag,
                        element);
    }
    if (json_has(object, key)) {
        json_unref(value);
        return err_fail(errp, ERR_PARAMETER, ECODE_NONE, "%s: key '%s' is given twice", flag, key);
    }
    json_set(object, key, value);
    return true;
}

static struct json *read_keyval(const char *flag, const char *text, bool prefixes, GError **errp)
{
    struct json *object = json_new_object();
    g_auto(GStrv) elements = *text != '\0' ? text_split_escaped(text, ',') : g_new0(char *, 1);

    for (size_t i = 0; elements[i] != NULL; i++) {
        if (!add_element(object, flag, elements[i], prefixes, errp)) {
            json_unref(object);
            return NULL;
        }
    }
    return object;
}

/* What ident:rest stands for: an object; with a prefix false or null, and then there can be no
 * rest. Returns the identifier without prefix, NULL on error. */
static const char *read_ident(const char *flag, const char *ident, const char *rest, bool prefixes,
                              struct json **ret_value, GError **errp)
{
    /* A digit behind the dash makes it a number: -1 is the last disk. */
    bool no = prefixes && g_str_has_prefix(ident, no_prefix);
    bool un = prefixes && !no && *ident == un_prefix && !g_ascii_isdigit(ident[1]);

    *ret_value = NULL;
    if (!no && !un) {
        *ret_value = read_keyval(flag, rest, prefixes, errp);
        return *ret_value != NULL ? ident : NULL;
    }
    if (*rest != '\0') {
        err_set(errp, ERR_PARAMETER, ECODE_NONE,
                "%s: '%s' takes something away, so nothing may be set behind it", flag, ident);
        return NULL;
    }
    *ret_value = no ? json_new_bool(false) : NULL;
    return no ? ident + strlen(no_prefix) : ident + 1;
}

/* "ident:rest" is cut in two. */
static const char *cut_ident(char *text)
{
    char *colon = strchr(text, ':');

    if (colon == NULL) {
        return "";
    }
    *colon = '\0';
    return colon + 1;
}

static bool read_identkeyval(const char *flag, const char *text, struct json **ret_value,
                             GError **errp)
{
    g_autofree char *copy = g_strdup(text);
    const char *rest = cut_ident(copy);
    struct json *value;
    const char *ident = read_ident(flag, copy, rest, true, &value, errp);

    if (ident == NULL) {
        return false;
    }
    *ret_value = json_new_array();
    json_append(*ret_value, json_new_string(ident));
    json_append(*ret_value, value);
    return true;
}

/* ident:KEYVAL/ident:KEYVAL */
static struct json *read_sections(const char *flag, const char *line, GError **errp)
{
    CLEANUP(json_unrefp) struct json *object = json_new_object();
    g_auto(GStrv) sections = g_strsplit(line, "/", -1);
    size_t n = MAX(g_strv_length(sections), 1);

    for (size_t i = 0; i < n; i++) {
        struct json *value;
        const char *rest, *ident;

        if (sections[i] == NULL || *sections[i] == '\0') {
            err_set(errp, ERR_PARAMETER, ECODE_NONE, "%s: empty part in '%s'", flag, line);
            return NULL;
        }
        rest = cut_ident(sections[i]);
        ident = read_ident(flag, sections[i], rest, false, &value, errp);
        if (ident == NULL) {
            return NULL;
        }
        if (json_has(object, ident)) {
            json_unref(value);
            err_set(errp, ERR_PARAMETER, ECODE_NONE, "%s: '%s' is given twice in '%s'", flag, ident,
                    line);
            return NULL;
        }
        json_set(object, ident, value);
    }
    return g_steal_pointer(&object);
}

static bool read_multi_identkeyval(const char *flag, const char *text, struct json **ret_value,
                                   GError **errp)
{
    CLEANUP(json_unrefp) struct json *list = json_new_array();
    g_auto(GStrv) lines = g_strsplit(text, "//", -1);
    size_t n = MAX(g_strv_length(lines), 1);

    for (size_t i = 0; i < n; i++) {
        struct json *object = read_sections(flag, lines[i] != NULL ? lines[i] : "", errp);

        if (object == NULL) {
            return false;
        }
        json_append(list, object);
    }
    *ret_value = g_steal_pointer(&list);
    return true;
}

bool cli_value_parse(const struct cli_option *option, const char *flag, const char *text,
                     struct json **ret_value, GError **errp)
{
    *ret_value = NULL;
    if (!g_utf8_validate(text, -1, NULL)) {
        return bad_value(flag, errp, "the value is not UTF-8");
    }
    switch (option->value) {
    case CLI_VALUE_NONE:
    case CLI_VALUE_STRING:
        *ret_value = json_new_string(text);
        return true;
    case CLI_VALUE_INT:
        return read_int(flag, text, ret_value, errp);
    case CLI_VALUE_FLOAT:
        return read_float(flag, text, ret_value, errp);
    case CLI_VALUE_BOOL:
        return read_bool(flag, text, ret_value, errp);
    case CLI_VALUE_CHOICE:
        return read_choice(option, flag, text, ret_value, errp);
    case CLI_VALUE_UNIT:
        return read_unit(flag, text, ret_value, errp);
    case CLI_VALUE_LIST:
        *ret_value = read_list(text);
        return true;
    case CLI_VALUE_KEYVAL:
    case CLI_VALUE_KEYPRIVATEVAL:
        *ret_value = read_keyval(flag, text, true, errp);
        return *ret_value != NULL;
    case CLI_VALUE_IDENTKEYVAL:
        return read_identkeyval(flag, text, ret_value, errp);
    case CLI_VALUE_MULTI_IDENTKEYVAL:
        return read_multi_identkeyval(flag, text, ret_value, errp);
    case CLI_VALUE_MAYBEFLOAT:
        return read_maybefloat(flag, text, ret_value, errp);
    case CLI_VALUE_JSON:
        return read_json(flag, text, ret_value, errp);
    case CLI_VALUE_FILTERACTION:
        return read_filteraction(flag, text, ret_value, errp);
    }
    g_assert_not_reached();
}
