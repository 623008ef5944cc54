/* ganeti_pub_keys: the public SSH keys of the cluster's nodes, lines of "UUID KEY" (reference:
 * lib/ssh.py). A node that is just joining stands there by its name. A node may have several keys.
 */
#ifndef GANTRY_NODED_SSH_PUBLIC_KEYS_H
#define GANTRY_NODED_SSH_PUBLIC_KEYS_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

struct public_keys;

struct public_keys *public_keys_new(void);
/* A line that is not one is an error that names it. */
struct public_keys *public_keys_parse(const char *text, GError **errp);
char *public_keys_text(const struct public_keys *keys);
void public_keys_free(struct public_keys *keys);
DEFINE_CLEANUP(struct public_keys *, public_keys_free)

/* The file; one that does not exist has no keys. */
struct public_keys *public_keys_load(GError **errp);
bool public_keys_save(const struct public_keys *keys, GError **errp);

/* Each pair stands there once. Line ends at the end of the key do not count. */
void public_keys_add(struct public_keys *keys, const char *node, const char *key);
/* False if it had none. */
bool public_keys_remove(struct public_keys *keys, const char *node);
/* Only this key of the node. */
void public_keys_remove_key(struct public_keys *keys, const char *node, const char *key);
void public_keys_rename(struct public_keys *keys, const char *from, const char *to);
/* Keys of a node, in the order of the file: borrowed texts. */
GPtrArray *public_keys_of(const struct public_keys *keys, const char *node);
/* Nodes, each once, in the order of the file: borrowed texts. */
GPtrArray *public_keys_nodes(const struct public_keys *keys);

#endif
