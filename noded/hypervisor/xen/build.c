#include "config.h"

#include "noded/hypervisor/xen/build.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/hypervisor/cpu-mask.h"
#include "noded/hypervisor/hv-common.h"

enum { MAX_DISKS = 26 }; /* letters */

/* --- Parts of both ------------------------------------------------------------------------------
 */

static void add_text(GString *out, const char *key, const char *value)
{
    g_string_append_printf(out, "%s = '%s'\n", key, value);
}

static void add_text_if(GString *out, const char *key, const char *value)
{
    if (*value != '\0') {
        add_text(out, key, value);
    }
}

static void add_number(GString *out, const char *key, int64_t value)
{
    g_string_append_printf(out, "%s = %" G_GINT64_FORMAT "\n", key, value);
}

/* Numbers that old versions of Xen wanted without blanks. */
static void add_tight_number(GString *out, const char *key, int64_t value)
{
    if (value != 0) {
        g_string_append_printf(out, "%s=%" G_GINT64_FORMAT "\n", key, value);
    }
}

/* _CreateConfigCpus. */
static bool add_cpu_mask(GString *out, const struct value_map *hvparams, GError **errp)
{
    const char *text = hv_text(hvparams, HV_NAME_cpu_mask);
    g_autoptr(GPtrArray) masks = NULL;

    if (!cpu_mask_is_set(text)) {
        return true;
    }
    masks = cpu_masks_parse(text, errp);
    if (masks == NULL) {
        return false;
    }
    g_string_append(out, masks->len == 1 ? "cpu = " : "cpus = [ ");
    for (guint i = 0; i < masks->len; i++) {
        g_autofree char *mask = cpu_mask_join(masks->pdata[i]);

        g_string_append_printf(out, "%s\"%s\"", i > 0 ? ", " : "", mask);
    }
    g_string_append(out, masks->len == 1 ? "\n" : " ]\n");
    return true;
}

static bool add_size(GString *out, const struct xen_build *build, GError **errp)
{
    const struct value_map *hvparams = &build->instance->hvparams;

    add_number(out, "memory", build->memory);
    add_number(out, "maxmem", build->instance->beparams.maxmem);
    add_number(out, "vcpus", build->instance->beparams.vcpus);
    if (!add_cpu_mask(out, hvparams, errp)) {
        return false;
    }
    add_tight_number(out, "cpu_cap", hv_int(hvparams, HV_NAME_cpu_cap, 0));
    add_tight_number(out, "cpu_weight", hv_int(hvparams, HV_NAME_cpu_weight, 0));
    add_text(out, "name", build->instance->name);
    return true;
}

/* What an interface looks like from inside; only fully virtual guests have a choice. */
static char *nic_type(const struct value_map *hvparams)
{
    const char *type = hv_text(hvparams, HV_NAME_nic_type);
    const char *vif = hv_text(hvparams, HV_NAME_vif_type);
    bool chosen = fact_value_text(hv_value(hvparams, HV_NAME_nic_type)) != NULL;

    if (!chosen) {
        return *vif != '\0' ? g_strdup_printf(", type=%s", vif) : g_strdup("");
    }
    if (strcmp(type, C_HT_NIC_PARAVIRTUAL) == 0) {
        return g_strdup_printf(", type=%s", C_HT_HVM_VIF_VIF);
    }
    return *type != '\0' || *vif != '\0'
               ? g_strdup_printf(", model=%s, type=%s", type, C_HT_HVM_VIF_IOEMU)
               : g_strdup("");
}

static void add_nic(GString *out, const struct xen_build *build, size_t index, const char *type)
{
    const struct value_map *hvparams = &build->instance->hvparams;
    const struct nic *nic = &build->instance->nics.v[index];
    const struct nicparams *params = &nic->nicparams;
    const char *script = hv_text(hvparams, HV_NAME_vif_script);

    g_string_append_printf(out, "%s'mac=%s%s", index > 0 ? "," : "", nic->mac, type);
    if (build->taps != NULL && build->taps[index] != NULL) {
        g_string_append_printf(out, ", vifname=%s, script=%s'", build->taps[index],
                               path_get(PATH_XEN_VIF_METAD_SETUP));
        return;
    }
    if (nic->has.ip) {
        g_string_append_printf(out, ", ip=%s", nic->ip);
    }
    if (params->mode == NIC_MODE_BRIDGED || params->mode == NIC_MODE_OPENVSWITCH) {
        g_string_append_printf(out, ", bridge=%s", params->link);
    }
    if (params->mode == NIC_MODE_OPENVSWITCH && params->has.vlan) {
        g_string_append(out, params->vlan);
    }
    if (*script != '\0') {
        g_string_append_printf(out, ", script=%s", script);
    }
    g_string_append_c(out, '\'');
}

