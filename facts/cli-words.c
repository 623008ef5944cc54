#include "config.h"

#include "facts/cli-words.h"

#include "facts/cli.h"

const char *const cli_action_words[] = {
    [CLI_ACTION_STORE] = "store",           [CLI_ACTION_APPEND] = "append",
    [CLI_ACTION_SET] = "store_true",        [CLI_ACTION_CLEAR] = "store_false",
    [CLI_ACTION_CONST] = "store_const",     [CLI_ACTION_COUNT] = "count",
    [CLI_ACTION_DEPRECATED] = "deprecated",
};

const char *const cli_value_words[] = {
    [CLI_VALUE_NONE] = "none",
    [CLI_VALUE_STRING] = "string",
    [CLI_VALUE_INT] = "int",
    [CLI_VALUE_FLOAT] = "float",
    [CLI_VALUE_BOOL] = "bool",
    [CLI_VALUE_CHOICE] = "choice",
    [CLI_VALUE_UNIT] = "unit",
    [CLI_VALUE_LIST] = "list",
    [CLI_VALUE_KEYVAL] = "keyval",
    [CLI_VALUE_KEYPRIVATEVAL] = "keyprivateval",
    [CLI_VALUE_IDENTKEYVAL] = "identkeyval",
    [CLI_VALUE_MULTI_IDENTKEYVAL] = "multilistidentkeyval",
    [CLI_VALUE_MAYBEFLOAT] = "maybefloat",
    [CLI_VALUE_JSON] = "json",
    [CLI_VALUE_FILTERACTION] = "filteraction",
};

const char *const cli_complete_words[] = {
    [CLI_COMPLETE_NONE] = "none",           [CLI_COMPLETE_ONE_NODE] = "node",
    [CLI_COMPLETE_ONE_NODEGROUP] = "group", [CLI_COMPLETE_ONE_IALLOCATOR] = "iallocator",
    [CLI_COMPLETE_ONE_OS] = "os",           [CLI_COMPLETE_INST_ADD_NODES] = "nodes",
};

const char *const cli_arg_words[] = {
    [CLI_ARG_TEXT] = "text",       [CLI_ARG_CHOICE] = "choice",   [CLI_ARG_SUGGEST] = "suggest",
    [CLI_ARG_COMMAND] = "command", [CLI_ARG_FILE] = "file",       [CLI_ARG_FILTER] = "filter",
    [CLI_ARG_GROUP] = "group",     [CLI_ARG_HOST] = "host",       [CLI_ARG_INSTANCE] = "instance",
    [CLI_ARG_JOB_ID] = "job_id",   [CLI_ARG_NETWORK] = "network", [CLI_ARG_NODE] = "node",
    [CLI_ARG_OS] = "os",
};
