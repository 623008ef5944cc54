/* What a rule of the job queue must look like (src/Ganeti/Objects.hs FilterAction,
 * FilterPredicate). */
#ifndef GANTRY_COMPAT_CONFIG_MODEL_FILTER_RULE_H
#define GANTRY_COMPAT_CONFIG_MODEL_FILTER_RULE_H

#include <glib.h>
#include <stdbool.h>

#include "facts/codec.h"
#include "facts/objects.h"

/* The error names the position and what is wrong. */
bool cfg_filter_rule_check(const struct filter_rule *rule, const struct fact_path *path,
                           GError **errp);

#endif