static void add_nics(GString *out, const struct xen_build *build)
{
    g_autofree char *type = nic_type(&build->instance->hvparams);

    g_string_append(out, "vif = [");
    for (size_t i = 0; i < build->instance->nics.n; i++) {
        add_nic(out, build, i, type);
    }
    g_string_append(out, "]\n");
}

/* Xen's name of the driver of a file; NULL and *errp if there is none. */
static const char *disk_driver(const struct disk *disk, GError **errp)
{
    static const char *const file_drivers[] = {[FILE_DRIVER_LOOP] = "file",
                                               [FILE_DRIVER_BLKTAP] = "tap:aio",
                                               [FILE_DRIVER_BLKTAP2] = "tap2:tapdisk:aio"};
    const char *word;
    int driver;

    if (!const_has(C_DTS_FILEBASED, disk->dev_type)) {
        return "phy";
    }
    word = disk->logical_id.n > 0 ? fact_value_text(&disk->logical_id.v[0]) : NULL;
    driver = word != NULL ? fact_enum_find(&fact_enum_file_driver, word) : -1;
    if (driver < 0) {
        hv_fail(errp, "disk %s: Xen has no driver '%s' for files", disk->iv_name,
                word != NULL ? word : "");
        return NULL;
    }
    return file_drivers[driver];
}

/* more: a further disk as it is to be written, or "". */
static bool add_disks(GString *out, const struct xen_build *build, const char *more, GError **errp)
{
    const char *prefix = hv_text(&build->instance->hvparams, HV_NAME_blockdev_prefix);

    if (build->n_disks > MAX_DISKS) {
        return hv_fail(errp, "Too many disks: Xen has names for %d", MAX_DISKS);
    }
    g_string_append(out, "disk = [");
    for (size_t i = 0; i < build->n_disks; i++) {
        const struct hv_disk *disk = &build->disks[i];
        const char *driver = disk_driver(disk->disk, errp);

        if (driver == NULL) {
            return false;
        }
        g_string_append_printf(out, "%s'%s:%s,%s%c,%s'", i > 0 ? "," : "", driver, disk->link,
                               prefix, (char)('a' + i),
                               disk->disk->mode == DISK_MODE_RW ? "w" : "r");
    }
    if (*more != '\0') {
        g_string_append_printf(out, "%s%s", build->n_disks > 0 ? "," : "", more);
    }
    g_string_append(out, "]\n");
    return true;
}

/* A guest that went down from inside stays as a domain, so that this can be told from a crash. */
static void add_events(GString *out, const struct value_map *hvparams)
{
    bool restarts =
        strcmp(hv_text(hvparams, HV_NAME_reboot_behavior), C_INSTANCE_REBOOT_ALLOWED) == 0;

    add_text(out, "on_poweroff", "preserve");
    add_text(out, "on_reboot", restarts ? "restart" : "destroy");
    add_text(out, "on_crash", "restart");
}

static void add_cpuid_and_sound(GString *out, const struct value_map *hvparams)
{
    const char *cpuid = hv_text(hvparams, HV_NAME_cpuid);

    if (g_str_has_prefix(cpuid, "host")) {
        add_text(out, "cpuid", cpuid);
    } else if (*cpuid != '\0') {
        g_string_append_printf(out, "cpuid = %s\n", cpuid);
    }
    add_text_if(out, "soundhw", hv_text(hvparams, HV_NAME_soundhw));
}

/* With the head and the end that all files have (_MakeConfigFile). */
static char *frame(const GString *body)
{
    return g_strdup_printf("# Automatically generated by Ganeti. Do not edit!\n\n%s\n", body->str);
}

/* --- Paravirtual --------------------------------------------------------------------------------
 */

