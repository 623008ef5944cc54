/* Checks of texts beyond their kind, named by rows of types.def. Each returns NULL if the text is
 * good, else what was expected, to be read behind "expected". */
#ifndef GANTRY_FACTS_CHECKS_H
#define GANTRY_FACTS_CHECKS_H

#include <stdbool.h>

/* Only the digits 0 and 1, one for each address of a network. */
const char *fact_check_bits(const char *text);
const char *fact_check_ipv4(const char *text);
/* Address and prefix length. */
const char *fact_check_ipv4_net(const char *text);
const char *fact_check_ipv6(const char *text);
const char *fact_check_ipv6_net(const char *text);
const char *fact_check_nonempty(const char *text);

/* Of a scheme that files can be fetched by (utils/io.py IsUrl). */
bool fact_is_url(const char *text);

#endif
