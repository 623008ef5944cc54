#include "config.h"

#include <string.h>

#include "base/fs.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/constants.h"
#include "facts/errors.h"

enum { SSCONF_MODE = 0444 };

static char *file_of(const char *dir, enum ssconf_id id)
{
    g_autofree char *name = g_strconcat(C_SSCONF_FILEPREFIX, ssconf_rows[id].key, NULL);

    return g_build_filename(dir, name, NULL);
}

bool ssconf_write_value(const char *dir, enum ssconf_id id, const char *value, GError **errp)
{
    static const struct fs_write_opts opts = {.mode = SSCONF_MODE};
    size_t len = strlen(value);
    g_autofree char *path = file_of(dir, id);
    g_autofree char *text = g_strconcat(value, len > 0 && value[len - 1] != '\n' ? "\n" : "", NULL);

    if (strlen(text) > SSCONF_MAX_SIZE) {
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                        "value of %s has %zu bytes, at most %d are allowed", ssconf_rows[id].key,
                        strlen(text), SSCONF_MAX_SIZE);
    }
    return fs_write_atomic(path, text, strlen(text), &opts, errp);
}

bool ssconf_write(const struct ssconf *ssconf, const char *dir, const char *lock_path,
                  GError **errp)
{
    CLEANUP(fs_lock_freep) struct fs_lock *lock = NULL;

    if (lock_path != NULL) {
        lock = fs_lock_take(lock_path, FS_LOCK_FLOCK, errp);
        if (lock == NULL) {
            return false;
        }
    }
    for (int id = 0; id < SSCONF_COUNT; id++) {
        if (!ssconf_write_value(dir, id, ssconf->values[id], errp)) {
            return false;
        }
    }
    return true;
}

char *ssconf_read(const char *dir, enum ssconf_id id, const char *missing, GError **errp)
{
    g_autofree char *path = file_of(dir, id);
    g_autoptr(GError) error = NULL;
    size_t len = 0;
    char *text = fs_read_file(path, SSCONF_MAX_SIZE, &len, &error);

    if (text == NULL) {
        if (missing != NULL && g_error_matches(error, FS_ERROR, ENOENT)) {
            return g_strdup(missing);
        }
        g_propagate_error(errp, g_steal_pointer(&error));
        return NULL;
    }
    if (strlen(text) != len) {
        err_set(errp, ERR_CONFIGURATION, ECODE_NONE, "%s: holds a NUL byte", path);
        g_free(text);
        return NULL;
    }
    return g_strchomp(text);
}

static char **split_lines(const char *text)
{
    /* g_strsplit() of "" gives no element, as it should be. */
    return g_strsplit(text, "\n", -1);
}

char **ssconf_read_lines(const char *dir, enum ssconf_id id, GError **errp)
{
    g_autofree char *text = ssconf_read(dir, id, NULL, errp);

    return text == NULL ? NULL : split_lines(text);
}

GHashTable *ssconf_parse_table(const char *text, char sep, GError **errp)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_auto(GStrv) lines = split_lines(text);

    for (size_t i = 0; lines[i] != NULL; i++) {
        const char *at = strchr(lines[i], sep);

        if (lines[i][0] == '\0') {
            continue;
        }
        if (at == NULL) {
            err_set(errp, ERR_CONFIGURATION, ECODE_NONE, "line %zu has no \"%c\": \"%.80s\"", i + 1,
                    sep, lines[i]);
            g_hash_table_unref(table);
            return NULL;
        }
        g_hash_table_replace(table, g_strndup(lines[i], (gsize)(at - lines[i])), g_strdup(at + 1));
    }
    return table;
}

GHashTable *ssconf_read_table(const char *dir, enum ssconf_id id, char sep, GError **errp)
{
    g_autofree char *text = ssconf_read(dir, id, NULL, errp);
    GHashTable *table;

    if (text == NULL) {
        return NULL;
    }
    table = ssconf_parse_table(text, sep, errp);
    if (table == NULL) {
        g_autofree char *path = file_of(dir, id);

        g_prefix_error(errp, "%s: ", path);
    }
    return table;
}
