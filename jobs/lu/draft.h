/* Changes that are worked out before they are made: check_prereq makes a draft of an object, exec
 * puts into the configuration what differs in it. What others changed meanwhile in other members
 * stays. */
#ifndef GANTRY_JOBS_LU_DRAFT_H
#define GANTRY_JOBS_LU_DRAFT_H

#include <stdbool.h>

#include "facts/type.h"

/* An object as it was and as it shall be. */
struct lu_draft {
    const struct fact_object *object;
    void *base, *draft;
};
/* Copies the object; NULL: it is to be a new one. */
void lu_draft_begin(struct lu_draft *draft, const struct fact_object *object, const void *value);
void lu_draft_clear(struct lu_draft *draft);
/* Copies each member that differs from the base to dst, an object that a transaction edits. */
void lu_draft_apply(const struct lu_draft *draft, void *dst);

#endif
