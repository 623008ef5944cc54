#include "config.h"

#include "jobs/lu/cluster-check.h"

#include <string.h>
#include <sys/socket.h>

#include "facts/checks.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "facts/params.h"

char *lu_mac_prefix(const char *text, GError **errp)
{
    bool good = strlen(text) == 8;
    for (size_t i = 0; good && i < 8; i++) {
        good = i % 3 == 2 ? text[i] == ':' : g_ascii_isxdigit(text[i]);
    }
    /* The second digit of the first octet must be even: no address of a group. */
    if (!good || g_ascii_xdigit_value(text[1]) % 2 != 0) {
        err_set(errp, ERR_OP_PREREQ, ECODE_INVAL,
                "'%s' is no prefix of MAC addresses such as aa:00:dd", text);
        return NULL;
    }
    return g_ascii_strdown(text, -1);
}

bool lu_check_netmask(int64_t family, int64_t netmask, GError **errp)
{
    int64_t bits = family == AF_INET6 ? 128 : 32;
    return (netmask > 0 && netmask <= bits) ||
           err_fail(
               errp, ERR_OP_PREREQ, ECODE_INVAL,
               "The netmask of the master address is a length from 1 to %d, not %" G_GINT64_FORMAT,
               (int)bits, (gint64)netmask);
}

bool lu_check_uids(const struct uid_range_list *ranges, GError **errp)
{
    for (size_t i = 0; i < ranges->n; i++) {
        const struct uid_range *range = &ranges->v[i];
        if (range->first > range->last || range->first < C_UIDPOOL_UID_MIN ||
            range->last > C_UIDPOOL_UID_MAX) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT
                            " is no range of user IDs, which go from %d to %" G_GINT64_FORMAT,
                            (gint64)range->first, (gint64)range->last, C_UIDPOOL_UID_MIN,
                            (gint64)C_UIDPOOL_UID_MAX);
        }
    }
    return true;
}

static bool is_tool_name(const char *name)
{
    for (const char *at = name; *at != '\0'; at++) {
        if (!g_ascii_isalnum(*at) && *at != '-' && *at != '_') {
            return false;
        }
    }
    return *name != '\0';
}

bool lu_check_compression_tools(const struct nonempty_str_list *tools, GError **errp)
{
    bool has_gzip = false;
    for (size_t i = 0; i < tools->n; i++) {
        if (!is_tool_name(tools->v[i])) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "'%s' is no name of a compression tool: letters, digits, - and _ only",
                            tools->v[i]);
        }
        if (strcmp(tools->v[i], C_IEC_NONE) == 0) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "'%s' stands for no compression and cannot be the name of a tool",
                            C_IEC_NONE);
        }
        has_gzip = has_gzip || strcmp(tools->v[i], C_IEC_GZIP) == 0;
    }
    return has_gzip ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "%s must be among the compression tools: other clusters expect it", C_IEC_GZIP);
}

bool lu_check_image(const char *what, const char *image, GError **errp)
{
    return *image == '/' || fact_is_url(image) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_NONE,
                    "%s must be an absolute path or a URL, not '%s'", what, image);
}

bool lu_check_access_modes(const struct value_map_map *diskparams, GError **errp)
{
    for (size_t i = 0; i < diskparams->n; i++) {
        const struct value_map *params = &diskparams->v[i].value;
        const char *mode = fact_value_text(ld_value(params, LD_rbd_access));
        if (mode != NULL && fact_enum_find(&fact_enum_disk_access_mode, mode) < 0) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "%s of the disk template %s is %s or %s, not '%s'",
                            ld_params[LD_rbd_access].name, diskparams->v[i].key,
                            fact_enum_disk_access_mode.words[DISK_ACCESS_MODE_KERNELSPACE],
                            fact_enum_disk_access_mode.words[DISK_ACCESS_MODE_USERSPACE], mode);
        }
    }
    return true;
}

bool lu_is_data_collector(const char *name)
{
    return g_strv_contains(C_DATA_COLLECTOR_NAMES, name);
}
