#include "config.h"

#include "cli-compat/core/filter-text.h"

#include <string.h>

#include "base/json.h"
#include "base/parse.h"
#include "facts/errors.h"
#include "facts/objects.h"

enum {
    /* Nested brackets and "not"s; more is nobody's filter. */
    MAX_DEPTH = 40,
};

/* Recursive descent with backtracking: every function leaves `at` where it was if it does not
 * match. */
struct parser {
    const char *text;
    const char *at;
    const char *farthest; /* where the longest attempt got to: the position of the error */
    int depth;
    GError *error; /* an error that ends parsing, such as a bad regular expression */
};

static struct json *parse_or(struct parser *p);

static const char *op_word(enum query_op op)
{
    return fact_enum_query_op.words[op];
}

static struct json *node1(enum query_op op, struct json *operand)
{
    struct json *node = json_new_array();

    json_append(node, json_new_string(op_word(op)));
    json_append(node, operand);
    return node;
}

static struct json *node2(enum query_op op, struct json *field, struct json *value)
{
    struct json *node = node1(op, field);

    json_append(node, value);
    return node;
}

/* ---- tokens ---- */

static void skip_blanks(struct parser *p)
{
    while (g_ascii_isspace(*p->at)) {
        p->at++;
    }
}

static void advance(struct parser *p, size_t n)
{
    p->at += n;
    p->farthest = MAX(p->farthest, p->at);
}

static bool take_symbol(struct parser *p, const char *symbol)
{
    const char *start = p->at;

    skip_blanks(p);
    if (!g_str_has_prefix(p->at, symbol)) {
        p->at = start;
        return false;
    }
    advance(p, strlen(symbol));
    return true;
}

static bool is_word_char(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '$';
}

/* A word on its own, not the beginning of a longer one. */
static bool take_keyword(struct parser *p, const char *word)
{
    const char *start = p->at;

    if (take_symbol(p, word) && !is_word_char(*p->at)) {
        return true;
    }
    p->at = start;
    return false;
}

static struct json *take_field(struct parser *p)
{
    const char *start = p->at, *first;
    size_t n = 0;

    skip_blanks(p);
    first = p->at;
    if (!g_ascii_isalpha(*first)) {
        p->at = start;
        return NULL;
    }
    while (first[n] != '\0' && (g_ascii_isalnum(first[n]) || strchr("_/.", first[n]) != NULL)) {
        n++;
    }
    advance(p, n);
    return json_new_string_len(first, n);
}

/* The text between quotes as it stands: the reference keeps backslashes and doubled quotes. */
static struct json *take_quoted(struct parser *p)
{
    const char *start = p->at, *at;
    char quote;

    skip_blanks(p);
    at = p->at;
    quote = *at;
    if (quote != '"' && quote != '\'') {
        p->at = start;
        return NULL;
    }
    for (at++; *at != '\0' && *at != '\n' && *at != '\r'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
        } else if (*at == quote && at[1] == quote) {
            at++;
        } else if (*at == quote) {
            struct json *value = json_new_string_len(p->at + 1, (size_t)(at - p->at - 1));

            advance(p, (size_t)(at + 1 - p->at));
            return value;
        }
    }
    p->at = start;
    return NULL;
}

static struct json *take_number(struct parser *p)
{
    const char *start = p->at, *digits;
    g_autofree char *text = NULL;
    int64_t number;
    size_t n = 0;

    skip_blanks(p);
    digits = p->at + (*p->at == '-' || *p->at == '+' ? 1 : 0);
    while (g_ascii_isdigit(digits[n])) {
        n++;
    }
    text = g_strndup(*p->at == '+' ? digits : p->at,
                     (size_t)(digits + n - (*p->at == '+' ? digits : p->at)));
    if (n == 0 || !parse_int64(text, INT64_MIN, INT64_MAX, &number, NULL)) {
        p->at = start;
        return NULL;
    }
    advance(p, (size_t)(digits + n - p->at));
    return json_new_int(number);
}

static struct json *take_value(struct parser *p)
{
    struct json *value = take_number(p);

    return value != NULL ? value : take_quoted(p);
}

/* ---- regular expressions ---- */

/* The text between delimiters: \t \n \f \r mean those characters, any other backslash only protects
 * what follows. */
static char *unescape_regexp(const char *text, size_t n)
{
    static const char letters[] = "tnfr", meanings[] = "\t\n\f\r";
    GString *out = g_string_new(NULL);

    for (size_t i = 0; i < n; i++) {
        const char *letter;

        if (text[i] != '\\' || i + 1 == n) {
            g_string_append_c(out, text[i]);
            continue;
        }
        i++;
        letter = strchr(letters, text[i]);
        g_string_append_c(out, letter != NULL ? meanings[letter - letters] : text[i]);
    }
    return g_string_free(out, FALSE);
}

/* Ends parsing; what: the problem, detail: the text it is about. */
static bool set_fatal(struct parser *p, const char *what, const char *detail)
{
    if (p->error == NULL) {
        err_set(&p->error, ERR_QUERY_FILTER_PARSE, ECODE_NONE,
                "Failed to parse query filter '%s': %s: %s (at char %zu)", p->text, what, detail,
                (size_t)(p->at - p->text));
    }
    return false;
}

