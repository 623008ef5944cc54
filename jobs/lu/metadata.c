/* Telling the metadata daemon of a node about an instance. */
#include "config.h"

#include "jobs/lu/metadata.h"

#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/params.h"
#include "jobs/lu/rpc.h"

static void put(struct json *data, const char *key, const struct value_map *map)
{
    if (map != NULL) {
        json_set(data, key, lu_json_of(&type_value_map, map));
    }
}

void lu_tell_metadata(struct lu *lu, const struct instance *instance,
                      const struct value_map *public, const struct value_map *private,
                      const struct value_map *secret)
{
    static const struct value_map none;
    if (!C_ENABLE_METAD) {
        return;
    }
    CLEANUP(json_unrefp) struct json *data = lu_json_of(&type_instance, instance);
    struct any_dict dict = {0};
    put(data, "osparams_public", public);
    put(data, "osparams_private", private);
    put(data, "osparams_secret", secret != NULL ? secret : &none);
    if (!fact_decode(&type_any_dict, data, &dict, NULL, NULL)) {
        g_assert_not_reached(); /* an object, whatever is in it */
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(lu, instance->primary_node,
                                            LU_CALL(instance_metadata_modify, .instance = dict));
    fact_clear(&type_any_dict, &dict);
    lu_answer_warn(lu, answer, "Could not tell the metadata daemon about instance %s",
                   instance->name);
}
