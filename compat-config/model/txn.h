/* A change of the configuration: clones what it edits, and nothing else.
 *
 *     struct cfg_txn *txn = cfg_txn_begin(cfg);
 *     struct node *node = cfg_txn_edit_node(txn, uuid);
 *     node->offline = true;
 *     const struct cfg *next = cfg_txn_commit(txn, now);
 *
 * Serial numbers and times are set by the commit, as the reference does it
 * (WConfd/ConfigModifications, config/__init__.py Update): an edited object gets serial_no + 1 and
 * mtime now; a new one serial_no 1 and both times; the cluster's and the file's own serial number
 * and mtime follow the rules at cfg_txn_commit(). */
#ifndef GANTRY_COMPAT_CONFIG_MODEL_TXN_H
#define GANTRY_COMPAT_CONFIG_MODEL_TXN_H

#include "compat-config/model/cfg.h"

struct cfg_txn;

struct cfg_txn *cfg_txn_begin(const struct cfg *base);
/* Throws all changes away. NULL is allowed. */
void cfg_txn_abort(struct cfg_txn *txn);
DEFINE_CLEANUP(struct cfg_txn *, cfg_txn_abort)

/* The object as this transaction sees it: its own clone, else that of the base; NULL if there is
 * none, or none any more. */
const void *cfg_txn_get(const struct cfg_txn *txn, enum cfg_kind kind, const char *uuid);
/* A clone to be changed in place, made at the first call; owned by the transaction. NULL if there
 * is no such object. */
void *cfg_txn_edit(struct cfg_txn *txn, enum cfg_kind kind, const char *uuid);
/* Takes over an object made by fact_object_new(); its uuid must be set and new, else false and the
 * object stays the caller's. */
bool cfg_txn_add(struct cfg_txn *txn, enum cfg_kind kind, void *object);
/* Puts a whole object in the place of the one with its UUID, or adds it; takes it over. For what
 * arrives ready made, with serial_no and times as they shall be. */
void cfg_txn_replace(struct cfg_txn *txn, enum cfg_kind kind, void *object);
/* False if there is no such object. */
bool cfg_txn_remove(struct cfg_txn *txn, enum cfg_kind kind, const char *uuid);
struct cluster *cfg_txn_edit_cluster(struct cfg_txn *txn);
/* The commit shall leave all serial numbers and times as they are: for what is no change of the
 * cluster (an upgrade while loading, tools). */
void cfg_txn_set_silent(struct cfg_txn *txn);
bool cfg_txn_is_changed(const struct cfg_txn *txn);
/* The commit shall give the file this serial_no and mtime, whatever else it does. Counts as a
 * change. */
void cfg_txn_set_head(struct cfg_txn *txn, int64_t serial, double mtime);
/* Calls fn for each object that the transaction adds, edits or removes. value NULL: it goes; added:
 * it is new. The order is that of nothing. */
typedef void cfg_txn_change_fn(enum cfg_kind kind, const char *uuid, const void *value, bool added,
                               void *data);
void cfg_txn_each_change(const struct cfg_txn *txn, cfg_txn_change_fn *fn, void *data);
/* The edited cluster, NULL if it is not. */
const struct cluster *cfg_txn_edited_cluster(const struct cfg_txn *txn);
const struct cfg *cfg_txn_base(const struct cfg_txn *txn);
/* Puts a whole cluster object in the place of the present one, as it is; takes it over. */
void cfg_txn_replace_cluster(struct cfg_txn *txn, struct cluster *cluster);

/* The next snapshot; txn is gone. If nothing was changed: the base itself.
 *
 * Adding and removing nodes, groups, instances and networks counts as a change of the cluster
 * object too (its serial_no and mtime); editing them does not, nor do disks and filters. The file's
 * serial_no and mtime go up with every commit. */
const struct cfg *cfg_txn_commit(struct cfg_txn *txn, double now);

#define KIND(kind, type, member, title)                                                            \
    static inline struct type *cfg_txn_edit_##kind(struct cfg_txn *txn, const char *uuid)          \
    {                                                                                              \
        return cfg_txn_edit(txn, CFG_KIND_##kind, uuid);                                           \
    }                                                                                              \
    static inline bool cfg_txn_add_##kind(struct cfg_txn *txn, struct type *object)                \
    {                                                                                              \
        return cfg_txn_add(txn, CFG_KIND_##kind, object);                                          \
    }
CFG_KINDS(KIND)
#undef KIND

#endif
