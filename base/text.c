#include "base/text.h"

#include <string.h>

char **text_split_escaped(const char *text, char sep)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    g_autoptr(GString) part = g_string_new(NULL);

    for (; *text != '\0'; text++) {
        /* The reference's pattern for an escaped character does not match a line end. */
        if (*text == '\\' && text[1] != '\0' && text[1] != '\n') {
            text++;
            g_string_append_c(part, *text);
        } else if (*text == sep) {
            g_ptr_array_add(parts, g_strdup(part->str));
            g_string_truncate(part, 0);
        } else {
            g_string_append_c(part, *text);
        }
    }
    g_ptr_array_add(parts, g_strdup(part->str));
    g_ptr_array_add(parts, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&parts), FALSE);
}

char *text_join_escaped(const char *const *parts, char sep)
{
    GString *out = g_string_new(NULL);

    for (size_t i = 0; parts[i] != NULL; i++) {
        if (i > 0) {
            g_string_append_c(out, sep);
        }
        for (const char *c = parts[i]; *c != '\0'; c++) {
            if (*c == '\\' || *c == sep) {
                g_string_append_c(out, '\\');
            }
            g_string_append_c(out, *c);
        }
    }
    return g_string_free(out, FALSE);
}

static void append_quoted(GString *out, const char *arg)
{
    static const char plain[] = "-.,=:/_+@"
                                "0123456789"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    if (*arg != '\0' && arg[strspn(arg, plain)] == '\0') {
        g_string_append(out, arg);
        return;
    }
    g_string_append_c(out, '\'');
    for (; *arg != '\0'; arg++) {
        if (*arg == '\'') {
            g_string_append(out, "'\\''");
        } else {
            g_string_append_c(out, *arg);
        }
    }
    g_string_append_c(out, '\'');
}

char *text_shell_quote(const char *arg)
{
    GString *out = g_string_new(NULL);

    append_quoted(out, arg);
    return g_string_free(out, FALSE);
}

char *text_shell_join(const char *const *argv)
{
    GString *out = g_string_new(NULL);

    for (size_t i = 0; argv[i] != NULL; i++) {
        if (i > 0) {
            g_string_append_c(out, ' ');
        }
        append_quoted(out, argv[i]);
    }
    return g_string_free(out, FALSE);
}

/* Reads one word from *pos into word; false if a quote or an escape is not closed. */
static bool read_shell_word(const char **pos, GString *word)
{
    const char *p = *pos;
    char quote = '\0';

    for (; *p != '\0' && (quote != '\0' || !g_ascii_isspace(*p)); p++) {
        if (quote != '\0' && *p == quote) {
            quote = '\0';
        } else if (quote == '\0' && (*p == '\'' || *p == '"')) {
            quote = *p;
        } else if (*p == '\\' && quote != '\'') {
            if (p[1] == '\0') {
                return false;
            }
            if (quote == '\0' || p[1] == '"' || p[1] == '\\') {
                p++;
            }
            g_string_append_c(word, *p);
        } else {
            g_string_append_c(word, *p);
        }
    }
    *pos = p;
    return quote == '\0';
}

char **text_shell_split(const char *text)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    for (;;) {
        g_autoptr(GString) word = g_string_new(NULL);

        while (g_ascii_isspace(*text)) {
            text++;
        }
        if (*text == '\0') {
            break;
        }
        if (!read_shell_word(&text, word)) {
            return NULL;
        }
        g_ptr_array_add(words, g_strdup(word->str));
    }
    g_ptr_array_add(words, NULL);
    g_ptr_array_set_free_func(words, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
}

static void append_safe_char(GString *out, gunichar c)
{
    switch (c) {
    case '\t':
        g_string_append(out, "\\t");
        break;
    case '\n':
        g_string_append(out, "\\n");
        break;
    case '\r':
        g_string_append(out, "\\r");
        break;
    default:
        if (c >= 0x20 && c < 0x7f) {
            g_string_append_c(out, (char)c);
        } else if (c < 0x100) {
            g_string_append_printf(out, "\\x%02x", (unsigned)c);
        } else if (c < 0x10000) {
            g_string_append_printf(out, "\\u%04x", (unsigned)c);
        } else {
            g_string_append_printf(out, "\\U%08x", (unsigned)c);
        }
    }
}

