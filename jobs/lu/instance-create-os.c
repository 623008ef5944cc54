/* OP_INSTANCE_CREATE: what comes onto the disks, the scripts of an operating system or an image. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/instance-create.h"
#include "jobs/lu/rpc.h"

/* Names the image among the OS parameters (objects.py GetOSImage). */
#define OS_IMAGE "os-image"

/* NULL: none. */
static const char *image_of(const struct op_instance_create *op)
{
    struct json *const *image = fact_dict_get(&type_any_dict, &op->osparams, OS_IMAGE);
    return image != NULL && json_kind(*image) == JSON_STRING ? json_string(*image) : NULL;
}

bool create_os_arguments(struct lu *lu, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    const char *image = image_of(op);
    if (image != NULL && !g_path_is_absolute(image) && strstr(image, "://") == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "The image '%s' is neither an absolute path nor a URL", image);
    }
    if (!op->has.os_type) {
        return image != NULL || err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                                         "The operating system, or an image of one, is missing");
    }
    for (size_t i = 0; i < cluster->blacklisted_os.n; i++) {
        if (strcmp(cluster->blacklisted_os.v[i], op->os_type) == 0) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "The operating system %s is not for new instances (blacklisted)",
                            op->os_type);
        }
    }
    return true;
}

/* Those that make it, or those that read what was exported. */
static bool runs_scripts(struct lu *lu)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    bool import = op->mode != INST_CREATE_CREATE;
    return own->disks.n > 0 && !own->adopt && !op->forthcoming && *own->instance->os != '\0' &&
           (import || (!op->no_install && image_of(op) == NULL));
}

/* Whether its scripts may run on the node (os_diagnose: [name, ..., trusted]). */
static bool check_trusted(struct lu *lu, const struct instance *instance, GError **errp)
{
    g_auto(GStrv) parts = g_strsplit(instance->os, "+", 2);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, instance->primary_node, LU_CALL(os_diagnose, .whole = false));
    if (!lu_answer_check_prereq(answer, ECODE_ENVIRON, errp,
                                "Cannot ask for the operating system %s", instance->os)) {
        return false;
    }
    size_t n = json_kind(answer->payload) == JSON_ARRAY ? json_len(answer->payload) : 0;
    for (size_t i = 0; i < n; i++) {
        const struct json *one = json_at(answer->payload, i);
        if (json_kind(one) != JSON_ARRAY || json_len(one) < 8 ||
            json_kind(json_at(one, 0)) != JSON_STRING ||
            strcmp(json_string(json_at(one, 0)), parts[0]) != 0) {
            continue;
        }
        const struct json *trusted = json_at(one, 7);
        return (json_kind(trusted) == JSON_BOOL && json_boolean(trusted)) ||
               err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "The operating system %s is not trusted to run on the node, and running "
                        "it in a helper guest is not available in this version",
                        instance->os);
    }
    return err_fail(errp, ERR_OP_PREREQ, ECODE_NONE, "The operating system %s is not on node %s",
                    instance->os, answer->node_name);
}

bool create_os_check(struct lu *lu, GError **errp)
{
    const struct create_own *own = lu->own;
    return !runs_scripts(lu) || check_trusted(lu, own->instance, errp);
}

bool create_os_image(struct lu *lu, const struct instance *instance)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    const char *image = image_of(op);
    g_autoptr(GError) error = NULL;
    if (image == NULL || own->adopt || disks.n == 0 || op->mode != INST_CREATE_CREATE) {
        return true;
    }
    lu_log(lu, "* imaging instance disks...");
    if (!lu_disks_pause_sync(lu, instance, disks.v, 1, true, &error)) {
        lu_warn(lu, "Imaging instance disks failed (%s)", error->message);
        return false;
    }
    CLEANUP(json_unrefp) struct json *text = json_new_string(image);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, instance->primary_node,
                     LU_CALL(blockdev_image, .bdev = {.disk = disks.v[0], .instance = instance},
                             .image = text, .size = disks.v[0]->size));
    if (!lu_disks_pause_sync(lu, instance, disks.v, 1, false, &error)) {
        lu_warn(lu, "%s", error->message);
    }
    return lu_answer_warn(lu, answer, "Imaging instance disks failed");
}

bool create_os_install(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    if (op->mode != INST_CREATE_CREATE) {
        return disks.n == 0 || create_import_exec(lu, instance, errp);
    }
    if (!runs_scripts(lu)) {
        return true;
    }
    if (op->mode != INST_CREATE_CREATE) {
        return create_import_exec(lu, instance, errp);
    }
    bool pause = !op->wait_for_sync && const_has(C_DTS_INT_MIRROR, (int)op->disk_template);
    if (pause) {
        lu_log(lu, "* pausing disk sync to install instance OS");
        (void)lu_disks_pause_sync(lu, instance, disks.v, disks.n, true, NULL);
    }
    lu_log(lu, "* running the instance OS create scripts...");
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, instance->primary_node,
        LU_CALL(instance_os_add,
                .instance_osp = {.instance = instance, .osparams = &own->osparams_secret},
                .reinstall = false, .debug = lu->op->common->debug_level));
    if (pause) {
        lu_log(lu, "* resuming disk sync");
        (void)lu_disks_pause_sync(lu, instance, disks.v, disks.n, false, NULL);
    }
    return lu_answer_check(answer, errp, "Could not add os for instance %s on node %s",
                           instance->name, answer->node_name);
}
