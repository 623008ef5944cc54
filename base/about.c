#include "config.h"

#include "base/about.h"

#include <stdio.h>
#include <string.h>

bool about_answer(int argc, char **argv, const char *program, const char *help)
{
    if (argc != 2) {
        return false;
    }
    if (help != NULL && strcmp(argv[1], "--help") == 0) {
        (void)fputs(help, stdout);
        return true;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("%s (%s) %s\n", program, PACKAGE_NAME, PACKAGE_VERSION);
        return true;
    }
    return false;
}
