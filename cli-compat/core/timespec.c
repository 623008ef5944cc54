#include "config.h"

#include "cli-compat/core/timespec.h"

#include <string.h>

#include "base/parse.h"
#include "facts/errors.h"

bool timespec_parse(const char *text, int64_t *ret_seconds, GError **errp)
{
    static const struct {
        char suffix;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    size_t length = strlen(text);
    g_autofree char *digits = NULL;
    int64_t unit = 1;

    for (size_t i = 0; length > 0 && i < G_N_ELEMENTS(units); i++) {
        if (text[length - 1] == units[i].suffix) {
            unit = units[i].seconds;
            length--;
            break;
        }
    }
    digits = g_strndup(text, length);
    if (!parse_int64(digits, INT64_MIN / unit, INT64_MAX / unit, ret_seconds, NULL)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "'%s' is no span of time; say 90s, 30m, 4h, 1d or 2w", text);
    }
    *ret_seconds *= unit;
    return true;
}
