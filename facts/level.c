#include "config.h"

#include "facts/level.h"

#include <stdlib.h>
#include <string.h>

static enum fact_level current_level = LEVEL_LAST;
static bool level_is_known;

bool fact_level_parse(const char *text, enum fact_level *ret_level)
{
    if (strcmp(text, "3.0") == 0) {
        *ret_level = LEVEL_3_0;
        return true;
    }
    if (strcmp(text, "3.1") == 0) {
        *ret_level = LEVEL_3_1;
        return true;
    }
    return false;
}

void fact_level_set(enum fact_level level)
{
    current_level = level;
    level_is_known = true;
}

enum fact_level fact_level(void)
{
    if (!level_is_known) {
        const char *wanted = getenv("GANTRY_LEVEL");

        if (wanted != NULL) {
            (void)fact_level_parse(wanted, &current_level);
        }
        level_is_known = true;
    }
    return current_level;
}
