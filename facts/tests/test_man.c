#include "config.h"

#include <string.h>

#include "base/tests/golden.h"
#include "base/tests/unit.h"
#include "facts/man.h"

/* Pages of two small programs; the version would change them at each release. */
static void check_page(const char *name)
{
    g_autofree char *page = man_page(cli_program_find(name));
    g_autofree char *file = g_strdup_printf("facts/tests/golden/%s.8", name);
    g_auto(GStrv) around = g_strsplit(page, PACKAGE_VERSION, -1);
    g_autofree char *text = g_strjoinv("VERSION", around);

    golden_check(file, text);
}

START_TEST(pages_are_as_they_were)
{
    check_page("gnt-filter");
    check_page("gnt-os");
}
END_TEST

START_TEST(every_line_is_safe_for_roff)
{
    for (size_t i = 0; i < CLI_PROG_COUNT; i++) {
        g_autofree char *page = man_page(&cli_programs[i]);
        g_auto(GStrv) lines = g_strsplit(page, "\n", -1);

        for (size_t j = 0; lines[j] != NULL; j++) {
            ck_assert_msg(lines[j][0] != '\'', "%s", lines[j]);
            ck_assert_msg(
                g_regex_match_simple("^([^.]|$|[.](\\\\\"|TH|SH|SS|TP|PP))", lines[j], 0, 0), "%s",
                lines[j]);
            ck_assert_msg(!g_regex_match_simple("[^\\\\]-", lines[j], 0, 0) ||
                              g_str_has_prefix(lines[j], ".TH"),
                          "%s", lines[j]);
        }
    }
}
END_TEST

START_TEST(environment_is_told)
{
    g_autofree char *page = man_page(&cli_programs[CLI_PROG_node]);

    ck_assert_ptr_nonnull(strstr(page, "\\fBGNT_NODE_LIST\\fR"));
}
END_TEST

UNIT_MAIN("man", pages_are_as_they_were, every_line_is_safe_for_roff, environment_is_told)
