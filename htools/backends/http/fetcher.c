/* htools-fetch: gets documents for the other programs, so that those which need none do not load an
 * HTTP library. URLs come in, one a line; for each a line "ok LENGTH" or "error LENGTH" goes out,
 * and LENGTH bytes: the document or what went wrong. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/about.h"
#include "base/http-client.h"
#include "htools/backends/http/fetch.h"

/* The reference's limits (Backend/Rapi.hs). */
enum {
    CONNECT_TIMEOUT_MS = 15 * 1000,
    REQUEST_TIMEOUT_MS = 60 * 1000,
};

static bool parse_url(const char *url, GUri **ret, struct http_request *request, GError **errp)
{
    const char *scheme;
    GUri *uri = g_uri_parse(url, G_URI_FLAGS_NONE, errp);

    if (uri == NULL) {
        return false;
    }
    *ret = uri;
    scheme = g_uri_get_scheme(uri);
    if (g_uri_get_host(uri) == NULL ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
        g_set_error(errp, G_URI_ERROR, G_URI_ERROR_BAD_SCHEME, "'%s' is not a http or https URL",
                    url);
        return false;
    }
    *request = (struct http_request){
        .host = g_uri_get_host(uri),
        .port = g_uri_get_port(uri),
        .plain = strcmp(scheme, "http") == 0,
        .timeout_ms = REQUEST_TIMEOUT_MS,
    };
    if (request->port < 0) {
        request->port = request->plain ? 80 : 443;
    }
    return true;
}

/* Name and password of "https://name:password@host" as a header, as libcurl would send it. */
static char *authorization(GUri *uri)
{
    const char *user = g_uri_get_userinfo(uri);
    g_autofree char *code = NULL;

    if (user == NULL) {
        return NULL;
    }
    code = g_base64_encode((const guchar *)user, strlen(user));
    return g_strdup_printf("Authorization: Basic %s", code);
}

/* Path and query as they stand in the URL: everything behind the host. */
static const char *resource_of(const char *url)
{
    const char *host = strstr(url, "://") + 3;
    const char *slash = strchr(host, '/');

    return slash != NULL ? slash : "/";
}

static bool take_response(struct http_response *response, const char *url, char **ret,
                          GError **errp)
{
    if (response->error != NULL) {
        g_propagate_error(errp, g_steal_pointer(&response->error));
        g_prefix_error(errp, "%s: ", url);
        return false;
    }
    if (response->status != 200) {
        g_set_error(errp, G_URI_ERROR, G_URI_ERROR_FAILED, "%s: HTTP status %d", url,
                    response->status);
        return false;
    }
    *ret = g_steal_pointer(&response->body);
    return true;
}

/* errors: one slot per URL. */
static void fetch(const char *const *urls, size_t n, char **ret_texts, GError **errors)
{
    const struct http_client_opts opts = {
        .any_server = true,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .max_response = FETCH_MAX_DOCUMENT,
    };
    CLEANUP(http_client_freep) struct http_client *client = http_client_new(&opts);
    g_autofree struct http_request *requests = g_new0(struct http_request, n);
    g_autofree size_t *place = g_new0(size_t, n);
    g_autoptr(GPtrArray) uris = g_ptr_array_new_with_free_func((GDestroyNotify)g_uri_unref);
    g_autoptr(GPtrArray) headers = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    struct http_response *responses;
    size_t n_requests = 0;

    for (size_t i = 0; i < n; i++) {
        GUri *uri = NULL;

        ret_texts[i] = NULL;
        if (parse_url(urls[i], &uri, &requests[n_requests], &errors[i])) {
            char **lines = g_new0(char *, 2);

            lines[0] = authorization(uri);
            g_ptr_array_add(headers, lines);
            requests[n_requests].headers = (const char *const *)lines;
            requests[n_requests].path = resource_of(urls[i]);
            place[n_requests++] = i;
        }
        if (uri != NULL) {
            g_ptr_array_add(uris, uri);
        }
    }
    responses = http_client_perform(client, requests, n_requests);
    for (size_t i = 0; i < n_requests; i++) {
        take_response(&responses[i], urls[place[i]], &ret_texts[place[i]], &errors[place[i]]);
    }
    http_responses_free(responses, n_requests);
}

static void print_answer(const char *word, const char *text)
{
    printf("%s %zu\n%s", word, strlen(text), text);
}

int main(int argc, char **argv)
{
    static const char help[] = "Usage: htools-fetch < URLS\n\nFetches documents for the other "
                               "htools: one URL on each line "
                               "of standard input.\n";
    g_autoptr(GPtrArray) urls = g_ptr_array_new_with_free_func(g_free);
    g_autofree GError **errors = NULL;
    g_autofree char **texts = NULL;
    char *line = NULL;
    size_t room = 0;

    if (about_answer(argc, argv, "htools-fetch", help)) {
        return EXIT_SUCCESS;
    }
    while (getline(&line, &room, stdin) > 0) {
        g_ptr_array_add(urls, g_strdup(g_strchomp(line)));
    }
    free(line);
    texts = g_new0(char *, urls->len + 1);
    errors = g_new0(GError *, urls->len + 1);
    fetch((const char *const *)urls->pdata, urls->len, texts, errors);
    for (guint i = 0; i < urls->len; i++) {
        print_answer(texts[i] != NULL ? FETCH_WORD_OK : FETCH_WORD_ERROR,
                     texts[i] != NULL ? texts[i] : errors[i]->message);
        g_free(texts[i]);
        g_clear_error(&errors[i]);
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
