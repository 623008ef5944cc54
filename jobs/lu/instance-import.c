/* OP_INSTANCE_CREATE of what was exported: arguments, locks and the description of the export
 * (reference: lib/cmdlib/instance_create.py _ReadExportInfo, _ReadExportParams). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-create.h"
#include "jobs/lu/names.h"
#include "jobs/lu/remote.h"
#include "jobs/lu/rpc.h"
#include "noded/proto/ini.h"

/* --- Arguments ----------------------------------------------------------------------------------
 */
static bool remote_arguments(struct lu *lu, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    struct create_own *own = lu->own;
    const char *missing = op->source_handshake.n == 0     ? "handshake"
                          : !op->has.source_x509_ca       ? "X509 certificate"
                          : !op->has.source_instance_name ? "name of the instance"
                                                          : NULL;
    if (missing != NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "The %s of the other cluster is missing",
                        missing);
    }
    g_autofree char *secret = remote_secret(errp);
    CLEANUP(json_unrefp) struct json *handshake = json_new_array();
    for (size_t i = 0; i < op->source_handshake.n; i++) {
        json_append(handshake, json_ref(op->source_handshake.v[i]));
    }
    if (secret == NULL || !remote_check_handshake(secret, handshake, errp)) {
        return false;
    }
    own->source_ca = remote_load_cert(secret, op->source_x509_ca, "source", errp);
    return own->source_ca != NULL;
}

bool create_import_arguments(struct lu *lu, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    if (op->mode == INST_CREATE_REMOTE_IMPORT) {
        return remote_arguments(lu, errp);
    }
    /* If it was forced when the instance was made, it must be again. */
    op->force_variant = true;
    if (op->no_install) {
        lu_info(lu, "No-installation mode has no effect during import");
    }
    return true;
}

/* --- Locks --------------------------------------------------------------------------------------
 */
bool create_import_names(struct lu *lu, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    const struct lu_name_slot source = {&op->src_node, &op->src_node_uuid, &op->has.src_node_uuid};
    if (op->mode != INST_CREATE_IMPORT) {
        return true;
    }
    if (!op->has.src_path) {
        lu_text_set(&op->src_path, op->instance_name);
        op->has.src_path = true;
    }
    bool absolute = g_path_is_absolute(op->src_path);
    if (!op->has.src_node) {
        /* Any node may have it. */
        lu_need_all(lu, LOCK_LEVEL_NODE);
        lu_need_all(lu, LOCK_LEVEL_NODE_RES);
        return !absolute || err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                                     "An import from a path needs the node that has it");
    }
    if (lu_expand_node_slot(lu, source, errp) == NULL) {
        return false;
    }
    lu_need(lu, LOCK_LEVEL_NODE, op->src_node_uuid);
    lu_need(lu, LOCK_LEVEL_NODE_RES, op->src_node_uuid);
    if (!absolute) {
        g_autofree char *path = g_build_filename(path_get(PATH_EXPORT_DIR), op->src_path, NULL);
        g_autofree char *wire = vcluster_path_to_wire(path, NULL);
        lu_text_set(&op->src_path, wire);
    }
    return true;
}

/* --- Finding the export -------------------------------------------------------------------------
 */
static bool find_export(struct lu *lu, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    g_autoptr(GPtrArray) nodes = lu_owned(lu, LOCK_LEVEL_NODE);
    if (op->has.src_node_uuid) {
        return true;
    }
    CLEANUP(lu_answers_freep)
    struct lu_answers *lists = lu_call_nodes(lu, (const char *const *)nodes->pdata, nodes->len,
                                             LU_CALL(export_list, .whole = false));
    for (size_t i = 0; i < lists->n; i++) {
        const struct lu_answer *list = &lists->v[i];
        if (list->fail_msg != NULL || !lu_list_has(list->payload, op->src_path)) {
            continue;
        }
        g_autofree char *path = g_build_filename(path_get(PATH_EXPORT_DIR), op->src_path, NULL);
        g_autofree char *wire = vcluster_path_to_wire(path, NULL);
        lu_text_set(&op->src_node, list->node_name);
        lu_text_set(&op->src_node_uuid, list->node_uuid);
        lu_text_set(&op->src_path, wire);
        op->has.src_node = op->has.src_node_uuid = true;
        return true;
    }
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "No node has an export '%s'", op->src_path);
}

