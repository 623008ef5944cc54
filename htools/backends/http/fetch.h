/* Documents from other machines, over HTTP or HTTPS. Certificates are not checked, as the reference
 * does not check them: the cluster's own certificate is known to nobody else. */
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

/* Gets n URLs at the same time; ret_texts (n places) are the caller's. Unless all are there, none
 * is, and the error names the first that is not. */
bool fetch_urls(const char *const *urls, size_t n, char **ret_texts, GError **errp)
    __attribute__((warn_unused_result));
/* The same, but what is missing is NULL. */
void fetch_urls_anyhow(const char *const *urls, size_t n, char **ret_texts);

#endif
