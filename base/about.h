/* --help and --version of programs that have no option parser. */
#ifndef GANTRY_BASE_ABOUT_H
#define GANTRY_BASE_ABOUT_H

#include <stdbool.h>

/* Answers on standard output if the only argument is one of the two; the program then ends with
 * exit code 0. help: the whole text; NULL: only --version is answered. */
bool about_answer(int argc, char **argv, const char *program, const char *help);

#endif
