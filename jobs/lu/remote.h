/* What two clusters must know of each other to send an instance from one to the other: both have
 * the same domain secret, and whatever goes by way of the client is signed with it (reference:
 * lib/masterd/instance.py ComputeRemoteExportHandshake and what stands below it). */
#ifndef GANTRY_JOBS_LU_REMOTE_H
#define GANTRY_JOBS_LU_REMOTE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct json;
struct tls_cert;

enum { REMOTE_SALT_BYTES = 8 };

/* The cluster's domain secret, owned by the caller; an OpExecError. */
char *remote_secret(GError **errp);

/* [version, digest, salt]; owned by the caller. */
struct json *remote_handshake(const char *secret);
/* What the other cluster sent is that; an OpPrereqError. */
bool remote_check_handshake(const char *secret, const struct json *handshake, GError **errp);

/* [name, digest, salt] for the name of a key on a node. */
struct json *remote_key_name(const char *secret, const char *salt, const char *name);
/* The name in it, borrowed; NULL and an OpPrereqError. */
const char *remote_check_key_name(const char *secret, const struct json *signed_name,
                                  GError **errp);

/* A certificate with its signature, as text; owned by the caller. */
char *remote_sign_cert(const char *secret, const char *salt, const char *pem, GError **errp);
/* The certificate in such a text, as PEM, if it is signed and valid now; owned by the caller.
 * OpPrereqError; whose: "source", "destination". */
char *remote_load_cert(const char *secret, const char *text, const char *whose, GError **errp);

/* Where a disk goes. */
struct remote_target {
    char *host; /* owned */
    int64_t port;
    char *magic; /* owned */
};
void remote_target_clear(struct remote_target *target);
/* [host, port, magic, digest, salt]; owned by the caller. */
struct json *remote_disk_info(const char *secret, const char *salt, size_t index, const char *host,
                              int64_t port, const char *magic);
/* Reads and checks it; an OpPrereqError. */
bool remote_check_disk_info(const char *secret, size_t index, const struct json *info,
                            struct remote_target *ret, GError **errp);

#endif
