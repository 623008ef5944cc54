#include "config.h"

#include "facts/checks.h"

#include <stddef.h>

const char *fact_check_nonempty(const char *text)
{
    return text[0] != '\0' ? NULL : "a text that is not empty";
}
