#include "config.h"

#include "noded/hypervisor/lxc/build.h"

#include <string.h>

#include "noded/hypervisor/cpu-mask.h"
#include "noded/hypervisor/hv-common.h"

static void add(GString *out, const char *key, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void add(GString *out, const char *key, const char *format, ...)
{
    va_list args;

    g_string_append_printf(out, "lxc.%s = ", key);
    va_start(args, format);
    g_string_append_vprintf(out, format, args);
    va_end(args);
    g_string_append_c(out, '\n');
}

/* One line for each part of a list with commas; an empty list has one empty part. */
static void add_each(GString *out, const char *key, const char *list)
{
    g_auto(GStrv) parts = g_strsplit(list, ",", -1);

    if (parts[0] == NULL) {
        add(out, key, "%s", "");
    }
    for (char **part = parts; *part != NULL; part++) {
        add(out, key, "%s", *part);
    }
}

static bool add_cpus(GString *out, const struct instance *instance, GError **errp)
{
    const char *text = hv_text(&instance->hvparams, HV_NAME_cpu_mask);
    g_autoptr(GPtrArray) masks = NULL;
    const GArray *mask;

    if (*text == '\0') {
        return true;
    }
    masks = cpu_masks_parse(text, errp);
    if (masks == NULL) {
        return false;
    }
    mask = masks->pdata[0];
    if (masks->len != 1 || mask->len != instance->beparams.vcpus) {
        return hv_fail(errp,
                       "%s: Number of VCPUs (%" G_GINT64_FORMAT
                       ") doesn't match the number of CPUs in the cpu_mask (%u)",
                       instance->name, instance->beparams.vcpus, mask->len);
    }
    add(out, "cgroup.cpuset.cpus", "%s", text);
    return true;
}

static bool add_nic(GString *out, const struct instance *instance, size_t index, GError **errp)
{
    const struct nic *nic = &instance->nics.v[index];

    if (nic->nicparams.mode != NIC_MODE_BRIDGED) {
        return hv_fail(errp, "%s: LXC hypervisor only supports bridged mode (NIC %zu has mode %s)",
                       instance->name, index, fact_enum_nic_mode.words[nic->nicparams.mode]);
    }
    g_string_append_printf(out, "# NIC %zu\n", index);
    add(out, "network.type", "veth");
    add(out, "network.link", "%s", nic->nicparams.link);
    add(out, "network.hwaddr", "%s", nic->mac);
    add(out, "network.flags", "up");
    return true;
}

static void add_extra(GString *out, const char *list)
{
    g_auto(GStrv) lines = g_strsplit(list, ",", -1);

    if (lines[0] != NULL) {
        g_autofree char *text = g_strjoinv("\n", lines);

        g_string_append_printf(out, "# User defined configs\n%s\n", text);
    }
}

char *lxc_build_config(const struct lxc_build *build, GError **errp)
{
    const struct instance *instance = build->instance;
    const struct value_map *hvparams = &instance->hvparams;
    int64_t ttys = hv_int(hvparams, HV_NAME_num_ttys, 0);
    g_autoptr(GString) out = g_string_new(NULL);

    add(out, "utsname", "%s", instance->name);
    add(out, "pts", "255");
    if (ttys > 0) {
        add(out, "tty", "%" G_GINT64_FORMAT, ttys);
    }
    if (build->console_log != NULL) {
        add(out, "console.logfile", "%s", build->console_log);
    }
    add(out, "rootfs", "%s", build->root);
    add(out, "mount.entry", "proc proc proc nodev,noexec,nosuid 0 0");
    add(out, "mount.entry", "sysfs sys sysfs defaults 0 0");
    if (!add_cpus(out, instance, errp)) {
        return NULL;
    }
    add(out, "cgroup.memory.limit_in_bytes", "%" G_GINT64_FORMAT "M", instance->beparams.maxmem);
    if (build->swap_limit) {
        add(out, "cgroup.memory.memsw.limit_in_bytes", "%" G_GINT64_FORMAT "M",
            instance->beparams.maxmem);
    }
    add(out, "cgroup.devices.deny", "a");
    add_each(out, "cgroup.devices.allow", hv_text(hvparams, HV_NAME_devices));
    for (size_t i = 0; i < instance->nics.n; i++) {
        if (!add_nic(out, instance, i, errp)) {
            return NULL;
        }
    }
    add_each(out, "cap.drop", hv_text(hvparams, HV_NAME_drop_capabilities));
    add_extra(out, hv_text(hvparams, HV_NAME_extra_config));
    return g_string_free(g_steal_pointer(&out), FALSE);
}

bool lxc_drops_capability(const struct value_map *hvparams, const char *capability)
{
    g_auto(GStrv) parts = g_strsplit(hv_text(hvparams, HV_NAME_drop_capabilities), ",", -1);

    return g_strv_contains((const char *const *)parts, capability);
}
