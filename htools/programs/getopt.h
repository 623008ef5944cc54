/* Command lines as the reference's Haskell programs read them (System.Console.GetOpt with Permute,
 * used by src/Ganeti/Common.hs): operands may stand between options, "--" ends the options, a long
 * option may be cut to any prefix that is unique among the program's options, short ones may be
 * joined, an option with an optional argument takes it only from the same word.
 *
 * Nothing is converted here: the result names options by their index in the table. */
#ifndef GANTRY_HTOOLS_PROGRAMS_GETOPT_H
#define GANTRY_HTOOLS_PROGRAMS_GETOPT_H

#include <glib.h>
#include <stdbool.h>

enum getopt_argument {
    GETOPT_NONE,
    GETOPT_REQUIRED,
    GETOPT_OPTIONAL,
};

struct getopt_option {
    char letter;      /* '\0': no short form */
    const char *word; /* long form, without the dashes */
    enum getopt_argument argument;
    const char *argument_name; /* for the usage text; NULL with GETOPT_NONE */
    const char *help;
};

/* One option of the command line, in its order. */
struct getopt_use {
    unsigned option;
    const char *value; /* NULL without an argument; points into argv */
};

struct getopt_result {
    GArray *uses;        /* struct getopt_use */
    GPtrArray *operands; /* const char *, pointing into argv */
};

#define GETOPT_ERROR (getopt_error_quark())
GQuark getopt_error_quark(void);
enum getopt_error {
    GETOPT_ERROR_USAGE,
};

/* Reads argv (without the program's name, up to a NULL). Every mistake of the line is told in the
 * one error. On success *ret is to be cleared with getopt_result_clear(). */
bool getopt_parse(const struct getopt_option *options, unsigned n_options, char *const *argv,
                  struct getopt_result *ret, GError **errp) __attribute__((warn_unused_result));
void getopt_result_clear(struct getopt_result *result);

/* Appends one line per option: short form, long form, help, in columns. */
void getopt_usage(GString *out, const struct getopt_option *const *options, unsigned n_options);

#endif
