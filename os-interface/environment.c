#include "config.h"

#include "os-interface/environment.h"

#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "facts/params.h"

/* Where rpc/node.py _InstDict puts what is no member of an instance or interface. */
static const char secondaries_member[] = "secondary_nodes", network_member[] = "netinfo";

static const char disk_path[] = "PATH", disk_uri[] = "URI";

const char *const os_var_names[OS_VAR_NAME_COUNT] = {
#define OS_VAR_NAME(ident, name) name,
#include "facts/osvars.def"
};

enum prefix {
#define OS_VAR_PREFIX(ident, text) PREFIX_##ident,
#include "facts/osvars.def"
    PREFIX_COUNT,
};
static const char *const prefixes[PREFIX_COUNT] = {
#define OS_VAR_PREFIX(ident, text) text,
#include "facts/osvars.def"
};

/* What a getter may look at: the object of its scope is set. */
struct view {
    const struct os_target *target;
    const struct os_disk *disk;
    const struct nic *nic;
    const struct network *network;
};

/* --- Getters: allocated text, NULL: there is no such variable ------------------------------------
 */

static char *os_var_api_version(const struct view *view)
{
    return g_strdup_printf("%d", os_definition_api(view->target->os));
}

static char *os_var_os_name(const struct view *view)
{
    return g_strdup(view->target->os->name);
}

static char *os_var_variant(const struct view *view)
{
    const struct os_definition *os = view->target->os;
    g_autofree char *name = NULL, *variant = NULL;

    os_split_name(view->target->full_name, &name, &variant);
    if (os_definition_api(os) < C_OS_API_V15 || os->variants[0] == NULL) {
        return g_strdup("");
    }
    return g_strdup(*variant != '\0' ? variant : os->variants[0]);
}

static char *os_var_debug_level(const struct view *view)
{
    return g_strdup_printf("%d", view->target->debug);
}

/* Programs that scripts call need one. */
static char *os_var_path(const struct view *view G_GNUC_UNUSED)
{
    return g_strdup(C_HOOKS_PATH);
}

static char *join(const struct fact_list *list)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < list->n; i++) {
        g_string_append_printf(text, "%s%s", i == 0 ? "" : " ", ((char *const *)list->v)[i]);
    }
    return g_string_free(text, FALSE);
}

static char *os_var_secondary_nodes(const struct view *view)
{
    struct json *extra = view->target->instance->extra;
    struct json *tree = extra == NULL ? NULL : json_get(extra, secondaries_member);
    struct str_list nodes = {NULL, 0};
    char *text;

    if (tree == NULL || !fact_decode(&type_str_list, tree, &nodes, NULL, NULL)) {
        return g_strdup("");
    }
    text = join((const struct fact_list *)&nodes);
    fact_clear(&type_str_list, &nodes);
    return text;
}

static char *os_var_disk_count(const struct view *view)
{
    return g_strdup_printf("%zu", view->target->n_disks);
}

static char *os_var_nic_count(const struct view *view)
{
    return g_strdup_printf("%zu", view->target->instance->nics.n);
}

static char *os_var_disk_path(const struct view *view)
{
    return g_strdup(view->disk->path);
}

static char *os_var_disk_uri(const struct view *view)
{
    return g_strdup(view->disk->uri);
}

static char *hv_param(const struct view *view, enum hv_name_id name)
{
    const struct fact_value *value = hv_value(&view->target->instance->hvparams, name);

    return value == NULL ? NULL : script_value_text(value);
}

static char *os_var_disk_frontend(const struct view *view)
{
    return hv_param(view, HV_NAME_disk_type);
}

static char *os_var_nic_frontend(const struct view *view)
{
    return hv_param(view, HV_NAME_nic_type);
}

static char *os_var_disk_backend(const struct view *view)
{
    const struct disk *disk = view->disk->disk;

    if (const_has(C_DTS_BLOCK, disk->dev_type)) {
        return g_strdup("block");
    }
    if (const_has(C_DTS_FILEBASED, disk->dev_type) && disk->logical_id.n > 0) {
        g_autofree char *driver = script_value_text(&disk->logical_id.v[0]);

        return g_strdup_printf("file:%s", driver);
    }
    return NULL;
}

static char *os_var_nic_mode(const struct view *view)
{
    return g_strdup(fact_enum_nic_mode.words[view->nic->nicparams.mode]);
}

static char *os_var_nic_link(const struct view *view)
{
    const char *link = view->nic->nicparams.link;

    return link == NULL || *link == '\0' ? NULL : g_strdup(link);
}

static char *os_var_nic_bridge(const struct view *view)
{
    return view->nic->nicparams.mode == NIC_MODE_BRIDGED ? g_strdup(view->nic->nicparams.link)
                                                         : NULL;
}

static char *os_var_network_tags(const struct view *view)
{
    return join((const struct fact_list *)&view->network->tags);
}

/* --- Rows ---------------------------------------------------------------------------------------
 */

