/* Manual pages of the gnt-* programs, printed from their rows. */
#ifndef GANTRY_FACTS_MAN_H
#define GANTRY_FACTS_MAN_H

#include "facts/cli.h"

/* A whole page for man(1), at the current level; allocated. */
char *man_page(const struct cli_program *program);

#endif
