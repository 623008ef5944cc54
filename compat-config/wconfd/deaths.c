#include "config.h"

#include "compat-config/wconfd/deaths.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"

enum {
    /* A process is gone but its lock file is held (by a child that got the descriptor, or because
       the number belongs to another process by now): look again, less and less often. */
    FIRST_LOOK_MS = 20,
    LAST_LOOK_MS = 60 * 1000,
    /* Files in the folder of lock files. */
    MAX_FILES = 100000,
};

struct deaths {
    struct wconfd_core *core;
    char *own;
    GHashTable *watched; /* key of the client -> struct watched */
    guint timer;
};

struct watched {
    struct deaths *deaths;
    struct client_id client;
    int pidfd; /* -1: the process is gone already */
    guint source;
    guint wait_ms;
};

static char *key_of(const struct client_id *client)
{
    g_autofree char *name = json_to_string(client->client, JSON_COMPACT);

    return g_strdup_printf("%s %" G_GINT64_FORMAT " %s", name, client->pid, client->lock_file);
}

static void watched_free(gpointer data)
{
    struct watched *watched = data;

    if (watched->source != 0) {
        g_source_remove(watched->source);
    }
    if (watched->pidfd >= 0) {
        (void)close(watched->pidfd);
    }
    fact_object_clear(&fact_object_client_id, &watched->client);
    g_free(watched);
}

static bool is_dead(const struct deaths *deaths, const struct client_id *client)
{
    return strcmp(client->lock_file, deaths->own) != 0 &&
           fs_lock_is_dead(client->lock_file, FS_LOCK_RECORD);
}

static void bury(struct deaths *deaths, const struct client_id *client)
{
    g_autofree char *key = key_of(client);
    g_autofree char *name = json_to_string(client->client, JSON_COMPACT);

    if (wconfd_core_client_died(deaths->core, client)) {
        g_message("client %s (process %" G_GINT64_FORMAT ") is gone: its locks and reservations "
                  "are given back",
                  name, client->pid);
    }
    (void)unlink(client->lock_file);
    (void)g_hash_table_remove(deaths->watched, key); /* frees the client if it came from there */
}

static gboolean look_again(gpointer data)
{
    struct watched *watched = data;

    watched->source = 0;
    if (is_dead(watched->deaths, &watched->client)) {
        bury(watched->deaths, &watched->client);
        return G_SOURCE_REMOVE;
    }
    watched->source = g_timeout_add(watched->wait_ms, look_again, watched);
    watched->wait_ms = MIN(watched->wait_ms * 2, LAST_LOOK_MS);
    return G_SOURCE_REMOVE;
}

static gboolean on_process_end(gint fd, GIOCondition condition, gpointer data)
{
    struct watched *watched = data;

    (void)fd;
    (void)condition;
    (void)look_again(watched);
    return G_SOURCE_REMOVE;
}

void deaths_watch(struct deaths *deaths, const struct client_id *client)
{
    g_autofree char *key = key_of(client);
    struct watched *watched;

    if (strcmp(client->lock_file, deaths->own) == 0 ||
        g_hash_table_contains(deaths->watched, key)) {
        return;
    }
    watched = g_new0(struct watched, 1);
    watched->deaths = deaths;
    watched->wait_ms = FIRST_LOOK_MS;
    fact_object_copy_at(&fact_object_client_id, &watched->client, client);
    watched->pidfd = client->pid > 0 ? pidfd_open((pid_t)client->pid, 0) : -1;
    if (watched->pidfd >= 0) {
        watched->source = g_unix_fd_add(watched->pidfd, G_IO_IN, on_process_end, watched);
    } else {
        watched->source = g_timeout_add(watched->wait_ms, look_again, watched);
    }
    (void)g_hash_table_insert(deaths->watched, g_steal_pointer(&key), watched);
}

static void collect(const struct client_id *client, void *data)
{
    g_ptr_array_add(data, fact_object_copy(&fact_object_client_id, client));
}

static void remove_stale_files(struct deaths *deaths)
{
    const char *dir = path_get(PATH_LIVELOCK_DIR);
    g_autoptr(GPtrArray) names = fs_list_dir(dir, MAX_FILES, NULL);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *path = g_build_filename(dir, g_ptr_array_index(names, i), NULL);

        if (strcmp(path, deaths->own) != 0 && fs_lock_is_dead(path, FS_LOCK_RECORD)) {
            g_info("removing %s, which nobody holds", path);
            (void)unlink(path);
        }
    }
}

void deaths_find(struct deaths *deaths)
{
    g_autoptr(GPtrArray) clients = g_ptr_array_new();

    wconfd_core_each_client(deaths->core, collect, clients);
    for (guint i = 0; i < clients->len; i++) {
        struct client_id *client = g_ptr_array_index(clients, i);

        if (is_dead(deaths, client)) {
            bury(deaths, client);
        }
        fact_object_free(&fact_object_client_id, client);
    }
}

static gboolean on_timer(gpointer data)
{
    deaths_find(data);
    remove_stale_files(data);
    return G_SOURCE_CONTINUE;
}

struct deaths *deaths_new(struct wconfd_core *core, const char *own)
{
    struct deaths *deaths = g_new0(struct deaths, 1);

    deaths->core = core;
    deaths->own = g_strdup(own);
    deaths->watched = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, watched_free);
    deaths->timer = g_timeout_add_seconds(C_WCONFD_DEATHDETECTION_INTERVALL, on_timer, deaths);
    return deaths;
}

void deaths_free(struct deaths *deaths)
{
    g_source_remove(deaths->timer);
    g_hash_table_unref(deaths->watched);
    g_free(deaths->own);
    g_free(deaths);
}
