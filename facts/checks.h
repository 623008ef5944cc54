/* Checks of texts beyond their kind, named by rows of types.def. Each returns NULL if the text is
 * good, else what was expected, to be read behind "expected". */
#ifndef GANTRY_FACTS_CHECKS_H
#define GANTRY_FACTS_CHECKS_H

const char *fact_check_nonempty(const char *text);

#endif
