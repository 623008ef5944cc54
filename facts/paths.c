#include "config.h"

#include "facts/paths.h"

#include <glib.h>
#include <string.h>

const struct path_row path_rows[PATH_COUNT] = {
#define PATH_ROOT(ident, where_, path, doc_)                                                       \
    [PATH_##ident] = {.name = #ident,                                                              \
                      .base = PATH_##ident,                                                        \
                      .where = PATH_WHERE_##where_,                                                \
                      .tail = path,                                                                \
                      .doc = doc_},
#define PATH(ident, base_, tail_, doc_)                                                            \
    [PATH_##ident] = {.name = #ident, .base = PATH_##base_, .tail = tail_, .doc = doc_},
#include "facts/paths.def"
};

const struct search_path_row search_path_rows[SEARCH_PATH_COUNT] = {
#define SEARCH_PATH(ident, folders_, doc_)                                                         \
    [PATH_##ident] = {.name = #ident, .folders = folders_, .doc = doc_},
#include "facts/paths.def"
};

const struct daemon_row daemon_rows[DAEMON_COUNT] = {
#define DAEMON(ident, name_, user_, group_, log_, protocol_, port_, flags_, doc_)                  \
    [DAEMON_##ident] = {.id = DAEMON_##ident,                                                      \
                        .name = name_,                                                             \
                        .user = user_,                                                             \
                        .group = group_,                                                           \
                        .log = log_,                                                               \
                        .protocol = DAEMON_PROTOCOL_##protocol_,                                   \
                        .port = port_,                                                             \
                        .flags = flags_,                                                           \
                        .doc = doc_},
#include "facts/paths.def"
};

static const char *const group_names[GROUP_COUNT] = {
#define DAEMON(ident, name, user, group, log, protocol, port, flags, doc) [GROUP_##ident] = group,
#define GROUP(ident, name, doc)                                           [GROUP_##ident] = name,
#include "facts/paths.def"
};

const struct ensure_row ensure_rows[] = {
#define ENSURE_V(path_, kind_, mode_, user_, group_, since_, until_)                               \
    {.kind = ENSURE_##kind_,                                                                       \
     .path = PATH_##path_,                                                                         \
     .mode = mode_,                                                                                \
     .user = DAEMON_##user_,                                                                       \
     .group = GROUP_##group_,                                                                      \
     .since = since_,                                                                              \
     .until = until_},
#define ENSURE_LOG_V(daemon_, log_, user_, group_, since_, until_)                                 \
    {.kind = ENSURE_LOG,                                                                           \
     .path = PATH_LOG_FILE,                                                                        \
     .daemon = DAEMON_##daemon_,                                                                   \
     .log = DAEMON_LOG_##log_,                                                                     \
     .mode = 0600,                                                                                 \
     .user = DAEMON_##user_,                                                                       \
     .group = GROUP_##group_,                                                                      \
     .since = since_,                                                                              \
     .until = until_},
#include "facts/paths.def"
};
const size_t n_ensure_rows = G_N_ELEMENTS(ensure_rows);

const struct ssconf_row ssconf_rows[SSCONF_COUNT] = {
#define SSCONF(ident, key_, doc_) [SSCONF_##ident] = {.key = key_, .doc = doc_},
#include "facts/paths.def"
};

const char *path_plain(enum path_id id)
{
    static char *paths[PATH_COUNT];
    const struct path_row *row = &path_rows[id];

    if (row->base == id) {
        return row->tail;
    }
    if (paths[id] == NULL) {
        paths[id] = g_strconcat(path_plain(row->base), row->tail, NULL);
    }
    return paths[id];
}

bool path_is_of_node(enum path_id id)
{
    while (path_rows[id].base != id) {
        id = path_rows[id].base;
    }
    return path_rows[id].where == PATH_WHERE_NODE;
}

const struct daemon_row *daemon_row_find(const char *name)
{
    for (size_t i = 0; i < DAEMON_COUNT; i++) {
        if (strcmp(daemon_rows[i].name, name) == 0) {
            return &daemon_rows[i];
        }
    }
    return NULL;
}

const char *group_name(enum group_id id)
{
    return group_names[id];
}

char *daemon_log_base(enum daemon_id id, enum daemon_log log)
{
    static const char *const endings[] = {
        [DAEMON_LOG_MAIN] = "",
        [DAEMON_LOG_ACCESS] = "-access",
        [DAEMON_LOG_ERROR] = "-error",
    };

    return g_strconcat(daemon_rows[id].log, endings[log], NULL);
}

bool daemon_has_access_log(enum daemon_id id)
{
    unsigned flags = daemon_rows[id].flags;

    return (flags & DAEMON_ACCESS_LOG) != 0 ||
           ((flags & DAEMON_ACCESS_LOG_31) != 0 && fact_level() >= LEVEL_3_1);
}
