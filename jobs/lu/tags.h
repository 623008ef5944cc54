/* What a tag may be. */
#ifndef GANTRY_JOBS_LU_TAGS_H
#define GANTRY_JOBS_LU_TAGS_H

#include <glib.h>
#include <stdbool.h>

/* The error is a TagError. */
bool lu_tag_check(const char *tag, GError **errp);

#endif