static struct ini *read_info(struct lu *lu, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    g_autoptr(GError) error = NULL;
    if (!find_export(lu, errp) || !lu_check_node_online(lu, op->src_node_uuid, errp)) {
        return NULL;
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, op->src_node_uuid, LU_CALL(export_info, .path = op->src_path));
    if (!lu_answer_check(answer, errp, "There is no good export in %s on node %s", op->src_path,
                         answer->node_name)) {
        return NULL;
    }
    CLEANUP(ini_freep)
    struct ini *info = json_kind(answer->payload) == JSON_STRING
                           ? ini_parse(json_string(answer->payload), &error)
                           : NULL;
    g_autofree char *version = info != NULL ? ini_get(info, C_INISECT_EXP, "version") : NULL;
    int number;
    if (version == NULL || !parse_int(version, 0, G_MAXINT, &number, NULL)) {
        err_set(errp, ERR_OP_PREREQ, ECODE_ENVIRON,
                "The description of the export in %s on node %s cannot be read%s%s", op->src_path,
                answer->node_name, error != NULL ? ": " : "", error != NULL ? error->message : "");
        return NULL;
    }
    if (number != C_EXPORT_VERSION) {
        err_set(errp, ERR_OP_PREREQ, ECODE_ENVIRON,
                "The export in %s on node %s has the version %d, where %d is wanted", op->src_path,
                answer->node_name, number, C_EXPORT_VERSION);
        return NULL;
    }
    return g_steal_pointer(&info);
}

/* --- What the opcode leaves open ----------------------------------------------------------------
 */
/* A value of the instance's section; NULL also for the word that stands for nothing. */
static char *value_of(const struct ini *info, const char *name)
{
    g_autofree char *value = ini_get(info, C_INISECT_INS, name);
    return value != NULL && g_ascii_strcasecmp(value, C_VALUE_NONE) != 0 ? g_steal_pointer(&value)
                                                                         : NULL;
}

static char *numbered(const struct ini *info, const char *kind, size_t index, const char *name)
{
    g_autofree char *key = g_strdup_printf("%s%zu_%s", kind, index, name);
    return value_of(info, key);
}

static bool read_disks(struct lu *lu, const struct ini *info, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    bool given = op->disks.n > 0;
    for (size_t i = 0; !given && i < C_MAX_DISKS; i++) {
        g_autofree char *size = numbered(info, "disk", i, "size");
        int64_t mib;
        if (size == NULL) {
            continue;
        }
        if (!parse_int64(size, 1, INT64_MAX, &mib, NULL)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "The export has a disk %zu of '%s' MiB", i, size);
        }
        struct idisk *disk = fact_list_add(&type_idisk_list, &op->disks);
        disk->size = mib;
        disk->name = numbered(info, "disk", i, "name");
        disk->has.size = true;
        disk->has.name = disk->name != NULL;
        op->has.disks = true;
    }
    return op->disks.n > 0 || op->disk_template == DISK_TEMPLATE_DISKLESS ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "No disks are given, and the export does not tell of any");
}

static bool read_nic(const struct ini *info, size_t index, struct inic *nic)
{
    const struct {
        const char *name;
        char **slot;
        bool *has;
        bool of_network; /* comes from the network, if there is one */
    } rows[] = {
        {"mac", &nic->mac, &nic->has.mac, false},
        {"ip", &nic->ip, &nic->has.ip, false},
        {"name", &nic->name, &nic->has.name, false},
        {"network", &nic->network, &nic->has.network, false},
        {"mode", &nic->mode, &nic->has.mode, true},
        {"link", &nic->link, &nic->has.link, true},
        {"vlan", &nic->vlan, &nic->has.vlan, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!rows[i].of_network || !nic->has.network) {
            *rows[i].slot = numbered(info, "nic", index, rows[i].name);
            *rows[i].has = *rows[i].slot != NULL;
        }
    }
    return nic->has.mac;
}

static void read_nics(struct lu *lu, const struct ini *info)
{
    struct op_instance_create *op = lu_params(lu);
    struct create_own *own = lu->own;
    bool given = op->nics.n > 0;
    own->macs = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < C_MAX_NICS; i++) {
        char *mac = numbered(info, "nic", i, "mac");
        if (mac == NULL) {
            return;
        }
        g_ptr_array_add(own->macs, mac);
        if (!given) {
            (void)read_nic(info, i, fact_list_add(&type_inic_list, &op->nics));
            op->has.nics = true;
        }
    }
}

