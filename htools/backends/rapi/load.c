#include "config.h"

#include "htools/backends/rapi/rapi.h"

#include "htools/backends/http/fetch.h"

static const char file_prefix[] = "file://";

static const struct {
    const char *file;
    const char *resource;
} parts[RAPI_PARTS] = {
    [RAPI_GROUPS] = {"groups.json", "/2/groups?bulk=1"},
    [RAPI_NODES] = {"nodes.json", "/2/nodes?bulk=1"},
    [RAPI_INSTANCES] = {"instances.json", "/2/instances?bulk=1"},
    [RAPI_INFO] = {"info.json", "/2/info"},
};

static bool read_files(const char *directory, char *texts[RAPI_PARTS], GError **errp)
{
    for (int i = 0; i < RAPI_PARTS; i++) {
        g_autofree char *path = g_build_filename(directory, parts[i].file, NULL);

        if (!g_file_get_contents(path, &texts[i], NULL, errp)) {
            return false;
        }
    }
    return true;
}

/* A name with a colon is a URL already (formatHost in Backend/Rapi.hs). */
static bool fetch_all(const char *master, char *texts[RAPI_PARTS], GError **errp)
{
    g_autofree char *base = strchr(master, ':') != NULL
                                ? g_strdup(master)
                                : g_strdup_printf("https://%s:%d", master, FETCH_RAPI_PORT);
    g_autoptr(GPtrArray) urls = g_ptr_array_new_with_free_func(g_free);

    for (int i = 0; i < RAPI_PARTS; i++) {
        g_ptr_array_add(urls, g_strconcat(base, parts[i].resource, NULL));
    }
    return fetch_urls((const char *const *)urls->pdata, RAPI_PARTS, texts, errp);
}

struct ht_cluster *rapi_load(const char *master, GError **errp)
{
    char *texts[RAPI_PARTS] = {NULL};
    struct ht_cluster *cluster = NULL;
    bool ok = g_str_has_prefix(master, file_prefix)
                  ? read_files(master + strlen(file_prefix), texts, errp)
                  : fetch_all(master, texts, errp);

    if (ok) {
        cluster = rapi_parse((const char *const *)texts, errp);
    }
    for (int i = 0; i < RAPI_PARTS; i++) {
        g_free(texts[i]);
    }
    return cluster;
}
