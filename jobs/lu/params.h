/* Parameters as clients give them, in loose kinds ("512M" for a size, "yes" for nothing), to those
 * of the rows (reference: lib/utils/__init__.py ForceDictType).
 *
 * Errors are TypeEnforcementErrors that name the parameter. */
#ifndef GANTRY_JOBS_LU_PARAMS_H
#define GANTRY_JOBS_LU_PARAMS_H

#include <glib.h>
#include <stdbool.h>

#include "facts/objects.h"
#include "facts/params.h"

/* One value; *ret is owned by the caller. */
bool lu_force_value(const char *name, enum vtype vtype, const struct json *value, struct json **ret,
                    GError **errp);
/* Parameters of one of be_params, nd_params, nic_params into an object of facts/objects.def (zeroed
 * memory). */
bool lu_force_params(const struct any_dict *given, const struct param_rows *rows,
                     const struct fact_object *object, void *ret, GError **errp);
/* Backend parameters: "memory" is the old name of both limits and goes before them (objects.py
 * UpgradeBeParams). */
void lu_split_memory(struct any_dict *given);
/* Puts what is given into parameters that an object has; "default" takes one away (common.py
 * GetUpdatedParams). */
bool lu_update_params(const struct any_dict *given, const struct param_rows *rows,
                      const struct fact_object *object, void *params, GError **errp);
/* None of them is one that a single node cannot have (CheckParamsNotGlobal). */
bool lu_check_no_globals(const struct any_dict *given, const struct param_rows *rows,
                         GError **errp);
/* Whether a value says that a parameter is to have its default again. */
bool lu_value_is_default(const struct json *value);
/* Hypervisor parameters, of whatever hypervisor, into *ret, zeroed memory. */
bool lu_force_hvparams(const struct any_dict *given, struct value_map *ret, GError **errp);
/* Whether all parameters of a hypervisor have values that can be told to be good here; `filled` is
 * the whole set in force (hv_base.py CheckParameterSyntax). OpPrereqErrors. */
bool lu_check_hv_syntax(enum hypervisor hypervisor, const struct value_map *filled, GError **errp);
/* Puts the values of `from` (NULL: none) over those of map, copied. */
void lu_map_merge(struct value_map *map, const struct value_map *from);
/* Disk parameters by template into *ret, zeroed memory; unknown templates and parameters are
 * OpPrereqErrors, as VerifyDictOptions has it. */
bool lu_force_diskparams(const struct disk_template_params *given, struct value_map_map *ret,
                         GError **errp);
/* Puts them into those that an object has; "default" takes one away. */
bool lu_update_diskparams(const struct disk_template_params *given, struct value_map_map *params,
                          GError **errp);

/* A value of the rows as a tree; owned by the caller. */
struct json *lu_json_of(const struct fact_type *type, const void *value);

#endif
