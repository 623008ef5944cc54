#include "config.h"

#include "noded/hypervisor/kvm/runtime.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "noded/hypervisor/kvm/devices.h"

enum {
    N_PARTS = 4,
    /* Files of releases before disks could be plugged in have no list of disks. */
    N_PARTS_OLD = 3,
    MAX_TEXT = 16 * 1024 * 1024,
};

void kvm_runtime_free(struct kvm_runtime *runtime)
{
    if (runtime != NULL) {
        fact_object_free(&fact_object_kvm_runtime, runtime);
    }
}

void kvm_runtime_add_arg(struct kvm_runtime *runtime, const char *arg)
{
    struct json **slot = fact_list_add(&type_any_list, &runtime->command);

    *slot = json_new_string(arg);
}

static const char *arg_at(const struct kvm_runtime *runtime, size_t i)
{
    const struct json *arg = i < runtime->command.n ? runtime->command.v[i] : NULL;

    return json_kind(arg) == JSON_STRING ? json_string(arg) : NULL;
}

static bool find_arg(const struct kvm_runtime *runtime, const char *arg, size_t *ret_index)
{
    for (size_t i = 0; i < runtime->command.n; i++) {
        if (g_strcmp0(arg_at(runtime, i), arg) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

bool kvm_runtime_is_paused(const struct kvm_runtime *runtime)
{
    size_t i;

    return find_arg(runtime, "-S", &i);
}

/* Puts `args` in the place of the n arguments from index. */
static void replace_args(struct kvm_runtime *runtime, size_t index, size_t n,
                         const char *const *args)
{
    struct any_list old = runtime->command;

    runtime->command = (struct any_list){0};
    for (size_t i = 0; i < old.n; i++) {
        if (i == index) {
            for (const char *const *arg = args; *arg != NULL; arg++) {
                kvm_runtime_add_arg(runtime, *arg);
            }
        }
        if (i < index || i >= index + n) {
            struct json **slot = fact_list_add(&type_any_list, &runtime->command);

            *slot = json_ref(old.v[i]);
        }
    }
    fact_clear(&type_any_list, &old);
}

static void upgrade_clock(struct kvm_runtime *runtime)
{
    static const char *const now[] = {"-rtc", "base=localtime", NULL};
    size_t i;

    if (find_arg(runtime, "-localtime", &i)) {
        replace_args(runtime, i, 1, now);
    }
}

/* "-balloon virtio,X" -> "-device virtio-balloon,X". */
static void upgrade_balloon(struct kvm_runtime *runtime)
{
    size_t i;

    if (find_arg(runtime, "-balloon", &i) && arg_at(runtime, i + 1) != NULL) {
        const char *more = strchr(arg_at(runtime, i + 1), ',');
        g_autofree char *device = g_strconcat("virtio-balloon", more, NULL);
        const char *const now[] = {"-device", device, NULL};

        replace_args(runtime, i, 2, now);
    }
}

/* TLS was a flag of the display and is an object of its own. */
static void upgrade_vnc(struct kvm_runtime *runtime)
{
    g_auto(GStrv) parts = NULL;
    g_autoptr(GString) display = g_string_new(NULL);
    g_autoptr(GString) options = g_string_new(NULL);
    const char *object = NULL;
    size_t i;

    if (!find_arg(runtime, "-vnc", &i) || arg_at(runtime, i + 1) == NULL) {
        return;
    }
    parts = g_strsplit(arg_at(runtime, i + 1), ",", -1);
    for (char **part = parts; *part != NULL; part++) {
        bool verify = g_str_has_prefix(*part, "x509verify=");

        if (verify || g_str_has_prefix(*part, "x509=")) {
            object = "tls-creds-x509";
            g_string_append_printf(options, ",dir=%s,verify-peer=%s", strchr(*part, '=') + 1,
                                   verify ? "yes" : "no");
            continue;
        }
        g_string_append(display, display->len > 0 ? "," : "");
        if (strcmp(*part, "tls") == 0) {
            object = "tls-creds-anon";
            g_string_append(display, "tls-creds=vnctls0");
        } else {
            g_string_append(display, *part);
        }
    }
    if (object != NULL) {
        g_autofree char *value =
            g_strdup_printf("%s,id=vnctls0,endpoint=server%s", object, options->str);
        const char *const now[] = {"-object", value, "-vnc", display->str, NULL};

        replace_args(runtime, i, 2, now);
    }
}

/* The folder is added at each start, so a stored one would come twice. */
static void upgrade_chroot(struct kvm_runtime *runtime)
{
    static const char *const nothing[] = {NULL};
    size_t i;

    if (find_arg(runtime, "-chroot", &i)) {
        replace_args(runtime, i, 2, nothing);
    }
}

static void upgrade_discard(struct kvm_runtime *runtime)
{
    const struct fact_value *value = hv_value(&runtime->hvparams, HV_NAME_disk_discard);
    const char *text = fact_value_text(value);

    if (value != NULL && g_strcmp0(text, C_HT_DISCARD_IGNORE) != 0 &&
        g_strcmp0(text, C_HT_DISCARD_UNMAP) != 0) {
        CLEANUP(json_unrefp) struct json *ignore = json_new_string(C_HT_DISCARD_IGNORE);
        struct fact_value *slot =
            fact_dict_add(&type_value_map, &runtime->hvparams, hv_names[HV_NAME_disk_discard].name);

        fact_value_set(slot, ignore);
    }
}

static void set_text(char **slot, bool *has, char *text)
{
    g_free(*slot);
    *slot = text;
    *has = true;
}

/* Old releases kept no more than a slot. */
static void upgrade_hvinfo(struct kvm_hvinfo *info, bool *has_info, int64_t pci, bool *has_pci,
                           const char *uuid, const char *driver, const char *kind)
{
    if (!*has_info && *has_pci) {
        set_text(&info->driver, &info->has.driver, g_strdup(driver));
        set_text(&info->id, &info->has.id,
                 g_strdup_printf("hot%s-%.*s-pci-%" G_GINT64_FORMAT, kind, (int)strcspn(uuid, "-"),
                                 uuid, pci));
        set_text(&info->addr, &info->has.addr, g_strdup_printf("0x%x", (unsigned)pci));
        set_text(&info->bus, &info->has.bus, g_strdup(KVM_PCI_BUS));
        *has_pci = false;
    }
    *has_info = true;
}

static void upgrade_devices(struct kvm_runtime *runtime)
{
    const char *nic_driver = kvm_nic_driver(&runtime->hvparams);
    const char *disk_driver = kvm_disk_driver(&runtime->hvparams);

    for (size_t i = 0; i < runtime->nics.n; i++) {
        struct kvm_nic *nic = &runtime->nics.v[i];

        if (!nic->has.uuid) {
            set_text(&nic->uuid, &nic->has.uuid, g_uuid_string_random());
        }
        upgrade_hvinfo(&nic->hvinfo, &nic->has.hvinfo, nic->pci, &nic->has.pci, nic->uuid,
                       nic_driver, KVM_NIC_KIND);
    }
    for (size_t i = 0; i < runtime->disks.n; i++) {
        struct kvm_disk *disk = &runtime->disks.v[i].disk;

        if (!disk->has.uuid) {
            set_text(&disk->uuid, &disk->has.uuid, g_uuid_string_random());
        }
        upgrade_hvinfo(&disk->hvinfo, &disk->has.hvinfo, disk->pci, &disk->has.pci, disk->uuid,
                       disk_driver, KVM_DISK_KIND);
    }
}

struct kvm_runtime *kvm_runtime_parse(const char *text, gssize len, GError **errp)
{
    CLEANUP(json_unrefp) struct json *json = NULL;
    CLEANUP(kvm_runtime_freep) struct kvm_runtime *runtime = NULL;
    size_t size = len < 0 ? strlen(text) : (size_t)len;

    if (size > MAX_TEXT) {
        g_set_error(errp, FACT_ERROR, FACT_ERROR_VALUE, "runtime file: longer than %d bytes",
                    MAX_TEXT);
        return NULL;
    }
    if (!json_parse(text, (gssize)size, &json, errp)) {
        g_prefix_error(errp, "runtime file: ");
        return NULL;
    }
    if (json_kind(json) == JSON_ARRAY && json_len(json) == N_PARTS_OLD) {
        json_append(json, json_new_array());
    }
    runtime = fact_object_decode(&fact_object_kvm_runtime, json, NULL, errp);
    if (runtime == NULL) {
        g_prefix_error(errp, "runtime file: ");
        return NULL;
    }
    upgrade_devices(runtime);
    upgrade_clock(runtime);
    upgrade_balloon(runtime);
    upgrade_vnc(runtime);
    upgrade_chroot(runtime);
    upgrade_discard(runtime);
    return g_steal_pointer(&runtime);
}

char *kvm_runtime_to_text(const struct kvm_runtime *runtime)
{
    GString *out = g_string_new(NULL);
    struct json_writer w = json_writer_init(out, JSON_PYTHON);

    fact_object_encode(&fact_object_kvm_runtime, runtime, &w);
    g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}
