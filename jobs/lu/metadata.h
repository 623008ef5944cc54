/* Telling the metadata daemon of a node about an instance (reference: lib/cmdlib/instance_utils.py
 * UpdateMetadata). */
#ifndef GANTRY_JOBS_LU_METADATA_H
#define GANTRY_JOBS_LU_METADATA_H

#include "jobs/lu/lu.h"

/* Parameters of the operating system over those of the instance; NULL: none of that kind. Warns of
 * failures; does nothing without metadata daemons. */
void lu_tell_metadata(struct lu *lu, const struct instance *instance,
                      const struct value_map *public, const struct value_map *private,
                      const struct value_map *secret);

#endif
