/* Which release of the reference the rows speak for. */
#ifndef GANTRY_FACTS_LEVEL_H
#define GANTRY_FACTS_LEVEL_H

#include <stdbool.h>

enum fact_level {
    LEVEL_3_0,
    LEVEL_3_1,
    LEVEL_LAST = LEVEL_3_1,
};

/* The level of this process: environment variable GANTRY_LEVEL ("3.0" or "3.1"), else what
 * fact_level_set() said (daemons read /etc/ganeti/gantry-level at start), else 3.1. */
enum fact_level fact_level(void);
void fact_level_set(enum fact_level level);
/* False if text names no level. */
bool fact_level_parse(const char *text, enum fact_level *ret_level);

#endif
