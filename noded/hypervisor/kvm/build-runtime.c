#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/text.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/hypervisor/kvm/build-private.h"
#include "noded/hypervisor/kvm/devices.h"

void kvm_add(struct kvm_build *build, const char *arg, ...)
{
    va_list args;

    va_start(args, arg);
    for (; arg != NULL; arg = va_arg(args, const char *)) {
        kvm_runtime_add_arg(build->runtime, arg);
    }
    va_end(args);
}

void kvm_addf(struct kvm_build *build, const char *option, const char *format, ...)
{
    g_autofree char *value = NULL;
    va_list args;

    va_start(args, format);
    value = g_strdup_vprintf(format, args);
    va_end(args);
    kvm_add(build, option, value, NULL);
}

char *kvm_guest_path(enum path_id dir, const char *name, const char *ending)
{
    return g_strdup_printf("%s/%s%s", path_get(dir), name, ending);
}

bool kvm_boots_from(const struct kvm_build *build, const char *what)
{
    return build->boots_itself && strcmp(hv_text(build->hvp, HV_NAME_boot_order), what) == 0;
}

const char *kvm_on_off(bool value)
{
    return value ? "on" : "off";
}

/* The reference keeps the memory as a number in the file. */
static void add_memory(struct kvm_build *build)
{
    struct json **slot;

    kvm_add(build, "-m", NULL);
    slot = fact_list_add(&type_any_list, &build->runtime->command);
    *slot = json_new_int(build->instance->beparams.maxmem);
}

static void add_processors(struct kvm_build *build)
{
    static const struct {
        enum hv_name_id name;
        const char *word;
    } parts[] = {{HV_NAME_cpu_cores, "cores"},
                 {HV_NAME_cpu_threads, "threads"},
                 {HV_NAME_cpu_sockets, "sockets"}};
    g_autoptr(GString) value = g_string_new(NULL);

    g_string_printf(value, "%" G_GINT64_FORMAT, build->instance->beparams.vcpus);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        int64_t n = hv_int(build->hvp, parts[i].name, 0);

        if (n != 0) {
            g_string_append_printf(value, ",%s=%" G_GINT64_FORMAT, parts[i].word, n);
        }
    }
    kvm_add(build, "-smp", value->str, NULL);
}

static void add_controllers(struct kvm_build *build)
{
    if (kvm_disk_type_is_scsi(hv_text(build->hvp, HV_NAME_disk_type)) ||
        kvm_disk_type_is_scsi(hv_text(build->hvp, HV_NAME_cdrom_disk_type))) {
        kvm_addf(build, "-device", "%s,id=scsi", hv_text(build->hvp, HV_NAME_scsi_controller_type));
    }
    kvm_add(build, "-device", "virtio-balloon", NULL);
}

static bool add_machine(struct kvm_build *build, GError **errp)
{
    const struct kvm_caps *caps = build->host->caps;
    const char *version = hv_text(build->hvp, HV_NAME_machine_version);
    g_autoptr(GString) value = NULL;

    if (version[0] == '\0') {
        version = caps->default_machine;
    }
    if (version == NULL) {
        return hv_fail(errp, "%s names no default machine: set %s",
                       hv_text(build->hvp, HV_NAME_kvm_path),
                       hv_names[HV_NAME_machine_version].name);
    }
    value = g_string_new(version);
    if (!hv_true(build->hvp, HV_NAME_acpi)) {
        if (caps->no_acpi) {
            kvm_add(build, "-no-acpi", NULL);
        } else {
            g_string_append(value, ",acpi=off");
        }
    }
    if (strcmp(hv_text(build->hvp, HV_NAME_kvm_flag), C_HT_KVM_ENABLED) == 0) {
        g_string_append(value, ",accel=kvm");
    }
    kvm_add(build, "-machine", value->str, NULL);
    return true;
}

static void add_kernel(struct kvm_build *build)
{
    const char *initrd = hv_text(build->hvp, HV_NAME_initrd_path);
    g_autoptr(GString) append = g_string_new(NULL);

    if (build->boots_itself) {
        return;
    }
    kvm_add(build, "-kernel", hv_text(build->hvp, HV_NAME_kernel_path), NULL);
    if (initrd[0] != '\0') {
        kvm_add(build, "-initrd", initrd, NULL);
    }
    g_string_printf(append, "root=%s %s", hv_text(build->hvp, HV_NAME_root_path),
                    hv_text(build->hvp, HV_NAME_kernel_args));
    if (hv_true(build->hvp, HV_NAME_serial_console)) {
        g_string_append_printf(append, " console=ttyS0,%" G_GINT64_FORMAT,
                               hv_int(build->hvp, HV_NAME_serial_speed, 0));
    }
    kvm_add(build, "-append", append->str, NULL);
}

