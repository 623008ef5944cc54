#include "config.h"

#include "cli-compat/core/text-wrap.h"

static void end_line(GPtrArray *lines, GString *line)
{
    if (line->len > 0) {
        g_ptr_array_add(lines, g_strdup(line->str));
        g_string_truncate(line, 0);
    }
}

char **text_wrap(const char *text, size_t width)
{
    GPtrArray *lines = g_ptr_array_new();
    g_autoptr(GString) line = g_string_new(NULL);
    g_auto(GStrv) words = g_strsplit_set(text, " \t\n", -1);

    for (size_t i = 0; words[i] != NULL; i++) {
        const char *word = words[i];
        size_t used = (size_t)g_utf8_strlen(line->str, -1);
        size_t n = (size_t)g_utf8_strlen(word, -1);

        if (n == 0) {
            continue;
        }
        if (used > 0 && used + 1 + n > width) {
            end_line(lines, line);
        }
        for (; n > width; n -= width) {
            const char *end = g_utf8_offset_to_pointer(word, (glong)width);

            g_string_append_len(line, word, end - word);
            end_line(lines, line);
            word = end;
        }
        g_string_append(line, line->len > 0 ? " " : "");
        g_string_append(line, word);
    }
    end_line(lines, line);
    g_ptr_array_add(lines, NULL);
    return (char **)g_ptr_array_free(lines, FALSE);
}
