#include "htools/core/print.h"

#include <math.h>

#include "base/json-writer.h"

/* The shortest digits that read back as the same number: value = 0.d1d2d3... * 10^exponent. */
struct digits {
    bool negative;
    int n, exponent;
    int d[400];
};

static void digits_of(double value, struct digits *ret)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer writer = json_writer_init(text, JSON_COMPACT);
    int exponent = 0;
    bool point = false;

    *ret = (struct digits){.negative = signbit(value)};
    if (value == 0) {
        return;
    }
    json_write_double(&writer, fabs(value));
    for (const char *p = text->str; *p != '\0'; p++) {
        if (*p == 'e') {
            exponent += (int)g_ascii_strtoll(p + 1, NULL, 10);
            break;
        }
        if (*p == '.') {
            point = true;
            continue;
        }
        if (ret->n > 0 || *p != '0') {
            ret->d[ret->n++] = *p - '0';
            exponent += point ? 0 : 1;
        } else {
            exponent -= point ? 1 : 0;
        }
    }
    while (ret->n > 0 && ret->d[ret->n - 1] == 0) {
        ret->n--;
    }
    ret->exponent = exponent;
}

/* Rounds to keep digits after the leading place `first` (which may be negative: zeros in front).
 * out gets keep digits; returns the carry. Half rounds to even (GHC.Float, roundTo). */
static int round_digits(const struct digits *in, int first, int keep, int *out)
{
    int carry = 0, next = first + keep;
    bool half = true;

    for (int i = 0; i < keep; i++) {
        int at = first + i;

        out[i] = at >= 0 && at < in->n ? in->d[at] : 0;
    }
    if (next >= 0 && next < in->n) {
        bool even = keep == 0 || out[keep - 1] % 2 == 0;

        for (int i = next + 1; i < in->n; i++) {
            half = half && in->d[i] == 0;
        }
        carry = in->d[next] > 5 || (in->d[next] == 5 && !(half && even));
    }
    for (int i = keep - 1; i >= 0 && carry != 0; i--) {
        out[i] += carry;
        carry = out[i] / 10;
        out[i] %= 10;
    }
    return carry;
}

/* False: value is a number, nothing was written. */
static bool append_special(GString *out, double value)
{
    if (isnan(value)) {
        g_string_append(out, "NaN");
    } else if (isinf(value)) {
        g_string_append(out, value < 0 ? "-Infinity" : "Infinity");
    } else {
        return false;
    }
    return true;
}

void ht_append_fixed(GString *out, int decimals, double value)
{
    struct digits in;
    int rounded[800], keep, carry, whole;

    if (append_special(out, value)) {
        return;
    }
    digits_of(value, &in);
    if (decimals < 0) {
        decimals = MAX(1, in.n - in.exponent);
    }
    /* Digits are counted from the first one of the number, or from the point if it is below one. */
    whole = MAX(in.exponent, 0);
    keep = whole + decimals;
    carry = round_digits(&in, in.exponent >= 0 ? 0 : in.exponent, keep, rounded);
    if (in.negative) {
        g_string_append_c(out, '-');
    }
    if (carry != 0) {
        g_string_append_c(out, '1');
    } else if (whole == 0) {
        g_string_append_c(out, '0');
    }
    for (int i = 0; i < keep; i++) {
        if (i == whole) {
            g_string_append_c(out, '.');
        }
        g_string_append_c(out, (char)('0' + rounded[i]));
    }
}

/* d.ddde-n with this many decimals (Numeric.showEFloat). */
static void append_exponent(GString *out, int decimals, double value)
{
    struct digits in;
    int rounded[400], keep = MAX(decimals, 1) + 1, carry;

    digits_of(value, &in);
    if (in.negative) {
        g_string_append_c(out, '-');
    }
    if (in.n == 0) {
        in.exponent = 1;
    }
    carry = round_digits(&in, 0, keep, rounded);
    if (carry != 0) {
        memmove(&rounded[1], &rounded[0], (size_t)(keep - 1) * sizeof(rounded[0]));
        rounded[0] = 1;
        in.exponent++;
    }
    g_string_append_printf(out, "%d.", rounded[0]);
    for (int i = 1; i < keep; i++) {
        g_string_append_c(out, (char)('0' + rounded[i]));
    }
    g_string_append_printf(out, "e%d", in.exponent - 1);
}

