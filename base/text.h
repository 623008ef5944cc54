/* What GLib lacks of string work: the reference's escaping, quoting, natural order and units. */
#ifndef GANTRY_BASE_TEXT_H
#define GANTRY_BASE_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Splits at sep. "\" before any character keeps that character, so "\," is a comma inside an
 * element and "\\" a backslash; a lone backslash at the very end stays. Never empty: "" gives one
 * empty element. Result: NULL-terminated, g_strfreev() (reference: utils/text.py UnescapeAndSplit).
 */
char **text_split_escaped(const char *text, char sep);
/* The inverse: backslashes and separators inside the elements are escaped. */
char *text_join_escaped(const char *const *parts, char sep);

/* One argument as a POSIX shell reads it back; quoted only if needed, so "" stays '' and plain
 * words stay plain (utils/text.py ShellQuote). For texts and logs: programs are started without a
 * shell. */
char *text_shell_quote(const char *arg);
char *text_shell_join(const char *const *argv);
/* The inverse: words as a POSIX shell reads them, without expansions or comments (Python's
 * shlex.split). NULL if a quote or an escape is not closed; else g_strfreev(). */
char **text_shell_split(const char *text);

/* ASCII only, one line: \t, \n, \r, other control bytes as \xNN, other characters as \xNN, \uNNNN
 * or \UNNNNNNNN (utils/text.py SafeEncode). Bytes that are not UTF-8 come out as \xNN. */
char *text_safe_encode(const char *text);

/* Natural order: runs of digits compare as numbers, so node2 < node10 (utils/algo.py NiceSort: only
 * the first eight runs count that way, the rest compares byte by byte). A total order; numbers sort
 * before words, the shorter before the longer. */
int text_nice_compare(const char *a, const char *b);
/* For g_ptr_array_sort() and qsort() over char *: arguments point to the elements. */
int text_nice_compare_slots(const void *a, const void *b);

/* MiB for people. unit: 'm', 'g', 't' (plain numbers) or 'h' (scaled, with M, G, T behind it)
 * (utils/text.py FormatUnit). */
char *text_format_mib(double mib, char unit);

/* The last max bytes of text, cut at a line where possible and at a character always; "..." in
 * front if something is missing. Blanks at the end are dropped. */
char *text_tail(const char *text, size_t max);

#endif
