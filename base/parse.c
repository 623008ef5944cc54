#include "base/parse.h"

#include <errno.h>
#include <math.h>
#include <string.h>

G_DEFINE_QUARK(gantry_parse_error_quark, parse_error)

/* Above this many MiB a double no longer holds every integer. */
#define SIZE_MAX_MIB ((double)(INT64_C(1) << 53))

static bool fail(GError **errp, const char *text, const char *wanted)
{
    g_autofree char *safe = g_strescape(text, NULL);

    g_set_error(errp, PARSE_ERROR, PARSE_ERROR_SYNTAX, "'%.64s' is not %s", safe, wanted);
    return false;
}

static bool all_digits(const char *text)
{
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

bool parse_int64(const char *text, int64_t min, int64_t max, int64_t *ret, GError **errp)
{
    int64_t value;

    if (!all_digits(text + (*text == '-' || *text == '+'))) {
        return fail(errp, text, "an integer");
    }
    errno = 0;
    value = g_ascii_strtoll(text, NULL, 10);
    if (errno != 0 || value < min || value > max) {
        g_set_error(errp, PARSE_ERROR, PARSE_ERROR_RANGE,
                    "'%.64s' is out of range (%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ")", text,
                    min, max);
        return false;
    }
    *ret = value;
    return true;
}

bool parse_int(const char *text, int min, int max, int *ret, GError **errp)
{
    int64_t value;

    if (!parse_int64(text, min, max, &value, errp)) {
        return false;
    }
    *ret = (int)value;
    return true;
}

bool parse_uint64(const char *text, uint64_t max, uint64_t *ret, GError **errp)
{
    uint64_t value;

    if (!all_digits(text)) {
        return fail(errp, text, "a number without sign");
    }
    errno = 0;
    value = g_ascii_strtoull(text, NULL, 10);
    if (errno != 0 || value > max) {
        g_set_error(errp, PARSE_ERROR, PARSE_ERROR_RANGE,
                    "'%.64s' is out of range (0 to %" G_GUINT64_FORMAT ")", text, max);
        return false;
    }
    *ret = value;
    return true;
}

bool parse_double(const char *text, double min, double max, double *ret, GError **errp)
{
    char *end;
    double value;

    /* Letters beyond the exponent would let strtod take hexadecimal, "inf" and "nan". */
    if (text[0] == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0') {
        return fail(errp, text, "a number");
    }
    value = g_ascii_strtod(text, &end);
    if (end == text || *end != '\0') {
        return fail(errp, text, "a number");
    }
    if (!isfinite(value) || value < min || value > max) {
        g_set_error(errp, PARSE_ERROR, PARSE_ERROR_RANGE, "'%.64s' is out of range (%g to %g)",
                    text, min, max);
        return false;
    }
    *ret = value;
    return true;
}

/* MiB of one unit, 0 if the word is no unit. */
static double unit_factor(const char *word)
{
    static const struct {
        const char *names[3];
        double mib;
    } units[] = {
        {{"m", "mb", "mib"}, 1},
        {{"g", "gb", "gib"}, 1024},
        {{"t", "tb", "tib"}, 1024 * 1024},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(units[i].names); j++) {
            if (g_ascii_strcasecmp(word, units[i].names[j]) == 0) {
                return units[i].mib;
            }
        }
    }
    return *word == '\0' ? 1 : 0;
}

bool parse_size_mib(const char *text, int64_t *ret_mib, GError **errp)
{
    size_t len = strspn(text, "0123456789.");
    g_autofree char *number = NULL;
    const char *unit = text + len + strspn(text + len, " \t\n\v\f\r");
    double value, factor;

    if (len == 0 ||
        unit[strspn(unit, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")] != '\0') {
        return fail(errp, text, "a size such as 512m, 10g or 1.5t");
    }
    factor = unit_factor(unit);
    if (factor == 0) {
        g_set_error(errp, PARSE_ERROR, PARSE_ERROR_SYNTAX, "unknown unit in '%.64s': use m, g or t",
                    text);
        return false;
    }
    number = g_strndup(text, len);
    if (!parse_double(number, 0, SIZE_MAX_MIB, &value, errp)) {
        return false;
    }
    value *= factor;
    if (value > SIZE_MAX_MIB) {
        g_set_error(errp, PARSE_ERROR, PARSE_ERROR_RANGE, "size '%.64s' is too large", text);
        return false;
    }
    *ret_mib = ((int64_t)ceil(value) + 3) / 4 * 4;
    return true;
}
