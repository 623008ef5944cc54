#include "config.h"

#include "cli-compat/core/time-text.h"

#include <math.h>
#include <time.h>

#include "base/json.h"

enum { MAX_TEXT = 64 };

static const double usec_per_sec = 1e6;

static const char no_time[] = "N/A";

/* False for a year that does not fit. */
static bool break_down(int64_t seconds, struct tm *tm)
{
    time_t at = (time_t)seconds;

    return localtime_r(&at, tm) != NULL;
}

static char *format(int64_t seconds)
{
    char text[MAX_TEXT];
    struct tm tm;

    return g_strdup(break_down(seconds, &tm) && strftime(text, sizeof(text), "%F %T", &tm) > 0
                        ? text
                        : no_time);
}

char *time_text_long(int64_t seconds)
{
    char text[MAX_TEXT];
    struct tm tm;

    return g_strdup(break_down(seconds, &tm) &&
                            strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &tm) > 0
                        ? text
                        : no_time);
}

static bool is_number(const struct json *value)
{
    return json_kind(value) == JSON_INT || json_kind(value) == JSON_FLOAT;
}

char *time_text(const struct json *value)
{
    double seconds;

    if (!is_number(value)) {
        return g_strdup(no_time);
    }
    seconds = floor(json_double(value));
    if (!(seconds > (double)-G_MAXINT64 && seconds < (double)G_MAXINT64)) {
        return g_strdup(no_time);
    }
    return format((int64_t)seconds);
}

static bool is_split(const struct json *value)
{
    return json_kind(value) == JSON_ARRAY && json_len(value) == 2 &&
           json_kind(json_at(value, 0)) == JSON_INT && json_kind(json_at(value, 1)) == JSON_INT;
}

char *time_text_split(const struct json *value)
{
    g_autofree char *seconds = NULL;

    if (!is_split(value)) {
        return g_strdup("?");
    }
    seconds = format(json_int(json_at(value, 0)));
    return g_strdup_printf("%s.%06" G_GINT64_FORMAT, seconds, (gint64)json_int(json_at(value, 1)));
}

double time_seconds(const struct json *value)
{
    return is_split(value) ? (double)json_int(json_at(value, 0)) +
                                 (double)json_int(json_at(value, 1)) / usec_per_sec
                           : -1;
}

double time_seconds_between(const struct json *from, const struct json *to)
{
    if (!is_split(from) || !is_split(to)) {
        return 0;
    }
    /* Whole seconds first, to keep the digits of the microseconds. */
    return (double)(json_int(json_at(to, 0)) - json_int(json_at(from, 0))) +
           (double)(json_int(json_at(to, 1)) - json_int(json_at(from, 1))) / usec_per_sec;
}
