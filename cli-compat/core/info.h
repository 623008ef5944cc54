/* Trees as the info commands print them: indented, readable as YAML (reference: PrintGenericInfo in
 * lib/cli.py).
 *
 * Functions that add something take it over. */
#ifndef GANTRY_CLI_COMPAT_CORE_INFO_H
#define GANTRY_CLI_COMPAT_CORE_INFO_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

struct info;
struct json;

/* Text; NULL prints None, as the reference shows what is not set. */
struct info *info_text(const char *text);
struct info *info_format(const char *format, ...) G_GNUC_PRINTF(1, 2);
struct info *info_bool(bool value);
/* "key: value" lines in the order of adding, or sorted by key. */
struct info *info_map(void);
struct info *info_sorted_map(void);
/* "- item" lines. */
struct info *info_list(void);
/* "[a, b]" on one line; only texts. */
struct info *info_inline(void);
/* Objects become sorted maps, lists lists, the rest text as Python's str() gives it. */
struct info *info_from_json(const struct json *value);

void info_add(struct info *map, const char *key, struct info *value);
/* The values of all entries added this way stand in one column. */
void info_add_aligned(struct info *map, const char *key, struct info *value);
void info_append(struct info *list, struct info *item);
/* Number of entries or items. */
guint info_len(const struct info *info);

void info_free(struct info *info);
DEFINE_CLEANUP(struct info *, info_free)

/* Appends the tree, ended by one newline. */
void info_print(const struct info *info, GString *out);

#endif
