#include "config.h"

#include "base/json-writer.h"
#include "facts/codec.h"
#include "facts/factdump.h"
#include "facts/objects.h"

/* The objects of the configuration file, by the reference's names. */
static const struct {
    const char *name;
    const struct fact_object *object;
} objects[] = {
    {"Cluster", &fact_object_cluster},
    {"ConfigData", &fact_object_config_data},
    {"DataCollectorConfig", &fact_object_data_collector},
    {"Disk", &fact_object_disk},
    {"FilterRule", &fact_object_filter_rule},
    {"Instance", &fact_object_instance},
    {"ND", &fact_object_ndparams},
    {"Network", &fact_object_network},
    {"Nic", &fact_object_nicparams},
    {"Node", &fact_object_node},
    {"NodeGroup", &fact_object_node_group},
    {"PartialIPolicy", &fact_object_ipolicy},
    {"PartialNic", &fact_object_nic},
    {"Be", &fact_object_beparams},
};

/* Whether the member is written when it has no value, or its default. */
static const char *written(const struct fact_spec *spec)
{
    switch (spec->presence) {
    case FACT_OPTIONAL:
        return "unless absent";
    case FACT_NULLABLE:
        return "as null";
    case FACT_DEFAULT_HIDDEN:
        return "unless default";
    case FACT_REQUIRED:
    case FACT_DEFAULT:
    case FACT_REAL:
        break;
    }
    return "always";
}

static void dump_object(struct json_writer *w, const struct fact_object *object)
{
    json_write_array_begin(w);
    for (size_t i = 0; i < object->n_members; i++) {
        if (!fact_member_is_current(&object->members[i])) {
            continue;
        }
        json_write_object_begin(w);
        dump_text(w, "name", object->members[i].name);
        dump_text(w, "written", written(object->members[i].spec));
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

void dump_objects(struct json_writer *w)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        json_write_key(w, objects[i].name);
        dump_object(w, objects[i].object);
    }
    json_write_object_end(w);
}
