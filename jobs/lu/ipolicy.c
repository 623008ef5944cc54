/* Instance policies. */
#include "config.h"

#include "jobs/lu/ipolicy.h"

#include "base/json.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "jobs/lu/params.h"

static bool refuse(GError **errp, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool refuse(GError **errp, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Invalid instance policy: %s", text);
}

static int64_t number(const struct ispec *spec, const struct fact_member *member)
{
    return *(const int64_t *)(const void *)((const char *)spec + member->offset);
}

static bool is_complete(const struct ispec *spec, const char *which, GError **errp)
{
    for (size_t i = 0; i < fact_object_ispec.n_members; i++) {
        const struct fact_member *member = &fact_object_ispec.members[i];
        if (!fact_member_is_set(&fact_object_ispec, spec, member)) {
            return refuse(errp, "%s lacks %s", which, member->name);
        }
    }
    return true;
}

/* *ret_fits: the usual instance lies in the range. */
static bool check_range(const struct minmax_ispecs *range, const struct ispec *std, bool *ret_fits,
                        GError **errp)
{
    *ret_fits = true;
    if (!is_complete(&range->min, "min", errp) || !is_complete(&range->max, "max", errp)) {
        return false;
    }
    for (size_t i = 0; i < fact_object_ispec.n_members; i++) {
        const struct fact_member *member = &fact_object_ispec.members[i];
        int64_t min = number(&range->min, member), max = number(&range->max, member);
        if (min > max) {
            return refuse(errp,
                          "the minimum of %s, %" G_GINT64_FORMAT
                          ", is above its maximum, %" G_GINT64_FORMAT,
                          member->name, (gint64)min, (gint64)max);
        }
        if (std != NULL) {
            int64_t value = number(std, member);
            *ret_fits = *ret_fits && value >= min && value <= max;
        }
    }
    return true;
}

bool lu_ipolicy_check(const struct ipolicy *filled, bool check_std, GError **errp)
{
    bool std_is_good = !check_std;
    if (check_std && !is_complete(&filled->std, "std", errp)) {
        return false;
    }
    if (filled->has.minmax && filled->minmax.n == 0) {
        return refuse(errp, "there is no range of sizes");
    }
    for (size_t i = 0; i < filled->minmax.n; i++) {
        bool fits;
        if (!check_range(&filled->minmax.v[i], check_std ? &filled->std : NULL, &fits, errp)) {
            return false;
        }
        std_is_good = std_is_good || fits;
    }
    if (filled->minmax.n > 0 && !std_is_good) {
        return refuse(errp, "the usual instance (std) lies in none of the ranges");
    }
    if (filled->has.disk_templates && filled->disk_templates.n == 0) {
        return refuse(errp, "at least one disk template must be allowed");
    }
    return true;
}

static bool is_enabled(const struct cluster *cluster, enum disk_template disk_template)
{
    for (size_t i = 0; i < cluster->enabled_disk_templates.n; i++) {
        if (cluster->enabled_disk_templates.v[i] == disk_template) {
            return true;
        }
    }
    return false;
}

static bool check_templates(const struct cluster *cluster, const struct ipolicy *filled,
                            GError **errp)
{
    for (size_t i = 0; i < filled->disk_templates.n; i++) {
        enum disk_template one = filled->disk_templates.v[i];
        if (!is_enabled(cluster, one)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "The instance policy allows the disk template %s, which is not enabled "
                            "on the cluster",
                            fact_enum_disk_template.words[one]);
        }
    }
    return true;
}

static bool decode(const struct any_dict *given, struct ipolicy *ret, GError **errp)
{
    CLEANUP(json_unrefp) struct json *value = json_new_object();
    g_autoptr(GError) error = NULL;
    for (size_t i = 0; i < given->n; i++) {
        if (fact_object_find(&fact_object_ipolicy, given->v[i].key) == NULL) {
            return refuse(errp, "'%s' is no part of it", given->v[i].key);
        }
        json_set(value, given->v[i].key, json_ref(given->v[i].value));
    }
    if (!fact_object_decode_at(&fact_object_ipolicy, value, ret, NULL, &error)) {
        return refuse(errp, "%s", error->message);
    }
    return true;
}

