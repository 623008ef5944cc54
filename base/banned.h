/* Names that no file of the project may use. The build includes this header before every source
 * file, so a banned call is a compile error that names the thing to use instead.
 *
 * System headers that declare or use these names are included first; a name that would break a
 * library's header is checked by lint instead. */
#ifndef GANTRY_BASE_BANNED_H
#define GANTRY_BASE_BANNED_H

/* The feature macros must stand before the first system header. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(name, instead) gantry_banned_##name##_use_##instead

#undef strcpy
#define strcpy(...) BANNED(strcpy, g_strlcpy)
#undef strcat
#define strcat(...) BANNED(strcat, GString)
#undef strncpy
#define strncpy(...) BANNED(strncpy, g_strlcpy)
#undef strncat
#define strncat(...) BANNED(strncat, GString)
#undef sprintf
#define sprintf(...) BANNED(sprintf, g_strdup_printf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf, g_strdup_vprintf)
#undef strtok
#define strtok(...) BANNED(strtok, g_strsplit)
#undef gets
#define gets(...) BANNED(gets, base_fs)
#undef atoi
#define atoi(...) BANNED(atoi, parse_int)
#undef atol
#define atol(...) BANNED(atol, parse_int)
#undef atof
#define atof(...) BANNED(atof, parse_double)
#undef system
#define system(...) BANNED(system, cmd_run)
#undef popen
#define popen(...) BANNED(popen, cmd_run)
#undef mktemp
#define mktemp(...) BANNED(mktemp, fs_write_atomic)
#undef tmpnam
#define tmpnam(...) BANNED(tmpnam, fs_write_atomic)
#undef asctime
#define asctime(...) BANNED(asctime, g_date_time_format)
#undef gmtime
#define gmtime(...) BANNED(gmtime, gmtime_r)
#undef localtime
#define localtime(...) BANNED(localtime, localtime_r)

#endif
