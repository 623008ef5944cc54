#include "config.h"

#include "noded/hypervisor/chroot/mounts.h"

#include <stdbool.h>
#include <string.h>

/* "\040" is how the kernel writes a blank. */
static char *unescape(const char *text)
{
    GString *out = g_string_new(NULL);

    for (; *text != '\0'; text++) {
        if (*text == '\\' && g_ascii_isdigit(text[1]) && g_ascii_isdigit(text[2]) &&
            g_ascii_isdigit(text[3])) {
            g_string_append_c(out,
                              (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0')));
            text += 3;
        } else {
            g_string_append_c(out, *text);
        }
    }
    return g_string_free(out, FALSE);
}

static int depth(const char *path)
{
    int n = 0;

    for (; *path != '\0'; path++) {
        n += *path == '/';
    }
    return n;
}

static gint deepest_first(gconstpointer a, gconstpointer b)
{
    return depth(*(char *const *)b) - depth(*(char *const *)a);
}

static bool is_below(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && path[len] == '/' && path[len + 1] != '\0';
}

GPtrArray *chroot_mounts_below(const char *mounts, const char *dir)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(mounts, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", 3);
        g_autofree char *path = g_strv_length(words) > 1 ? unescape(words[1]) : g_strdup("");

        if (is_below(path, dir)) {
            g_ptr_array_add(found, g_steal_pointer(&path));
        }
    }
    g_ptr_array_sort(found, deepest_first);
    return found;
}
