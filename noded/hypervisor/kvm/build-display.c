#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/hypervisor/kvm/build-private.h"

static bool is_address(int family, const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return inet_pton(family, text, bytes) == 1;
}

static void addresses_clear(struct kvm_addresses *addresses)
{
    g_free(addresses->ipv4);
    g_free(addresses->ipv6);
}

static void add_mouse(struct kvm_build *build, bool vnc)
{
    const char *mouse = hv_text(build->hvp, HV_NAME_usb_mouse);

    kvm_add(build, "-usb", NULL);
    if (mouse[0] != '\0') {
        kvm_add(build, "-usbdevice", mouse, NULL);
    } else if (vnc) {
        kvm_add(build, "-usbdevice", C_HT_MOUSE_TABLET, NULL);
    }
}

/* "ADDRESS:DISPLAY", or "none" if the port is none of a display. */
static char *vnc_address(const struct kvm_build *build, const char *bind)
{
    int64_t port = build->instance->network_port;
    int64_t display = port - C_VNC_BASE_PORT;

    if (display <= 0) {
        log_error("Network port %" G_GINT64_FORMAT
                  " of %s is not a valid VNC display, not starting "
                  "VNC",
                  port, build->instance->name);
        return g_strdup("none");
    }
    if (strcmp(bind, C_IP4_ADDRESS_ANY) == 0) {
        return g_strdup_printf(":%" G_GINT64_FORMAT, display);
    }
    return g_strdup_printf(is_address(AF_INET6, bind) ? "[%s]:%" G_GINT64_FORMAT
                                                      : "%s:%" G_GINT64_FORMAT,
                           bind, display);
}

static void add_vnc_tls(struct kvm_build *build)
{
    const char *dir = hv_text(build->hvp, HV_NAME_vnc_x509_path);
    bool verify = hv_true(build->hvp, HV_NAME_vnc_x509_verify);

    if (verify || dir[0] != '\0') {
        kvm_addf(build, "-object",
                 "tls-creds-x509,id=vnctls0,endpoint=server,dir=%s,verify-peer=%s", dir,
                 verify ? "yes" : "no");
    } else {
        kvm_add(build, "-object", "tls-creds-anon,id=vnctls0,endpoint=server", NULL);
    }
}

static void add_vnc(struct kvm_build *build)
{
    g_autofree char *bind = g_strdup(hv_text(build->hvp, HV_NAME_vnc_bind_address));
    struct kvm_addresses addresses = {0};
    g_autofree char *address = NULL;

    if (build->host->addresses(bind, &addresses)) {
        if (addresses.ipv4 != NULL) {
            g_free(bind);
            bind = g_strdup(addresses.ipv4);
        } else {
            log_error("Could not determine IPv4 address of interface %s", bind);
        }
    }
    addresses_clear(&addresses);
    if (!is_address(AF_INET, bind) && !is_address(AF_INET6, bind)) {
        kvm_addf(build, "-vnc", "unix:%s/%s.vnc", bind, build->instance->name);
        return;
    }
    address = vnc_address(build, bind);
    if (hv_true(build->hvp, HV_NAME_vnc_tls)) {
        add_vnc_tls(build);
    }
    kvm_addf(build, "-vnc", "%s%s%s", address,
             hv_true(build->hvp, HV_NAME_vnc_tls) ? ",tls-creds=vnctls0" : "",
             hv_text(build->hvp, HV_NAME_vnc_password_file)[0] != '\0' ? ",password" : "");
}

/* The address that SPICE listens on; *ret_version is 4 or 6 if an interface was asked, else 0. */
static char *spice_address(const struct kvm_build *build, int *ret_version, GError **errp)
{
    const char *bind = hv_text(build->hvp, HV_NAME_spice_bind);
    int64_t wanted = hv_int(build->hvp, HV_NAME_spice_ip_version, C_IFACE_NO_IP_VERSION_SPECIFIED);
    struct kvm_addresses found = {0};
    char *address = NULL;

    *ret_version = 0;
    if (!build->host->addresses(bind, &found)) {
        return g_strdup(bind);
    }
    if (wanted != C_IFACE_NO_IP_VERSION_SPECIFIED) {
        *ret_version = (int)wanted;
    } else if (found.ipv4 != NULL && found.ipv6 != NULL) {
        *ret_version = build->host->prefers_ipv6 ? C_IP6_VERSION : C_IP4_VERSION;
    } else {
        *ret_version = found.ipv4 != NULL ? C_IP4_VERSION : C_IP6_VERSION;
    }
    address = g_strdup(*ret_version == C_IP4_VERSION ? found.ipv4 : found.ipv6);
    if (address == NULL) {
        hv_fail(errp, "SPICE: Unable to get an IPv%d address for %s", *ret_version, bind);
    }
    addresses_clear(&found);
    return address;
}

