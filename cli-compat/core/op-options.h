/* Parameters of opcodes out of options, by rows. */
#ifndef GANTRY_CLI_COMPAT_CORE_OP_OPTIONS_H
#define GANTRY_CLI_COMPAT_CORE_OP_OPTIONS_H

#include <glib.h>
#include <stdbool.h>

#include "cli-compat/core/run.h"
#include "facts/opcode.h"

/* What the option's value becomes. */
enum option_form {
    OPTION_AS_IT_IS,
    OPTION_LIST,  /* a text, split at commas */
    OPTION_WORDS, /* the same, but "\," is a comma (utils/text.py UnescapeAndSplit) */
    OPTION_DICT,  /* [[name, values], ...]: {name: values} */
    OPTION_TREE,  /* the same; "type/name" becomes one of its own for the type (utils/algo.py
                     FlatToDict) */
};
struct option_param {
    enum cli_option_id option;
    const char *param; /* name on the wire */
    enum option_form form;
};

/* Sets those parameters whose options have a value. */
bool options_to_params(struct cli_run *run, struct opcode *op, const struct option_param *rows,
                       size_t n, GError **errp);
/* Whether an option has a value that is not empty; an empty text counts. */
bool options_any_given(struct cli_run *run, const struct option_param *rows, size_t n);
/* One option; owned by the caller, NULL: it has no value. */
struct json *option_json(struct cli_run *run, enum cli_option_id option, enum option_form form);
/* "Please give at least one of the parameters", and the exit code for it. */
void options_missing(struct cli_run *run);

/* The instance policy that the options say, {} if they say nothing; owned by the caller (lib/cli.py
 * CreateIPolicyFromOpts). may_unset: "default" stands for nothing of its own. */
struct json *option_policy(struct cli_run *run, bool may_unset, GError **errp);
/* "1000-1999,3000" as a list of ranges in order; NULL on error (lib/uidpool.py ParseUidPool). */
struct json *option_uids(const char *text, GError **errp);

#endif
