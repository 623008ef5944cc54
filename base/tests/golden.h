/* Golden files: text that a test compares with a file in the sources. `make regen` rewrites the
 * files; the difference is then reviewed like code. */
#ifndef GANTRY_BASE_TESTS_GOLDEN_H
#define GANTRY_BASE_TESTS_GOLDEN_H

#include <check.h>
#include <glib.h>
#include <glib/gstdio.h>

/* Absolute path of a file of the sources ("luxi/tests/data/x"); the caller frees it. */
static inline char *golden_path(const char *path)
{
    const char *top = g_getenv("GANTRY_TOP_SRCDIR");

    return g_build_filename(top != NULL ? top : ".", path, NULL);
}

/* The first line (from 1) in which the texts differ. */
static inline unsigned golden_first_difference(const char *a, const char *b)
{
    unsigned line = 1;

    for (; *a != '\0' && *a == *b; a++, b++) {
        line += *a == '\n';
    }
    return line;
}

/* Fails the test unless the file `path` of the sources holds exactly `text`. */
static inline void golden_check(const char *path, const char *text)
{
    g_autofree char *file = golden_path(path);
    g_autofree char *expected = NULL;
    g_autoptr(GError) error = NULL;

    if (g_strcmp0(g_getenv("REGEN"), "1") == 0) {
        g_autofree char *dir = g_path_get_dirname(file);

        ck_assert_msg(g_mkdir_with_parents(dir, 0755) == 0, "cannot make %s", dir);
        ck_assert_msg(g_file_set_contents(file, text, -1, &error), "%s",
                      error != NULL ? error->message : "");
        return;
    }
    ck_assert_msg(g_file_get_contents(file, &expected, NULL, &error), "%s (make regen writes it)",
                  error != NULL ? error->message : "");
    ck_assert_msg(g_str_equal(expected, text),
                  "%s differs from line %u on (make regen rewrites it); found:\n%s", path,
                  golden_first_difference(expected, text), text);
}

#endif
