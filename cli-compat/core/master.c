#include "config.h"

#include "cli-compat/core/master.h"

#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/errors.h"

enum { MAX_HOST_NAME = 256 };

char *master_name(GError **errp)
{
    char *name = ssconf_read(path_get(PATH_DATA_DIR), SSCONF_master_node, NULL, errp);

    if (name == NULL) {
        err_wrap(errp, ERR_CONFIGURATION, ECODE_NONE);
    }
    return name;
}

/* This node's full name, as Python's socket.getfqdn() finds it; allocated. */
static char *own_name(void)
{
    const struct addrinfo hints = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[MAX_HOST_NAME] = "", full[NI_MAXHOST];
    char *name;

    if (vcluster_hostname() != NULL) {
        return g_strdup(vcluster_hostname());
    }
    if (gethostname(host, sizeof(host) - 1) != 0 || getaddrinfo(host, NULL, &hints, &found) != 0) {
        return g_strdup(host);
    }
    if (getnameinfo(found->ai_addr, found->ai_addrlen, full, sizeof(full), NULL, 0, NI_NAMEREQD) ==
            0 &&
        strchr(full, '.') != NULL) {
        name = g_strdup(full);
    } else {
        name = g_strdup(found->ai_canonname != NULL ? found->ai_canonname : host);
    }
    freeaddrinfo(found);
    return name;
}

bool master_check(GError **errp)
{
    g_autofree char *master = master_name(NULL);
    g_autofree char *own = NULL;

    if (master == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "this machine is part of no cluster");
    }
    own = own_name();
    if (strcmp(own, master) != 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "this node (%s) is not the master; give the command on '%s'", own, master);
    }
    return true;
}
