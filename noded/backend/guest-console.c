/* How consoles are reached; only luxid asks. */
#include "config.h"

#include "base/json.h"
#include "facts/codec.h"
#include "noded/backend/common.h"
#include "noded/hypervisor/hv.h"

/* What the answer for one instance depends on. */
struct subject {
    struct instance instance;
    struct node node;
    struct node_group group;
    struct value_map hvparams;
    struct beparams beparams;
};

static void clear(struct subject *subject)
{
    fact_object_clear(&fact_object_instance, &subject->instance);
    fact_object_clear(&fact_object_node, &subject->node);
    fact_object_clear(&fact_object_node_group, &subject->group);
    fact_clear(&type_value_map, &subject->hvparams);
    fact_object_clear(&fact_object_beparams, &subject->beparams);
}

static bool decode(struct subject *subject, const struct console_info_params *params, GError **errp)
{
    const struct {
        const struct fact_type *type;
        void *value;
        struct json *json;
    } parts[] = {
        {&type_instance, &subject->instance, params->instance},
        {&type_node, &subject->node, params->node},
        {&type_node_group, &subject->group, params->group},
        {&type_value_map, &subject->hvparams, params->hv_params},
        {&type_beparams, &subject->beparams, params->be_params},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (!fact_decode(parts[i].type, parts[i].json, parts[i].value, NULL, errp)) {
            return false;
        }
    }
    return true;
}

static bool write_console(const struct subject *subject, struct json_writer *result, GError **errp)
{
    const struct hv_console_args args = {.instance = &subject->instance,
                                         .primary = &subject->node,
                                         .group = &subject->group,
                                         .hvparams = &subject->hvparams,
                                         .beparams = &subject->beparams};
    const struct hv_ops *hv = hv_find(subject->instance.hypervisor);
    struct console_info info = {0};
    bool ok;

    if (hv == NULL) {
        return noded_fail(errp, "this node has no driver for the hypervisor '%s'",
                          fact_enum_hypervisor.words[subject->instance.hypervisor]);
    }
    ok = hv->console(&args, &info, errp);
    fact_object_encode(&fact_object_console_info, &info, result);
    fact_object_clear(&fact_object_console_info, &info);
    return ok;
}

static bool write_one(struct json *json, struct json_writer *result, GError **errp)
{
    struct console_info_params params = {0};
    struct subject subject = {0};
    bool ok;

    if (!fact_object_decode_at(&fact_object_console_info_params, json, &params, NULL, errp)) {
        return false;
    }
    ok = decode(&subject, &params, errp) && write_console(&subject, result, errp);
    clear(&subject);
    fact_object_clear(&fact_object_console_info_params, &params);
    return ok;
}

NODED_CALL(instance_console_info, NODED_WORKER)
{
    struct json_iter it;

    if (json_kind(args->instances) != JSON_OBJECT) {
        return noded_fail(errp, "consoles are asked for by a dictionary of instances");
    }
    json_write_object_begin(result);
    it = json_iter_begin(args->instances);
    while (json_iter_next(&it)) {
        json_write_key(result, it.key);
        if (!write_one(it.value, result, errp)) {
            g_prefix_error(errp, "console of %s: ", it.key);
            return false;
        }
    }
    json_write_object_end(result);
    return true;
}
