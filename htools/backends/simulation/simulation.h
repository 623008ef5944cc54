/* Empty clusters made from words (--simulate): one node group per specification, all of its nodes
 * alike. */
#ifndef GANTRY_HTOOLS_BACKENDS_SIMULATION_SIMULATION_H
#define GANTRY_HTOOLS_BACKENDS_SIMULATION_SIMULATION_H

#include "htools/core/cluster.h"

#define SIMULATION_ERROR (simulation_error_quark())
GQuark simulation_error_quark(void);
enum simulation_error {
    SIMULATION_ERROR_SPEC,
};

/* More nodes than this in one group are a slip of the keyboard. */
enum { SIMULATION_MAX_NODES = 100000 };

/* specs (NULL-terminated): "policy,nodes,disk,memory,cpus[,spindles[,exclusive storage]]", policy a
 * word or p, a, u; sizes with units, nodes and cpus plain; exclusive storage True or False. */
struct ht_cluster *simulation_load(const char *const *specs, GError **errp)
    __attribute__((warn_unused_result));

#endif
