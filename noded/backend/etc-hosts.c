/* Names of cluster nodes in /etc/hosts. */
#include "config.h"

#include "noded/backend/etc-hosts.h"

#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"

enum {
    MAX_HOSTS = 4 * 1024 * 1024,
    HOSTS_MODE = 0644,
};

/* The line's words, NULL for a comment or an empty line; g_strfreev(). */
static char **parse_line(const char *line)
{
    g_auto(GStrv) raw = g_strsplit_set(line, " \t\r\f\v", -1);
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    char **result;

    for (char **word = raw; *word != NULL; word++) {
        if (**word != '\0') {
            g_strv_builder_add(words, *word);
        }
    }
    result = g_strv_builder_end(words);
    if (result[0] == NULL || result[0][0] == '#') {
        g_clear_pointer(&result, g_strfreev);
    }
    return result;
}

static void append_entry(GString *out, const char *address, char blank, const char *const *names)
{
    g_autofree char *text = g_strjoinv(" ", (char **)names);

    g_string_append_printf(out, "%s%c%s\n", address, blank, text);
}

static void append_line(GString *out, const char *line)
{
    g_string_append(out, line);
    g_string_append_c(out, '\n');
}

/* Lines without their ends; g_strfreev(). */
static char **split_lines(const char *text)
{
    size_t len = strlen(text);
    g_autofree char *body = g_strndup(text, len > 0 && text[len - 1] == '\n' ? len - 1 : len);

    return g_strsplit(body, "\n", -1);
}

char *etc_hosts_set(const char *text, const char *address, const char *const *names)
{
    g_auto(GStrv) lines = split_lines(text);
    GString *out = g_string_new(NULL);
    bool written = false;

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) words = parse_line(*line);

        if (words == NULL || strcmp(words[0], address) != 0) {
            append_line(out, *line);
        } else if (!written) {
            append_entry(out, address, '\t', names);
            written = true;
        }
    }
    if (!written) {
        append_entry(out, address, '\t', names);
    }
    return g_string_free(out, FALSE);
}

char *etc_hosts_remove(const char *text, const char *const *names)
{
    g_auto(GStrv) lines = split_lines(text);
    GString *out = g_string_new(NULL);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) words = parse_line(*line);
        g_autoptr(GPtrArray) kept = g_ptr_array_new();

        for (char **word = words; word != NULL && *word != NULL; word++) {
            if (word == words || !g_strv_contains(names, *word)) {
                g_ptr_array_add(kept, *word);
            }
        }
        if (words == NULL || kept->len == g_strv_length(words)) {
            append_line(out, *line);
        } else if (kept->len > 1) {
            g_ptr_array_add(kept, NULL);
            append_entry(out, words[0], ' ', (const char *const *)kept->pdata + 1);
        }
    }
    return g_string_free(out, FALSE);
}

static bool change_hosts(const char *address, const char *const *names, GError **errp)
{
    const struct fs_write_opts opts = {.mode = HOSTS_MODE, .flags = FS_WRITE_KEEP_PERMS};
    const char *path = path_get(PATH_ETC_HOSTS);
    g_autofree char *text = fs_read_file(path, MAX_HOSTS, NULL, errp);
    g_autofree char *next = NULL;

    if (text == NULL) {
        return false;
    }
    next = address != NULL ? etc_hosts_set(text, address, names) : etc_hosts_remove(text, names);
    return strcmp(text, next) == 0 || fs_write_atomic(path, next, strlen(next), &opts, errp);
}

NODED_CALL(etc_hosts_modify, NODED_WORKER)
{
    g_auto(GStrv) parts = g_strsplit(args->name, ".", 2);
    const char *const names[] = {args->name, parts[0], NULL};
    bool has_ip = json_kind(args->ip) == JSON_STRING && *json_string(args->ip) != '\0';

    json_write_null(result);
    if (*args->name == '\0' || strpbrk(args->name, " \t\r\n#") != NULL) {
        return noded_fail(errp, "'%s' is not the name of a host", args->name);
    }
    if (strcmp(args->mode, C_ETC_HOSTS_ADD) == 0) {
        bool here;

        /* The question only checks the address. */
        return has_ip ? backend_has_address(json_string(args->ip), &here, errp) &&
                            change_hosts(json_string(args->ip), names, errp)
                      : noded_fail(errp, "to add %s an address is needed", args->name);
    }
    if (strcmp(args->mode, C_ETC_HOSTS_REMOVE) == 0) {
        return has_ip
                   ? noded_fail(errp, "%s is removed by its name, without an address", args->name)
                   : change_hosts(NULL, names, errp);
    }
    return noded_fail(errp, "hosts are added or removed, not '%s'", args->mode);
}