static void add_monitor_and_serial(struct kvm_build *build)
{
    const char *name = build->instance->name;
    const char *mem_path = hv_text(build->hvp, HV_NAME_mem_path);
    g_autofree char *monitor = kvm_guest_path(PATH_KVM_CTRL_DIR, name, ".monitor");
    g_autofree char *serial = kvm_guest_path(PATH_KVM_CTRL_DIR, name, ".serial");

    if (mem_path[0] != '\0') {
        kvm_add(build, "-mem-path", mem_path, "-mem-prealloc", NULL);
    }
    kvm_addf(build, "-monitor", "unix:%s,server,nowait", monitor);
    if (hv_true(build->hvp, HV_NAME_serial_console)) {
        kvm_addf(build, "-serial", "unix:%s,server,nowait", serial);
    } else {
        kvm_add(build, "-serial", "none", NULL);
    }
}

static void add_value_if_set(struct kvm_build *build, const char *option, enum hv_name_id name)
{
    const char *value = hv_text(build->hvp, name);

    if (value[0] != '\0') {
        kvm_add(build, option, value, NULL);
    }
}

static void add_sound_and_adapter(struct kvm_build *build)
{
    const char *sound = hv_text(build->hvp, HV_NAME_soundhw);
    bool spice = hv_text(build->hvp, HV_NAME_spice_bind)[0] != '\0';

    if (sound[0] != '\0') {
        kvm_addf(build, "-audio", "driver=%s,model=%s,id=soundhw", spice ? "spice" : "none", sound);
    }
    if (hv_true(build->hvp, HV_NAME_use_localtime)) {
        kvm_add(build, "-rtc", "base=localtime", NULL);
    }
    add_value_if_set(build, "-cpu", HV_NAME_cpu_type);
    if (spice && hv_text(build->hvp, HV_NAME_vga)[0] == '\0') {
        kvm_add(build, "-vga", "qxl", NULL);
    } else {
        add_value_if_set(build, "-vga", HV_NAME_vga);
    }
}

static void add_usb_devices(struct kvm_build *build)
{
    g_auto(GStrv) devices = g_strsplit(hv_text(build->hvp, HV_NAME_usb_devices), ",", -1);

    for (char **device = devices; *device != NULL; device++) {
        kvm_add(build, "-usbdevice", *device, NULL);
    }
}

static void add_guest_agent(struct kvm_build *build)
{
    if (hv_true(build->hvp, HV_NAME_use_guest_agent)) {
        g_autofree char *path = kvm_guest_path(PATH_KVM_CTRL_DIR, build->instance->name, ".qga");

        kvm_addf(build, "-chardev", "socket,path=%s,server,nowait,id=qga0", path);
        kvm_add(build, "-device", "virtio-serial,id=qga0", "-device",
                "virtserialport,chardev=qga0,name=org.qemu.guest_agent.0", NULL);
    }
}

static bool add_further_arguments(struct kvm_build *build, GError **errp)
{
    const char *text = hv_text(build->hvp, HV_NAME_kvm_extra);
    g_auto(GStrv) words = text_shell_split(text);

    if (words == NULL) {
        return hv_fail(errp, "Parameter '%s' has a quote that is not closed: %s",
                       hv_names[HV_NAME_kvm_extra].name, text);
    }
    for (char **word = words; *word != NULL; word++) {
        kvm_add(build, *word, NULL);
    }
    return true;
}

/* A configuration object as the runtime file keeps it; what has no row there goes along. */
static bool convert(const struct fact_object *from, const void *src, const struct fact_object *to,
                    void *dst, GError **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    CLEANUP(json_unrefp) struct json *json = NULL;

    fact_object_encode(from, src, &w);
    return json_parse(text->str, (gssize)text->len, &json, errp) &&
           fact_object_decode_at(to, json, dst, NULL, errp);
}

