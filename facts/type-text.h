/* Types in words, as the reference's type checks describe themselves (lib/ht.py). */
#ifndef GANTRY_FACTS_TYPE_TEXT_H
#define GANTRY_FACTS_TYPE_TEXT_H

#include "facts/type.h"

/* "List of (OneOf live, non-live)", at the current level; the caller frees it. */
char *fact_type_text(const struct fact_type *type);
/* The same for a member: "None or ..." if it may be null. */
char *fact_spec_text(const struct fact_spec *spec);

#endif
