/* Telling the metadata daemon what an instance may know of itself (reference:
 * lib/cmdlib/instance_utils.py UpdateMetadata). */
#ifndef GANTRY_JOBS_LU_METADATA_H
#define GANTRY_JOBS_LU_METADATA_H

#include "jobs/lu/lu.h"

/* Does nothing where the build has no such daemon; a failure is only warned of. Private and secret
 * parameters (NULL: the instance's own, none) go over what is recorded. */
void lu_tell_metadata(struct lu *lu, const struct instance *instance,
                      const struct value_map *private_params,
                      const struct value_map *secret_params);

#endif
