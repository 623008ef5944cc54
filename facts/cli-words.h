/* How the tools that print the command line's rows name their enumerators. */
#ifndef GANTRY_FACTS_CLI_WORDS_H
#define GANTRY_FACTS_CLI_WORDS_H

extern const char *const cli_action_words[];   /* by enum cli_action */
extern const char *const cli_value_words[];    /* by enum cli_value */
extern const char *const cli_complete_words[]; /* by enum cli_complete */
extern const char *const cli_arg_words[];      /* by enum cli_arg_kind */

#endif
