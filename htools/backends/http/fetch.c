#include "config.h"

#include "htools/backends/http/fetch.h"

#include <string.h>

#include "base/cmd.h"

G_DEFINE_QUARK(gantry_htools_fetch, fetch_error)

static char *helper_path(GError **errp)
{
    g_autofree char *own = g_file_read_link("/proc/self/exe", errp);
    g_autofree char *folder = own != NULL ? g_path_get_dirname(own) : NULL;

    return folder != NULL ? g_build_filename(folder, "htools-fetch", NULL) : NULL;
}

static struct cmd_result *run_helper(const char *const *urls, size_t n, GError **errp)
{
    g_autofree char *path = helper_path(errp);
    g_autoptr(GString) lines = g_string_new(NULL);
    CLEANUP(cmd_freep) struct cmd *cmd = NULL;
    CLEANUP(cmd_result_freep) struct cmd_result *result = NULL;

    if (path == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        if (strchr(urls[i], '\n') != NULL) {
            g_set_error(errp, FETCH_ERROR, FETCH_ERROR_URL, "'%s' is not a URL", urls[i]);
            return NULL;
        }
        g_string_append_printf(lines, "%s\n", urls[i]);
    }
    cmd = cmd_new(path, NULL);
    cmd_inherit_env(cmd);
    cmd_set_input(cmd, lines->str, lines->len);
    cmd_set_max_output(cmd, n * FETCH_MAX_DOCUMENT);
    result = cmd_run(cmd, errp);
    if (result != NULL && !cmd_result_ok(result)) {
        cmd_result_fail(result, errp);
        return NULL;
    }
    return g_steal_pointer(&result);
}

/* The next answer of the helper; *at moves behind it. */
static bool take_answer(const char **at, const char *end, char **ret_text, GError **errp)
{
    bool ok = g_str_has_prefix(*at, FETCH_WORD_OK " ");
    const char *word = ok ? FETCH_WORD_OK : FETCH_WORD_ERROR;
    char *rest;
    guint64 len;

    *ret_text = NULL;
    if (!g_str_has_prefix(*at, word)) {
        goto strange;
    }
    len = g_ascii_strtoull(*at + strlen(word), &rest, 10);
    if (*rest != '\n' || len > (guint64)(end - rest - 1)) {
        goto strange;
    }
    *at = rest + 1 + len;
    if (ok) {
        *ret_text = g_strndup(rest + 1, len);
    } else {
        g_set_error(errp, FETCH_ERROR, FETCH_ERROR_ANSWER, "%.*s", (int)len, rest + 1);
    }
    return true;
strange:
    g_set_error_literal(errp, FETCH_ERROR, FETCH_ERROR_ANSWER,
                        "htools-fetch gave an answer that is cut off");
    return false;
}

/* What is missing stays NULL; *errp tells of the first that is. */
static void fetch(const char *const *urls, size_t n, char **ret_texts, GError **errp)
{
    CLEANUP(cmd_result_freep) struct cmd_result *result = run_helper(urls, n, errp);
    const char *at = result != NULL ? result->out : NULL;
    bool goes_on = result != NULL;

    for (size_t i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;

        ret_texts[i] = NULL;
        if (goes_on) {
            goes_on = take_answer(&at, result->out + result->out_len, &ret_texts[i], &error);
        }
        if (error != NULL && errp != NULL && *errp == NULL) {
            g_propagate_error(errp, g_steal_pointer(&error));
        }
    }
}

bool fetch_urls(const char *const *urls, size_t n, char **ret_texts, GError **errp)
{
    GError *error = NULL;

    fetch(urls, n, ret_texts, &error);
    if (error == NULL) {
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        g_clear_pointer(&ret_texts[i], g_free);
    }
    g_propagate_error(errp, error);
    return false;
}

void fetch_urls_anyhow(const char *const *urls, size_t n, char **ret_texts)
{
    fetch(urls, n, ret_texts, NULL);
}
