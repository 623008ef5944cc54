#include "config.h"

#include <glib.h>

#include "base/json-writer.h"
#include "facts/factdump.h"
#include "facts/paths.h"

static void dump_int(struct json_writer *w, const char *key, int value)
{
    json_write_key(w, key);
    json_write_int(w, value);
}

static void dump_path_rows(struct json_writer *w)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < PATH_COUNT; i++) {
        dump_text(w, path_rows[i].name, path_plain((enum path_id)i));
    }
    for (size_t i = 0; i < SEARCH_PATH_COUNT; i++) {
        dump_text(w, search_path_rows[i].name, search_path_rows[i].folders);
    }
    json_write_object_end(w);
}

static void dump_log(struct json_writer *w, const char *key, enum daemon_id id, enum daemon_log log)
{
    g_autofree char *base = daemon_log_base(id, log);

    dump_text(w, key, base);
}

static void dump_daemon(struct json_writer *w, const struct daemon_row *row)
{
    static const char *const protocols[] = {
        [DAEMON_PROTOCOL_TCP] = "tcp",
        [DAEMON_PROTOCOL_UDP] = "udp",
    };

    json_write_object_begin(w);
    dump_text(w, "user", row->user);
    dump_text(w, "group", row->group);
    dump_bool(w, "master", (row->flags & DAEMON_MASTER) != 0);
    dump_log(w, "log", row->id, DAEMON_LOG_MAIN);
    if (daemon_has_access_log(row->id)) {
        dump_log(w, "access", row->id, DAEMON_LOG_ACCESS);
        dump_log(w, "error", row->id, DAEMON_LOG_ERROR);
    }
    if (row->protocol != DAEMON_PROTOCOL_NONE) {
        dump_text(w, "protocol", protocols[row->protocol]);
        dump_int(w, "port", row->port);
    }
    json_write_object_end(w);
}

static char *ensured_path(const struct ensure_row *row)
{
    g_autofree char *word = NULL;
    g_auto(GStrv) around = NULL;

    if (row->kind != ENSURE_LOG) {
        return g_strdup(path_plain(row->path));
    }
    word = daemon_log_base(row->daemon, row->log);
    around = g_strsplit(path_plain(row->path), "%s", 2);
    return g_strconcat(around[0], word, around[1], NULL);
}

static void dump_ensure(struct json_writer *w, const struct ensure_row *row)
{
    static const char *const kinds[] = {
        [ENSURE_DIR] = "DIR",       [ENSURE_FILE] = "FILE", [ENSURE_QUEUE] = "QUEUE_DIR",
        [ENSURE_SSCONF] = "SSCONF", [ENSURE_LOG] = "FILE",
    };
    g_autofree char *path = ensured_path(row);
    g_autofree char *mode = g_strdup_printf("%04o", row->mode);

    json_write_object_begin(w);
    dump_text(w, "path", path);
    dump_text(w, "kind", kinds[row->kind]);
    dump_text(w, "mode", mode);
    dump_text(w, "owner", daemon_rows[row->user].user);
    dump_text(w, "group", group_name(row->group));
    json_write_object_end(w);
}

static void dump_ensure_rows(struct json_writer *w)
{
    json_write_array_begin(w);
    for (size_t i = 0; i < n_ensure_rows; i++) {
        if (ensure_rows[i].since <= fact_level() && fact_level() <= ensure_rows[i].until) {
            dump_ensure(w, &ensure_rows[i]);
        }
    }
    json_write_array_end(w);
}

void dump_paths(struct json_writer *w)
{
    json_write_object_begin(w);
    json_write_key(w, "paths");
    dump_path_rows(w);
    json_write_key(w, "daemons");
    json_write_object_begin(w);
    for (size_t i = 0; i < DAEMON_COUNT; i++) {
        json_write_key(w, daemon_rows[i].name);
        dump_daemon(w, &daemon_rows[i]);
    }
    json_write_object_end(w);
    dump_text(w, "group_admin", group_name(GROUP_admin));
    dump_text(w, "group_daemons", group_name(GROUP_daemons));
    json_write_key(w, "ensure_dirs");
    dump_ensure_rows(w);
    json_write_key(w, "ssconf");
    json_write_array_begin(w);
    for (size_t i = 0; i < SSCONF_COUNT; i++) {
        json_write_string(w, ssconf_rows[i].key);
    }
    json_write_array_end(w);
    json_write_object_end(w);
}
