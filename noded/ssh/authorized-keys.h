/* The text of an authorized_keys file with keys added or taken away (reference: lib/ssh.py).
 *
 * Keys are lines. Of a line without options in front of the key only the type and the key itself
 * count, not the comment; of one with options all words do. Other people's lines stay as they are.
 * Both functions return a new text. */
#ifndef GANTRY_NODED_SSH_AUTHORIZED_KEYS_H
#define GANTRY_NODED_SSH_AUTHORIZED_KEYS_H

#include <glib.h>
#include <stdbool.h>

/* Keys that are there already are not added again. */
char *authorized_keys_add(const char *text, const char *const *keys, size_t n);
char *authorized_keys_remove(const char *text, const char *const *keys, size_t n);
bool authorized_keys_has(const char *text, const char *key);

#endif
