#include "config.h"

#include "noded/backend/guest.h"

#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/backend/disk-links.h"
#include "noded/hypervisor/hv-common.h"
#include "noded/storage/bdev.h"

/* Where rpc/node.py _InstDict puts the disks. */
static const char disks_member[] = "disks_info";

enum { NS_PER_US = 1000 };

void *guest_decode(const struct fact_object *object, const struct any_dict *dict, GError **errp)
{
    CLEANUP(json_unrefp) struct json *tree = json_new_object();

    for (size_t i = 0; i < dict->n; i++) {
        json_set(tree, dict->v[i].key, json_ref(dict->v[i].value));
    }
    return fact_object_decode(object, tree, NULL, errp);
}

static bool decode(struct guest *guest, const struct any_dict *dict, GError **errp)
{
    struct json *disks;

    guest->instance = guest_decode(&fact_object_instance, dict, errp);
    if (guest->instance == NULL) {
        return false;
    }
    disks = guest->instance->extra != NULL ? json_get(guest->instance->extra, disks_member) : NULL;
    return disks == NULL || fact_decode(&type_disk_list, disks, &guest->disks, NULL, errp);
}

struct guest *guest_read(const struct any_dict *dict, GError **errp)
{
    CLEANUP(guest_freep) struct guest *guest = g_new0(struct guest, 1);

    if (!decode(guest, dict, errp)) {
        g_prefix_error(errp, "instance: ");
        return NULL;
    }
    return g_steal_pointer(&guest);
}

struct guest *guest_open(const struct any_dict *dict, GError **errp)
{
    CLEANUP(guest_freep) struct guest *guest = guest_read(dict, errp);

    if (guest == NULL) {
        return NULL;
    }
    guest->hv = hv_find(guest->instance->hypervisor);
    if (guest->hv == NULL) {
        noded_error_set(errp, "this node has no driver for the hypervisor '%s' of %s",
                        fact_enum_hypervisor.words[guest->instance->hypervisor],
                        guest->instance->name);
        return NULL;
    }
    return guest->hv->prepare(errp) ? g_steal_pointer(&guest) : NULL;
}

void guest_free(struct guest *guest)
{
    if (guest == NULL) {
        return;
    }
    if (guest->instance != NULL) {
        fact_object_free(&fact_object_instance, guest->instance);
    }
    fact_clear(&type_disk_list, &guest->disks);
    g_free(guest);
}

/* --- Disks --------------------------------------------------------------------------------------
 */

void guest_disks_free(struct guest_disks *disks)
{
    if (disks != NULL) {
        g_ptr_array_unref(disks->texts);
        g_free(disks->v);
        g_free(disks);
    }
}

static bool link_disk(const struct guest *guest, size_t index, struct guest_disks *disks,
                      GError **errp)
{
    const struct disk *disk = &guest->disks.v[index];
    g_autoptr(GError) error = NULL;
    CLEANUP(bdev_freep) struct bdev *dev = bdev_find(disk, &error);
    char *link = NULL, *uri = NULL;
    bool ok;

    if (dev == NULL) {
        err_set(errp, ERR_BLOCK_DEVICE, ECODE_NONE, "%s (%s) of %s is not set up%s%s",
                disk->iv_name, fact_enum_disk_template.words[disk->dev_type], guest->instance->name,
                error != NULL ? ": " : "", error != NULL ? error->message : "");
        return false;
    }
    ok = dev->ops->open(dev, false, true, errp) &&
         disk_link_set(guest->instance->name, index, dev->path, &link, errp) &&
         disk_uri(dev, guest->hv->id, &uri, errp);
    g_ptr_array_add(disks->texts, link);
    g_ptr_array_add(disks->texts, uri);
    disks->v[index] = (struct hv_disk){.disk = disk, .link = link, .uri = uri};
    if (!ok) {
        err_wrap(errp, ERR_BLOCK_DEVICE, ECODE_NONE);
    }
    return ok;
}

struct guest_disks *guest_link_disks(const struct guest *guest, GError **errp)
{
    CLEANUP(guest_disks_freep) struct guest_disks *disks = g_new0(struct guest_disks, 1);

    disks->texts = g_ptr_array_new_with_free_func(g_free);
    disks->v = g_new0(struct hv_disk, guest->disks.n);
    for (; disks->n < guest->disks.n; disks->n++) {
        if (!link_disk(guest, disks->n, disks, errp)) {
            return NULL;
        }
    }
    return g_steal_pointer(&disks);
}

/* --- State --------------------------------------------------------------------------------------
 */

bool guest_state(const struct guest *guest, bool *ret_known, enum hv_state *ret_state,
                 GError **errp)
{
    CLEANUP(hv_guest_freep) struct hv_guest *found = NULL;

    if (!guest->hv->info(guest->instance->name, &guest->instance->hvparams, &found, errp)) {
        return false;
    }
    *ret_known = found != NULL;
    *ret_state = found != NULL ? found->state : HV_STATE_SHUTDOWN;
    return true;
}

bool guest_runs(const struct guest *guest, bool *ret_runs, GError **errp)
{
    g_autoptr(GPtrArray) names = guest->hv->list(&guest->instance->hvparams, errp);

    if (names == NULL) {
        return false;
    }
    *ret_runs = g_ptr_array_find_with_equal_func(names, guest->instance->name, g_str_equal, NULL);
    return true;
}

bool guest_keep_reason(const char *name, const char *call, const struct any_list *trail,
                       GError **errp)
{
    g_autofree char *path = hv_guest_file(PATH_INSTANCE_REASON_DIR, name, errp);
    g_autofree char *source = g_strdup_printf("%s:%s", C_OPCODE_REASON_SRC_NODED, call);
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_PYTHON);
    const struct fs_write_opts opts = {.flags = FS_WRITE_VOLATILE};

    if (path == NULL) {
        return false;
    }
    json_write_array_begin(&w);
    for (size_t i = 0; i < trail->n; i++) {
        json_write_value(&w, trail->v[i]);
    }
    json_write_array_begin(&w);
    json_write_string(&w, source);
    json_write_string(&w, "");
    json_write_int(&w, g_get_real_time() * NS_PER_US);
    json_write_array_end(&w);
    json_write_array_end(&w);
    g_string_append_c(text, '\n');
    return fs_write_atomic(path, text->str, text->len, &opts, errp);
}
