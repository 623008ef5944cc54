#include "config.h"

#include <string.h>

#include "facts/constants.h"
#include "noded/hypervisor/kvm/build-private.h"

/* The driver of a CD-ROM; NULL: none for that bus. */
static const char *cdrom_driver(const char *disk_type)
{
    static const struct {
        const char *type, *driver;
    } rows[] = {{C_HT_DISK_IDE, "ide-cd"},
                {C_HT_DISK_PARAVIRTUAL, "virtio-blk-pci"},
                {C_HT_DISK_SCSI_CD, "scsi-cd"}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].type, disk_type) == 0) {
            return rows[i].driver;
        }
    }
    return NULL;
}

/* utils.IsUrl. */
static bool is_url(const char *path)
{
    return g_str_has_prefix(path, "http://") || g_str_has_prefix(path, "https://") ||
           g_str_has_prefix(path, "ftp://") || g_str_has_prefix(path, "ftps://");
}

static bool add_cdrom(struct kvm_build *build, enum hv_name_id name, const char *id, bool boot,
                      GError **errp)
{
    const char *image = hv_text(build->hvp, name);
    const char *type = hv_text(build->hvp, HV_NAME_cdrom_disk_type);
    g_autoptr(GString) drive = g_string_new("driver=raw,cache.direct=off,cache.no-flush=on,"
                                            "read-only=on,node-name=");
    const char *driver;

    if (image[0] == '\0') {
        return true;
    }
    if (type[0] == '\0') {
        type = hv_text(build->hvp, HV_NAME_disk_type);
    }
    driver = cdrom_driver(type);
    if (driver == NULL) {
        return hv_fail(errp, "Unsupported cdrom disk type: %s", type);
    }
    g_string_append(drive, id);
    if (is_url(image)) {
        bool tls = g_str_has_prefix(image, "https://");

        g_string_append_printf(drive, ",file.driver=%s,file.url=%s", tls ? "https" : "http", image);
    } else {
        g_string_append_printf(drive, ",file.driver=file,file.filename=%s", image);
    }
    if (boot) {
        kvm_add(build, "-boot", "order=d", NULL);
    }
    kvm_add(build, "-blockdev", drive->str, NULL);
    kvm_addf(build, "-device", "%s,drive=%s", driver, id);
    return true;
}

static void add_floppy(struct kvm_build *build)
{
    const char *image = hv_text(build->hvp, HV_NAME_floppy_image_path);

    if (image[0] == '\0') {
        return;
    }
    if (kvm_boots_from(build, C_HT_BO_FLOPPY)) {
        kvm_add(build, "-boot", "a", NULL);
    }
    kvm_addf(build, "-blockdev", "driver=raw,node-name=floppy1,file.driver=file,file.filename=%s",
             image);
    kvm_add(build, "-device", "floppy,drive=floppy1", NULL);
}

bool kvm_build_drives(struct kvm_build *build, GError **errp)
{
    bool boot = kvm_boots_from(build, C_HT_BO_CDROM);

    if (!add_cdrom(build, HV_NAME_cdrom_image_path, "cdrom1", boot, errp) ||
        !add_cdrom(build, HV_NAME_cdrom2_image_path, "cdrom2", false, errp)) {
        return false;
    }
    add_floppy(build);
    return true;
}
