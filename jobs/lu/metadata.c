/* Telling the metadata daemon about an instance. */
#include "config.h"

#include "jobs/lu/metadata.h"

#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/params.h"
#include "jobs/lu/rpc.h"

void lu_tell_metadata(struct lu *lu, const struct instance *instance,
                      const struct value_map *private_params, const struct value_map *secret_params)
{
    if (!C_ENABLE_METAD) {
        return;
    }
    CLEANUP(json_unrefp) struct json *data = lu_json_of(&type_instance, instance);
    struct any_dict dict = {0};
    if (private_params != NULL) {
        json_set(data, "osparams_private", lu_json_of(&type_value_map, private_params));
    }
    json_set(data, "osparams_secret",
             secret_params != NULL ? lu_json_of(&type_value_map, secret_params)
                                   : json_new_object());
    if (!fact_decode(&type_any_dict, data, &dict, NULL, NULL)) {
        g_assert_not_reached(); /* an object, whatever is in it */
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(lu, instance->primary_node,
                                            LU_CALL(instance_metadata_modify, .instance = dict));
    fact_clear(&type_any_dict, &dict);
    (void)lu_answer_warn(lu, answer, "Could not tell the metadata daemon about instance %s",
                         instance->name);
}
