/* Parameters with their defaults, as the info commands show them. Results are owned by the caller.
 */
#ifndef GANTRY_CLI_COMPAT_CORE_PARAMS_INFO_H
#define GANTRY_CLI_COMPAT_CORE_PARAMS_INFO_H

#include <glib.h>
#include <stdbool.h>

struct info;
struct json;

/* All of `actual`; what is not in `own` (an object or NULL) as "default (value)" (lib/cli.py
 * FormatParamsDictInfo). */
struct info *params_info(const struct json *own, const struct json *actual);
/* Nested objects of values, each as Python's str() shows it (lib/client/gnt_cluster.py
 * _FormatGroupedParams). */
struct info *params_info_grouped(const struct json *params);
/* An instance policy; effective NULL: it is the cluster's, which has all of it (lib/cli.py
 * FormatPolicyInfo). */
struct info *params_info_policy(const struct json *own, const struct json *effective);

/* Appends the options that make the sizes of this policy; with_std: the standard instance too
 * (lib/cli.py PrintIPolicyCommand). */
void params_append_policy_options(GString *out, const struct json *policy, bool with_std);

/* "a, b, c" of a list as str() shows its elements; allocated. */
char *params_comma_join(const struct json *list);

#endif