/* Together with the cluster's. */
static bool check_filled(const struct cfg *cfg, const struct ipolicy *policy, GError **errp)
{
    struct ipolicy filled = {0};
    fact_object_overlay(&fact_object_ipolicy, &filled, &cfg_cluster(cfg)->ipolicy);
    fact_object_overlay(&fact_object_ipolicy, &filled, policy);
    return lu_ipolicy_check(&filled, false, errp) &&
           check_templates(cfg_cluster(cfg), &filled, errp);
}

bool lu_ipolicy_of_group(const struct cfg *cfg, const struct any_dict *given, struct ipolicy *ret,
                         GError **errp)
{
    if (given->n == 0) {
        return true;
    }
    if (!decode(given, ret, errp)) {
        return false;
    }
    return check_filled(cfg, ret, errp);
}

/* --- Changes ------------------------------------------------------------------------------------
 */
static bool is_unset(const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_NULL:
        return true;
    case JSON_ARRAY:
        return json_len(value) == 0 ||
               (json_len(value) == 1 && lu_value_is_default(json_at(value, 0)));
    case JSON_OBJECT:
        return json_len(value) == 0;
    case JSON_STRING:
        return json_string_len(value) == 0 || lu_value_is_default(value);
    case JSON_BOOL:
        return !json_boolean(value);
    case JSON_INT:
    case JSON_FLOAT:
        return json_double(value) == 0;
    }
    return false;
}

bool lu_ipolicy_update_group(const struct cfg *cfg, const struct any_dict *given,
                             struct ipolicy *policy, GError **errp)
{
    struct any_dict set = {.v = g_new0(__typeof__(*set.v), given->n)}; /* borrows from given */
    struct ipolicy changes = {0};
    for (size_t i = 0; i < given->n; i++) {
        const struct fact_member *member = fact_object_find(&fact_object_ipolicy, given->v[i].key);
        if (!is_unset(given->v[i].value) || member == NULL) {
            set.v[set.n++] = given->v[i];
        } else {
            fact_clear(member->spec->type, (char *)policy + member->offset);
            fact_member_mark_set(&fact_object_ipolicy, policy, member, false);
        }
    }
    bool ok = decode(&set, &changes, errp);
    g_free(set.v);
    if (ok && changes.has.std) {
        ok = refuse(errp, "the usual instance (std) is the cluster's alone");
    }
    if (ok) {
        fact_object_fill(&fact_object_ipolicy, &changes, policy);
        fact_object_clear(&fact_object_ipolicy, policy);
        fact_object_copy_at(&fact_object_ipolicy, policy, &changes);
        ok = given->n == 0 || check_filled(cfg, policy, errp);
    }
    fact_object_clear(&fact_object_ipolicy, &changes);
    return ok;
}

bool lu_ipolicy_update_cluster(const struct any_dict *given, struct cluster *draft, GError **errp)
{
    struct ipolicy changes = {0}, *policy = &draft->ipolicy;
    for (size_t i = 0; i < given->n; i++) {
        if (is_unset(given->v[i].value)) {
            return refuse(errp, "the cluster must have '%s'", given->v[i].key);
        }
    }
    bool ok = decode(given, &changes, errp);
    if (ok) {
        fact_object_fill(&fact_object_ispec, &changes.std, &policy->std);
        changes.has.std = changes.has.std || policy->has.std;
        fact_object_fill(&fact_object_ipolicy, &changes, policy);
        fact_object_clear(&fact_object_ipolicy, policy);
        fact_object_copy_at(&fact_object_ipolicy, policy, &changes);
        ok = (given->n == 0 || lu_ipolicy_check(policy, true, errp)) &&
             check_templates(draft, policy, errp);
    }
    fact_object_clear(&fact_object_ipolicy, &changes);
    return ok;
}
