#include "config.h"

#include "noded/ssh/public-keys.h"

#include <string.h>

#include "base/fs.h"
#include "compat-config/paths/paths.h"
#include "facts/errors.h"

enum { MAX_FILE = 16 * 1024 * 1024 };

struct entry {
    char *node, *key;
};

struct public_keys {
    GPtrArray *entries; /* struct entry */
};

static void entry_free(void *data)
{
    struct entry *entry = data;

    g_free(entry->node);
    g_free(entry->key);
    g_free(entry);
}

struct public_keys *public_keys_new(void)
{
    struct public_keys *keys = g_new(struct public_keys, 1);

    keys->entries = g_ptr_array_new_with_free_func(entry_free);
    return keys;
}

void public_keys_free(struct public_keys *keys)
{
    if (keys != NULL) {
        g_ptr_array_unref(keys->entries);
        g_free(keys);
    }
}

static const struct entry *entry_at(const struct public_keys *keys, guint index)
{
    return g_ptr_array_index(keys->entries, index);
}

void public_keys_add(struct public_keys *keys, const char *node, const char *key)
{
    g_autofree char *line = g_strchomp(g_strdup(key));
    struct entry *entry;

    for (guint i = 0; i < keys->entries->len; i++) {
        if (strcmp(entry_at(keys, i)->node, node) == 0 &&
            strcmp(entry_at(keys, i)->key, line) == 0) {
            return;
        }
    }
    entry = g_new(struct entry, 1);
    entry->node = g_strdup(node);
    entry->key = g_steal_pointer(&line);
    g_ptr_array_add(keys->entries, entry);
}

/* key NULL: any */
static bool remove_matching(struct public_keys *keys, const char *node, const char *key)
{
    guint before = keys->entries->len;

    for (guint i = before; i > 0; i--) {
        const struct entry *entry = entry_at(keys, i - 1);

        if (strcmp(entry->node, node) == 0 && (key == NULL || strcmp(entry->key, key) == 0)) {
            g_ptr_array_remove_index(keys->entries, i - 1);
        }
    }
    return keys->entries->len < before;
}

bool public_keys_remove(struct public_keys *keys, const char *node)
{
    return remove_matching(keys, node, NULL);
}

void public_keys_remove_key(struct public_keys *keys, const char *node, const char *key)
{
    (void)remove_matching(keys, node, key);
}

void public_keys_rename(struct public_keys *keys, const char *from, const char *to)
{
    for (guint i = 0; i < keys->entries->len; i++) {
        struct entry *entry = g_ptr_array_index(keys->entries, i);

        if (strcmp(entry->node, from) == 0) {
            g_free(entry->node);
            entry->node = g_strdup(to);
        }
    }
}

GPtrArray *public_keys_of(const struct public_keys *keys, const char *node)
{
    GPtrArray *result = g_ptr_array_new();

    for (guint i = 0; i < keys->entries->len; i++) {
        if (strcmp(entry_at(keys, i)->node, node) == 0) {
            g_ptr_array_add(result, entry_at(keys, i)->key);
        }
    }
    return result;
}

GPtrArray *public_keys_nodes(const struct public_keys *keys)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *result = g_ptr_array_new();

    for (guint i = 0; i < keys->entries->len; i++) {
        if (g_hash_table_add(seen, entry_at(keys, i)->node)) {
            g_ptr_array_add(result, entry_at(keys, i)->node);
        }
    }
    return result;
}

struct public_keys *public_keys_parse(const char *text, GError **errp)
{
    CLEANUP(public_keys_freep) struct public_keys *keys = public_keys_new();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) parts = g_strsplit(g_strchomp(*line), " ", 2);

        if (**line == '\0') {
            continue;
        }
        if (parts[1] == NULL || *parts[0] == '\0') {
            err_set(errp, ERR_SSH_UPDATE, ECODE_NONE,
                    "line %zu of %s is no UUID with an SSH key behind it: \"%s\"",
                    (size_t)(line - lines) + 1, path_get(PATH_SSH_PUB_KEYS), *line);
            return NULL;
        }
        public_keys_add(keys, parts[0], parts[1]);
    }
    return g_steal_pointer(&keys);
}

char *public_keys_text(const struct public_keys *keys)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < keys->entries->len; i++) {
        g_string_append_printf(out, "%s %s\n", entry_at(keys, i)->node, entry_at(keys, i)->key);
    }
    return g_string_free(out, FALSE);
}

struct public_keys *public_keys_load(GError **errp)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = fs_read_file(path_get(PATH_SSH_PUB_KEYS), MAX_FILE, NULL, &error);

    if (g_error_matches(error, FS_ERROR, ENOENT)) {
        return public_keys_new();
    }
    if (text == NULL) {
        g_propagate_error(errp, g_steal_pointer(&error));
        return NULL;
    }
    return public_keys_parse(text, errp);
}

bool public_keys_save(const struct public_keys *keys, GError **errp)
{
    const struct fs_write_opts opts = {.mode = 0600};
    g_autofree char *text = public_keys_text(keys);

    return fs_write_atomic(path_get(PATH_SSH_PUB_KEYS), text, strlen(text), &opts, errp);
}
