/* ReplaceFilter and DeleteFilter. */
#include "config.h"

#include "facts/errors.h"
#include "luxi/server/methods.h"

static void not_yet(struct luxi_call *call, enum luxi_method_id method)
{
    g_autoptr(GError) error = NULL;

    err_set(&error, ERR_GENERIC, ECODE_NONE, "%s is not available yet",
            luxi_method_rows[method].name);
    luxi_call_fail(call, error);
}

void luxi_do_replace_filter(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    (void)luxid;
    (void)args;
    not_yet(call, LUXI_replace_filter);
}

void luxi_do_delete_filter(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    (void)luxid;
    (void)args;
    not_yet(call, LUXI_delete_filter);
}
