#include "config.h"

#include "cli-compat/core/confirm.h"

#include <stdio.h>
#include <string.h>

#include "cli-compat/core/text-wrap.h"

enum {
    WIDTH = 70,
    MANY = 20, /* more names than this are shown on demand only */
};

static void print_question(FILE *terminal, const char *question,
                           const struct confirm_choice *choices, size_t n)
{
    g_auto(GStrv) lines = g_strsplit(question, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) parts = text_wrap(*line, WIDTH);

        (void)fprintf(terminal, "%s", parts[0] == NULL ? "\n" : "");
        for (char **part = parts; *part != NULL; part++) {
            (void)fprintf(terminal, "%s\n", *part);
        }
    }
    for (size_t i = 0; i < n; i++) {
        (void)fprintf(terminal, i + 1 == n ? "[%s]/?: " : "%s/", choices[i].key);
    }
    (void)fflush(terminal);
}

/* Where nobody can be asked, or for an empty line, the last choice counts. */
size_t confirm_choose(const char *question, const struct confirm_choice *choices, size_t n)
{
    FILE *terminal = fopen("/dev/tty", "r+e");
    size_t answer = n - 1;
    char line[64];
    bool done = terminal == NULL;

    while (!done) {
        print_question(terminal, question, choices, n);
        done = fgets(line, sizeof(line), terminal) == NULL;
        g_autofree char *key = done ? g_strdup("") : g_ascii_strdown(g_strstrip(line), -1);
        done = done || *key == '\0';
        for (size_t i = 0; !done && i < n; i++) {
            if (strcmp(choices[i].key, key) == 0) {
                answer = i;
                done = true;
            }
        }
        for (size_t i = 0; !done && strcmp(key, "?") == 0 && i < n; i++) {
            (void)fprintf(terminal, " %s - %s\n", choices[i].key, choices[i].text);
        }
    }
    if (terminal != NULL) {
        (void)fclose(terminal);
    }
    return answer;
}

bool confirm_ask(const char *question)
{
    static const struct confirm_choice choices[] = {
        {"y", "Perform the operation"},
        {"n", "Do not perform the operation"},
    };

    return confirm_choose(question, choices, G_N_ELEMENTS(choices)) == 0;
}

bool confirm_operation(const char *const *names, const char *kind, const char *operation,
                       const char *extra)
{
    guint n = g_strv_length((char **)names);
    g_autofree char *list = g_strjoinv("\n  ", (char **)names);
    g_autofree char *question =
        g_strdup_printf("The %s will operate on %u %s.\n%sDo you want to continue?", operation, n,
                        kind, extra != NULL ? extra : "");
    g_autofree char *all = g_strdup_printf("%s\nAffected %s:\n  %s", question, kind, list);
    g_autofree char *yes = g_strdup_printf("Yes, execute the %s", operation);
    g_autofree char *no = g_strdup_printf("No, abort the %s", operation);
    g_autofree char *view = g_strdup_printf("View the list of affected %s", kind);
    const struct confirm_choice with_view[] = {{"y", yes}, {"v", view}, {"n", no}};
    const struct confirm_choice plain[] = {{"y", yes}, {"n", no}};

    if (n > MANY) {
        size_t answer = confirm_choose(question, with_view, G_N_ELEMENTS(with_view));

        if (answer != 1) {
            return answer == 0;
        }
    }
    return confirm_choose(all, plain, G_N_ELEMENTS(plain)) == 0;
}
