#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void split_and_join(const char *text)
{
    g_auto(GStrv) parts = text_split_escaped(text, ',');
    g_autofree char *joined = text_join_escaped((const char *const *)parts, ',');
    g_auto(GStrv) again = text_split_escaped(joined, ',');

    check(parts[0] != NULL);
    /* A backslash before a line end stays as it is, so such text does not come back. */
    check(strchr(text, '\n') != NULL ||
          g_strv_equal((const char *const *)parts, (const char *const *)again));
}

static void numbers(const char *text)
{
    int64_t value, mib;
    uint64_t big;
    double real;

    if (parse_int64(text, -1000, 1000, &value, NULL)) {
        check(value >= -1000 && value <= 1000);
    }
    if (parse_uint64(text, 1000, &big, NULL)) {
        check(big <= 1000);
    }
    if (parse_double(text, -10, 10, &real, NULL)) {
        check(real >= -10 && real <= 10);
    }
    if (parse_size_mib(text, &mib, NULL)) {
        check(mib >= 0 && mib % 4 == 0);
    }
}

static void quoting(const char *text)
{
    g_autofree char *quoted = text_shell_quote(text);
    g_autofree char *safe = text_safe_encode(text);
    g_autofree char *plain = g_shell_unquote(quoted, NULL);
    g_autofree char *tail = text_tail(text, 10);

    check(g_strcmp0(plain, text) == 0);
    check(g_str_is_ascii(safe) && strchr(safe, '\n') == NULL);
    check(strlen(tail) <= 10 + strlen("..."));
}

/* The first byte cuts the text in two. */
static void order(const char *text, size_t size)
{
    size_t cut = size == 0 ? 0 : (unsigned char)text[0] % size;
    g_autofree char *a = g_strndup(text, cut);
    const char *b = text + cut;
    int ab = text_nice_compare(a, b), ba = text_nice_compare(b, a);

    check((ab > 0) == (ba < 0) && (ab == 0) == (strcmp(a, b) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);

    split_and_join(text);
    numbers(text);
    quoting(text);
    order(text, strlen(text));
    return 0;
}
