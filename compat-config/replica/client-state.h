/* A client of the configuration daemon; for wconfd-client.c and wait-locks.c alone. */
#ifndef GANTRY_COMPAT_CONFIG_REPLICA_CLIENT_STATE_H
#define GANTRY_COMPAT_CONFIG_REPLICA_CLIENT_STATE_H

#include "compat-config/replica/local.h"
#include "compat-config/replica/wconfd-client.h"
#include "luxi/client/client.h"

struct wconfd_client {
    struct client_id *self; /* NULL: none */
    char *path;
    struct luxi_client *luxi; /* NULL: to be connected again, or local */
    struct wconfd_local *local;
    bool served;       /* a daemon was there once */
    bool is_reference; /* it lacks our methods */
};

struct luxi_client *client_open(const struct wconfd_client *client, GError **errp);
bool client_connect(struct wconfd_client *client, GError **errp);
/* The reference's daemon, and ours for a client whose connection broke, tells by SIGHUP that locks
 * were granted. It may come late, and must not end the process. */
void client_survive_wakes(void);
/* Learns from an error what the daemon is. */
void client_note_error(struct wconfd_client *client, const GError *error);
/* As arguments of a method; cleared with it. */
struct any_list client_requests(const struct lock_request *v, size_t n);

#endif