static bool add_boot(GString *out, const struct value_map *hvparams, GError **errp)
{
    const char *loader = hv_text(hvparams, HV_NAME_bootloader_path);

    if (!hv_true(hvparams, HV_NAME_use_bootloader)) {
        add_text(out, "kernel", hv_text(hvparams, HV_NAME_kernel_path));
        add_text_if(out, "ramdisk", hv_text(hvparams, HV_NAME_initrd_path));
        return true;
    }
    if (*loader == '\0') {
        return hv_fail(errp, "Bootloader enabled, but missing bootloader path (%s)",
                       hv_names[HV_NAME_bootloader_path].name);
    }
    add_text(out, "bootloader", loader);
    add_text_if(out, "bootargs", hv_text(hvparams, HV_NAME_bootloader_args));
    return true;
}

char *xen_build_pvm(const struct xen_build *build, GError **errp)
{
    const struct value_map *hvparams = &build->instance->hvparams;
    g_autoptr(GString) out =
        g_string_new("# this is autogenerated by Ganeti, please do not edit\n#\n");

    if (!add_boot(out, hvparams, errp) || !add_size(out, build, errp)) {
        return NULL;
    }
    add_nics(out, build);
    if (!add_disks(out, build, "", errp)) {
        return NULL;
    }
    add_text_if(out, "root", hv_text(hvparams, HV_NAME_root_path));
    add_events(out, hvparams);
    add_text(out, "extra", hv_text(hvparams, HV_NAME_kernel_args));
    add_cpuid_and_sound(out, hvparams);
    return frame(out);
}

/* --- Fully virtual ------------------------------------------------------------------------------
 */

static void add_display(GString *out, const struct xen_build *build)
{
    const char *bind = hv_text(&build->instance->hvparams, HV_NAME_vnc_bind_address);
    bool set =
        fact_value_text(hv_value(&build->instance->hvparams, HV_NAME_vnc_bind_address)) != NULL;
    int64_t port = build->instance->has.network_port ? build->instance->network_port : 0;
    g_autofree char *password = g_strdup(build->vnc_password != NULL ? build->vnc_password : "");

    add_number(out, "vnc", 1);
    add_text(out, "vnclisten", set ? bind : C_VNC_DEFAULT_BIND_ADDRESS);
    if (port > C_VNC_BASE_PORT) {
        add_number(out, "vncdisplay", port - C_VNC_BASE_PORT);
        add_number(out, "vncunused", 0);
    } else {
        g_string_append(out, "# vncdisplay = 1\n");
        add_number(out, "vncunused", 1);
    }
    add_text(out, "vncpasswd", g_strchomp(password));
}

static void add_platform(GString *out, const struct value_map *hvparams)
{
    add_number(out, "pae", hv_true(hvparams, HV_NAME_pae));
    add_number(out, "acpi", hv_true(hvparams, HV_NAME_acpi));
    add_number(out, "viridian", hv_true(hvparams, HV_NAME_viridian));
    add_number(out, "apic", 1);
    add_text(out, "device_model", hv_text(hvparams, HV_NAME_device_model));
    add_text(out, "boot", hv_text(hvparams, HV_NAME_boot_order));
    add_number(out, "sdl", 0);
    add_number(out, "usb", 1);
    add_text(out, "usbdevice", "tablet");
}

/* "['01:00.0', '01:00.1']", as Python prints a list. */
static void add_passthrough(GString *out, const struct value_map *hvparams)
{
    const char *text = hv_text(hvparams, HV_NAME_pci_pass);
    g_auto(GStrv) devices = g_strsplit(text, ";", -1);

    if (*text == '\0') {
        return;
    }
    g_string_append(out, "pci = [");
    for (size_t i = 0; devices[i] != NULL; i++) {
        g_string_append_printf(out, "%s'%s'", i > 0 ? ", " : "", devices[i]);
    }
    g_string_append(out, "]\n");
}

