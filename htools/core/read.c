#include "config.h"

#include "htools/core/read.h"

#include <errno.h>
#include <math.h>
#include <string.h>

G_DEFINE_QUARK(gantry_htools_read, read_error)

enum {
    /* More nested parentheses than this are no number that anybody wrote. */
    MAX_PARENTHESES = 16,
};

struct number {
    bool integral; /* no fraction and no exponent, so an integer may be made of it */
    bool overflow; /* integral, but beyond 64 bits */
    int64_t integer;
    double real;
};

static const char *skip_blanks(const char *p)
{
    while (g_ascii_isspace(*p) || *p == '\v') {
        p++;
    }
    return p;
}

/* A symbol of Haskell's lexer is as long as can be, so that "--5" is not a minus before "-5". */
static bool is_symbol(char c)
{
    return c != '\0' && strchr("!@#$%&*+./<=>?\\^|:-~", c) != NULL;
}

static bool is_word(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '\'' || (unsigned char)c >= 0x80;
}

static int digit_value(char c)
{
    return g_ascii_xdigit_value(c);
}

static const char *scan_radix(const char *p, int radix, struct number *n)
{
    *n = (struct number){.integral = true};
    for (; digit_value(*p) >= 0 && digit_value(*p) < radix; p++) {
        n->overflow |= __builtin_mul_overflow(n->integer, radix, &n->integer) ||
                       __builtin_add_overflow(n->integer, digit_value(*p), &n->integer);
        n->real = n->real * radix + digit_value(*p);
    }
    return p;
}

static const char *scan_digits(const char *p)
{
    while (g_ascii_isdigit(*p)) {
        p++;
    }
    return p;
}

static const char *scan_decimal(const char *p, struct number *n)
{
    const char *start = p;
    g_autofree char *copy = NULL;
    const char *end = scan_radix(p, 10, n);

    if (end[0] == '.' && g_ascii_isdigit(end[1])) {
        end = scan_digits(end + 1);
        n->integral = false;
    }
    if (end[0] == 'e' || end[0] == 'E') {
        const char *digits = end + 1 + (end[1] == '-' || end[1] == '+');

        if (g_ascii_isdigit(*digits)) {
            end = scan_digits(digits);
            n->integral = false;
        }
    }
    copy = g_strndup(start, (gsize)(end - start));
    n->real = g_ascii_strtod(copy, NULL);
    return end;
}

static const char *scan_word(const char *p, struct number *n)
{
    const char *end = p;

    while (is_word(*end)) {
        end++;
    }
    *n = (struct number){.integral = false};
    if (end - p == 3 && strncmp(p, "NaN", 3) == 0) {
        n->real = (double)NAN;
    } else if (end - p == 8 && strncmp(p, "Infinity", 8) == 0) {
        n->real = (double)INFINITY;
    } else {
        return NULL;
    }
    return end;
}

/* Returns where the unsigned number at p ends, NULL if there is none. */
static const char *scan_unsigned(const char *p, struct number *n)
{
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && g_ascii_isxdigit(p[2])) {
        return scan_radix(p + 2, 16, n);
    }
    if (p[0] == '0' && (p[1] == 'o' || p[1] == 'O') && p[2] >= '0' && p[2] <= '7') {
        return scan_radix(p + 2, 8, n);
    }
    if (g_ascii_isdigit(*p)) {
        return scan_decimal(p, n);
    }
    return g_ascii_isalpha(*p) ? scan_word(p, n) : NULL;
}

/* Returns where the number at the beginning of text ends, NULL if there is none. */
static const char *scan_number(const char *text, bool want_integer, struct number *n)
{
    const char *p = skip_blanks(text);
    unsigned open = 0;
    bool minus;

    while (*p == '(' && open < MAX_PARENTHESES) {
        open++;
        p = skip_blanks(p + 1);
    }
    minus = *p == '-' && !is_symbol(p[1]);
    if (minus) {
        p = skip_blanks(p + 1);
    }
    p = scan_unsigned(p, n);
    if (p == NULL || (want_integer && !n->integral)) {
        return NULL;
    }
    if (minus) {
        n->integer = (int64_t)(0 - (uint64_t)n->integer);
        n->real = -n->real;
    }
    for (; open > 0; open--) {
        p = skip_blanks(p);
        if (*p != ')') {
            return NULL;
        }
        p++;
    }
    return p;
}

static bool read_number(const char *what, const char *text, bool want_integer, struct number *n,
                        GError **errp)
{
    const char *end = scan_number(text, want_integer, n);

    if (end == NULL) {
        g_set_error(errp, READ_ERROR, READ_ERROR_SYNTAX, "%s: '%s' is not %s", what, text,
                    want_integer ? "an integer" : "a number");
        return false;
    }
    if (*end != '\0') {
        g_set_error(errp, READ_ERROR, READ_ERROR_SYNTAX, "%s: '%s' has '%s' behind the number",
                    what, text, end);
        return false;
    }
    return true;
}

static bool check_range(const char *what, const char *text, const struct number *n, GError **errp)
{
    if (n->overflow) {
        g_set_error(errp, READ_ERROR, READ_ERROR_RANGE, "%s: '%s' is beyond 64 bits", what, text);
        return false;
    }
    return true;
}

bool read_int(const char *what, const char *text, int64_t *ret_value, GError **errp)
{
    struct number n;

    if (!read_number(what, text, true, &n, errp) || !check_range(what, text, &n, errp)) {
        return false;
    }
    *ret_value = n.integer;
    return true;
}

bool read_double(const char *what, const char *text, double *ret_value, GError **errp)
{
    struct number n;

    if (!read_number(what, text, false, &n, errp)) {
        return false;
    }
    *ret_value = n.real;
    return true;
}

/* The scale of a unit is times / per MiB. */
struct unit {
    const char *letter; /* compared as it is */
    const char *word;   /* compared without regard to case */
    int64_t times, per;
};

static const struct unit units[] = {
    {"m", "MIB", 1, 1},
    {"g", "GIB", 1024, 1},
    {"t", "TIB", 1024 * 1024, 1},
    {"M", "MB", INT64_C(1000000), 1024 * 1024},
    {"G", "GB", INT64_C(1000000000), 1024 * 1024},
    {"T", "TB", INT64_C(1000000000000), 1024 * 1024},
};

static const struct unit *find_unit(const char *name)
{
    if (*name == '\0') {
        return &units[0];
    }
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        if (strcmp(name, units[i].letter) == 0 || g_ascii_strcasecmp(name, units[i].word) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

bool read_unit(const char *what, const char *text, int64_t *ret_mib, GError **errp)
{
    struct number n;
    const char *end = scan_number(text, true, &n);
    const struct unit *unit;
    __extension__ __int128 scaled;

    if (end == NULL) {
        g_set_error(errp, READ_ERROR, READ_ERROR_SYNTAX, "%s: '%s' is not a size", what, text);
        return false;
    }
    if (!check_range(what, text, &n, errp)) {
        return false;
    }
    while (*end == ' ') {
        end++;
    }
    unit = find_unit(end);
    if (unit == NULL) {
        g_set_error(errp, READ_ERROR, READ_ERROR_SYNTAX, "%s: unknown unit '%s' in '%s'", what, end,
                    text);
        return false;
    }
    scaled = n.integer;
    scaled = scaled * unit->times / unit->per;
    if (scaled > INT64_MAX || scaled < INT64_MIN) {
        g_set_error(errp, READ_ERROR, READ_ERROR_RANGE, "%s: '%s' is beyond 64 bits", what, text);
        return false;
    }
    *ret_mib = (int64_t)scaled;
    return true;
}
