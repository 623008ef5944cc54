/* What is wrong with a configuration that could be read.
 *
 * Texts start with the object and its name; one problem is one text. Programs that show them give
 * them the class ECLUSTERCFG (gnt-cluster verify) or put the list behind ConfigVerifyError. */
#ifndef GANTRY_COMPAT_CONFIG_VERIFY_VERIFY_H
#define GANTRY_COMPAT_CONFIG_VERIFY_VERIFY_H

#include <glib.h>

#include "compat-config/model/cfg.h"

/* What must hold before a configuration is written: enabled hypervisors and disk templates, the
 * master, references between objects (src/Ganeti/WConfd/ConfigVerify.hs). Texts, freed with the
 * array, in the order of the file; empty: all is well. */
GPtrArray *cfg_verify_references(const struct cfg *cfg);

/* All of that and: names, MAC and IP addresses, ports, DRBD minors and logical volumes used twice,
 * parameters, policies, roles, names of disks, address pools, tags (config/__init__.py
 * _UnlockedVerifyConfig, config/verify.py, and what the reference leaves to the next command to
 * stumble over). */
GPtrArray *cfg_verify(const struct cfg *cfg);

#endif