char *xen_build_hvm(const struct xen_build *build, GError **errp)
{
    const struct value_map *hvparams = &build->instance->hvparams;
    const char *iso = hv_text(hvparams, HV_NAME_cdrom_image_path);
    g_autofree char *cdrom =
        *iso != '\0' ? g_strdup_printf("'file:%s,hdc:cdrom,r'", iso) : g_strdup("");
    g_autoptr(GString) out = g_string_new(NULL);

    add_text(out, "kernel", hv_text(hvparams, HV_NAME_kernel_path));
    add_text(out, "builder", "hvm");
    if (!add_size(out, build, errp)) {
        return NULL;
    }
    add_platform(out, hvparams);
    add_display(out, build);
    add_text(out, "serial", "pty");
    if (hv_true(hvparams, HV_NAME_use_localtime)) {
        add_number(out, "localtime", 1);
    }
    add_nics(out, build);
    if (!add_disks(out, build, cdrom, errp)) {
        return NULL;
    }
    add_passthrough(out, hvparams);
    add_events(out, hvparams);
    add_cpuid_and_sound(out, hvparams);
    return frame(out);
}

/* Every line that begins with the word, as the reference's sed has it. */
char *xen_build_with_memory(const char *config, int64_t memory)
{
    g_auto(GStrv) lines = g_strsplit(config, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        if (g_str_has_prefix(*line, "memory")) {
            g_free(*line);
            *line = g_strdup_printf("memory = %" G_GINT64_FORMAT, memory);
        }
    }
    return g_strjoinv("\n", lines);
}

/* --- Files of interfaces ------------------------------------------------------------------------
 */

static void add_line(GString *out, const char *key, const char *value)
{
    g_string_append_printf(out, "%s=%s\n", key, value != NULL ? value : "None");
}

static void add_line_if(GString *out, const char *key, const char *value)
{
    if (value != NULL && *value != '\0') {
        add_line(out, key, value);
    }
}

static void add_quoted(GString *out, const char *key, const char *value)
{
    if (value != NULL) {
        g_string_append_printf(out, "%s=\"%s\"\n", key, value);
    }
}

static char *join_tags(char *const *tags, size_t n, const char *separator)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? separator : "", tags[i]);
    }
    return g_string_free(text, FALSE);
}

static bool add_network(GString *out, struct json *json, GError **errp)
{
    struct network *network = fact_object_decode(&fact_object_network, json, NULL, errp);
    g_autofree char *tags = NULL;

    if (network == NULL) {
        g_prefix_error(errp, "network: ");
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
        return false;
    }
    tags = join_tags(network->tags.v, network->tags.n, " ");
    add_quoted(out, "NETWORK_NAME", network->name);
    add_quoted(out, "NETWORK_UUID", network->uuid);
    add_quoted(out, "NETWORK_TAGS", tags);
    add_quoted(out, "NETWORK_SUBNET", network->network);
    add_quoted(out, "NETWORK_GATEWAY", network->gateway);
    add_quoted(out, "NETWORK_SUBNET6", network->network6);
    add_quoted(out, "NETWORK_GATEWAY6", network->gateway6);
    add_quoted(out, "NETWORK_MAC_PREFIX", network->mac_prefix);
    fact_object_free(&fact_object_network, network);
    return true;
}

char *xen_build_nic(const struct instance *instance, size_t index, const char *tap, GError **errp)
{
    const struct nic *nic = &instance->nics.v[index];
    struct json *netinfo = nic->extra != NULL ? json_get(nic->extra, "netinfo") : NULL;
    g_autofree char *tags = join_tags(instance->tags.v, instance->tags.n, "\\ ");
    g_autofree char *number = g_strdup_printf("%" G_GSIZE_FORMAT, index);
    g_autoptr(GString) out = g_string_new(NULL);

    add_quoted(out, "TAGS", tags);
    if (netinfo != NULL && !add_network(out, netinfo, errp)) {
        return NULL;
    }
    add_line(out, "MAC", nic->mac);
    add_line_if(out, "IP", nic->ip);
    add_line(out, "INTERFACE_INDEX", number);
    add_line_if(out, "INTERFACE_NAME", tap != NULL ? tap : nic->name);
    add_line(out, "INTERFACE_UUID", nic->uuid);
    add_line(out, "MODE", fact_enum_nic_mode.words[nic->nicparams.mode]);
    add_line(out, "LINK", nic->nicparams.link);
    add_line(out, "VLAN", nic->nicparams.vlan);
    return g_strdup(out->str);
}
