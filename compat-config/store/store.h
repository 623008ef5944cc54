/* config.data: reading, writing, watching.
 *
 * Reading is strict and changes nothing on disk: whatever is wrong gives one error with file and
 * JSON path, and the file stays as it is. */
#ifndef GANTRY_COMPAT_CONFIG_STORE_STORE_H
#define GANTRY_COMPAT_CONFIG_STORE_STORE_H

#include <glib.h>
#include <stdbool.h>

#include "base/fs.h"
#include "compat-config/model/cfg.h"

struct json;
struct json_writer;

#define CFG_STORE_ERROR (cfg_store_error_quark())
GQuark cfg_store_error_quark(void);
enum cfg_store_error {
    CFG_STORE_ERROR_FORMAT,  /* not a configuration; the text has the JSON path */
    CFG_STORE_ERROR_VERSION, /* a configuration of a release that must be upgraded first */
};

/* From the text of config.data (both dialects). Members that a release added and older files lack
 * take their defaults (Haskell's defaultField); parameters are left as they stand. */
const struct cfg *cfg_parse(const char *text, size_t len, GError **errp);
/* The same from a file. Errors of reading are FS_ERROR. */
const struct cfg *cfg_load(const char *path, GError **errp);

/* Fills what the reference's programs fill when they take the configuration over for writing
 * (UpgradeConfig in objects.py): parameters of hypervisors, disks, nodes and NICs at the cluster,
 * enabled disk templates, ipolicy...; drops global parameters of objects. Returns a new reference,
 * to the same snapshot if nothing was missing. Serial numbers do not change. */
const struct cfg *cfg_upgrade(const struct cfg *cfg);

/* Appends the file's text as wconfd writes it. What an object looks like is kept with it, so the
 * next snapshot encodes only what changed. */
void cfg_encode(const struct cfg *cfg, GString *out);
/* One object's text, by the same cache; object: that of its kind, or fact_object_cluster. */
void cfg_write_object(struct json_writer *w, const struct fact_object *object, const void *value);
/* Reads an object of a kind as strictly as the file is read; the caller owns the result
 * (fact_object_free()). */
void *cfg_read_object(enum cfg_kind kind, struct json *json, GError **errp);
struct cluster *cfg_read_cluster(struct json *json, GError **errp);
/* Atomic and durable. Mode and owner as opts say. */
bool cfg_save(const struct cfg *cfg, const char *path, const struct fs_write_opts *opts,
              GError **errp);

/* --- A file that is kept up with ----------------------------------------------------------------
 *
 * For daemons that read only. Changes are noticed by inotify on the directory (writers rename), on
 * the thread-default main context. */
struct cfg_watch;
/* cfg: the new snapshot (borrowed), or NULL with the reason why the file could not be read; the
 * last good snapshot stays current then. */
typedef void cfg_watch_fn(const struct cfg *cfg, const GError *error, void *data);

/* Loads the file; fails if that fails. fn may be NULL. */
struct cfg_watch *cfg_watch_new(const char *path, cfg_watch_fn *fn, void *data, GError **errp);
/* The current snapshot, as a new reference. A change that is on disk by now is seen even if the
 * main loop has not run since (one stat call). */
const struct cfg *cfg_watch_get(struct cfg_watch *watch);
void cfg_watch_free(struct cfg_watch *watch);
DEFINE_CLEANUP(struct cfg_watch *, cfg_watch_free)

#endif
