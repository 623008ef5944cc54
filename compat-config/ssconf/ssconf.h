/* The simple store: one small file per fact of the cluster, for programs that do not read the
 * configuration (scripts, the node daemon before it is configured).
 *
 * A value is a list of lines; its file ends with a newline unless there is nothing in it
 * (src/Ganeti/WConfd/Ssconf.hs, lib/ssconf.py). */
#ifndef GANTRY_COMPAT_CONFIG_SSCONF_SSCONF_H
#define GANTRY_COMPAT_CONFIG_SSCONF_SSCONF_H

#include <glib.h>
#include <stdbool.h>

#include "compat-config/model/cfg.h"
#include "facts/paths.h"

/* The reference takes 128 KiB, which a list of 20,000 instances exceeds. */
enum { SSCONF_MAX_SIZE = 8 * 1024 * 1024 };

/* The lines of every key, without the last newline. */
struct ssconf {
    char *values[SSCONF_COUNT];
};

/* release: what ssconf_release_version shall say. The caller owns the result. */
struct ssconf *ssconf_from_cfg(const struct cfg *cfg, const char *release);
void ssconf_free(struct ssconf *ssconf);
DEFINE_CLEANUP(struct ssconf *, ssconf_free)
bool ssconf_equal(const struct ssconf *a, const struct ssconf *b);

/* The row of a key as it comes over the wire; -1 if it is none. */
int ssconf_find(const char *key);

/* Writes one value to its file in dir (the folder of PATH_SSCONF_FILE), mode 0444. */
bool ssconf_write_value(const char *dir, enum ssconf_id id, const char *value, GError **errp);
/* All of them, under the lock file (NULL: without a lock), which other writers hold in turn. */
bool ssconf_write(const struct ssconf *ssconf, const char *dir, const char *lock_path,
                  GError **errp);

/* The value of a key, without blanks at the end. A file that is not there is `missing` if that is
 * not NULL, else an error. The caller owns the result. */
char *ssconf_read(const char *dir, enum ssconf_id id, const char *missing, GError **errp);
/* The same as lines, NULL-terminated; g_strfreev(). */
char **ssconf_read_lines(const char *dir, enum ssconf_id id, GError **errp);
/* "key=value" or "key value" lines (separator sep) as a table of texts; a line without the
 * separator is an error that names it. g_hash_table_unref(). */
GHashTable *ssconf_read_table(const char *dir, enum ssconf_id id, char sep, GError **errp);
/* For texts from elsewhere: what ssconf_read_table() does behind the reading. */
GHashTable *ssconf_parse_table(const char *text, char sep, GError **errp);

#endif
