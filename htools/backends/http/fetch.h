/* Documents from other machines, over HTTP or HTTPS. Certificates are not checked, as the reference
 * does not check them: the cluster's own certificate is known to nobody else.
 *
 * htools-fetch beside the running program does it (fetcher.c): most runs of a planning tool need no
 * HTTP library, whose loading would take longer than the planning. */
#ifndef GANTRY_HTOOLS_BACKENDS_HTTP_FETCH_H
#define GANTRY_HTOOLS_BACKENDS_HTTP_FETCH_H

#include <glib.h>
#include <stdbool.h>

#define FETCH_ERROR (fetch_error_quark())
GQuark fetch_error_quark(void);
enum fetch_error {
    FETCH_ERROR_URL,
    FETCH_ERROR_ANSWER,
};

enum { FETCH_RAPI_PORT = 5080, FETCH_MOND_PORT = 1815 };

/* Bytes of one document. */
#define FETCH_MAX_DOCUMENT ((size_t)512 * 1024 * 1024)
/* The words of the answers of htools-fetch. */
#define FETCH_WORD_OK    "ok"
#define FETCH_WORD_ERROR "error"

/* Gets n URLs at the same time; ret_texts (n places) are the caller's. Unless all are there, none
 * is, and the error names the first that is not. */
bool fetch_urls(const char *const *urls, size_t n, char **ret_texts, GError **errp)
    __attribute__((warn_unused_result));
/* The same, but what is missing is NULL. */
void fetch_urls_anyhow(const char *const *urls, size_t n, char **ret_texts);

#endif