/* Into a dictionary of texts, unless it has the name already. */
static void add_param(const char *name, const char *value, void *data)
{
    struct any_dict *dict = data;
    if (fact_dict_get(&type_any_dict, dict, name) == NULL) {
        struct json **slot = fact_dict_add(&type_any_dict, dict, name);
        *slot = json_new_string(value);
    }
}

/* "memory" is there for old releases only. */
static void add_beparam(const char *name, const char *value, void *data)
{
    if (strcmp(name, "memory") != 0) {
        add_param(name, value, data);
    }
}

static void add_private(const char *name, const char *value, void *data)
{
    struct private_dict *dict = data;
    if (fact_dict_get(&type_private_dict, dict, name) == NULL) {
        struct json **slot = fact_dict_add(&type_private_dict, dict, name);
        *slot = json_new_string(value);
    }
}

static bool read_hypervisor(struct lu *lu, const struct ini *info, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    g_autofree char *word = value_of(info, "hypervisor");
    if (op->has.hypervisor || word == NULL) {
        return true;
    }
    int index = fact_enum_find(&fact_enum_hypervisor, word);
    if (index < 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "The exported instance has the hypervisor '%s', which is not known", word);
    }
    op->hypervisor = (enum hypervisor)index;
    op->has.hypervisor = true;
    return true;
}

static void read_tags(struct lu *lu, const struct ini *info)
{
    struct op_instance_create *op = lu_params(lu);
    g_autofree char *text = value_of(info, "tags");
    if (op->tags.n == 0 && text != NULL) {
        g_auto(GStrv) tags = g_strsplit_set(text, " \n\t", -1);
        for (char **tag = tags; *tag != NULL; tag++) {
            if (**tag != '\0') {
                char **slot = fact_list_add(&type_nonempty_str_list, &op->tags);
                *slot = g_strdup(*tag);
            }
        }
    }
}

static void read_images(struct lu *lu, const struct ini *info)
{
    const struct op_instance_create *op = lu_params(lu);
    struct create_own *own = lu->own;
    own->images = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < op->disks.n; i++) {
        g_autofree char *name = numbered(info, "disk", i, "dump");
        g_ptr_array_add(own->images,
                        name != NULL ? g_build_filename(op->src_path, name, NULL) : NULL);
    }
}

bool create_import_read(struct lu *lu, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    struct create_own *own = lu->own;
    if (op->mode != INST_CREATE_IMPORT) {
        return true;
    }
    CLEANUP(ini_freep) struct ini *info = read_info(lu, errp);
    if (info == NULL) {
        return false;
    }
    g_autofree char *os = ini_get(info, C_INISECT_EXP, "os");
    lu_text_set(&op->os_type, os != NULL ? os : "");
    op->has.os_type = true;
    own->old_name = value_of(info, "name");
    read_nics(lu, info);
    read_tags(lu, info);
    ini_each(info, C_INISECT_HYP, add_param, &op->hvparams);
    ini_each(info, C_INISECT_BEP, add_beparam, &op->beparams);
    ini_each(info, C_INISECT_OSP, add_param, &op->osparams);
    ini_each(info, C_INISECT_OSP_PRIVATE, add_private, &op->osparams_private);
    if (!read_disks(lu, info, errp) || !read_hypervisor(lu, info, errp)) {
        return false;
    }
    read_images(lu, info);
    return own->old_name != NULL ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_ENVIRON,
                    "The description of the export does not tell the name of its instance");
}

/* --- Interfaces ---------------------------------------------------------------------------------
 */
void create_import_keep_macs(struct lu *lu)
{
    const struct op_instance_create *op = lu_params(lu);
    struct create_own *own = lu->own;
    if (op->mode != INST_CREATE_IMPORT || strcmp(op->instance_name, own->old_name) != 0) {
        return;
    }
    for (size_t i = 0; i < own->instance->nics.n && i < own->macs->len && i < op->nics.n; i++) {
        struct inic *wanted = &op->nics.v[i];
        if (!wanted->has.mac || strcmp(wanted->mac, C_VALUE_AUTO) == 0) {
            lu_text_set(&own->instance->nics.v[i].mac, own->macs->pdata[i]);
        }
    }
}
