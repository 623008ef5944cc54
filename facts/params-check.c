#include "config.h"

#include <string.h>

#include "base/parse.h"
#include "facts/checks.h"
#include "facts/codec.h"
#include "facts/params.h"

/* utils/io.py IsNormAbsPath: absolute, and as os.path.normpath would write it. */
static bool is_norm_abs_path(const char *text)
{
    size_t len = strlen(text);

    return text[0] == '/' && (len == 1 || text[len - 1] != '/') && strstr(text, "//") == NULL &&
           strstr(text, "/./") == NULL && strstr(text, "/../") == NULL &&
           !g_str_has_suffix(text, "/.") && !g_str_has_suffix(text, "/..");
}

/* "3", "0-2": numbers of processors, the lower first. */
static bool is_cpu_range(const char *text)
{
    g_auto(GStrv) ends = g_strsplit(text, "-", 0);
    uint64_t low, high;

    switch (g_strv_length(ends)) {
    case 1:
        return parse_uint64(ends[0], INT32_MAX, &low, NULL);
    case 2:
        return parse_uint64(ends[0], INT32_MAX, &low, NULL) &&
               parse_uint64(ends[1], INT32_MAX, &high, NULL) && low <= high;
    default:
        return false;
    }
}

/* utils/__init__.py ParseCpuMask. */
static bool is_cpu_mask(const char *text)
{
    g_auto(GStrv) ranges = g_strsplit(text, ",", 0);

    for (size_t i = 0; ranges[i] != NULL; i++) {
        if (!is_cpu_range(ranges[i])) {
            return false;
        }
    }
    return true;
}

/* utils/__init__.py ParseMultiCpuMask: one mask for each virtual processor, or "all". */
static bool is_multi_cpu_mask(const char *text)
{
    g_auto(GStrv) masks = g_strsplit(text, ":", 0);

    for (size_t i = 0; masks[i] != NULL; i++) {
        if (strcmp(masks[i], "all") != 0 && !is_cpu_mask(masks[i])) {
            return false;
        }
    }
    return true;
}

static bool is_word(const char *text, const char *words)
{
    g_auto(GStrv) list = g_strsplit(words, " ", 0);

    return g_strv_contains((const char *const *)list, text);
}

static const char *check_text(const struct hv_param *param, const char *text)
{
    switch (param->check) {
    case HV_CHECK_CPU_MASK:
        return is_cpu_mask(text) ? NULL : "a list of processors such as 0-2,4";
    case HV_CHECK_MULTI_CPU_MASK:
        return is_multi_cpu_mask(text) ? NULL : "lists of processors such as 0-2,4:all";
    case HV_CHECK_DIR:
    case HV_CHECK_FILE:
    case HV_CHECK_PATH:
        return is_norm_abs_path(text) ? NULL : "a normalised absolute path";
    case HV_CHECK_FILE_OR_URL:
        return is_norm_abs_path(text) || fact_is_url(text) ? NULL
                                                           : "a normalised absolute path or a URL";
    case HV_CHECK_IPV4:
        return fact_check_ipv4(text);
    case HV_CHECK_LETTERS:
        return text[strspn(text, param->words)] == '\0' ? NULL : "only the letters allowed";
    case HV_CHECK_ONE_OF:
        return is_word(text, hv_param_words(param)) ? NULL : "one of the words allowed";
    case HV_CHECK_ANY:
    case HV_CHECK_RANGE:
        break;
    }
    return NULL;
}

static bool fail(const struct hv_param *param, const char *expected, GError **errp)
{
    const struct fact_path path = {.member = param->name->name};

    return fact_fail(errp, FACT_ERROR_VALUE, &path, "expected %s", expected);
}

static bool check_number(const struct hv_param *param, int64_t number, GError **errp)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)number);

    if (param->check == HV_CHECK_RANGE && (number < param->min || number > param->max)) {
        g_autofree char *range =
            param->max == INT64_MAX
                ? g_strdup_printf("at least %" G_GINT64_FORMAT, (gint64)param->min)
                : g_strdup_printf("a number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                                  (gint64)param->min, (gint64)param->max);

        return fail(param, range, errp);
    }
    if (param->check == HV_CHECK_ONE_OF && !is_word(text, hv_param_words(param))) {
        return fail(param, hv_param_words(param), errp);
    }
    return true;
}

static bool check_string(const struct hv_param *param, const struct fact_value *value,
                         GError **errp)
{
    const char *expected;

    if (value->kind == JSON_NULL && param->name->vtype == VTYPE_MAYBE_STRING) {
        return !param->required || fail(param, "a text", errp);
    }
    if (value->kind != JSON_STRING) {
        return fail(param, "a text", errp);
    }
    if (value->text[0] == '\0') {
        return !param->required || fail(param, "a text that is not empty", errp);
    }
    expected = check_text(param, value->text);
    if (expected != NULL && hv_param_words(param) != NULL) {
        return fail(param, hv_param_words(param), errp);
    }
    return expected == NULL || fail(param, expected, errp);
}

bool hv_param_check(const struct hv_param *param, const struct fact_value *value, GError **errp)
{
    switch (param->name->vtype) {
    case VTYPE_BOOL:
        return value->kind == JSON_BOOL || fail(param, "true or false", errp);
    case VTYPE_FLOAT:
        return value->kind == JSON_FLOAT || value->kind == JSON_INT ||
               fail(param, "a number", errp);
    case VTYPE_INT:
    case VTYPE_SIZE:
        return value->kind == JSON_INT ? check_number(param, value->integer, errp)
                                       : fail(param, "an integer", errp);
    case VTYPE_STRING:
    case VTYPE_MAYBE_STRING:
        return check_string(param, value, errp);
    }
    return false;
}
