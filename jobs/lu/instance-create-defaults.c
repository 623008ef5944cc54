/* OP_INSTANCE_CREATE: parameters that are given, but are those in force anyway. */
#include "config.h"

#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "jobs/lu/instance-create.h"

static void drop_values(struct value_map *own, struct value_map usual)
{
    for (size_t i = 0; i < usual.n; i++) {
        const struct fact_value *given = fact_dict_get(&type_value_map, own, usual.v[i].key);
        if (given != NULL && fact_equal(&type_VALUE, given, &usual.v[i].value)) {
            fact_dict_remove(&type_value_map, own, usual.v[i].key);
        }
    }
    cfg_filled_free(&usual);
}

static void drop_members(const struct fact_object *object, void *own, const void *usual)
{
    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];
        if (fact_member_is_set(object, own, member) &&
            fact_equal(member->spec->type, (const char *)own + member->offset,
                       (const char *)usual + member->offset)) {
            fact_clear(member->spec->type, (char *)own + member->offset);
            fact_member_mark_set(object, own, member, false);
        }
    }
}

void create_drop_defaults(struct lu *lu, struct instance *instance)
{
    const struct cfg *cfg = lu_cfg(lu);
    /* The same instance without anything of its own has what is in force. */
    struct instance plain = *instance;
    static const struct value_map nothing;
    static const struct beparams no_beparams;
    static const struct nicparams no_nicparams;
    plain.hvparams = plain.osparams = plain.osparams_private = nothing;
    plain.beparams = no_beparams;
    struct beparams be = cfg_beparams(cfg, &plain);
    drop_values(&instance->hvparams, cfg_hvparams(cfg, &plain, 0));
    drop_values(&instance->osparams, cfg_osparams(cfg, &plain, 0));
    drop_values(&instance->osparams_private, cfg_osparams(cfg, &plain, CFG_FILL_PRIVATE));
    drop_members(&fact_object_beparams, &instance->beparams, &be);
    for (size_t i = 0; i < instance->nics.n; i++) {
        struct nic nic = instance->nics.v[i];
        nic.nicparams = no_nicparams;
        struct nicparams usual = cfg_nicparams(cfg, &nic);
        drop_members(&fact_object_nicparams, &instance->nics.v[i].nicparams, &usual);
    }
}
