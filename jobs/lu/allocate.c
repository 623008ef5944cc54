/* Asking an allocator by way of the nodes. */
#include "config.h"

#include "jobs/lu/allocate.h"

#include <string.h>

#include "base/json-writer.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/names.h"
#include "jobs/lu/rpc.h"

/* --- What nodes say -----------------------------------------------------------------------------
 */
struct asking {
    const struct cfg *cfg;
    enum disk_template disk_template;
    struct lu_call_node_info args;
};

/* The units of storage depend on the node. */
static const void *node_info_args(const char *node_uuid, void *data)
{
    struct asking *asking = data;
    json_unref(asking->args.storage_units);
    asking->args.storage_units =
        ia_storage_units(asking->cfg, cfg_node_get(asking->cfg, node_uuid), asking->disk_template);
    return &asking->args;
}

static struct json *encoded(const struct fact_type *type, const void *value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *out = NULL;
    fact_encode(type, value, &w);
    if (!json_parse(text->str, (gssize)text->len, &out, NULL)) {
        g_assert_not_reached(); /* written right here */
    }
    return out;
}

static struct json *hv_specs(const struct cfg *cfg, enum hypervisor hypervisor)
{
    const char *word = fact_enum_hypervisor.words[hypervisor];
    const struct value_map *params = fact_dict_get(&type_hv_map, &cfg_cluster(cfg)->hvparams, word);
    struct json *specs = json_new_array(), *spec = json_new_array();
    json_append(spec, json_new_string(word));
    json_append(spec, params != NULL ? encoded(&type_value_map, params) : json_new_object());
    json_append(specs, spec);
    return specs;
}

static struct lu_answers *ask_node_info(struct lu *lu, const struct ia_request *request,
                                        const char *const *nodes, size_t n)
{
    struct asking asking = {.cfg = lu_cfg(lu),
                            .disk_template = ia_disk_template(lu_cfg(lu), request)};
    asking.args.hv_specs = hv_specs(lu_cfg(lu), ia_hypervisor(lu_cfg(lu), request));
    struct lu_answers *answers = lu_call_each(lu, nodes, n, RPC_node_info, node_info_args, &asking);
    json_unref(asking.args.storage_units);
    json_unref(asking.args.hv_specs);
    return answers;
}

static struct lu_answers *ask_instances(struct lu *lu, const char *const *nodes, size_t n)
{
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    CLEANUP(json_unrefp) struct json *params = encoded(&type_hv_map, &cluster->hvparams);
    struct any_list hypervisors = {0};
    for (size_t i = 0; i < cluster->enabled_hypervisors.n; i++) {
        *(struct json **)fact_list_add(&type_any_list, &hypervisors) =
            json_new_string(fact_enum_hypervisor.words[cluster->enabled_hypervisors.v[i]]);
    }
    struct lu_answers *answers = lu_call_nodes(
        lu, nodes, n,
        LU_CALL(all_instances_info, .hypervisor_list = hypervisors, .all_hvparams = params));
    fact_clear(&type_any_list, &hypervisors);
    return answers;
}

struct json *lu_allocator_input(struct lu *lu, const struct ia_request *request, GError **errp)
{
    const struct cfg *cfg = lu_cfg(lu);
    g_autoptr(GPtrArray) nodes = g_ptr_array_new();
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        if (cfg_node_at(cfg, i)->vm_capable) {
            g_ptr_array_add(nodes, cfg_node_at(cfg, i)->uuid);
        }
    }
    const char *const *uuids = (const char *const *)nodes->pdata;
    CLEANUP(lu_answers_freep)
    struct lu_answers *infos = ask_node_info(lu, request, uuids, nodes->len);
    CLEANUP(lu_answers_freep)
    struct lu_answers *running = ask_instances(lu, uuids, nodes->len);
    g_autofree struct ia_node_info *said = g_new0(struct ia_node_info, nodes->len);
    for (guint i = 0; i < nodes->len; i++) {
        said[i] = (struct ia_node_info){
            .node_uuid = uuids[i],
            .fail_msg =
                infos->v[i].fail_msg != NULL ? infos->v[i].fail_msg : running->v[i].fail_msg,
            .node = infos->v[i].payload,
            .instances = running->v[i].payload,
        };
    }
    return ia_input(cfg, request, said, nodes->len, errp);
}

/* --- The program --------------------------------------------------------------------------------
 */
char *lu_allocator_run(struct lu *lu, const struct ia_request *request, const char *allocator,
                       const struct json *input, GError **errp)
{
    const struct node *master = cfg_master(lu_cfg(lu));
    g_autofree char *text = json_to_string(input, JSON_PYTHON);
    CLEANUP(json_unrefp) struct json *params = ia_parameters(lu_cfg(lu), request);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, master->uuid,
                     LU_CALL(iallocator_runner, .name = (char *)allocator, .idata = text,
                             .default_iallocator_params = params));
    if (!lu_answer_check(answer, errp, "Allocator %s", allocator)) {
        return NULL;
    }
    if (json_kind(answer->payload) != JSON_STRING) {
        err_set(errp, ERR_OP_EXEC, ECODE_NONE, "Allocator %s: node %s did not say what it printed",
                allocator, answer->node_name);
        return NULL;
    }
    return g_strdup(json_string(answer->payload));
}

bool lu_allocate(struct lu *lu, const struct ia_request *request, const char *allocator,
                 struct ia_answer *ret, GError **errp)
{
    CLEANUP(json_unrefp) struct json *input = lu_allocator_input(lu, request, errp);
    if (input == NULL) {
        return false;
    }
    g_autofree char *text = lu_allocator_run(lu, request, allocator, input, errp);
    if (text == NULL || !ia_answer_read(lu_cfg(lu), request, input, text, ret, errp)) {
        return false;
    }
    if (!ret->success) {
        err_set(errp, ERR_OP_PREREQ, ECODE_NORES, "Allocator %s found no place: %s", allocator,
                ret->info);
        ia_answer_clear(ret);
        return false;
    }
    return true;
}

bool lu_allocator(struct lu *lu, char **allocator, bool *has, GError **errp)
{
    const char *usual = cfg_cluster(lu_cfg(lu))->default_iallocator;
    if (*allocator != NULL && strcmp(*allocator, C_DEFAULT_IALLOCATOR_SHORTCUT) != 0) {
        return true;
    }
    if (usual == NULL || *usual == '\0') {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Neither an allocator nor nodes are given, and the cluster has no default "
                        "allocator: give one of them, or set a default");
    }
    lu_text_set(allocator, usual);
    *has = true;
    return true;
}

bool lu_allocator_or_node(struct lu *lu, char **allocator, bool *has, const char *node,
                          GError **errp)
{
    if (*allocator != NULL && node != NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Either an allocator or a node can be given, not both");
    }
    return node != NULL || lu_allocator(lu, allocator, has, errp);
}
