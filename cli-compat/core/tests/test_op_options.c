/* Parameters of opcodes out of options. */
#include "config.h"

#include "cli-compat/core/op-options.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "facts/errors.h"

static struct command_line *line;
static struct cli_run run;

static void parse(enum cli_command_id command, const char *const *words)
{
    GError *error = NULL;

    g_clear_pointer(&line, command_line_free);
    line = command_line_parse(&cli_commands[command], words, &error);
    ck_assert_msg(error == NULL, "%s", error != NULL ? error->message : "");
    run = (struct cli_run){.command = &cli_commands[command], .line = line};
}

static void tear_down(void)
{
    g_clear_pointer(&line, command_line_free);
}

static void ck_json(struct json *value, const char *expected)
{
    CLEANUP(json_unrefp) struct json *owned = value;
    g_autofree char *text = json_to_string(owned, JSON_PYTHON);

    ck_assert_str_eq(text, expected);
}

START_TEST(forms)
{
    const char *const words[] = {"-H",
                                 "kvm:a=1,no_b",
                                 "--disk-state",
                                 "plain/vg:disk_total=3",
                                 "--disk-state",
                                 "plain/v2:disk_total=4",
                                 "--reserved-lvs",
                                 "a\\,b,c",
                                 "--enabled-hypervisors",
                                 "kvm,fake",
                                 NULL};

    parse(CLI_CMD_cluster_modify, words);
    ck_json(option_json(&run, CLI_OPT_hvlist, OPTION_DICT),
            "{\"kvm\": {\"a\": \"1\", \"b\": false}}");
    ck_json(option_json(&run, CLI_OPT_disk_state, OPTION_TREE),
            "{\"plain\": {\"vg\": {\"disk_total\": \"3\"}, \"v2\": {\"disk_total\": \"4\"}}}");
    ck_json(option_json(&run, CLI_OPT_reserved_lvs, OPTION_WORDS), "[\"a,b\", \"c\"]");
    ck_json(option_json(&run, CLI_OPT_enabled_hv, OPTION_LIST), "[\"kvm\", \"fake\"]");
    ck_json(option_json(&run, CLI_OPT_hv_state, OPTION_DICT), "{}");
    ck_assert_ptr_null(option_json(&run, CLI_OPT_vg_name, OPTION_AS_IT_IS));
}
END_TEST

START_TEST(given_or_not)
{
    static const struct option_param rows[] = {
        {CLI_OPT_hvlist, "hvparams", OPTION_DICT},
        {CLI_OPT_vg_name, "vg_name", OPTION_AS_IT_IS},
    };
    const char *const none[] = {NULL}, *const empty[] = {"--vg-name=", NULL};
    struct opcode *op = opcode_new(OP_ID_cluster_set_params);
    const struct op_cluster_set_params *params = op->params;

    parse(CLI_CMD_cluster_modify, none);
    ck_assert(!options_any_given(&run, rows, G_N_ELEMENTS(rows)));
    parse(CLI_CMD_cluster_modify, empty);
    ck_assert(options_any_given(&run, rows, G_N_ELEMENTS(rows)));
    ck_assert(options_to_params(&run, op, rows, G_N_ELEMENTS(rows), NULL));
    ck_assert_str_eq(params->vg_name, "");
    ck_assert(params->has.hvparams && params->hvparams.n == 0);
    opcode_free(op);
}
END_TEST

#define WHOLE "memory-size=1g,disk-size=1024,disk-count=1,cpu-count=1,nic-count=1,spindle-use=1"
#define WHOLE_JSON                                                                                 \
    "{\"memory-size\": 1024, \"disk-size\": 1024, \"disk-count\": 1, \"cpu-count\": 1, "           \
    "\"nic-count\": 1, \"spindle-use\": 1}"

START_TEST(policies)
{
    const char *const none[] = {NULL};
    const char *const words[] = {"--ipolicy-bounds-specs",
                                 "min:" WHOLE "/max:" WHOLE,
                                 "--ipolicy-std-specs",
                                 "cpu-count=2",
                                 "--ipolicy-vcpu-ratio",
                                 "2.5",
                                 "--ipolicy-disk-templates",
                                 "plain,drbd",
                                 NULL};
    const char *const unset[] = {"--ipolicy-bounds-specs", "default", "--ipolicy-spindle-ratio",
                                 "default", NULL};

    parse(CLI_CMD_cluster_modify, none);
    ck_json(option_policy(&run, false, NULL), "{}");
    parse(CLI_CMD_cluster_modify, words);
    ck_json(option_policy(&run, false, NULL),
            "{\"minmax\": [{\"min\": " WHOLE_JSON ", \"max\": " WHOLE_JSON
            "}], \"std\": {\"cpu-count\": 2}, \"disk-templates\": [\"plain\", \"drbd\"], "
            "\"vcpu-ratio\": 2.5}");
    parse(CLI_CMD_group_modify, unset);
    ck_json(option_policy(&run, true, NULL),
            "{\"minmax\": \"default\", \"spindle-ratio\": \"default\"}");
}
END_TEST

START_TEST(policies_refused)
{
    static const struct {
        const char *words[3];
        enum err_class error_class;
    } bad[] = {
        {{"--ipolicy-bounds-specs", "min:cpu-count=1/max:" WHOLE, NULL}, ERR_OP_PREREQ},
        {{"--ipolicy-bounds-specs", "mid:" WHOLE, NULL}, ERR_OP_PREREQ},
        {{"--ipolicy-bounds-specs", "default", NULL}, ERR_OP_PREREQ},
        {{"--ipolicy-std-specs", "color=3", NULL}, ERR_TYPE_ENFORCEMENT},
        {{"--ipolicy-std-specs", "cpu-count=many", NULL}, ERR_OP_PREREQ},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        parse(CLI_CMD_cluster_modify, bad[i].words);
        ck_assert_ptr_null(option_policy(&run, false, &error));
        ck_assert_int_eq(err_class(error), bad[i].error_class);
    }
}
END_TEST

START_TEST(user_ids)
{
    static const char *const bad[] = {"a", "1-2-3", "1-", "-5", "1,x"};

    ck_json(option_uids("3000,1000-1999", NULL), "[[1000, 1999], [3000, 3000]]");
    ck_json(option_uids("", NULL), "[]");
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(option_uids(bad[i], &error));
        ck_assert_int_eq(err_class(error), ERR_OP_PREREQ);
    }
}
END_TEST

UNIT_MAIN_FIXTURE("op_options", NULL, tear_down, forms, given_or_not, policies, policies_refused,
                  user_ids)