void ht_append_general(GString *out, int decimals, double value)
{
    if (append_special(out, value)) {
        return;
    }
    if (value == 0 || (fabs(value) >= 0.1 && fabs(value) < 1e7)) {
        ht_append_fixed(out, decimals, value);
    } else {
        append_exponent(out, decimals, value);
    }
}

void ht_append_show_double(GString *out, double value)
{
    struct digits in;

    if (append_special(out, value)) {
        return;
    }
    if (value == 0 || (fabs(value) >= 0.1 && fabs(value) < 1e7)) {
        ht_append_fixed(out, -1, value);
    } else {
        digits_of(value, &in);
        append_exponent(out, in.n - 1, value);
    }
}

/* Haskell's names of the control characters. */
static const char *const control_names[] = {
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "a",   "b",   "t",   "n",
    "v",   "f",   "r",   "SO",  "SI",  "DLE", "DC1", "DC2", "DC3", "DC4", "NAK",
    "SYN", "ETB", "CAN", "EM",  "SUB", "ESC", "FS",  "GS",  "RS",  "US",
};

void ht_append_show_string(GString *out, const char *text)
{
    bool numeric = false, so = false;

    g_string_append_c(out, '"');
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char_validated(p, -1);

        if ((gint)c < 0) {
            c = (unsigned char)*p;
        }
        /* "\&" keeps a following digit out of a number, and "H" out of "\SO". */
        if ((numeric && c < 128 && g_ascii_isdigit((char)c)) || (so && c == 'H')) {
            g_string_append(out, "\\&");
        }
        numeric = c > 126;
        so = c == 14;
        if (c == '"' || c == '\\') {
            g_string_append_printf(out, "\\%c", (char)c);
        } else if (c < 32) {
            g_string_append_printf(out, "\\%s", control_names[c]);
        } else if (c == 127) {
            g_string_append(out, "\\DEL");
            numeric = false;
        } else if (c > 127) {
            g_string_append_printf(out, "\\%u", c);
        } else {
            g_string_append_c(out, (char)c);
        }
    }
    g_string_append_c(out, '"');
}

unsigned ht_text_width(const char *text)
{
    unsigned width = 0;

    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return width;
}

void ht_append_padded(GString *out, int width, const char *text)
{
    for (int missing = width - (int)ht_text_width(text); missing > 0; missing--) {
        g_string_append_c(out, ' ');
    }
    g_string_append(out, text);
}

struct ht_table {
    unsigned n_columns;
    GPtrArray *cells;
};

struct ht_table *ht_table_new(unsigned n_columns)
{
    struct ht_table *table = g_new0(struct ht_table, 1);

    table->n_columns = n_columns;
    table->cells = g_ptr_array_new_with_free_func(g_free);
    return table;
}

void ht_table_free(struct ht_table *table)
{
    if (table != NULL) {
        g_ptr_array_unref(table->cells);
        g_free(table);
    }
}

void ht_table_cell(struct ht_table *table, char *text)
{
    g_ptr_array_add(table->cells, text);
}

void ht_table_print(const struct ht_table *table, const bool *numeric, const char *prefix,
                    GString *out)
{
    g_autofree int *widths = g_new0(int, table->n_columns + 1);

    for (unsigned i = 0; i < table->cells->len; i++) {
        int width = (int)ht_text_width(g_ptr_array_index(table->cells, i));

        widths[i % table->n_columns] = MAX(widths[i % table->n_columns], width);
    }
    for (unsigned i = 0; i < table->cells->len; i++) {
        unsigned column = i % table->n_columns;
        const char *cell = g_ptr_array_index(table->cells, i);

        if (column == 0) {
            g_string_append(out, prefix);
        }
        g_string_append_c(out, ' ');
        if (numeric[column]) {
            ht_append_padded(out, widths[column], cell);
        } else {
            g_string_append(out, cell);
            ht_append_padded(out, widths[column] - (int)ht_text_width(cell), "");
        }
        if (column == table->n_columns - 1) {
            g_string_append_c(out, '\n');
        }
    }
}
