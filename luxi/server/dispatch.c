#include "config.h"

#define LUXI_METHODS_TABLE
#include "luxi/server/methods.h"

#include "facts/codec.h"
#include "facts/errors.h"

void luxid_dispatch(struct luxi_call *call, const char *method, struct json *args, void *user_data)
{
    const struct luxi_method_row *row = luxi_method_row_find(method);
    g_autofree char *reason = NULL;
    g_autoptr(GError) error = NULL;
    void *decoded;

    if (row == NULL) {
        reason = g_strdup_printf("unknown method '%s'", method);
        luxi_call_refuse(call, reason);
        return;
    }
    /* A method without arguments takes whatever comes, as the reference does. */
    decoded = row->args->n_members == 0 ? fact_object_new(row->args)
                                        : fact_object_decode(row->args, args, NULL, &error);
    if (decoded == NULL) {
        reason = g_strdup_printf("arguments of %s: %s", method, error->message);
        luxi_call_refuse(call, reason);
        return;
    }
    luxi_methods[row - luxi_method_rows](user_data, call, decoded);
    fact_object_free(row->args, decoded);
}

const struct cfg *luxid_config(struct luxid *luxid, struct luxi_call *call)
{
    const struct cfg *cfg = cfg_watch_get(luxid->config);

    if (cfg == NULL) {
        g_autoptr(GError) error = NULL;

        err_set(&error, ERR_CONFIGURATION, ECODE_NONE,
                "I do not have access to a valid configuration, cannot process queries");
        luxi_call_fail(call, error);
    }
    return cfg;
}
