#include "config.h"

#include "base/json.h"
#include "base/tests/golden.h"
#include "base/tests/unit.h"
#include "cli-compat/core/error-text.h"
#include "cli-compat/core/help.h"
#include "cli-compat/core/option-value.h"
#include "cli-compat/core/text-wrap.h"
#include "cli-compat/core/time-text.h"
#include "cli-compat/core/timespec.h"
#include "facts/errors.h"

enum {
    WIDE = 80,
    NARROW = 40,
};

START_TEST(help_texts)
{
    g_autoptr(GString) out = g_string_new(NULL);

    help_append_program(out, &cli_programs[CLI_PROG_network]);
    help_append_command(out, &cli_commands[CLI_CMD_instance_list], WIDE);
    help_append_command(out, &cli_commands[CLI_CMD_job_cancel], WIDE);
    help_append_command(out, &cli_commands[CLI_CMD_node_list], NARROW);
    golden_check("cli-compat/core/tests/golden/help.txt", out->str);
}
END_TEST

static GError *wire_error(const char *text)
{
    CLEANUP(json_unrefp) struct json *value = NULL;

    ck_assert(json_parse(text, -1, &value, NULL));
    return err_decode(value);
}

START_TEST(error_texts)
{
    static const struct {
        const char *error, *text;
        int code;
    } cases[] = {
        {"[\"OpPrereqError\", [\"no\", \"wrong_state\"]]",
         "Failure: prerequisites not met for this operation:\n"
         "error type: wrong_state, error details:\nno",
         1},
        {"[\"OpPrereqError\", [\"no\"]]", "Failure: prerequisites not met for this operation:\nno",
         1},
        {"[\"OpExecError\", [\"no\"]]", "Failure: command execution error:\nno", 1},
        {"[\"ConfigurationError\", [\"no\"]]", "Corrupt configuration file: no\nAborting.", 2},
        {"[\"ConfigVerifyError\", [\"no\", []]]", "Corrupt configuration file: no\nAborting.", 2},
        {"[\"JobLost\", [\"no\"]]", "Error checking job status: no", 1},
        {"[\"HooksAbort\", [[[\"n1\", \"x-pre\", \"out\"], [\"n2\", \"y-pre\", \"\"]]]]",
         "Failure: hooks execution failed:\n  node: n1, script: x-pre, output: out\n"
         "  node: n2, script: y-pre (no output)",
         1},
        {"[\"HooksAbort\", []]", "Failure: hooks general failure: []", 1},
        {"[\"JobSubmittedException\", [\"5\"]]", "JobID: 5", 0},
        {"[\"GenericError\", [\"no\"]]", "Unhandled error: no", 1},
        {"[\"NonsenseError\", [\"no\"]]", "Unhandled error: NonsenseError: no", 1},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = wire_error(cases[i].error);
        g_autofree char *text = error_text(error);

        ck_assert_str_eq(text, cases[i].text);
        ck_assert_int_eq(error_exit_code(error), cases[i].code);
    }
}
END_TEST

START_TEST(usage_errors_have_a_code_of_their_own)
{
    g_autoptr(GError) error =
        g_error_new_literal(CLI_USAGE_ERROR, CLI_USAGE_ERROR_OPTION, "no such option: -x");

    ck_assert_int_eq(error_exit_code(error), 2);
}
END_TEST

START_TEST(text_is_wrapped_at_blanks)
{
    static const struct {
        const char *text, *lines;
        size_t width;
    } cases[] = {
        {"", "", 5},
        {"one two  three", "one|two|three", 5},
        {"one two", "one two", 7},
        {"abcdefgh", "abc|def|gh", 3},
        {"a bcdef g", "a|bcd|ef|g", 3},
        {"\303\266\303\266 \303\266\303\266", "\303\266\303\266|\303\266\303\266", 4},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) lines = text_wrap(cases[i].text, cases[i].width);
        g_autofree char *joined = g_strjoinv("|", lines);

        ck_assert_str_eq(joined, cases[i].lines);
    }
}
END_TEST

START_TEST(times_are_local)
{
    static const struct {
        const char *value, *text, *split;
    } cases[] = {
        {"1700000000", "2023-11-14 23:13:20", "?"},
        {"1700000000.9", "2023-11-14 23:13:20", "?"},
        {"null", "N/A", "?"},
        {"\"x\"", "N/A", "?"},
        {"1e300", "N/A", "?"},
        {"[1700000000, 42]", "N/A", "2023-11-14 23:13:20.000042"},
        {"[1700000000]", "N/A", "?"},
        {"[null, 1]", "N/A", "?"},
    };

    ck_assert(g_setenv("TZ", "LAB-1", TRUE));
    tzset();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        CLEANUP(json_unrefp) struct json *value = NULL;
        g_autofree char *text = NULL, *split = NULL;

        ck_assert(json_parse(cases[i].value, -1, &value, NULL));
        text = time_text(value);
        split = time_text_split(value);
        ck_assert_str_eq(text, cases[i].text);
        ck_assert_str_eq(split, cases[i].split);
    }
}
END_TEST

START_TEST(long_times_look_as_ctime_makes_them)
{
    g_autofree char *text = NULL;

    ck_assert(g_setenv("TZ", "UTC", TRUE));
    tzset();
    text = time_text_long(1698796800);
    ck_assert_str_eq(text, "Wed Nov  1 00:00:00 2023");
}
END_TEST

START_TEST(spans_of_time)
{
    static const struct {
        const char *text;
        gint64 seconds; /* -1: an error */
    } cases[] = {
        {"90", 90},
        {"90s", 90},
        {"30m", 1800},
        {"4h", 14400},
        {"1d", 86400},
        {"2w", 1209600},
        {"", -1},
        {"h", -1},
        {"1x", -1},
        {"1.5h", -1},
        {"99999999999999999w", -1},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        int64_t seconds = -1;
        bool ok = timespec_parse(cases[i].text, &seconds, &error);

        ck_assert(ok == (cases[i].seconds >= 0));
        ck_assert(ok || err_is(error, ERR_OP_PREREQ));
        ck_assert(!ok || seconds == cases[i].seconds);
    }
}
END_TEST

UNIT_MAIN("texts", help_texts, error_texts, usage_errors_have_a_code_of_their_own,
          text_is_wrapped_at_blanks, times_are_local, long_times_look_as_ctime_makes_them,
          spans_of_time)
