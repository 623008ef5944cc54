/* Files and folders, daemons, rights and keys of the simple store, from paths.def.
 *
 * Here a path is what configure made of it. Programs ask path_get() of compat-config/paths instead,
 * which knows virtual clusters. */
#ifndef GANTRY_FACTS_PATHS_H
#define GANTRY_FACTS_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#include "facts/level.h"

enum path_id {
#define PATH_ROOT(ident, where, path, doc) PATH_##ident,
#define PATH(ident, base, tail, doc)       PATH_##ident,
#include "facts/paths.def"
    PATH_COUNT,
};

enum search_path_id {
#define SEARCH_PATH(ident, folders, doc) PATH_##ident,
#include "facts/paths.def"
    SEARCH_PATH_COUNT,
};

enum path_where {
    PATH_WHERE_HOST, /* the same in a virtual cluster */
    PATH_WHERE_NODE, /* below the node's folder in a virtual cluster */
};

struct path_row {
    const char *name;  /* the reference's name of it */
    enum path_id base; /* itself: tail is the whole path */
    enum path_where where;
    const char *tail; /* may hold one %s */
    const char *doc;
};

struct search_path_row {
    const char *name;
    const char *folders; /* commas between them */
    const char *doc;
};

extern const struct path_row path_rows[PATH_COUNT];
extern const struct search_path_row search_path_rows[SEARCH_PATH_COUNT];

/* The whole path as configured; static. */
const char *path_plain(enum path_id id);
/* Whether the path, or the one that it is below, is the node's own in a virtual cluster. */
bool path_is_of_node(enum path_id id);

enum daemon_id {
#define DAEMON(ident, name, user, group, log, protocol, port, flags, doc) DAEMON_##ident,
#include "facts/paths.def"
    DAEMON_COUNT,
};

/* Whom files belong to: the daemons' groups, then the further ones. */
enum group_id {
#define DAEMON(ident, name, user, group, log, protocol, port, flags, doc) GROUP_##ident,
#include "facts/paths.def"
#define GROUP(ident, name, doc) GROUP_##ident,
#include "facts/paths.def"
    GROUP_COUNT,
};

enum daemon_protocol {
    DAEMON_PROTOCOL_NONE, /* no network */
    DAEMON_PROTOCOL_TCP,
    DAEMON_PROTOCOL_UDP,
};

enum daemon_flags {
    DAEMON_MASTER = 1 << 0,        /* runs on the master only */
    DAEMON_ACCESS_LOG = 1 << 1,    /* has logs of accesses and of errors too */
    DAEMON_ACCESS_LOG_31 = 1 << 2, /* the same since 3.1 */
};

enum daemon_log {
    DAEMON_LOG_MAIN,
    DAEMON_LOG_ACCESS,
    DAEMON_LOG_ERROR,
};

struct daemon_row {
    enum daemon_id id;
    const char *name;         /* also its program's */
    const char *user, *group; /* it runs as */
    const char *log;          /* without folder and ".log" */
    enum daemon_protocol protocol;
    int port;       /* default */
    unsigned flags; /* enum daemon_flags */
    const char *doc;
};

extern const struct daemon_row daemon_rows[DAEMON_COUNT];
/* NULL if there is no such daemon. */
const struct daemon_row *daemon_row_find(const char *name);
const char *group_name(enum group_id id);
/* The word for PATH_LOG_FILE; allocated. */
char *daemon_log_base(enum daemon_id id, enum daemon_log log);
bool daemon_has_access_log(enum daemon_id id);

enum ensure_kind {
    ENSURE_DIR,    /* made if missing */
    ENSURE_FILE,   /* if it is there */
    ENSURE_QUEUE,  /* all job files of the folder */
    ENSURE_SSCONF, /* all files of the simple store */
    ENSURE_LOG,    /* a daemon's log, if it is there */
};

struct ensure_row {
    enum ensure_kind kind;
    enum path_id path;     /* ENSURE_LOG: PATH_LOG_FILE */
    enum daemon_id daemon; /* ENSURE_LOG */
    enum daemon_log log;   /* ENSURE_LOG */
    unsigned mode;
    enum daemon_id user;
    enum group_id group;
    enum fact_level since, until;
};

/* In the order of work: a folder stands before what is in it. */
extern const struct ensure_row ensure_rows[];
extern const size_t n_ensure_rows;

enum ssconf_id {
#define SSCONF(ident, key, doc) SSCONF_##ident,
#include "facts/paths.def"
    SSCONF_COUNT,
};

struct ssconf_row {
    const char *key; /* the word for PATH_SSCONF_FILE */
    const char *doc;
};

extern const struct ssconf_row ssconf_rows[SSCONF_COUNT];

#endif
