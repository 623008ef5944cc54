#include "config.h"

#include "noded/hypervisor/xen/xl.h"

#include <poll.h>
#include <string.h>

#include "noded/hypervisor/hv-common.h"

enum {
    /* _INSTANCE_LIST_TIMEOUT and the first of _INSTANCE_LIST_DELAYS. */
    LIST_LIMIT_MS = 5000,
    LIST_PAUSE_MS = 300,
    ASK_MS = 60 * 1000,
    MS = 1000,
};

bool xl_run(GError **errp, const char *arg, ...)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new(XEN_XL, NULL);
    g_autoptr(GError) error = NULL;
    va_list args;

    va_start(args, arg);
    for (; arg != NULL; arg = va_arg(args, const char *)) {
        cmd_add(cmd, arg, NULL);
    }
    va_end(args);
    return cmd_check(cmd, NULL, &error) || hv_fail(errp, "%s", error->message);
}

static char *ask(const char *what, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new(XEN_XL, what, NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    cmd_set_timeout(cmd, ASK_MS);
    if (!cmd_check(cmd, &text, &error)) {
        hv_fail(errp, "%s", error->message);
        return NULL;
    }
    return text;
}

char *xl_info(GError **errp)
{
    return ask("info", errp);
}

GPtrArray *xl_list(GError **errp)
{
    gint64 end = g_get_monotonic_time() + (gint64)LIST_LIMIT_MS * MS;

    for (;;) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = ask("list", &error);

        if (text != NULL) {
            return xen_parse_list(text, errp);
        }
        if (g_get_monotonic_time() > end) {
            g_propagate_error(errp, g_steal_pointer(&error));
            return NULL;
        }
        (void)poll(NULL, 0, LIST_PAUSE_MS);
    }
}

bool xl_find(const char *guest, struct hv_guest **ret, GError **errp)
{
    g_autoptr(GPtrArray) guests = xl_list(errp);

    *ret = NULL;
    for (guint i = 0; guests != NULL && i < guests->len; i++) {
        const struct hv_guest *found = guests->pdata[i];

        if (strcmp(found->name, guest) == 0) {
            *ret = g_ptr_array_steal_index(guests, i);
            return true;
        }
    }
    return guests != NULL;
}
