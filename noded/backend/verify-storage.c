/* Parts of node_verify that look at LVM and DRBD. */
#include "config.h"

#include "base/json.h"
#include "base/log.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/backend/storage.h"
#include "noded/backend/verify.h"
#include "noded/storage/drbd/drbd.h"
#include "noded/storage/lvm/groups.h"

/* --- LVM ----------------------------------------------------------------------------------------
 */

/* A text in place of the dictionary says what is wrong. */
bool verify_volumes(const struct verify *verify G_GNUC_UNUSED, struct json *wanted G_GNUC_UNUSED,
                    struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, result->style);
    g_autoptr(GError) error = NULL;

    if (storage_write_volumes(NULL, &w, &error)) {
        json_write_raw(result, text->str, text->len);
    } else {
        json_write_string(result, error->message);
    }
    return true;
}

bool verify_groups(const struct verify *verify G_GNUC_UNUSED, struct json *wanted G_GNUC_UNUSED,
                   struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    storage_write_groups(result);
    return true;
}

/* [[physical volume, [the volumes that share it]], ...] (_CheckExclusivePvs) */
static void write_shared(const GPtrArray *pvs, struct json_writer *result)
{
    json_write_array_begin(result);
    for (guint i = 0; i < pvs->len; i++) {
        const struct lvm_pv_info *pv = g_ptr_array_index(pvs, i);

        if (pv->lv_list.n > 1) {
            json_write_array_begin(result);
            json_write_string(result, pv->name);
            fact_encode(&type_str_list, &pv->lv_list, result);
            json_write_array_end(result);
        }
    }
    json_write_array_end(result);
}

/* wanted: names of groups. With exclusive storage the answer has a second member, from the same
 * report. */
bool verify_physical_volumes(const struct verify *verify, struct json *wanted,
                             struct json_writer *result, GError **errp)
{
    g_autoptr(GPtrArray) groups = g_ptr_array_new();
    g_autoptr(GPtrArray) pvs = NULL;

    for (size_t i = 0; json_kind(wanted) == JSON_ARRAY && i < json_len(wanted); i++) {
        if (json_kind(json_at(wanted, i)) == JSON_STRING) {
            g_ptr_array_add(groups, (char *)json_string(json_at(wanted, i)));
        }
    }
    g_ptr_array_add(groups, NULL);
    pvs = lvm_pvs((const char *const *)groups->pdata,
                  LVM_PVS_ALL | (verify->exclusive_pvs ? LVM_PVS_LVS : 0), errp);
    if (pvs == NULL) {
        g_prefix_error(errp, "physical volumes of %s: ", verify->node);
        return false;
    }
    json_write_array_begin(result);
    for (guint i = 0; i < pvs->len; i++) {
        struct lvm_pv_info pv = *(const struct lvm_pv_info *)g_ptr_array_index(pvs, i);

        pv.lv_list = (struct str_list){0};
        fact_object_encode(&fact_object_lvm_pv_info, &pv, result);
    }
    json_write_array_end(result);
    if (verify->exclusive_pvs) {
        json_write_key(result, C_NV_EXCLUSIVEPVS);
        write_shared(pvs, result);
    }
    return true;
}

/* --- DRBD ---------------------------------------------------------------------------------------
 */

bool verify_drbd_version(const struct verify *verify G_GNUC_UNUSED,
                         struct json *wanted G_GNUC_UNUSED, struct json_writer *result,
                         GError **errp G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(drbd_proc_freep) struct drbd_proc *proc = drbd_node_read(&error);

    json_write_string(result, proc != NULL ? proc->version : error->message);
    return true;
}

/* Minors in use, or a text that says what is wrong. */
bool verify_drbd_minors(const struct verify *verify G_GNUC_UNUSED,
                        struct json *wanted G_GNUC_UNUSED, struct json_writer *result,
                        GError **errp G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(drbd_proc_freep) struct drbd_proc *proc = drbd_node_read(&error);

    if (proc == NULL) {
        json_write_string(result, error->message);
        return true;
    }
    json_write_array_begin(result);
    for (size_t i = 0; i < proc->n_minors; i++) {
        if (drbd_minor_in_use(&proc->minors[i])) {
            json_write_int(result, proc->minors[i].minor);
        }
    }
    json_write_array_end(result);
    return true;
}

/* [true, the program] or [false, what is wrong] */
bool verify_drbd_helper(const struct verify *verify G_GNUC_UNUSED,
                        struct json *wanted G_GNUC_UNUSED, struct json_writer *result,
                        GError **errp G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *helper = drbd_node_helper(&error);

    json_write_array_begin(result);
    json_write_bool(result, helper != NULL);
    json_write_string(result, helper != NULL ? helper : error->message);
    json_write_array_end(result);
    return true;
}
