#include "config.h"

#include "noded/ssh/authorized-keys.h"

#include <string.h>

#include "facts/constants.h"

static const char blanks[] = " \t\r\n\f\v";

/* What two lines must have in common to be the same key; NULL for an empty line (_SplitSshKey). */
static char *identity(const char *line)
{
    g_auto(GStrv) raw = g_strsplit_set(line, blanks, -1);
    GString *words = g_string_new(NULL);
    bool plain = false;
    size_t n = 0;

    for (char **word = raw; *word != NULL; word++) {
        if (**word == '\0' || (plain && n == 2)) {
            continue;
        }
        if (n == 0) {
            plain = g_strv_contains(C_SSHAK_ALL, *word);
        }
        g_string_append_printf(words, "%s%s", n > 0 ? " " : "", *word);
        n++;
    }
    return g_string_free(words, n == 0);
}

/* Identities of the keys as a set. */
static GHashTable *identities(const char *const *keys, size_t n)
{
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (size_t i = 0; i < n; i++) {
        char *own = identity(keys[i]);

        if (own != NULL) {
            g_hash_table_add(set, own);
        }
    }
    return set;
}

/* The next line with its end, moving *text behind it; NULL at the end of the text. */
static char *next_line(const char **text)
{
    const char *end = strchr(*text, '\n');
    size_t len = end != NULL ? (size_t)(end - *text) + 1 : strlen(*text);
    char *line = len == 0 ? NULL : g_strndup(*text, len);

    *text += len;
    return line;
}

char *authorized_keys_add(const char *text, const char *const *keys, size_t n)
{
    g_autoptr(GHashTable) missing = identities(keys, n);
    GString *out = g_string_new(text);
    char *line;

    while ((line = next_line(&text)) != NULL) {
        g_autofree char *own = identity(line);

        if (own != NULL) {
            g_hash_table_remove(missing, own);
        }
        g_free(line);
    }
    if (out->len > 0 && out->str[out->len - 1] != '\n') {
        g_string_append_c(out, '\n');
    }
    for (size_t i = 0; i < n; i++) {
        g_autofree char *own = identity(keys[i]);

        if (own != NULL && g_hash_table_remove(missing, own)) {
            g_string_append_len(out, keys[i], (gssize)strcspn(keys[i], "\r\n"));
            g_string_append_c(out, '\n');
        }
    }
    return g_string_free(out, FALSE);
}

char *authorized_keys_remove(const char *text, const char *const *keys, size_t n)
{
    g_autoptr(GHashTable) unwanted = identities(keys, n);
    GString *out = g_string_new(NULL);
    char *line;

    while ((line = next_line(&text)) != NULL) {
        g_autofree char *own = identity(line);

        if (own == NULL || !g_hash_table_contains(unwanted, own)) {
            g_string_append(out, line);
        }
        g_free(line);
    }
    return g_string_free(out, FALSE);
}

bool authorized_keys_has(const char *text, const char *key)
{
    g_autofree char *without = authorized_keys_remove(text, &key, 1);

    return strlen(without) < strlen(text);
}
