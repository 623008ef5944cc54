/* Filters as people write them on the command line, turned into the query language of
 * luxi/query/filter.h.
 *
 * Grammar (reference: lib/qlang.py BuildFilterParser):
 *     filter    := condition | "(" filter ")" | "not" filter | filter "and" filter | filter "or"
 * filter condition := field | field OP value | value ["not"] "in" field | field "=~" regexp | field
 * "!~" regexp | field "=*" quoted | field "!*" quoted OP        := "==" "=" "!=" "<" "<=" ">" ">="
 *     value     := integer | 'text' | "text"
 *     regexp    := ["m"] delimiter text delimiter [flags]      delimiter / # ^ |, flags s and i
 * "not" binds closer than "and", "and" closer than "or". */
#ifndef GANTRY_CLI_COMPAT_CORE_FILTER_TEXT_H
#define GANTRY_CLI_COMPAT_CORE_FILTER_TEXT_H

#include <glib.h>
#include <stdbool.h>

struct json;

/* The filter as JSON, owned by the caller, or NULL (ERR_QUERY_FILTER_PARSE) naming the position. */
struct json *filter_text_parse(const char *text, GError **errp);

/* What the arguments of a list command mean: nothing (*ret_filter NULL), a filter (if `force`, or
 * if the only argument has a character that names do not have), or names and name patterns with *
 * and ?. numeric: names are numbers. Errors: ERR_QUERY_FILTER_PARSE, ERR_OP_PREREQ. (Reference:
 * lib/qlang.py MakeFilter) */
bool filter_text_from_args(const char *const *args, bool force, const char *name_field,
                           bool numeric, struct json **ret_filter, GError **errp);

/* Regular expression for a name pattern: * and ? stay within one part of a host name, further parts
 * may follow. (Reference: lib/utils/text.py DnsNameGlobPattern) */
char *filter_text_glob_regex(const char *pattern);

#endif
