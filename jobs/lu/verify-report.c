#include "config.h"

#include "jobs/lu/verify-report.h"

#include "base/json.h"
#include "facts/constants.h"

static bool is_ignored(const struct verify_report *report, enum cv_code code)
{
    for (size_t i = 0; i < report->ignored->n; i++) {
        if (report->ignored->v[i] == code) {
            return true;
        }
    }
    return false;
}

/* Programs see Python's word for "no object". */
static char *line(const struct verify_report *report, const char *weight, enum cv_code code,
                  const char *object, const char *text)
{
    const char *kind = cv_kind_word(cv_code_kind(code));
    if (report->for_programs) {
        return g_strdup_printf("  - %s:%s:%s:%s:%s", weight, fact_enum_cv_code.words[code], kind,
                               object != NULL ? object : "None", text);
    }
    return g_strdup_printf("  - %s: %s %s: %s", weight, kind, object != NULL ? object : "", text);
}

static void add(struct verify_report *report, enum verify_weight weight, enum cv_code code,
                const char *object, const char *const *texts, size_t n)
{
    bool warns = weight == VERIFY_WARNING || is_ignored(report, code);
    struct json *lines = json_new_array();
    for (size_t i = 0; i < n; i++) {
        g_autofree char *one =
            line(report, warns ? C_CV_WARNING : C_CV_ERROR, code, object, texts[i]);
        json_append(lines, json_new_string(one));
    }
    lu_log_typed(report->lu, JOB_LOG_MESSAGE_LIST, lines);
    report->bad = report->bad || !warns;
}

static void add_formatted(struct verify_report *report, enum verify_weight weight,
                          enum cv_code code, const char *object, const char *format, va_list args)
    G_GNUC_PRINTF(5, 0);
static void add_formatted(struct verify_report *report, enum verify_weight weight,
                          enum cv_code code, const char *object, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);
    add(report, weight, code, object, (const char *const *)&text, 1);
}

void verify_error(struct verify_report *report, enum cv_code code, const char *object,
                  const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_formatted(report, VERIFY_ERROR, code, object, format, args);
    va_end(args);
}

void verify_warning(struct verify_report *report, enum cv_code code, const char *object,
                    const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_formatted(report, VERIFY_WARNING, code, object, format, args);
    va_end(args);
}

void verify_say(struct verify_report *report, enum verify_weight weight, enum cv_code code,
                const char *object, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_formatted(report, weight, code, object, format, args);
    va_end(args);
}

void verify_errors(struct verify_report *report, enum cv_code code, const char *object,
                   const GPtrArray *texts)
{
    if (texts->len > 0) {
        add(report, VERIFY_ERROR, code, object, (const char *const *)texts->pdata, texts->len);
    }
}