enum scope {
    SCOPE_core,
    SCOPE_instance,
    SCOPE_disk,
    SCOPE_nic,
    SCOPE_network,
};

struct row {
    enum scope scope;
    const char *name;
    const char *member; /* NULL: the getter tells */
    bool only_set;
    char *(*getter)(const struct view *view);
};

static const struct row rows[] = {
#define OS_VAR(scope_, name_, member_) {.scope = SCOPE_##scope_, .name = name_, .member = #member_},
#define OS_VAR_SET(scope_, name_, member_)                                                         \
    {.scope = SCOPE_##scope_, .name = name_, .member = #member_, .only_set = true},
#define OS_VAR_CODE(scope_, name_, getter_)                                                        \
    {.scope = SCOPE_##scope_, .name = name_, .getter = os_var_##getter_},
#include "facts/osvars.def"
};

/* object and value: of the scope; NULL for the core. */
static void add_scope(struct script_env *env, enum scope scope, const char *prefix,
                      const struct fact_object *object, const void *value, const struct view *view)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = NULL;

        if (rows[i].scope != scope) {
            continue;
        }
        name = g_strconcat(prefix, rows[i].name, NULL);
        if (rows[i].member == NULL) {
            script_env_take(env, name, rows[i].getter(view));
        } else {
            script_env_set_member(env, name, object, value, rows[i].member, rows[i].only_set);
        }
    }
}

static bool add_network(struct script_env *env, const char *prefix, struct json *tree,
                        const struct os_target *target, GError **errp)
{
    struct network *network = fact_object_decode(&fact_object_network, tree, NULL, errp);
    const struct view view = {.target = target, .network = network};

    if (network == NULL) {
        g_prefix_error(errp, "network of an interface of %s: ", target->instance->name);
        return false;
    }
    add_scope(env, SCOPE_network, prefix, &fact_object_network, network, &view);
    fact_object_free(&fact_object_network, network);
    return true;
}

static bool add_nic(struct script_env *env, size_t index, const struct os_target *target,
                    GError **errp)
{
    const struct nic *nic = &target->instance->nics.v[index];
    const struct view view = {.target = target, .nic = nic};
    g_autofree char *prefix = g_strdup_printf("%s%zu_", prefixes[PREFIX_NIC], index);
    struct json *network = nic->extra == NULL ? NULL : json_get(nic->extra, network_member);

    if (!nic->nicparams.has.mode) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE, "interface %zu of %s has no mode", index,
                        target->instance->name);
    }
    add_scope(env, SCOPE_nic, prefix, &fact_object_nic, nic, &view);
    return network == NULL || add_network(env, prefix, network, target, errp);
}

static bool add_instance(struct script_env *env, const struct os_target *target, GError **errp)
{
    const struct instance *instance = target->instance;
    const struct view view = {.target = target};

    add_scope(env, SCOPE_instance, "", &fact_object_instance, instance, &view);
    for (size_t i = 0; i < target->n_disks; i++) {
        const struct view disk = {.target = target, .disk = &target->disks[i]};
        g_autofree char *prefix = g_strdup_printf("%s%zu_", prefixes[PREFIX_DISK], i);

        add_scope(env, SCOPE_disk, prefix, &fact_object_disk, target->disks[i].disk, &disk);
    }
    for (size_t i = 0; i < instance->nics.n; i++) {
        if (!add_nic(env, i, target, errp)) {
            return false;
        }
    }
    script_env_set_members(env, prefixes[PREFIX_BACKEND], &fact_object_beparams,
                           &instance->beparams);
    script_env_set_params(env, prefixes[PREFIX_HYPERVISOR], SCRIPT_NAMES_AS_THEY_ARE,
                          &instance->hvparams);
    return true;
}

struct script_env *os_env_new(const struct os_target *target, GError **errp)
{
    CLEANUP(script_env_freep) struct script_env *env = script_env_new();
    const struct value_map *params[] = {target->params, target->private_params};
    const struct view view = {.target = target};

    for (size_t i = 0; i < G_N_ELEMENTS(params); i++) {
        if (params[i] != NULL) {
            script_env_set_params(env, prefixes[PREFIX_PARAMETER], SCRIPT_NAMES_UPPER_UNDERSCORE,
                                  params[i]);
        }
    }
    add_scope(env, SCOPE_core, "", NULL, NULL, &view);
    if (target->instance != NULL && !add_instance(env, target, errp)) {
        return NULL;
    }
    return g_steal_pointer(&env);
}

static const char *disk_variable(const struct script_env *env, size_t index, const char *name)
{
    g_autofree char *variable = g_strdup_printf("%s%zu_%s", prefixes[PREFIX_DISK], index, name);

    return script_env_get(env, variable);
}

const char *os_env_disk_path(const struct script_env *env, size_t index)
{
    return disk_variable(env, index, disk_path);
}

const char *os_env_disk_uri(const struct script_env *env, size_t index)
{
    return disk_variable(env, index, disk_uri);
}