bool kvm_runtime_add_disk(struct kvm_runtime *runtime, const struct hv_disk *disk, GError **errp)
{
    struct kvm_disk_use *use = fact_list_add(&type_kvm_disk_use_list, &runtime->disks);

    use->has.disk = true;
    use->link = g_strdup(disk->link);
    use->has.link = use->link != NULL;
    use->uri = g_strdup(disk->uri);
    use->has.uri = use->uri != NULL;
    return convert(&fact_object_disk, disk->disk, &fact_object_kvm_disk, &use->disk, errp);
}

bool kvm_runtime_add_nic(struct kvm_runtime *runtime, const struct nic *nic, GError **errp)
{
    struct kvm_nic *own = fact_list_add(&type_kvm_nic_list, &runtime->nics);

    return convert(&fact_object_nic, nic, &fact_object_kvm_nic, own, errp);
}

static bool add_disks(struct kvm_build *build, const struct hv_disk *disks, size_t n_disks,
                      struct kvm_slots *slots, GError **errp)
{
    for (size_t i = 0; i < n_disks; i++) {
        if (!kvm_runtime_add_disk(build->runtime, &disks[i], errp) ||
            !kvm_place_disk(&build->runtime->disks.v[i].disk, build->hvp, slots, errp)) {
            return false;
        }
    }
    return true;
}

static bool add_nics(struct kvm_build *build, struct kvm_slots *slots, GError **errp)
{
    for (size_t i = 0; i < build->instance->nics.n; i++) {
        if (!kvm_runtime_add_nic(build->runtime, &build->instance->nics.v[i], errp) ||
            !kvm_place_nic(&build->runtime->nics.v[i], build->hvp, slots, errp)) {
            return false;
        }
    }
    return true;
}

static void add_identity(struct kvm_build *build)
{
    const struct instance *instance = build->instance;
    g_autofree char *pid_file = kvm_guest_path(PATH_KVM_PIDS_DIR, instance->name, "");
    g_autofree char *log_file = kvm_guest_path(PATH_LOG_KVM_DIR, instance->name, ".log");

    kvm_add(build, hv_text(build->hvp, HV_NAME_kvm_path), "-name", instance->name, NULL);
    add_memory(build);
    add_processors(build);
    kvm_add(build, "-pidfile", pid_file, NULL);
    add_controllers(build);
    kvm_add(build, "-daemonize", "-D", log_file, NULL);
    if (strcmp(hv_text(build->hvp, HV_NAME_reboot_behavior), C_INSTANCE_REBOOT_EXIT) == 0) {
        kvm_add(build, "-no-reboot", NULL);
    }
}

static bool build_all(struct kvm_build *build, const struct hv_disk *disks, size_t n_disks,
                      bool paused, GError **errp)
{
    struct kvm_slots slots = kvm_slots_init(build->hvp);

    add_identity(build);
    if (!add_machine(build, errp)) {
        return false;
    }
    if (paused) {
        kvm_add(build, "-S", NULL);
    }
    if (kvm_boots_from(build, C_HT_BO_NETWORK)) {
        kvm_add(build, "-boot", "order=n", NULL);
    }
    if (!kvm_build_drives(build, errp)) {
        return false;
    }
    add_kernel(build);
    add_monitor_and_serial(build);
    if (!kvm_build_display(build, errp)) {
        return false;
    }
    add_sound_and_adapter(build);
    add_usb_devices(build);
    kvm_add(build, "-uuid", build->instance->uuid, NULL);
    add_guest_agent(build);
    return add_further_arguments(build, errp) && add_disks(build, disks, n_disks, &slots, errp) &&
           add_nics(build, &slots, errp);
}

struct kvm_runtime *kvm_build_runtime(const struct instance *instance, const struct hv_disk *disks,
                                      size_t n_disks, bool paused, const struct kvm_host *host,
                                      GError **errp)
{
    CLEANUP(kvm_runtime_freep)
    struct kvm_runtime *runtime = fact_object_new(&fact_object_kvm_runtime);
    struct kvm_build build = {
        .instance = instance,
        .hvp = &instance->hvparams,
        .host = host,
        .runtime = runtime,
        .boots_itself = hv_text(&instance->hvparams, HV_NAME_kernel_path)[0] == '\0',
    };

    runtime->has.command = runtime->has.nics = runtime->has.disks = runtime->has.hvparams = true;
    fact_copy(&type_value_map, &runtime->hvparams, &instance->hvparams);
    return build_all(&build, disks, n_disks, paused, errp) ? g_steal_pointer(&runtime) : NULL;
}
