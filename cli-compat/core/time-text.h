/* Points of time as the reference prints them, in local time. Allocated. */
#ifndef GANTRY_CLI_COMPAT_CORE_TIME_TEXT_H
#define GANTRY_CLI_COMPAT_CORE_TIME_TEXT_H

#include <glib.h>
#include <stdint.h>

struct json;

/* "2026-01-31 08:05:10" of seconds since 1970; "N/A" if value is no number (lib/utils/text.py
 * FormatTime). */
char *time_text(const struct json *value);
/* "2026-01-31 08:05:10.123456" of [seconds, microseconds]; "?" if value is no such list (lib/cli.py
 * FormatTimestamp). */
char *time_text_split(const struct json *value);
/* "Sat Jan 31 08:05:10 2026" (ctime). */
char *time_text_long(int64_t seconds);

/* Seconds of [seconds, microseconds]; -1 if value is no such list. */
double time_seconds(const struct json *value);
/* Seconds between two of them; 0 if one is no such list. */
double time_seconds_between(const struct json *from, const struct json *to);

#endif
