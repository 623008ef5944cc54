/* Tells the metadata daemon about an instance. */
#include "config.h"

#include "base/json.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "luxi/client/client.h"
#include "noded/backend/common.h"
#include "noded/hypervisor/hv-common.h"

/* The daemon's only method that changes something. */
static const char method[] = "updateConfig";

NODED_CALL(instance_metadata_modify, NODED_WORKER)
{
    CLEANUP(luxi_client_freep) struct luxi_client *client = NULL;
    CLEANUP(json_unrefp) struct json *params = json_new_array();
    CLEANUP(json_unrefp) struct json *answer = NULL;
    g_autofree char *program = path_of_daemon(DAEMON_metad);
    struct json *dict = json_new_object();

    json_append(params, dict);
    for (size_t i = 0; i < args->instance.n; i++) {
        json_set(dict, args->instance.v[i].key, json_ref(args->instance.v[i].value));
    }
    if (!C_ENABLE_METAD) {
        return noded_fail(errp, "this build has no metadata daemon");
    }
    if (!g_file_test(program, G_FILE_TEST_IS_EXECUTABLE)) {
        /* Then no guest can ask either, and every new instance would come with a warning. */
        log_info("%s is not installed: nobody to tell about an instance", program);
        json_write_null(result);
        return true;
    }
    if (!hv_ensure_daemon(DAEMON_metad, errp)) {
        return false;
    }
    client = luxi_client_connect(path_get(PATH_METAD_SOCKET), NULL, errp);
    if (client == NULL || !luxi_client_call_json(client, method, params, &answer, errp)) {
        return false;
    }
    json_write_null(result);
    return true;
}
