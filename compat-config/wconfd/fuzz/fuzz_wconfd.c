/* A request to the configuration daemon: whatever it does, the state stays one that can be written
 * and read again. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/fs.h"
#include "base/json-writer.h"
#include "base/json.h"
#include "compat-config/store/store.h"
#include "compat-config/wconfd/core/core.h"
#include "facts/codec.h"
#include "luxi/proto/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static GString *locks;

static void save_locks(const GString *text, void *user)
{
    (void)user;
    g_string_assign(locks, text->str);
}

static void finish(struct wconfd_call *call, const GError *error)
{
    (void)error;
    call->result = NULL;
}

static void ask(struct wconfd_core *core, const struct luxi_request *request)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct wconfd_call call = {.result = &w, .finish = finish};

    wconfd_core_begin(core, &call, request->method, request->args);
    wconfd_core_settle(core);
    if (call.result != NULL) {
        wconfd_core_cancel(core, &call);
        wconfd_core_settle(core);
    }
}

static void check(struct wconfd_core *core)
{
    const struct wconfd_host nothing = {0};
    g_autoptr(GString) text = g_string_new(NULL);
    const struct cfg *again;
    struct wconfd_core *other;

    cfg_encode(wconfd_core_config(core), text);
    again = cfg_parse(text->str, text->len, NULL);
    if (again == NULL) {
        abort();
    }
    other = wconfd_core_new(again, "", &nothing);
    if (locks->len > 0 && !wconfd_core_load_locks(other, locks->str, locks->len, NULL)) {
        abort();
    }
    wconfd_core_free(other);
    cfg_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct cfg *cfg;
    const struct wconfd_host host = {.save_locks = save_locks};
    struct luxi_request *request = luxi_request_parse((const char *)data, size, NULL);
    struct wconfd_core *core;

    if (request == NULL) {
        return 0;
    }
    if (cfg == NULL) {
        cfg = cfg_load(TEST_DATA "/cluster-3.0.json", NULL);
    }
    locks = g_string_new(NULL);
    core = wconfd_core_new(cfg, "/own", &host);
    ask(core, request);
    check(core);
    wconfd_core_free(core);
    g_string_free(locks, TRUE);
    fact_object_free(&fact_object_luxi_request, request);
    return 0;
}
