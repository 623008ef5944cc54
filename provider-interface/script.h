/* Running a provider's script. */
#ifndef GANTRY_PROVIDER_INTERFACE_SCRIPT_H
#define GANTRY_PROVIDER_INTERFACE_SCRIPT_H

#include <glib.h>
#include <stdbool.h>

#include "provider-interface/env.h"

struct script {
    const char *what;        /* for errors: "script create of operating system 'noop'" */
    const char *path;        /* of the script */
    const char *const *args; /* NULL: none; else NULL-terminated */
    const char *dir;         /* it runs there */
    const struct script_env *env;
    bool inherit_env; /* this process' environment below env; else env is all there is */
    const char *log;  /* file that gets all output, appended; NULL: it is captured */
    unsigned timeout; /* seconds, 0: none; then all of its processes are ended */
};

/* *ret_out (may be NULL) is what it printed to standard output; NULL with a log. An error tells how
 * the script ended and the end of its output. */
bool script_run(const struct script *script, char **ret_out, GError **errp)
    __attribute__((warn_unused_result));

/* DIR/PART-PART-...-DATE.log (backend.py _InstanceLogName, extstorage.py _VolumeLogName), for local
 * time in seconds; NULL and *errp if a part has a slash or the folder is not there. */
char *script_log_path(const char *dir, GError **errp, const char *part, ...) G_GNUC_NULL_TERMINATED;
/* "2026-01-31_08_05_10" (utils.TimestampForFilename); allocated. */
char *script_timestamp(void);

#endif