/* Flags stand directly behind the closing delimiter; they come back as "(?is)". */
static bool take_flags(struct parser *p, GString *ret_prefix)
{
    bool dotall = false, caseless = false;
    const char *at = p->at;

    for (; g_ascii_isalpha(*at); at++) {
        if (*at != 's' && *at != 'i') {
            char unknown[] = {*at, '\0'};

            return set_fatal(p, "known flags of regular expressions are s and i, not", unknown);
        }
        dotall |= *at == 's';
        caseless |= *at == 'i';
    }
    if (dotall || caseless) {
        g_string_append_printf(ret_prefix, "(?%s%s)", caseless ? "i" : "", dotall ? "s" : "");
    }
    advance(p, (size_t)(at - p->at));
    return true;
}

static struct json *take_regexp(struct parser *p)
{
    const char *start = p->at, *from, *to;
    g_autoptr(GString) regexp = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    GRegex *compiled;

    skip_blanks(p);
    if (*p->at == 'm') {
        p->at++;
        skip_blanks(p);
    }
    if (*p->at == '\0' || strchr("/#^|", *p->at) == NULL) {
        p->at = start;
        return NULL;
    }
    from = p->at + 1;
    for (to = from; *to != *p->at; to++) {
        if (*to == '\\' && to[1] != '\0') {
            to++;
        }
        if (*to == '\0' || *to == '\n' || *to == '\r') {
            p->at = start;
            return NULL;
        }
    }
    advance(p, (size_t)(to + 1 - p->at));
    if (!take_flags(p, regexp)) {
        return NULL;
    }
    text = unescape_regexp(from, (size_t)(to - from));
    g_string_append(regexp, text);
    compiled = g_regex_new(regexp->str, 0, 0, &error);
    if (compiled == NULL) {
        set_fatal(p, "invalid regular expression", error->message);
        return NULL;
    }
    g_regex_unref(compiled);
    return json_new_string(regexp->str);
}

/* Characters that mean something in a regular expression, as the reference's library sees it. */
static void append_escaped(GString *out, char c)
{
    if (strchr("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", c) != NULL) {
        g_string_append_c(out, '\\');
    }
    g_string_append_c(out, c);
}

char *filter_text_glob_regex(const char *pattern)
{
    GString *out = g_string_new("^");

    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at == '*') {
            g_string_append(out, "[^.]*");
        } else if (*at == '?') {
            g_string_append(out, "[^.]");
        } else {
            append_escaped(out, *at);
        }
    }
    g_string_append(out, "(\\..*)?$");
    return g_string_free(out, FALSE);
}

/* ---- conditions ---- */

static struct json *take_glob(struct parser *p)
{
    struct json *pattern = take_quoted(p);
    g_autofree char *regexp = NULL;

    if (pattern == NULL) {
        return NULL;
    }
    regexp = filter_text_glob_regex(json_string(pattern));
    json_unref(pattern);
    return json_new_string(regexp);
}

/* How a condition goes on behind its field; longer symbols stand before those they begin with. */
static const struct operator_row {
    const char *symbol;
    enum query_op op;
    bool negated;
    struct json *(*take)(struct parser *p);
} operators[] = {
    {"=~", QUERY_OP_REGEXP, false, take_regexp},
    {"!~", QUERY_OP_REGEXP, true, take_regexp},
    {"=*", QUERY_OP_REGEXP, false, take_glob},
    {"!*", QUERY_OP_REGEXP, true, take_glob},
    {"==", QUERY_OP_EQUAL, false, take_value},
    {"!=", QUERY_OP_NOT_EQUAL, false, take_value},
    {"<=", QUERY_OP_LESS_EQUAL, false, take_value},
    {">=", QUERY_OP_GREATER_EQUAL, false, take_value},
    {"=", QUERY_OP_EQUAL, false, take_value},
    {"<", QUERY_OP_LESS, false, take_value},
    {">", QUERY_OP_GREATER, false, take_value},
};

static struct json *parse_field_condition(struct parser *p)
{
    const char *start = p->at, *behind_field;
    struct json *field = take_field(p);

    if (field == NULL) {
        return NULL;
    }
    behind_field = p->at;
    for (size_t i = 0; i < G_N_ELEMENTS(operators); i++) {
        struct json *value, *node;

        if (!take_symbol(p, operators[i].symbol)) {
            continue;
        }
        value = operators[i].take(p);
        if (value != NULL) {
            node = node2(operators[i].op, field, value);
            return operators[i].negated ? node1(QUERY_OP_NOT, node) : node;
        }
        p->at = behind_field;
        if (p->error != NULL) {
            json_unref(field);
            p->at = start;
            return NULL;
        }
    }
    return node1(QUERY_OP_TRUE, field);
}

/* value ["not"] "in" field */
static struct json *parse_in_condition(struct parser *p)
{
    const char *start = p->at;
    struct json *value = take_value(p);
    bool negated;

