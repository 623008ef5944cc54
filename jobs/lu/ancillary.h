/* Files that nodes must have in common besides the configuration (reference: lib/cmdlib/common.py
 * ComputeAncillaryFiles). */
#ifndef GANTRY_JOBS_LU_ANCILLARY_H
#define GANTRY_JOBS_LU_ANCILLARY_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "compat-config/model/cfg.h"
#include "facts/paths.h"

enum lu_files_for {
    LU_FILES_ALL,        /* on every node */
    LU_FILES_CANDIDATES, /* on the master and its candidates only */
    LU_FILES_VM,         /* on nodes that may hold instances */
};
struct lu_file {
    char *path; /* on this node */
    enum lu_files_for on;
    bool optional; /* on all of these nodes, or on none */
};
struct lu_files {
    struct lu_file *v;
    size_t n;
};
/* Those that cluster verify compares; only_sent: those that are sent to nodes by calls, the others
 * come by other ways. */
struct lu_files *lu_files_new(const struct cluster *cluster, bool only_sent);
void lu_files_free(struct lu_files *files);
DEFINE_CLEANUP(struct lu_files *, lu_files_free)

/* Certificates that all nodes have (pathutils.py ALL_CERT_FILES). */
extern const enum path_id lu_cert_files[];
extern const size_t lu_cert_files_n;

/* Whether a disk template may be used on the cluster. */
bool lu_template_is_enabled(const struct cluster *cluster, enum disk_template disk_template);

#endif
