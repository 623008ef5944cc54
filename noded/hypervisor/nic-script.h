/* The site's hook into networking: a script that connects a guest's interface to the node
 * (hv_base.py ConfigureNIC). */
#ifndef GANTRY_NODED_HYPERVISOR_NIC_SCRIPT_H
#define GANTRY_NODED_HYPERVISOR_NIC_SCRIPT_H

#include <glib.h>
#include <stdbool.h>

#include "facts/objects.h"

/* An interface as the script is told of it; all borrowed. */
struct nic_script {
    const struct instance *instance;
    size_t index;
    const char *mac, *ip, *name, *uuid;
    const struct nicparams *params;
    const char *network;        /* UUID; NULL: none */
    const struct json *netinfo; /* that network */
    const char *interface;      /* of the node */
};

/* Whether an interface of that name is for instance communication. */
bool nic_script_is_communication(const char *name);
/* "gnt.com.N", the first such name that no interface of the node has yet, or the n-th (from 0)
 * behind it: for interfaces of instance communication, whose names others look for
 * (GenerateTapName). g_free(). */
char *nic_script_communication_tap(int n);

/* Its environment, "NAME=value"; g_strfreev(). Pure. */
char **nic_script_env(const struct nic_script *nic, GError **errp);
/* Runs the script with the node's interface as argument. */
bool nic_script_run(const char *script, const struct nic_script *nic, GError **errp);

#endif
