#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "cli-compat/core/option-value.h"
#include "facts/cli.h"
#include "facts/errors.h"

/* Expected values: what the checkers of the reference's lib/cli_opts.py return. */

enum outcome {
    OK,
    USAGE,     /* exit code 2 */
    PARAMETER, /* exit code 1 */
};

START_TEST(values_are_read_by_their_kind)
{
    static const struct {
        enum cli_value kind;
        const char *text;
        enum outcome outcome;
        const char *value;
    } cases[] = {
        {CLI_VALUE_STRING, "a,b", OK, "\"a,b\""},
        {CLI_VALUE_INT, "12", OK, "12"},
        {CLI_VALUE_INT, "-12", OK, "-12"},
        {CLI_VALUE_INT, "0x1F", OK, "31"},
        {CLI_VALUE_INT, "0b101", OK, "5"},
        {CLI_VALUE_INT, "017", OK, "15"},
        {CLI_VALUE_INT, "0", OK, "0"},
        {CLI_VALUE_INT, "08", USAGE, NULL},
        {CLI_VALUE_INT, "0x", USAGE, NULL},
        {CLI_VALUE_INT, "", USAGE, NULL},
        {CLI_VALUE_INT, "1.5", USAGE, NULL},
        {CLI_VALUE_INT, "99999999999999999999", USAGE, NULL},
        {CLI_VALUE_INT, "0xffffffffffffffffff", USAGE, NULL},
        {CLI_VALUE_FLOAT, "1.5", OK, "1.5"},
        {CLI_VALUE_FLOAT, "x", USAGE, NULL},
        {CLI_VALUE_BOOL, "YES", OK, "true"},
        {CLI_VALUE_BOOL, "False", OK, "false"},
        {CLI_VALUE_BOOL, "no", OK, "false"},
        {CLI_VALUE_BOOL, "1", PARAMETER, NULL},
        {CLI_VALUE_UNIT, "1g", OK, "1024"},
        {CLI_VALUE_UNIT, "10", OK, "12"},
        {CLI_VALUE_UNIT, "1x", USAGE, NULL},
        {CLI_VALUE_LIST, "", OK, "[]"},
        {CLI_VALUE_LIST, "a,b\\,c,", OK, "[\"a\",\"b,c\",\"\"]"},
        {CLI_VALUE_KEYVAL, "", OK, "{}"},
        {CLI_VALUE_KEYVAL, "a=1,b=x=y,no_c,-d,e", OK,
         "{\"a\":\"1\",\"b\":\"x=y\",\"c\":false,\"d\":null,\"e\":true}"},
        {CLI_VALUE_KEYVAL, "a=1\\,2", OK, "{\"a\":\"1,2\"}"},
        {CLI_VALUE_KEYVAL, "a=1,a=2", PARAMETER, NULL},
        {CLI_VALUE_KEYVAL, "a=1,no_a", PARAMETER, NULL},
        {CLI_VALUE_KEYPRIVATEVAL, "a=secret", OK, "{\"a\":\"secret\"}"},
        {CLI_VALUE_IDENTKEYVAL, "0", OK, "[\"0\",{}]"},
        {CLI_VALUE_IDENTKEYVAL, "0:size=1g,mode=rw", OK,
         "[\"0\",{\"size\":\"1g\",\"mode\":\"rw\"}]"},
        {CLI_VALUE_IDENTKEYVAL, "add:a=b:c", OK, "[\"add\",{\"a\":\"b:c\"}]"},
        {CLI_VALUE_IDENTKEYVAL, "no_kvm", OK, "[\"kvm\",false]"},
        {CLI_VALUE_IDENTKEYVAL, "-kvm", OK, "[\"kvm\",null]"},
        {CLI_VALUE_IDENTKEYVAL, "-", OK, "[\"\",null]"},
        {CLI_VALUE_IDENTKEYVAL, "-1:remove", OK, "[\"-1\",{\"remove\":true}]"},
        {CLI_VALUE_IDENTKEYVAL, "no_kvm:a=b", PARAMETER, NULL},
        {CLI_VALUE_IDENTKEYVAL, "-kvm:a=b", PARAMETER, NULL},
        {CLI_VALUE_IDENTKEYVAL, "no_kvm:", OK, "[\"kvm\",false]"},
        {CLI_VALUE_MULTI_IDENTKEYVAL, "min:a=1/max:a=2,b=3//min:a=4", OK,
         "[{\"min\":{\"a\":\"1\"},\"max\":{\"a\":\"2\",\"b\":\"3\"}},{\"min\":{\"a\":\"4\"}}]"},
        {CLI_VALUE_MULTI_IDENTKEYVAL, "min", OK, "[{\"min\":{}}]"},
        {CLI_VALUE_MULTI_IDENTKEYVAL, "", PARAMETER, NULL},
        {CLI_VALUE_MULTI_IDENTKEYVAL, "min:a=1//", PARAMETER, NULL},
        {CLI_VALUE_MULTI_IDENTKEYVAL, "min:a=1/", PARAMETER, NULL},
        {CLI_VALUE_MULTI_IDENTKEYVAL, "min:a", PARAMETER, NULL},
        {CLI_VALUE_MULTI_IDENTKEYVAL, "min:a=1/min:a=2", PARAMETER, NULL},
        {CLI_VALUE_MAYBEFLOAT, "Default", OK, "\"default\""},
        {CLI_VALUE_MAYBEFLOAT, "2.5", OK, "2.5"},
        {CLI_VALUE_MAYBEFLOAT, "x", PARAMETER, NULL},
        {CLI_VALUE_JSON, "[1, {\"a\": null}]", OK, "[1,{\"a\":null}]"},
        {CLI_VALUE_JSON, "null", OK, "null"},
        {CLI_VALUE_JSON, "[", PARAMETER, NULL},
        {CLI_VALUE_FILTERACTION, "ACCEPT", OK, "\"ACCEPT\""},
        {CLI_VALUE_FILTERACTION, "RATE_LIMIT 3", OK, "[\"RATE_LIMIT\",3]"},
        {CLI_VALUE_FILTERACTION, "RATE_LIMIT \t 12x", OK, "[\"RATE_LIMIT\",12]"},
        {CLI_VALUE_FILTERACTION, "RATE_LIMIT", OK, "\"RATE_LIMIT\""},
        {CLI_VALUE_FILTERACTION, "RATE_LIMIT x", OK, "\"RATE_LIMIT x\""},
        {CLI_VALUE_FILTERACTION, "RATE_LIMIT 99999999999999999999", USAGE, NULL},
        {CLI_VALUE_STRING, "\377", USAGE, NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct cli_option option = {.flags = "--x", .value = cases[i].kind};
        CLEANUP(json_unrefp) struct json *value = NULL;
        g_autoptr(GError) error = NULL;
        bool ok = cli_value_parse(&option, "--x", cases[i].text, &value, &error);
        g_autofree char *text = json_to_string(value, JSON_COMPACT);

        ck_assert_msg(ok == (cases[i].outcome == OK), "%s: %s", cases[i].text,
                      error != NULL ? error->message : text);
        ck_assert(ok == (error == NULL));
        if (ok) {
            ck_assert_msg(strcmp(text, cases[i].value) == 0, "%s: %s", cases[i].text, text);
        } else {
            ck_assert_msg((cases[i].outcome == USAGE) == (error->domain == CLI_USAGE_ERROR),
                          "%s: %s", cases[i].text, error->message);
            ck_assert(error->domain == CLI_USAGE_ERROR || err_is(error, ERR_PARAMETER));
        }
    }
}
END_TEST

UNIT_MAIN("option values", values_are_read_by_their_kind)
