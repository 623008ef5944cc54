/* Programs that are not there yet. */
#include "config.h"

#include "htools/programs/program.h"

#include <stdio.h>
#include <stdlib.h>

#define ABSENT(name)                                                                               \
    int name##_main(const struct htools_options *options, const char *const *operands)             \
    {                                                                                              \
        (void)options;                                                                             \
        (void)operands;                                                                            \
        fputs("Error: " #name " is not built in yet.\n", stderr);                                  \
        return EXIT_FAILURE;                                                                       \
    }
ABSENT(harep)
