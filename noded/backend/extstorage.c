/* External storage providers of this node. */
#include "config.h"

#include "extstorage-interface/ext.h"
#include "noded/backend/common.h"

/* (name, path, good, problem, parameters) */
static void write_provider(struct json_writer *result, const char *dir, const char *name)
{
    const char *const dirs[] = {dir, NULL};
    CLEANUP(ext_provider_freep) struct ext_provider *provider = ext_provider_find(name, dirs);
    g_autofree char *path = g_build_filename(dir, name, NULL);
    bool good = provider->problem == NULL;

    json_write_array_begin(result);
    json_write_string(result, name);
    json_write_string(result, path);
    json_write_bool(result, good);
    json_write_string(result, good ? "" : provider->problem);
    if (good) {
        backend_write_parameters(result, &provider->parameters);
    } else {
        json_write_array_begin(result);
        json_write_array_end(result);
    }
    json_write_array_end(result);
}

NODED_CALL(extstorage_diagnose, NODED_WORKER)
{
    backend_write_definitions(result, PATH_ES_SEARCH_PATH, write_provider);
    return true;
}