static void append_spice_port(const struct kvm_build *build, GString *value)
{
    int64_t port = build->instance->network_port;
    const char *ciphers = hv_text(build->hvp, HV_NAME_spice_tls_ciphers);
    const char *cert = path_get(PATH_SPICE_CERT_FILE);

    if (!hv_true(build->hvp, HV_NAME_spice_use_tls)) {
        g_string_append_printf(value, ",port=%" G_GINT64_FORMAT, port);
        return;
    }
    g_string_append_printf(value,
                           ",tls-port=%" G_GINT64_FORMAT
                           ",x509-cacert-file=%s,x509-key-file=%s,x509-cert-file=%s",
                           port, path_get(PATH_SPICE_CACERT_FILE), cert, cert);
    if (ciphers[0] != '\0') {
        g_string_append_printf(value, ",tls-ciphers=%s", ciphers);
    }
}

static void append_spice_options(const struct kvm_build *build, GString *value)
{
    static const struct {
        enum hv_name_id name;
        const char *word;
    } rows[] = {{HV_NAME_spice_image_compression, "image-compression"},
                {HV_NAME_spice_jpeg_wan_compression, "jpeg-wan-compression"},
                {HV_NAME_spice_zlib_glz_wan_compression, "zlib-glz-wan-compression"},
                {HV_NAME_spice_streaming_video, "streaming-video"}};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *text = hv_text(build->hvp, rows[i].name);

        if (text[0] != '\0') {
            g_string_append_printf(value, ",%s=%s", rows[i].word, text);
        }
    }
    if (!hv_true(build->hvp, HV_NAME_spice_playback_compression)) {
        g_string_append(value, ",playback-compression=off");
    }
    if (!hv_true(build->hvp, HV_NAME_spice_use_vdagent)) {
        g_string_append(value, ",agent-mouse=off");
    }
}

static bool add_spice(struct kvm_build *build, GError **errp)
{
    int version;
    g_autofree char *address = spice_address(build, &version, errp);
    g_autoptr(GString) value = g_string_new(NULL);

    if (address == NULL) {
        return false;
    }
    g_string_printf(value, "addr=%s", address);
    append_spice_port(build, value);
    if (hv_text(build->hvp, HV_NAME_spice_password_file)[0] == '\0') {
        g_string_append(value, ",disable-ticketing");
    }
    if (version != 0) {
        g_string_append_printf(value, ",ipv%d", version);
    }
    append_spice_options(build, value);
    if (hv_true(build->hvp, HV_NAME_spice_use_vdagent)) {
        kvm_add(build, "-device", "virtio-serial-pci,id=spice", "-device",
                "virtserialport,chardev=spicechannel0,name=com.redhat.spice.0", "-chardev",
                "spicevmc,id=spicechannel0,name=vdagent", NULL);
    }
    kvm_add(build, "-spice", value->str, NULL);
    return true;
}

bool kvm_build_display(struct kvm_build *build, GError **errp)
{
    bool vnc = hv_text(build->hvp, HV_NAME_vnc_bind_address)[0] != '\0';
    bool spice = !vnc && hv_text(build->hvp, HV_NAME_spice_bind)[0] != '\0';

    add_mouse(build, vnc);
    if ((vnc || spice) && !build->instance->has.network_port) {
        return hv_fail(errp, "Instance %s has no network port for its console",
                       build->instance->name);
    }
    if (spice) {
        return add_spice(build, errp);
    }
    if (vnc) {
        add_vnc(build);
    } else {
        kvm_add(build, "-display", "none", NULL);
    }
    return true;
}
