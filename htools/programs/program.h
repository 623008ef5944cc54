/* The programs: <name>_main() for each row of HTOOLS_PROGRAM in facts/htools-options.def.
 *
 * options are parsed, operands are the other words of the line up to a NULL. Returns the exit
 * status; results go to standard output, everything else to standard error. */
#ifndef GANTRY_HTOOLS_PROGRAMS_PROGRAM_H
#define GANTRY_HTOOLS_PROGRAMS_PROGRAM_H

struct htools_options;

#define HTOOLS_PROGRAM(name, ...)                                                                  \
    int name##_main(const struct htools_options *options, const char *const *operands);
#include "facts/htools-options.def"

#endif
