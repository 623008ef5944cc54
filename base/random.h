/* Secrets and what nobody may guess. */
#ifndef GANTRY_BASE_RANDOM_H
#define GANTRY_BASE_RANDOM_H

#include <stddef.h>

/* So many bytes from the kernel as hexadecimal digits, two for each; allocated. */
char *random_hex(size_t bytes);

#endif