char *text_safe_encode(const char *text)
{
    GString *out = g_string_new(NULL);

    while (*text != '\0') {
        gunichar c = g_utf8_get_char_validated(text, -1);

        if (c == (gunichar)-1 || c == (gunichar)-2) {
            append_safe_char(out, (unsigned char)*text);
            text++;
        } else {
            append_safe_char(out, c);
            text = g_utf8_next_char(text);
        }
    }
    return g_string_free(out, FALSE);
}

enum { NICE_RUNS = 8 };

enum nice_kind {
    NICE_NONE,
    NICE_NUMBER,
    NICE_WORD,
};

struct nice_run {
    enum nice_kind kind;
    const char *start;
    size_t len;
};

static const char digits[] = "0123456789";

/* Cuts the next run off *text; the last one is all that is left. */
static struct nice_run nice_next(const char **text, bool last)
{
    size_t number = strspn(*text, digits);
    struct nice_run run = {.kind = NICE_WORD, .start = *text};

    if (last) {
        run.len = strlen(*text);
        run.kind = number > 0 && number == run.len ? NICE_NUMBER : NICE_WORD;
    } else if (**text == '\0') {
        run.kind = NICE_NONE;
    } else if (number > 0) {
        run.kind = NICE_NUMBER;
        run.len = number;
    } else {
        run.len = strcspn(*text, digits);
    }
    *text += run.len;
    return run;
}

static int compare_bytes(const struct nice_run *a, const struct nice_run *b)
{
    int order = memcmp(a->start, b->start, MIN(a->len, b->len));

    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static int compare_runs(struct nice_run a, struct nice_run b)
{
    if (a.kind != b.kind) {
        return a.kind < b.kind ? -1 : 1;
    }
    if (a.kind == NICE_NUMBER) {
        for (; a.len > 1 && *a.start == '0'; a.start++) {
            a.len--;
        }
        for (; b.len > 1 && *b.start == '0'; b.start++) {
            b.len--;
        }
        if (a.len != b.len) {
            return a.len < b.len ? -1 : 1;
        }
    }
    return compare_bytes(&a, &b);
}

int text_nice_compare(const char *a, const char *b)
{
    const char *rest_a = a, *rest_b = b;
    size_t len_a, len_b;

    for (int i = 0; i <= NICE_RUNS; i++) {
        int order =
            compare_runs(nice_next(&rest_a, i == NICE_RUNS), nice_next(&rest_b, i == NICE_RUNS));

        if (order != 0) {
            return order;
        }
    }
    /* The same numbers spelled with other zeros: the reference leaves their order to chance. */
    len_a = strlen(a);
    len_b = strlen(b);
    if (len_a != len_b) {
        return len_a < len_b ? -1 : 1;
    }
    return strcmp(a, b);
}

int text_nice_compare_slots(const void *a, const void *b)
{
    return text_nice_compare(*(const char *const *)a, *(const char *const *)b);
}

char *text_format_mib(double mib, char unit)
{
    static const struct {
        char unit;
        const char *suffix;
        double mib;
    } units[] = {{'m', "M", 1}, {'g', "G", 1024}, {'t', "T", 1024 * 1024}};
    bool scaled = unit == 'h';
    size_t i = 0;

    if (scaled) {
        while (i + 1 < G_N_ELEMENTS(units) && mib >= units[i + 1].mib) {
            i++;
        }
    } else {
        while (units[i].unit != unit) {
            i++;
            g_assert(i < G_N_ELEMENTS(units));
        }
    }
    return g_strdup_printf("%.*f%s", i == 0 ? 0 : 1, mib / units[i].mib,
                           scaled ? units[i].suffix : "");
}

char *text_tail(const char *text, size_t max)
{
    size_t len = strlen(text);
    const char *start, *line;

    while (len > 0 && g_ascii_isspace(text[len - 1])) {
        len--;
    }
    if (len <= max) {
        return g_strndup(text, len);
    }
    start = text + len - max;
    line = memchr(start, '\n', max);
    if (line != NULL && line + 1 < text + len) {
        start = line + 1;
    }
    while (start < text + len && ((unsigned char)*start & 0xc0) == 0x80) {
        start++;
    }
    return g_strdup_printf("...%.*s", (int)(text + len - start), start);
}
