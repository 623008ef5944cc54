#include "config.h"

#include <stddef.h>

#include "base/json.h"
#include "cli-compat/cluster/init.h"
#include "cli-compat/core/op-options.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "facts/params.h"
#include "jobs/lu/params.h"

/* Sizes of an instance, and the options that give one size of the smallest, largest and usual one.
 */
static const struct size {
    size_t offset;
    enum vtype vtype;
    enum cli_option_id option;
} sizes[] = {
    {offsetof(struct ispec, memory_size), VTYPE_SIZE, CLI_OPT_specs_mem_size},
    {offsetof(struct ispec, disk_size), VTYPE_SIZE, CLI_OPT_specs_disk_size},
    {offsetof(struct ispec, disk_count), VTYPE_INT, CLI_OPT_specs_disk_count},
    {offsetof(struct ispec, cpu_count), VTYPE_INT, CLI_OPT_specs_cpu_count},
    {offsetof(struct ispec, nic_count), VTYPE_INT, CLI_OPT_specs_nic_count},
};

static enum vtype vtype_of(const struct fact_member *member)
{
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        if (sizes[i].offset == member->offset) {
            return sizes[i].vtype;
        }
    }
    return VTYPE_INT;
}

static const struct fact_member *member_at(size_t offset)
{
    for (size_t i = 0; i < fact_object_ispec.n_members; i++) {
        if (fact_object_ispec.members[i].offset == offset) {
            return &fact_object_ispec.members[i];
        }
    }
    g_assert_not_reached();
}

static bool set_size(struct ispec *spec, const struct fact_member *member, const struct json *value,
                     GError **errp)
{
    CLEANUP(json_unrefp) struct json *forced = NULL;

    if (!lu_force_value(member->name, vtype_of(member), value, &forced, errp)) {
        return false;
    }
    *(int64_t *)(void *)((char *)spec + member->offset) = json_int(forced);
    fact_member_mark_set(&fact_object_ispec, spec, member, true);
    return true;
}

/* --- --specs-...: one size ----------------------------------------------------------------------
 */
/* The instance that a word of such an option is about; NULL: none. */
static struct ispec *part_of(struct ipolicy *policy, const char *word)
{
    const struct fact_member *bound = fact_object_find(&fact_object_minmax_ispecs, word);
    const struct fact_member *usual = fact_object_find(&fact_object_ipolicy, word);

    if (bound != NULL) {
        return (struct ispec *)(void *)((char *)&policy->minmax.v[0] + bound->offset);
    }
    return usual != NULL && usual->offset == offsetof(struct ipolicy, std) ? &policy->std : NULL;
}

static bool read_size(const struct size *size, const struct json *values, struct ipolicy *policy,
                      GError **errp)
{
    struct json_iter it = json_iter_begin(values);

    while (json_iter_next(&it)) {
        struct ispec *spec = part_of(policy, it.key);

        if (spec == NULL) {
            return err_fail(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE,
                            "A size has min, max and std, not '%s'", it.key);
        }
        if (!set_size(spec, member_at(size->offset), it.value, errp)) {
            return false;
        }
    }
    return true;
}

static bool read_sizes(const struct command_line *line, struct ipolicy *policy, GError **errp)
{
    (void)ipolicy_fill_defaults(policy);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        if (!read_size(&sizes[i], command_line_json(line, sizes[i].option), policy, errp)) {
            return false;
        }
    }
    return true;
}

static bool has_sizes(const struct command_line *line)
{
    bool any = false;

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        any = any || json_len(command_line_json(line, sizes[i].option)) > 0;
    }
    return any;
}

/* --- All of it ----------------------------------------------------------------------------------
 */
static bool read_rest(struct cli_run *run, struct ipolicy *ret, GError **errp)
{
    CLEANUP(json_unrefp) struct json *policy = option_policy(run, false, errp);
    struct ipolicy given = {0};

    if (policy == NULL) {
        return false;
    }
    if (!fact_object_decode_at(&fact_object_ipolicy, policy, &given, NULL, errp)) {
        err_wrap(errp, ERR_OP_PREREQ, ECODE_INVAL);
        return false;
    }
    /* What was given goes before what is there. */
    fact_object_fill(&fact_object_ipolicy, &given, ret);
    fact_object_clear(&fact_object_ipolicy, ret);
    *ret = given;
    return true;
}

bool init_policy(struct cli_run *run, struct ipolicy *ret, GError **errp)
{
    const struct command_line *line = run->line;
    bool split = has_sizes(line);

    if (split && (command_line_json(line, CLI_OPT_ipolicy_bounds_specs) != NULL ||
                  command_line_json(line, CLI_OPT_ipolicy_std_specs) != NULL)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Sizes of the instance policy are given either by --specs-... or by "
                        "--ipolicy-...-specs, not by both");
    }
    return (!split || read_sizes(line, ret, errp)) && read_rest(run, ret, errp);
}
