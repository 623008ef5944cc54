/* root's SSH files (reference: lib/ssh.py GetUserFiles, InitSSHSetup). */
#ifndef GANTRY_NODED_SSH_FILES_H
#define GANTRY_NODED_SSH_FILES_H

#include <glib.h>
#include <stdbool.h>

#include "facts/objects.h"

/* All owned by the caller. */
char *ssh_authorized_keys_path(void);
char *ssh_private_key_path(enum ssh_key_type type);
char *ssh_public_key_path(enum ssh_key_type type);
/* ~/.ssh, made if it is not there. */
bool ssh_ensure_dir(GError **errp);

/* The length of a new key in bits: the one given, if keys of the type can have it, or for 0 the
 * usual one (DetermineKeyBits). OpPrereqError. */
bool ssh_key_length(enum ssh_key_type type, int64_t given, int64_t *ret_bits, GError **errp);

/* Makes a key without a passphrase in place of the one that is there, which is kept as a backup,
 * and lets it log in. suffix: goes behind the name of the private file; the public one then ends
 * with ".pub" behind it. bits of 0: what the type is usually made with. */
bool ssh_make_key(enum ssh_key_type type, int64_t bits, const char *suffix, GError **errp);

/* Reads, changes and replaces the file; one that is not there counts as empty. */
bool ssh_authorize(const char *const *keys, size_t n, GError **errp);
bool ssh_deauthorize(const char *const *keys, size_t n, GError **errp);

#endif