    if (value == NULL) {
        return NULL;
    }
    negated = take_symbol(p, "not");
    if (take_symbol(p, "in")) {
        struct json *field = take_field(p);

        if (field != NULL) {
            struct json *node = node2(QUERY_OP_CONTAINS, field, value);

            return negated ? node1(QUERY_OP_NOT, node) : node;
        }
    }
    json_unref(value);
    p->at = start;
    return NULL;
}

static struct json *parse_primary(struct parser *p)
{
    const char *start = p->at;
    struct json *node = parse_field_condition(p);

    if (node == NULL && p->error == NULL) {
        node = parse_in_condition(p);
    }
    if (node != NULL || p->error != NULL || !take_symbol(p, "(")) {
        return node;
    }
    node = parse_or(p);
    if (node != NULL && take_symbol(p, ")")) {
        return node;
    }
    json_unref(node);
    p->at = start;
    return NULL;
}

static struct json *parse_not(struct parser *p)
{
    const char *start = p->at;
    struct json *node = NULL;

    if (++p->depth > MAX_DEPTH) {
        set_fatal(p, "nested too deep", p->at);
    } else if (take_keyword(p, "not")) {
        node = parse_not(p);
        node = node != NULL ? node1(QUERY_OP_NOT, node) : NULL;
    }
    if (node == NULL && p->error == NULL) {
        /* "not" may also be the name of a field. */
        p->at = start;
        node = parse_primary(p);
    }
    p->depth--;
    return node;
}

/* operand (keyword operand)*: more than one operand become one node. */
static struct json *parse_chain(struct parser *p, const char *keyword, enum query_op op,
                                struct json *(*operand)(struct parser *p))
{
    struct json *first = operand(p);
    struct json *node = NULL;

    while (first != NULL && p->error == NULL) {
        const char *behind = p->at;
        struct json *next = take_keyword(p, keyword) ? operand(p) : NULL;

        if (next == NULL) {
            p->at = behind;
            break;
        }
        node = node != NULL ? node : node1(op, first);
        json_append(node, next);
    }
    return node != NULL ? node : first;
}

static struct json *parse_and(struct parser *p)
{
    return parse_chain(p, "and", QUERY_OP_AND, parse_not);
}

static struct json *parse_or(struct parser *p)
{
    return parse_chain(p, "or", QUERY_OP_OR, parse_and);
}

struct json *filter_text_parse(const char *text, GError **errp)
{
    struct parser p = {.text = text, .at = text, .farthest = text};
    struct json *node = parse_or(&p);

    skip_blanks(&p);
    if (p.error == NULL && node != NULL && *p.at == '\0') {
        return node;
    }
    json_unref(node);
    if (p.error != NULL) {
        g_propagate_error(errp, p.error);
        return NULL;
    }
    p.at = MAX(p.at, p.farthest);
    skip_blanks(&p);
    err_set(errp, ERR_QUERY_FILTER_PARSE, ECODE_NONE,
            "Failed to parse query filter '%s': %s '%s' (at char %zu)", text,
            *p.at != '\0' ? "cannot go on at" : "it ends too early", p.at, (size_t)(p.at - text));
    return NULL;
}

/* ---- arguments of list commands ---- */

static struct json *filter_part(const char *arg, const char *name_field, bool numeric,
                                GError **errp)
{
    int64_t number;

    if (numeric) {
        if (!parse_int64(arg, INT64_MIN, INT64_MAX, &number, errp)) {
            err_wrap(errp, ERR_OP_PREREQ, ECODE_INVAL);
            g_prefix_error(errp, "Invalid job ID passed: ");
            return NULL;
        }
        return node2(QUERY_OP_EQUAL, json_new_string(name_field), json_new_int(number));
    }
    if (strpbrk(arg, "*?") != NULL) {
        g_autofree char *regexp = filter_text_glob_regex(arg);

        return node2(QUERY_OP_REGEXP, json_new_string(name_field), json_new_string(regexp));
    }
    return node2(QUERY_OP_EQUAL, json_new_string(name_field), json_new_string(arg));
}

bool filter_text_from_args(const char *const *args, bool force, const char *name_field,
                           bool numeric, struct json **ret_filter, GError **errp)
{
    size_t n = g_strv_length((char **)args);
    struct json *filter;

    *ret_filter = NULL;
    if (force && n != 1) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Exactly one argument must be given as a filter");
    }
    if (force || (n == 1 && strpbrk(args[0], "\t\n\v\f\r !\"'()/<=>\\~") != NULL)) {
        *ret_filter = filter_text_parse(args[0], errp);
        return *ret_filter != NULL;
    }
    if (n == 0) {
        return true;
    }
    filter = json_new_array();
    json_append(filter, json_new_string(op_word(QUERY_OP_OR)));
    for (size_t i = 0; i < n; i++) {
        struct json *part = filter_part(args[i], name_field, numeric, errp);

        if (part == NULL) {
            json_unref(filter);
            return false;
        }
        json_append(filter, part);
    }
    *ret_filter = filter;
    return true;
}
