/* gnt-os modify: what the cluster has for an OS (lib/client/gnt_os.py ModifyOS). */
#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/op-options.h"
#include "cli-compat/core/submit.h"
#include "facts/codec.h"
#include "facts/constants.h"

/* {os: values}; NULL: there are none. values is taken over. */
static struct json *for_os(struct cli_run *run, struct json *values)
{
    struct json *map;

    if (values == NULL || json_len(values) == 0) {
        json_unref(values);
        return NULL;
    }
    map = json_new_object();
    json_set(map, run->args[0], values);
    return map;
}

/* [["add", os]] or [["remove", os]]; NULL: not given. */
static struct json *list_change(struct cli_run *run, enum cli_option_id option)
{
    const struct json *given = command_line_json(run->line, option);
    enum ddm_simple action;

    if (json_kind(given) != JSON_BOOL) {
        return NULL;
    }
    action = json_boolean(given) ? DDM_SIMPLE_ADD : DDM_SIMPLE_REMOVE;
    return run_list(1, run_list(2, json_new_string(fact_enum_ddm_simple.words[action]),
                                json_new_string(run->args[0])));
}

bool cmd_os_modify(struct cli_run *run, GError **errp)
{
    CLEANUP(json_unrefp)
    struct json *hvp = for_os(run, option_json(run, CLI_OPT_hvlist, OPTION_DICT));
    CLEANUP(json_unrefp)
    struct json *params = for_os(run, option_json(run, CLI_OPT_osparams, OPTION_AS_IT_IS));
    CLEANUP(json_unrefp)
    struct json *secret = for_os(run, option_json(run, CLI_OPT_osparams_private, OPTION_AS_IT_IS));
    CLEANUP(json_unrefp) struct json *hidden = list_change(run, CLI_OPT_hid_os);
    CLEANUP(json_unrefp) struct json *blacklisted = list_change(run, CLI_OPT_blk_os);
    struct opcode *op;

    if (hvp == NULL && params == NULL && secret == NULL && hidden == NULL && blacklisted == NULL) {
        options_missing(run);
        return true;
    }
    op = opcode_new(OP_ID_cluster_set_params);
    if (!SUBMIT_SET_JSON(op, cluster_set_params, os_hvp, hvp, errp) ||
        !SUBMIT_SET_JSON(op, cluster_set_params, osparams, params, errp) ||
        !SUBMIT_SET_JSON(op, cluster_set_params, osparams_private_cluster, secret, errp) ||
        !SUBMIT_SET_JSON(op, cluster_set_params, hidden_os, hidden, errp) ||
        !SUBMIT_SET_JSON(op, cluster_set_params, blacklisted_os, blacklisted, errp)) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, NULL, errp);
}
